"""What to do next, as sentences and code."""

from imbalanced_nn.describe import Markup, code_block, markup

__all__ = ["advice", "next_code"]


def advice(comparison, command: str | None = None) -> list[Markup]:
    """Return what follows from the verdict, and the code that does it.

    Parameters
    ----------
    comparison : StrategyComparison
        What was measured.
    command : str, optional
        A shell command in place of Python code.
    """
    name = comparison.recommended_strategy_
    code = f"<code>{markup(name)}</code>"
    repeats = "--repeats 5" if command else "n_repeats=5"
    if name == comparison.baseline_:
        first = (
            f"Use {code}: nothing more complicated is shown to be better. To tell smaller "
            f"differences apart, compare on more folds (<code>{repeats}</code>) or on more rows."
        )
    else:
        first = (
            f"Use {code}. The best of several is flattered by its own comparison: measure it once "
            f"more on rows that had no part in this one."
        )
    parts = [Markup(f"<p>{first}</p>")]
    if later := command or next_code(comparison):
        parts.append(code_block(later))
    return parts


def next_code(comparison) -> str | None:
    """Return Python code that fits the recommended strategy, None if its settings are unknown.

    Parameters
    ----------
    comparison : StrategyComparison
        What was measured.
    """
    name = comparison.recommended_strategy_
    setting = comparison.settings.get("strategies", {}).get(name)
    if setting is None:
        return None
    lines = ["from imbalanced_nn import imbalance_report", "from sklearn.base import clone", ""]
    if isinstance(setting, dict):
        lines += ["# estimator, X and y are those that were compared.", "model = clone(estimator)"]
        if setting:
            lines.append("model.set_params(")
            lines += [f"    {parameter}={value}," for parameter, value in setting.items()]
            lines.append(")")
    else:
        lines += ["# strategies, X and y are those that were compared."]
        lines.append(f"model = clone(strategies[{name!r}])")
    lines += [
        "model.fit(X, y)",
        "labels = model.predict(X_new)",
        "probabilities = model.predict_proba(X_new)",
        "imbalance_report(model, X_new, y_new)",
    ]
    return "\n".join(lines)

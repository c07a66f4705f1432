"""What to do next, as sentences and code."""

from imbalanced_nn.describe import Markup, code_block, markup

__all__ = ["advice", "next_code"]

# What makes each reference model.
_MADE: dict[str, tuple[str, str]] = {
    "logistic_regression": (
        "from sklearn.linear_model import LogisticRegression\n"
        "from sklearn.pipeline import make_pipeline\n"
        "from sklearn.preprocessing import StandardScaler",
        "make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))",
    ),
    "gradient_boosting": (
        "from sklearn.ensemble import HistGradientBoostingClassifier",
        "HistGradientBoostingClassifier(random_state=0)",
    ),
    "lightgbm": ("from lightgbm import LGBMClassifier", "LGBMClassifier()"),
    "xgboost": ("from xgboost import XGBClassifier", "XGBClassifier()"),
    "catboost": ("from catboost import CatBoostClassifier", "CatBoostClassifier(verbose=False)"),
}


def advice(comparison, command: str | None = None) -> list[Markup]:
    """Return what follows from the verdict, and the code that does it.

    Parameters
    ----------
    comparison : StrategyComparison
        What was measured.
    command : str, optional
        A shell command in place of Python code.
    """
    parts = _of_reference(comparison)
    parts.append(Markup(f"<p>{_of_strategy(comparison, command)}</p>"))
    if later := command or next_code(comparison):
        parts.append(code_block(later))
    return parts


def _of_reference(comparison) -> list[Markup]:
    """Return what to do about a reference model that beats the best strategy, or is level."""
    if name := comparison.better_reference_:
        said = (
            f"<p>Use the reference model <code>{markup(name)}</code>, which is no network and "
            f"better here than the best strategy.</p>"
        )
        tuner = comparison.settings.get("reference_tuner", "ThresholdTuner()")
        code = [code_block(_reference_code(name, tuner))] if name in _MADE else []
        return [Markup(said), *code]
    if name := comparison.level_reference_:
        said = (
            f"<p>The reference model <code>{markup(name)}</code>, which is no network, is not "
            f"shown to be worse than the best strategy. Where it is simpler to run, it will do.</p>"
        )
        return [Markup(said)]
    return []


def _of_strategy(comparison, command: str | None) -> str:
    """Return what to do about the strategies."""
    name = comparison.recommended_strategy_
    code = f"<code>{markup(name)}</code>"
    repeats = "--repeats 5" if command else "n_repeats=5"
    start = f"Use {code}"
    if comparison.better_reference_:
        start = f"Where it has to be a network, take {code}"
    elif comparison.level_reference_:
        start = f"Of the networks, use {code}"
    if name == comparison.baseline_:
        return (
            f"{start}: nothing more complicated is shown to be better. To tell smaller "
            f"differences apart, compare on more folds (<code>{repeats}</code>) or on more rows."
        )
    return (
        f"{start}. The best of several is flattered by its own comparison: measure it once more on "
        f"rows that had no part in this one."
    )


def _reference_code(name: str, tuner: str) -> str:
    """Return Python code that fits a reference model and learns its threshold."""
    imports, made = _MADE[name]
    return (
        f"{imports}\nfrom sklearn.model_selection import cross_val_predict\n"
        "from imbalanced_nn import ThresholdTuner\n\n"
        "# X and y are those that were compared, X as numbers.\n"
        f"model = {made}\n"
        'crossed = cross_val_predict(model, X, y, cv=3, method="predict_proba")\n'
        f"tuner = {tuner}.fit(y, crossed)\n"
        "model.fit(X, y)\n"
        "labels = tuner.predict(model.predict_proba(X_new))"
    )


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

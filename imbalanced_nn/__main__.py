"""``python -m imbalanced_nn`` is the command ``imbalanced-nn``."""

__all__ = ["run"]


def run() -> None:
    """Run the command line."""
    from imbalanced_nn.cli import main

    main()


if __name__ == "__main__":
    run()

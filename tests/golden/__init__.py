"""What fits gave before the estimator was rebuilt inside, over many configurations."""

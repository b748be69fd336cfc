"""More than one run: replications and variants, on one core or several, and their paired comparison."""

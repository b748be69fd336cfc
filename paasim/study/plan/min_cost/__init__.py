"""The cheapest candidate of a search space that keeps all limits at a load."""

"""Capacity planning: two goals, `max_rate` and `min_cost`, and what both share: objectives, loads, the folder."""

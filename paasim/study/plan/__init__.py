"""Capacity planning: the most load within objectives, what limits it, and what would relieve it."""

"""Capacity over time: where a link's rate at each moment comes from, one file per kind."""

"""Outages: times at which nothing passes, one file per kind."""

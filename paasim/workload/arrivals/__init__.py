"""Arrivals: when requests come, or how many users send one after the other."""

"""Sweeps: any values of a scenario over lists, ranges or samples, every point on the same random numbers."""

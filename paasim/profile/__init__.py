"""Measured hardware as a function: what a step holds -> seconds."""

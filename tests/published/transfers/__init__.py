"""Measured network transfers beside what the model gives: the tables of `docs/fidelity.md`, Network transfers.

    python -m tests.published.transfers

prints them. No row is predicted by a parameter that was fitted to it.
"""

"""Jitter: the delay that a transfer has beyond half a round trip, one file per law."""

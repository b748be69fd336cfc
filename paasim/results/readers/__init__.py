"""Readers of results that serving benchmarks write: one file per format, each with a `FORMAT`."""

"""Traces: recorded requests in public formats, with their arrivals, lengths and prefixes, read as a stream."""

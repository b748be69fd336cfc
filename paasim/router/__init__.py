"""Which route a request takes: one file per policy."""

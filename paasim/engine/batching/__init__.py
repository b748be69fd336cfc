"""What the next step holds: one file per policy."""

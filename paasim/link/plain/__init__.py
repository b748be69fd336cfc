"""Plain links: a constant rate that transfers share, at the least cost."""

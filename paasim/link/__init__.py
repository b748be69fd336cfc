"""Links between sites: one file per kind."""

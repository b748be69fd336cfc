"""Links between sites: one file per kind; how flows share them, exactly, in few events."""

"""How a KV cache is packed for the network: one file per kind, and presets with published figures."""

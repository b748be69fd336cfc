"""When the bytes of a KV cache are sent: one file per kind."""

"""What an LLM is to a network: layers, KV bytes and state bytes."""

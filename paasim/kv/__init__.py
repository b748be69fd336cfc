"""What is sent of a KV cache and when: codecs and streaming plans."""

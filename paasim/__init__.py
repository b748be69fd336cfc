"""paasim: a network-aware latency simulator for LLM serving."""

"""Prefixes: what the prompts of a workload have in common, as ids of blocks of tokens."""

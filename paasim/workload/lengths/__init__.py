"""Lengths: how many tokens a prompt and its answer have."""

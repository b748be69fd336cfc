"""The run folder and the result document."""

"""What KV transfers will take, what limits them and what hides them, without a run."""

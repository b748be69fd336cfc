"""One serving instance for every role, and pools of instances."""

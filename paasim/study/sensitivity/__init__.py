"""Which inputs of a scenario move its answer most, and whether the answer survives the error of its profiles."""

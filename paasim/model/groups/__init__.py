"""Layer groups: layers of a model that keep the same kind of memory of a sequence."""

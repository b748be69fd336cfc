"""Networks whose rate changes: traces of them, what counts about those, and processes fitted to them."""

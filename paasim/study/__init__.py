"""More than one run: variants compared on the same requests."""

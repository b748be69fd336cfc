"""Readers of measured tables: one file per known format."""

"""The command line: one file per verb; the only code that prints or exits."""

"""What every other part stands on: units, errors, kinds, random streams, requests and their records."""

"""The user's YAML as frozen models, read strictly."""

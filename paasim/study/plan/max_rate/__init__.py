"""The most load within objectives, what is busiest there, and what would relieve it."""

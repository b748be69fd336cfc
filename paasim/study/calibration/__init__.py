"""Simulating measured serving, and calibrating profiles to it: which runs count, how they are served, how far off."""

"""Tests of paasim.profile."""

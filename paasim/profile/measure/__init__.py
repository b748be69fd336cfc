"""Measuring an engine at hand from outside, through the streaming completions API that most engines share.

A lone request shows what a prompt takes (time to first token); streams that run together show what a decode step takes
(gaps between tokens). What cannot be told apart from outside is in `docs/measuring.md`.
"""

from paasim.profile.measure.endpoint import Endpoint
from paasim.profile.measure.grid import Grid
from paasim.profile.measure.run import Measurement

__all__ = ["Endpoint", "Grid", "Measurement"]

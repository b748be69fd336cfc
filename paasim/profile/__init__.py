"""Measured hardware as a function: what a step holds -> seconds.

`load` finds a profile; `Profile.steps()` is what the engine asks: `prefill(N, Q)`, `decode(B, S)`, `mixed(N, Q, B, S)`.
Left out: everything around the step (scheduler, sampling, HTTP) except as the profile's calibration states it.
"""

from paasim.profile.catalogue import load, names
from paasim.profile.spec import ProfileSpec

__all__ = ["ProfileSpec", "load", "names"]

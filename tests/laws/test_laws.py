"""Whole scenarios at random, through the public loader: every law of `laws.py` holds on each of them.

`HYPOTHESIS_PROFILE=long python -m pytest tests/laws -n 2` looks at many more.
"""

from __future__ import annotations

from hypothesis import given

from tests.laws.laws import LAWS
from tests.laws.scenes import Scene, scenes
from tests.laws.watch import run


@given(scenes())
def test_every_law_on_random_scenarios(scene: Scene) -> None:
    seen = run(scene)
    for law in LAWS:
        law(seen)

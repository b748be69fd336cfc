"""A fitted process."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from paasim.core.errors import InputError, did_you_mean
from paasim.link.capacity.capacity import CapacitySpec
from paasim.link.curve import Curve
from paasim.link.network.catalogue import load, names
from paasim.link.network.spec import ProcessSpec


class ProcessCapacity(CapacitySpec):
    """A random rate that keeps the distribution, the memory and the outages of measured traces.

    `paasim network list` shows those that ship; `paasim network fit` makes one of your own traces. Each link and each
    device draws its own.
    """

    kind: Literal["process"] = "process"
    network: str
    """A bundled network such as `lte`, or a YAML file, relative to the scenario."""
    direction: Literal["down", "up"] = "down"
    """Which of its processes: towards the device, or from it."""
    scale: float = Field(default=1.0, gt=0, le=1e6)
    """Factor of all rates."""

    @model_validator(mode="after")
    def _is_there(self) -> Self:
        if not self.network.endswith((".yaml", ".yml")) and self.network not in names():
            raise ValueError(f"there is no network '{self.network}'; {did_you_mean(self.network, names())}")
        return self

    def process(self, base: Path | None = None) -> ProcessSpec:
        """The fitted process.

        Raises:
            InputError: if its file is missing or wrong, or has no such direction.
        """
        network = load(self.network, base)
        try:
            return network.process(self.direction)
        except ValueError as error:
            raise InputError.one("", str(error), "write direction: down") from None

    def curve(self, rng: np.random.Generator, base: Path | None = None) -> Curve:
        """One run of the process."""
        curve = Curve.made(self.process(base).law().pieces(rng))
        return curve if self.scale == 1.0 else curve.scaled(self.scale)

    def mean(self, base: Path | None = None) -> float:
        """Mean of the process."""
        return self.scale * self.process(base).mean

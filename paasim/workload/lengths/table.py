"""Joint lengths by quantiles: the prompt's, and the output's given how long the prompt is.

A table has one grid of probabilities p. Prompts follow the quantile function through (p, prompt quantile), linear
between points. Requests are grouped by the rank of their prompt into bins; each bin has quantiles of its outputs. So
both margins and their rank correlation are kept, up to what varies inside a bin.

The file is CSV with columns `part` (prompt or output), `low` and `high` (range of prompt rank), `p`, `tokens`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from paasim.core.errors import InputError
from paasim.workload.draw import CHUNK
from paasim.workload.files import Table, wrong

Floats = npt.NDArray[np.float64]


class QuantileTable:
    """A joint law of prompt and output lengths.

    Args:
        grid: probabilities from 0 to 1, rising.
        prompt: prompt quantiles at the grid, tokens.
        outputs: shape (bins, grid): output quantiles of each bin of prompt rank, shortest prompts first; bins are of
            equal probability.
    """

    def __init__(self, grid: Floats, prompt: Floats, outputs: Floats) -> None:
        self.grid, self.prompt, self.outputs = grid, prompt, outputs

    def columns(self, rng: np.random.Generator) -> Iterator[tuple[list[int], list[int]]]:
        """Chunks of prompt and output lengths, tokens, without end."""
        prompts, outputs = rng.spawn(2)
        while True:
            rank, level = prompts.random(CHUNK), outputs.random(CHUNK)
            yield self.prompts_at(rank).tolist(), self.outputs_at(rank, level).tolist()

    def prompts_at(self, rank: Floats) -> npt.NDArray[np.int64]:
        """Prompt lengths at these ranks in [0, 1)."""
        return np.maximum(np.rint(np.interp(rank, self.grid, self.prompt)), 1).astype(np.int64)

    def outputs_at(self, rank: Floats, level: Floats) -> npt.NDArray[np.int64]:
        """Output lengths of requests with prompts at `rank`, at quantile `level` among those."""
        return np.maximum(np.rint(self._outputs(rank, level)), 1).astype(np.int64)

    def at(self, rank: Floats, level: Floats) -> tuple[Floats, Floats]:
        """The same two, not rounded."""
        return np.interp(rank, self.grid, self.prompt), self._outputs(rank, level)

    def _outputs(self, rank: Floats, level: Floats) -> Floats:
        bins = np.minimum((rank * len(self.outputs)).astype(np.int64), len(self.outputs) - 1)
        left = np.clip(np.searchsorted(self.grid, level, side="right") - 1, 0, len(self.grid) - 2)
        share = (level - self.grid[left]) / (self.grid[left + 1] - self.grid[left])
        low, high = self.outputs[bins, left], self.outputs[bins, left + 1]
        outputs: Floats = low + share * (high - low)
        return outputs

    def rank(self, tokens: float) -> float:
        """P(prompt <= tokens), rounding to whole tokens counted."""
        at = np.floor(tokens) + 0.5
        right = int(np.searchsorted(self.prompt, at, side="right"))
        if right == 0 or right == len(self.prompt):
            return float(right > 0)
        low, high = self.prompt[right - 1 : right + 1]
        return float(np.interp(at, [low, high], self.grid[right - 1 : right + 1]))

    def means(self) -> tuple[float, float]:
        """Mean lengths: the quantile functions are piecewise linear, so the trapezoid rule is exact."""
        step = np.diff(self.grid)
        prompt, outputs = ((values[..., 1:] + values[..., :-1]) / 2 @ step for values in (self.prompt, self.outputs))
        return float(prompt), float(np.mean(outputs))

    def rows(self) -> Iterator[str]:
        """The lines of its CSV file."""
        yield "part,low,high,p,tokens"
        for p, tokens in zip(self.grid, self.prompt, strict=True):
            yield f"prompt,0,1,{p:g},{tokens:g}"
        count = len(self.outputs)
        for i, quantiles in enumerate(self.outputs):
            for p, tokens in zip(self.grid, quantiles, strict=True):
                yield f"output,{i / count:g},{(i + 1) / count:g},{p:g},{tokens:g}"


def evenly(prompt: Sequence[float], output: Sequence[float]) -> QuantileTable:
    """A table from quantiles at even steps of probability, prompt and output independent.

    Raises:
        ValueError: if quantiles fall, or one part has fewer than two.
    """
    for name, values in (("prompt", prompt), ("output", output)):
        if any(b < a for a, b in pairwise(values)):
            raise ValueError(f"the {name} quantiles must not fall")
    grid = np.unique(np.concatenate([np.linspace(0, 1, len(prompt)), np.linspace(0, 1, len(output))]))
    each = [np.interp(grid, np.linspace(0, 1, len(values)), values) for values in (prompt, output)]
    return QuantileTable(grid, each[0], each[1][np.newaxis, :])


def read_table(path: Path) -> QuantileTable:
    """Read a table from its CSV file.

    Raises:
        InputError: naming file and line, if it is not such a table.
    """
    table = Table(path)
    part, low, p, tokens = (table.column(name) for name in ("part", "low", "p", "tokens"))
    parts: dict[tuple[str, float], list[tuple[float, float]]] = {}
    for row in table:
        name = row.text(part, "part")
        if name not in ("prompt", "output"):
            raise wrong(path, row.line, f"part is '{name}', not prompt or output")
        length = row.number(tokens, "tokens")
        if length < 1:
            raise wrong(path, row.line, f"'tokens' is {length:g}, less than one")
        parts.setdefault((name, row.number(low, "low")), []).append((row.number(p, "p"), length))
    prompts = [np.array(values) for (name, _), values in parts.items() if name == "prompt"]
    outputs = [np.array(values) for (name, _), values in sorted(parts.items()) if name == "output"]
    _check(path, prompts, outputs)
    return QuantileTable(prompts[0][:, 0], prompts[0][:, 1], np.stack([bin_[:, 1] for bin_ in outputs]))


def _check(path: Path, prompts: list[Floats], outputs: list[Floats]) -> None:
    if len(prompts) != 1 or not outputs:
        raise InputError.one(str(path), "needs one set of prompt and one or more of output quantiles", "see docs")
    grid = prompts[0][:, 0]
    if len(grid) < 2 or grid[0] != 0 or grid[-1] != 1 or np.any(np.diff(grid) <= 0):
        raise InputError.one(str(path), "p must rise from 0 to 1", "correct the file")
    for values in (*prompts, *outputs):
        if values.shape != prompts[0].shape or np.any(values[:, 0] != grid):
            raise InputError.one(str(path), "all quantiles must be at the same p", "correct the file")
        if np.any(np.diff(values[:, 1]) < 0):
            raise InputError.one(str(path), "quantiles must not fall", "correct the file")

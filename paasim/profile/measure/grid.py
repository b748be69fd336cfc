"""What to measure: a grid of lone prompts, and of streams that decode together."""

from __future__ import annotations

from dataclasses import dataclass

from paasim.core.errors import InputError, Problem

SPARE = 64
"""Tokens that a request's prompt may be longer than asked for."""


@dataclass(frozen=True)
class Shortest:
    """The shortest request: what comes on top of steps."""

    label = "shortest"


@dataclass(frozen=True)
class Prefill:
    """A lone prompt."""

    new: int
    """Tokens that the engine has to compute."""
    prefix: int
    """Tokens before them that it has in its prefix cache."""

    @property
    def label(self) -> str:
        """For people."""
        return f"prefill {self.new}" + (f" after {self.prefix}" if self.prefix else "")


@dataclass(frozen=True)
class Decode:
    """Streams that decode together."""

    batch: int
    context: int
    """Tokens of each one's prompt."""

    @property
    def label(self) -> str:
        """For people."""
        return f"decode {self.batch} x {self.context}"


Point = Shortest | Prefill | Decode


@dataclass(frozen=True)
class Grid:
    """The lengths asked for, and how often and how long each is measured."""

    prompts: tuple[int, ...] = (128, 512, 1024, 2048, 4096)
    """New tokens of lone prompts."""
    prefixes: tuple[int, ...] = (0,)
    """Cached tokens before them; 0: none."""
    contexts: tuple[int, ...] = (128, 1024, 4096)
    """Prompt tokens of streams that decode."""
    concurrency: tuple[int, ...] = (1, 2, 4, 8)
    """Streams that decode together."""
    tokens: int = 64
    """Tokens during which all of them decode."""
    repeats: int = 5
    """Measured rounds over the grid."""
    warmup: int = 1
    """Rounds before, whose times are thrown away."""

    def __post_init__(self) -> None:
        problems = []
        for name, values, least in (
            ("--prompts", self.prompts, 1),
            ("--prefixes", self.prefixes, 0),
            ("--contexts", self.contexts, 1),
            ("--concurrency", self.concurrency, 1),
            ("--tokens", (self.tokens,), 8),
            ("--repeats", (self.repeats,), 1),
            ("--warmup", (self.warmup,), 0),
        ):
            wrong = [value for value in values if value < least]
            if wrong or not values:
                what = f"{wrong[0]} is too few" if wrong else "is empty"
                problems.append(Problem(name, what, f"give whole numbers of {least} or more"))
        if len(set(self.prompts)) < 3:
            problems.append(Problem("--prompts", "a fit needs three lengths or more", "give e.g. 128,512,2048"))
        if len({batch * context for batch in self.concurrency for context in self.contexts}) < 2:
            what = "a fit needs two different total contexts or more"
            problems.append(Problem("--contexts", what, "give e.g. --contexts 128,2048"))
        if problems:
            raise InputError(problems)

    def points(self, most: int | None) -> tuple[list[Point], list[Point]]:
        """The points of one round in their order, and those that do not fit into `most` tokens of context."""
        prefills = [Prefill(new, prefix) for prefix in sorted(set(self.prefixes)) for new in sorted(set(self.prompts))]
        decodes = [Decode(b, context) for b in sorted(set(self.concurrency)) for context in sorted(set(self.contexts))]
        wanted: list[Point] = [Shortest(), *prefills, *decodes]
        fitting = [point for point in wanted if most is None or self._longest(point) <= most]
        return fitting, [point for point in wanted if point not in fitting]

    def _longest(self, point: Point) -> int:
        """Context that a point needs."""
        if isinstance(point, Prefill):
            return point.new + point.prefix + 1
        return self.tokens + (point.context + SPARE if isinstance(point, Decode) else 1)

    def seconds(self, points: list[Point], start: float, per_token: float, gap: float) -> float:
        """Roughly how long all rounds take.

        Args:
            points: of one round.
            start: seconds of the shortest prompt.
            per_token: seconds of a prompt token.
            gap: seconds of a decode step of one sequence.
        """
        total = 0.0
        for point in points:
            if isinstance(point, Prefill):
                total += (1 + (point.prefix > 0)) * start + (point.new + point.prefix) * per_token
            elif isinstance(point, Decode):
                # Streams start one after the other, and those that started first decode meanwhile; the last ends later.
                total += 2 * point.batch * (start + point.context * per_token) + self.tokens * gap
            else:
                total += start + self.tokens * gap
        return total * (self.repeats + self.warmup)

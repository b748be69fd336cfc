"""The scenario: everything a run needs, parsed, validated and frozen.

What the user writes is validated here block by block; whether the blocks fit together is for `paasim.scenario.checks`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, PrivateAttr, model_validator

from paasim.core.errors import InputError, Problem
from paasim.core.registry import union
from paasim.core.spec import Spec
from paasim.router.policy import RouterSpec
from paasim.scenario.classes import RequestClassSpec
from paasim.scenario.names import Name
from paasim.scenario.network import NetworkSpec
from paasim.scenario.plan import PlanSpec
from paasim.scenario.routes import RouteSpec
from paasim.scenario.run import RunSpec
from paasim.scenario.sites import SiteSpec
from paasim.scenario.slo import SloSpec
from paasim.scenario.studies import StudySpec
from paasim.scenario.yaml import Node

if TYPE_CHECKING:
    AnyRouter = RouterSpec
else:
    AnyRouter = union("router")

ONE_CLASS = "requests"
"""Name of the request class where the scenario has a single `workload`."""


@dataclass(frozen=True)
class Source:
    """Where a scenario was read; two scenarios that say the same are equal wherever they stand."""

    base: Path | None = field(default=None, compare=False)
    """Folder that relative paths in the scenario start from."""
    tree: Node | None = field(default=None, compare=False)
    """The tree that was validated, for places in messages."""
    label: str = field(default="", compare=False)
    """`variants.NAME.` for a variant, empty for the scenario itself."""


class Scenario(Spec):
    """One question with everything needed to answer it."""

    name: str = Field(min_length=1)
    """Title of the scenario."""
    question: str = ""
    """The question it answers, in one sentence."""
    model: str
    """The LLM: a name of the catalogue (`paasim model list`), or the path of a YAML or Hugging Face config.json."""
    workload: RequestClassSpec | None = None
    """The requests, where they are all of one class."""
    workloads: dict[Name, RequestClassSpec] | None = Field(default=None, min_length=1)
    """The requests, where there are several classes, by name."""
    sites: dict[Name, SiteSpec] = Field(min_length=1)
    """Sites by name."""
    network: NetworkSpec = Field(default_factory=NetworkSpec)
    """What joins the sites."""
    routes: dict[Name, RouteSpec] = Field(min_length=1)
    """Routes by name."""
    router: AnyRouter
    """Which route each request takes."""
    slo: SloSpec = Field(default_factory=SloSpec)
    """Limits on latency."""
    run: RunSpec = Field(default_factory=RunSpec)
    """How long, how often, with which seed."""
    plan: PlanSpec | None = None
    """What `paasim plan --min-cost` may choose, for which load and limits, at which prices; runs ignore it."""
    patches: dict[Name, dict[str, Any]] = Field(default_factory=dict, alias="variants")
    """Named changes to the scenario: keys merge, `a.b: c` reaches into `a`, a mapping of another `kind` is replaced."""
    studies: dict[Name, StudySpec] = Field(default_factory=dict)
    """Named sweeps over values of the scenario, for `paasim sweep`."""

    _source: Source = PrivateAttr(default_factory=Source)
    _variants: dict[str, Scenario] = PrivateAttr(default_factory=dict)
    _misfits: dict[str, tuple[Problem, ...]] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _one_workload(self) -> Self:
        if (self.workload is None) == (self.workloads is None):
            state = "neither" if self.workload is None else "both"
            raise ValueError(f"has {state} 'workload' and 'workloads'; give it one of them")
        return self

    @property
    def classes(self) -> dict[str, RequestClassSpec]:
        """The request classes by name, in the order of the scenario; a single workload is called `requests`."""
        return self.workloads if self.workloads is not None else {ONE_CLASS: self._single()}

    @property
    def has_closed_loop(self) -> bool:
        """Whether users of some class wait for their answers, so that arrivals follow from the run."""
        return any(each.closed_loop is not None for each in self.classes.values())

    @property
    def variants(self) -> dict[str, Scenario]:
        """The variants as scenarios of their own, by name, in the order of the scenario.

        Raises:
            InputError: if overrides left some that do not fit; `fitting` gives the others.
        """
        if self._misfits:
            raise InputError(problem for problems in self._misfits.values() for problem in problems)
        return self.fitting

    @property
    def fitting(self) -> dict[str, Scenario]:
        """The variants that are valid with the overrides on top, by name."""
        return dict(self._variants)

    @property
    def misfits(self) -> dict[str, tuple[Problem, ...]]:
        """What is wrong with variants that are valid only without the overrides, by name."""
        return dict(self._misfits)

    @property
    def base(self) -> Path | None:
        """Folder that relative paths in the scenario start from; None: the working folder."""
        return self._source.base

    @property
    def label(self) -> str:
        """What messages put in front of a path: `variants.NAME.` for a variant, empty for the scenario itself."""
        return self._source.label

    @property
    def tree(self) -> Node:
        """What the scenario was validated from.

        Raises:
            ValueError: if it was made in Python without a tree.
        """
        if self._source.tree is None:
            raise ValueError("this scenario was not made by the loader")
        return self._source.tree

    @property
    def has_tree(self) -> bool:
        """Whether it was made by the loader, and knows what was written."""
        return self._source.tree is not None

    def where(self, *path: str | int) -> str:
        """`file:line:column` of what stands at `path`, or of the nearest thing above it; empty if made in Python."""
        if self._source.tree is None:
            return ""
        *_, node = self._source.tree.steps(path)
        return node.where

    def expanded(self) -> dict[str, Any]:
        """Everything with every default filled in and quantities as text; loads again to an equal scenario.

        Variants that do not fit the overrides are left out, else it would not load.
        """
        data = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        for name in self._misfits:
            del data["variants"][name]
        return data

    def placed(
        self,
        source: Source,
        variants: dict[str, Scenario],
        misfits: dict[str, tuple[Problem, ...]] | None = None,
    ) -> Self:
        """The same scenario that knows where it was read and what its variants are."""
        copy = self.model_copy()
        copy._source = source
        copy._variants = variants
        copy._misfits = misfits or {}
        return copy

    def _single(self) -> RequestClassSpec:
        assert self.workload is not None
        return self.workload

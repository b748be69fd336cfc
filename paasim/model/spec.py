"""What a model file may say: layer groups, formats, size, and where the figures are from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from paasim.core.registry import union
from paasim.core.spec import Spec
from paasim.model.dtypes import KvDtype
from paasim.model.groups.group import LayerGroup

if TYPE_CHECKING:
    AnyGroup = LayerGroup
else:
    AnyGroup = union("model.groups")

ModelProvenance = Literal["published", "estimated"]
"""`published`: the shapes are the owner's own; `estimated`: recovered from other figures, as `note` says."""


class ModelSpec(Spec):
    """An LLM as a network and a KV memory see it."""

    id: str = Field(min_length=1)
    """Short name, as used in scenarios and profiles."""
    name: str
    """Full name, such as the one on Hugging Face."""
    source: str
    """Where the shapes are from (URL)."""
    provenance: ModelProvenance = "published"
    """Whether the figures are the owner's or an estimate."""
    note: str = ""
    """What a reader must know before trusting the figures."""
    parameters: float | None = Field(default=None, gt=0, le=1e15)
    """Weights in all, a count."""
    active_parameters: float | None = Field(default=None, gt=0, le=1e15)
    """Weights used per token; left out for dense models."""
    dtype: str = "bf16"
    """Format the weights are published in."""
    kv_dtype: KvDtype = "bf16"
    """Format of the KV cache unless an engine is told otherwise."""
    max_context: int | None = Field(default=None, ge=1)
    """Longest context in tokens that the model is published for."""
    layers: list[AnyGroup] = Field(min_length=1)
    """Layer groups; layers that keep nothing (MLP only) are not listed."""

    @field_validator("layers", mode="before")
    @classmethod
    def _attention_by_default(cls, value: object) -> object:
        """A group without `kind` is full attention, the commonest."""
        if not isinstance(value, list):
            return value
        return [{"kind": "attention", **v} if isinstance(v, dict) and "kind" not in v else v for v in value]

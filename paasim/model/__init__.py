"""What an LLM is to a network: layers, KV bytes and state bytes."""

from paasim.model.catalogue import load, names
from paasim.model.model import Model
from paasim.model.spec import ModelSpec

__all__ = ["Model", "ModelSpec", "load", "names"]

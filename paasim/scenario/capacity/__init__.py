"""Capacity bounds before any run: what each pool, fleet and link can carry, and what is full first."""

from paasim.scenario.capacity.analysis import Analysis, analyze
from paasim.scenario.capacity.carried import kv_bytes
from paasim.scenario.capacity.spread import Flow, flows, is_spread_known
from paasim.scenario.capacity.station import Station

__all__ = ["Analysis", "Flow", "Station", "analyze", "flows", "is_spread_known", "kv_bytes"]

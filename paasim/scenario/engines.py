"""Pools and fleets from what the scenario says of them: profile, model, KV memory, limits."""

from __future__ import annotations

from collections import deque
from math import inf
from typing import TYPE_CHECKING

from paasim.core.errors import InputError
from paasim.engine.group import Fleet, Pool
from paasim.engine.instance import Instance
from paasim.engine.memory import KvMemory
from paasim.engine.pace import Pace
from paasim.engine.pool import FleetSpec, PoolSpec
from paasim.profile.service import Thermal
from paasim.scenario import lookup
from paasim.scenario.way import TYPICAL_STEP

if TYPE_CHECKING:
    from paasim.core.request import Request
    from paasim.core.streams import Streams
    from paasim.engine.meter import Meter
    from paasim.model.model import Model
    from paasim.profile.profile import Profile
    from paasim.profile.steps import StepTime
    from paasim.scenario.ends import End
    from paasim.scenario.scenario import Scenario
    from paasim.scenario.world import World

DEFAULT_MAX_SEQS = 256
"""Sequences in service at once where neither the scenario nor the profile sets a limit (vLLM's default)."""
HOW_IT_SLOWS_DOWN = "thermal: {prefill: [0.6, 1.0], decode: [0.8, 1.1], time_constant: 3 min, source: assumed}"
USABLE_MEMORY = 0.9
"""Share of the devices' memory that an engine takes for weights and KV (vLLM's default `gpu_memory_utilization`)."""


def make_group(scenario: Scenario, world: World, end: End, streams: Streams) -> Pool | Fleet:
    """The pool or fleet that a scenario puts at one place.

    Raises:
        InputError: if its profile or model cannot be had, or its prefix blocks do not fit together.
    """
    spec = end.spec
    profile = lookup.engine_profile(spec, scenario.base)
    model = lookup.model(spec.model or scenario.model, scenario.base)
    steps = lookup.steps(profile, model, spec.speculation)
    tokens = kv_capacity(spec, profile, model)
    entry = _entry_tokens(scenario, spec, model)
    thermal = thermal_of(spec, profile)
    limit = 1 if isinstance(spec, FleetSpec) else DEFAULT_MAX_SEQS
    max_seqs = spec.max_seqs or (limit if isinstance(spec, FleetSpec) else profile.spec.limits.max_seqs or limit)

    def make(number: int, meter: Meter, waiting: deque[Request] | None) -> Instance:
        return Instance(
            world.env,
            f"{end.name}[{number}]",
            recorder=world.recorder,
            meter=meter,
            steps=steps,
            windows=model.windows,
            memory=KvMemory(tokens, spec.block_tokens, entry),
            batching=spec.batching_or_default().build(),
            max_seqs=max_seqs,
            waiting=waiting,
            pace=_pace(spec, thermal, streams, f"engine.{end.name}[{number}].noise"),
        )

    capacity = _capacity(spec, profile, steps, context_limit(profile, model), tokens, max_seqs)
    most = tokens if tokens == inf else tokens // spec.block_tokens * spec.block_tokens
    if isinstance(spec, FleetSpec):
        return Fleet(end.name, spec.devices, make, capacity, steps, most)
    return Pool(end.name, spec.instances, make, spec.balance, capacity, steps, most)


def thermal_of(spec: PoolSpec | FleetSpec, profile: Profile) -> Thermal | None:
    """How an engine's hardware slows down as it gets warm; None if it does not.

    Raises:
        InputError: if that is left to a profile that does not say.
    """
    if isinstance(spec.thermal, Thermal):
        return spec.thermal
    if spec.thermal and profile.spec.thermal is None:
        what = f"profile {profile.id} does not say how the hardware slows down as it gets warm"
        raise InputError.one("", what, f"say how: {HOW_IT_SLOWS_DOWN}")
    return profile.spec.thermal if spec.thermal else None


def _pace(spec: PoolSpec | FleetSpec, thermal: Thermal | None, streams: Streams, purpose: str) -> Pace | None:
    """The pace of one instance, with a random stream of its own; None if it is always that of the profile."""
    if not spec.noise and thermal is None:
        return None
    rng = streams.get(purpose) if spec.noise else None
    if thermal is None:
        return Pace(spec.noise, rng, 0.0, (1.0, 1.0), (1.0, 1.0))
    return Pace(spec.noise, rng, thermal.time_constant, thermal.prefill, thermal.decode)


def kv_capacity(spec: PoolSpec | FleetSpec, profile: Profile, model: Model) -> float:
    """Tokens of KV memory of one instance: as the scenario says, else the profile, else what its memory leaves.

    A model that keeps copies of KV on several GPUs takes more memory per token (`Model.capacity_bytes`). Fixed states
    are counted as if each sequence were 4,096 tokens long, since memory here is counted in tokens.
    """
    tp = profile.spec.tp
    typical = 4096
    per_token = model.capacity_bytes(typical, tp) / typical
    memory = profile.spec.memory
    if spec.kv_memory is not None:
        return spec.kv_memory // per_token if per_token else inf
    if memory is None:
        return inf
    if memory.kv_capacity_tokens is not None:
        return memory.kv_capacity_tokens
    if memory.device_bytes is None or memory.weight_bytes is None or not per_token:
        return inf
    free = USABLE_MEMORY * memory.device_bytes * profile.spec.gpus - memory.weight_bytes
    return max(free, 0.0) // per_token


def context_limit(profile: Profile, model: Model) -> float:
    """Longest prompt in tokens that the engine or the model takes; infinity where neither states a limit."""
    return min(most for most in (profile.spec.limits.max_context, model.spec.max_context, inf) if most is not None)


def _entry_tokens(scenario: Scenario, spec: PoolSpec | FleetSpec, model: Model) -> int:
    """Tokens per prefix-cache entry; 0 = no cache (none wanted, nothing shared, or states that cannot be cut)."""
    sizes = {size for workload in scenario.classes.values() if (size := workload.block_tokens) is not None}
    if not spec.prefix_cache or not sizes or model.state_bytes:
        return 0
    if len(sizes) > 1:
        raise InputError.one(
            scenario.where("workloads"),
            f"the request classes have prefix blocks of different sizes ({', '.join(map(str, sorted(sizes)))} tokens)",
            "give them one size, or switch prefix_cache off",
        )
    size = sizes.pop()
    if size % spec.block_tokens:
        raise InputError.one(
            scenario.where("sites"),
            f"prefix blocks of {size} tokens are not a multiple of block_tokens ({spec.block_tokens})",
            "choose a block_tokens that divides it",
        )
    return size


def _capacity(
    spec: PoolSpec | FleetSpec, profile: Profile, steps: StepTime, context: float, tokens: float, max_seqs: int
) -> dict[str, float]:
    """Limits and prices of one instance, those that there are."""
    step = steps.prefill(TYPICAL_STEP, TYPICAL_STEP**2 / 2) if steps.can_prefill else 0.0
    values = {
        "kv_tokens": tokens,
        "max_seqs": inf if spec.role == "prefill" else max_seqs,  # time limits a prefill pool, not its slots
        "prompt_tokens_per_s": TYPICAL_STEP / step if step else inf,
        "max_context": context,
        "price_per_hour": spec.price if spec.price is not None else profile.spec.price,
        "power": profile.spec.power,
    }
    return {name: float(value) for name, value in values.items() if value is not None and value < inf}

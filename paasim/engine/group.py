"""Pools and fleets at work: the instances of one place, and which of them a request gets."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import cycle
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol

from paasim.engine.meter import Meter

if TYPE_CHECKING:
    from paasim.core.request import Request
    from paasim.engine.instance import Instance
    from paasim.profile.steps import StepTime

_load = attrgetter("load")


class MakeInstance(Protocol):
    """Makes the instance of a given number that counts on a given meter and takes from a given queue."""

    def __call__(self, number: int, meter: Meter, waiting: deque[Request] | None) -> Instance:
        """Make it."""


def _cached(instance: Instance, blocks: Sequence[int] | None, prompt: int) -> int:
    return instance.memory.hits(blocks, prompt)


class _KvLevel:
    """KV tokens in use over time: what is in use at each sample stands until the next.

    Sampled, not followed exactly, since every decode step changes it; the other levels are exact.
    """

    def __init__(self) -> None:
        self._time = self._area = 0.0
        self._tokens = 0

    def up_to(self, now: float, instances: Iterable[Instance]) -> float:
        """Token-seconds up to `now`."""
        self._area += self._tokens * (now - self._time)
        self._time = now
        self._tokens = sum(instance.kv_tokens(now) for instance in instances)
        return self._area


class Pool:
    """Instances of one engine at one site.

    Args:
        name: `site.pool`.
        kind: `pool`.
        servers: number of instances.
        make: makes an instance.
        balance: `least-loaded`, `round-robin` or `shared-queue` (see `PoolSpec.balance`).
        capacity: limits and prices for the records (`Levels.capacity`), per instance.
        steps: the profile of its instances, for predictions.
        most_tokens: longest context that one instance can hold: its whole KV memory.
    """

    kind = "pool"

    def __init__(
        self,
        name: str,
        servers: int,
        make: MakeInstance,
        balance: str,
        capacity: Mapping[str, float],
        steps: StepTime,
        most_tokens: float,
    ) -> None:
        self.name = name
        self.servers = servers
        self.capacity = capacity
        self.steps = steps
        self.most_tokens = most_tokens
        self._kv = _KvLevel()
        self.meter = Meter()
        shared: deque[Request] | None = deque() if balance == "shared-queue" else None
        self.instances = [make(i, self.meter, shared) for i in range(servers)]
        if shared is not None:
            for instance in self.instances:
                instance.peers = [other for other in self.instances if other is not instance]
        self.splits = self.instances[0].splits
        """Whether a prompt may take several steps."""
        self.pick = self._policy(balance)
        """The instance that a request gets."""

    def _policy(self, balance: str) -> Callable[[Request], Instance]:
        instances = self.instances
        first = instances[0]
        if len(instances) == 1:
            return lambda request: first
        if balance == "round-robin":
            turn = cycle(instances)
            return lambda request: next(turn)
        if balance == "shared-queue":
            return lambda request: next((i for i in instances if i.could_start(request)), first)
        return lambda request: min(instances, key=_load)

    def least_load(self) -> int:
        """Work in sight at the instance that has least (see `Instance.load`)."""
        return min(self.instances, key=_load).load

    def cached(self, blocks: Sequence[int] | None, prompt: int, device: int) -> int:
        """Tokens of a prompt that the prefix cache of the least loaded instance has."""
        return _cached(min(self.instances, key=_load), blocks, prompt)

    def totals(self, now: float) -> Mapping[str, float]:
        """Levels up to `now`."""
        return self.meter.totals(now) | {"kv_tokens": self._kv.up_to(now, self.instances)}


class Fleet:
    """Devices of many users; each is made when its user first sends a request."""

    kind = "fleet"

    def __init__(
        self,
        name: str,
        servers: int,
        make: MakeInstance,
        capacity: Mapping[str, float],
        steps: StepTime,
        most_tokens: float,
    ) -> None:
        self.name = name
        self.servers = servers
        self.capacity = capacity
        self.steps = steps
        self.most_tokens = most_tokens
        self._kv = _KvLevel()
        self.meter = Meter()
        self.splits = False
        """Whether a prompt may take several steps: a device computes each in one."""
        self._make = make
        self._devices: dict[int, Instance] = {}

    def pick(self, request: Request) -> Instance:
        """The user's own device."""
        number = self._number(request.device)
        device = self._devices.get(number)
        if device is None:
            device = self._devices[number] = self._make(number, self.meter, None)
        return device

    def _number(self, device: int) -> int:
        """A single device serves all; else each user has the one of the same number."""
        return device if self.servers > 1 else 0

    def load_at(self, device: int) -> int:
        """Work in sight at one device."""
        instance = self._devices.get(self._number(device))
        return instance.load if instance is not None else 0

    def cached(self, blocks: Sequence[int] | None, prompt: int, device: int) -> int:
        """Tokens of a prompt that the prefix cache of the user's device has."""
        instance = self._devices.get(self._number(device))
        return 0 if instance is None else _cached(instance, blocks, prompt)

    def totals(self, now: float) -> Mapping[str, float]:
        """Levels of all devices together up to `now`."""
        return self.meter.totals(now) | {"kv_tokens": self._kv.up_to(now, self._devices.values())}

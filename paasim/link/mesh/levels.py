"""Max-min fair levels of groups over channels, by progressive filling.

All streams' rates per weight rise together until a channel is full; the streams that pass it stay at that level, the
others go on (Bertsekas and Gallager, Data Networks, section 6.5.2; with weights: a stream of weight w counts as w).
Groups of a lower priority get what those of a higher one leave; background flows share with the last of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paasim.link.mesh.channel import Channel
    from paasim.link.mesh.group import Group


def fill(groups: Sequence[Group], channels: Sequence[Channel], now: float) -> None:
    """Give every group its level, from `now` on.

    Args:
        groups: all that have busy streams, those of a higher priority (a lower number) first.
        channels: all that they pass.
        now: the present, s.
    """
    for channel in channels:
        channel.room = channel.capacity
        channel.last = channel.groups[0].priority
        for group in channel.groups:
            channel.last = max(channel.last, group.priority)
    i = 0
    while i < len(groups):
        priority, j = groups[i].priority, i + 1
        while j < len(groups) and groups[j].priority == priority:
            j += 1
        _fill(groups[i:j], channels, now)
        i = j
    for channel in channels:
        rate = 0.0
        for group in channel.groups:
            rate += group.rate
        if rate != channel.rate:
            channel.settle(now)
            channel.rate = rate


def _fill(groups: Sequence[Group], channels: Sequence[Channel], now: float) -> None:
    """Levels of groups of one priority, in what room there is."""
    shared: list[Channel] = []
    for group in groups:
        group.top, group.frozen = inf, False
    for channel in channels:
        mine = _rivals(channel, groups[0].priority)
        if len(mine) == 1:
            mine[0].top = min(mine[0].top, level(channel, mine))
        elif mine:
            shared.append(channel)
    while shared:
        lowest, full = inf, shared[0]
        for channel in shared:
            height = level(channel, _rivals(channel, groups[0].priority))
            if height < lowest:
                lowest, full = height, channel
        for group in groups if lowest == inf else _rivals(full, groups[0].priority):
            if not group.frozen:
                _freeze(group, min(lowest, group.top), now)
        if lowest == inf:
            return
        shared = [channel for channel in shared if _rivals(channel, groups[0].priority)]
    for group in groups:
        if not group.frozen:
            _freeze(group, group.top, now)


def _rivals(channel: Channel, priority: int) -> list[Group]:
    """The groups of a priority that pass a channel and whose level is not known yet."""
    return [group for group in channel.groups if group.priority == priority and not group.frozen]


def _freeze(group: Group, height: float, now: float) -> None:
    group.frozen = True
    group.place(height, now)
    for channel in group.path:
        channel.room = max(channel.room - group.rate, 0.0)


def level(channel: Channel, groups: Sequence[Group]) -> float:
    """The level at which groups together fill the room of a channel; infinite if they cannot.

    Newton's method on what they ask for, which is concave in the level: wherever it begins, its second point is not
    above the answer, and from there it rises to it, mostly in two or three steps.
    """
    weight = greedy = channel.greedy if groups[0].priority == channel.last else 0.0
    for group in groups:
        weight += group.weight
    if weight <= 0.0:
        return inf
    room = channel.room
    lowest = room / weight
    height = groups[0].level if len(groups) == 1 and lowest < groups[0].level < inf else lowest
    rising = height == lowest
    while True:
        held, weight = 0.0, greedy
        for group in groups:
            if group.top <= height:
                own, opened = group.demand(group.top)
                held += own + group.top * opened if opened > 0.0 else own
            else:
                own, opened = group.demand(height)
                held += own
                weight += opened
        if weight <= 0.0:
            if held <= room:
                return inf
            if rising:
                return height
            risen = lowest
        else:
            risen = (room - held) / weight
        if rising and risen <= height:
            return height
        height, rising = max(risen, lowest), True

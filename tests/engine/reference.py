"""A slow engine, one step at a time, written without a look at the fast one: the answer that the fast one must give.

It knows no closed forms, no runs and no SimPy: a loop over step boundaries. Between boundaries it takes what comes in
from outside (prompts, requests for room, KV that arrives, KV that leaves) in the order of time.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from math import inf
from typing import Any

EPS = 1e-9


@dataclass
class Job:
    """One request: when it comes, how long it is, and how long its KV is under way after room or prefill."""

    index: int
    time: float
    prompt: int
    output: int
    delay: float = 0.0
    decode_first: bool = False
    left: int = 0
    todo: int = 0
    done: int = 0
    held: int = 0
    preempted: int = 0
    prefill_start: float = inf
    prefill_end: float = inf
    first_step: float = inf
    second_step: float = inf
    finish: float = inf
    room_at: float = inf

    @property
    def context(self) -> int:
        return self.prompt + self.output - self.left

    def token(self, time: float) -> None:
        if self.first_step == inf:
            self.first_step = time
        elif self.second_step == inf:
            self.second_step = time


@dataclass
class Reference:
    """One instance. `policy` is one-at-a-time, token-budget or chunked; `budget` its tokens per step."""

    steps: Any
    role: str
    policy: str
    budget: int
    blocks: float
    block: int
    max_seqs: int
    windows: list[tuple[int, float]]
    now: float = 0.0
    waiting: list[Job] = field(default_factory=list)
    partial: list[Job] = field(default_factory=list)
    ready: list[Job] = field(default_factory=list)
    rooms: list[Job] = field(default_factory=list)
    running: list[Job] = field(default_factory=list)
    pinned: int = 0
    outside: list[tuple[float, int, str, Job]] = field(default_factory=list)

    def need(self, tokens: int) -> int:
        return -(-tokens // self.block)

    def attended(self, context: int) -> float:
        return sum(w * (min(context, n) if n else context) for n, w in self.windows) if self.windows else context

    def used(self) -> int:
        return self.pinned + sum(self.need(j.context) for j in self.running)

    def push(self, time: float, what: str, job: Job) -> None:
        heapq.heappush(self.outside, (time, job.index, what, job))

    def take(self, until: float) -> None:
        """Take what comes from outside up to `until`, with the contexts of the next step counted as in use."""
        while self.outside and self.outside[0][0] <= until + EPS:
            time, _, what, job = heapq.heappop(self.outside)
            if what == "prompt":
                self.waiting.append(job)
            elif what == "room":
                if self.rooms or self.waiting or not self.give_room(job, time):
                    self.rooms.append(job)
            elif what == "kv":
                self.ready.append(job)
            elif what == "sent":
                self.pinned -= job.held
                job.held = 0
                self.serve_rooms(time)

    def give_room(self, job: Job, time: float) -> bool:
        need = self.need(job.context)
        if self.used() + need > self.blocks:
            return False
        self.pinned += need
        job.held = need
        job.room_at = time
        self.push(time + job.delay, "kv", job)
        return True

    def serve_rooms(self, time: float) -> None:
        while self.rooms and not self.waiting and self.give_room(self.rooms[0], time):
            self.rooms.pop(0)

    def admit(self, job: Job, picked: int) -> bool:
        if len(self.running) + len(self.partial) + picked >= self.max_seqs:
            return False
        need = self.need(job.todo)
        if self.used() + need > self.blocks:
            return False
        self.pinned += need
        job.held = need
        job.done = 0
        if job.prefill_start == inf:
            job.prefill_start = self.now
        return True

    def pick(self) -> list[tuple[Job, int]]:
        batch: list[tuple[Job, int]] = []
        if self.policy == "one-at-a-time":
            if self.waiting and self.admit(self.waiting[0], 0):
                job = self.waiting.pop(0)
                batch.append((job, job.todo))
            return batch
        if self.policy == "token-budget":
            left = self.budget
            while self.waiting and (not batch or self.waiting[0].todo <= left) and left > 0:
                if not self.admit(self.waiting[0], len(batch)):
                    break
                job = self.waiting.pop(0)
                batch.append((job, job.todo))
                left -= job.todo
            return batch
        left = max(self.budget - len(self.running), 1)
        for job in self.partial:
            if left > 0:
                batch.append((job, min(job.todo, left)))
                left -= batch[-1][1]
        fresh = 0
        while left > 0 and self.waiting and self.admit(self.waiting[0], fresh):
            job = self.waiting.pop(0)
            fresh += 1
            batch.append((job, min(job.todo, left)))
            left -= batch[-1][1]
        return batch

    def run(self, jobs: list[Job]) -> None:
        """Serve all jobs to the end."""
        for job in jobs:
            job.todo = job.prompt
            job.left = job.output if job.decode_first else job.output - 1
            self.push(job.time, "room" if self.role == "decode" else "prompt", job)
        while True:
            self.take(self.now)
            if not self.boundary():
                if not self.outside:
                    return
                self.now = self.outside[0][0]

    def boundary(self) -> bool:
        """One step; False if there is nothing to do."""
        while self.running and self.used() > self.blocks:
            job = self.running.pop()
            job.todo = job.context
            job.preempted += 1
            self.waiting.insert(0, job)
        while self.ready and len(self.running) + len(self.partial) < self.max_seqs:
            job = self.ready.pop(0)
            self.pinned -= job.held
            self.running.append(job)
        batch = self.pick()
        self.serve_rooms(self.now)
        n = sum(new for _, new in batch)
        q = sum(new * (job.done + new / 2) for job, new in batch)
        decoders = list(self.running) if not batch or self.policy == "chunked" else []
        s = sum(self.attended(j.context) for j in decoders)
        if batch and decoders:
            duration = self.steps.mixed(n, q, len(decoders), s)
        elif batch:
            duration = self.steps.prefill(n, q)
        elif decoders:
            duration = self.steps.decode(len(decoders), s)
        else:
            return False
        end = self.now + duration
        for job in decoders:
            job.left -= 1
        # What comes during the step, strictly before its end; the boundary itself is seen by the next one.
        self.take(end - 3 * EPS)
        for job in decoders:
            job.token(end)
            if job.left == 0:
                job.finish = end
                self.running.remove(job)
        self.now = end
        for job, new in batch:
            job.todo -= new
            job.done += new
            if job in self.partial:
                self.partial.remove(job)
            if job.todo:
                continue
            self.end_prompt(job, end)
        self.partial = [job for job, _ in batch if job.todo] + self.partial
        return True

    def end_prompt(self, job: Job, end: float) -> None:
        if not job.preempted:
            job.prefill_end = end
        if self.role == "prefill":
            job.finish = end
            self.push(end + job.delay, "sent", job)
            return
        self.pinned -= job.held
        job.held = 0
        if job.preempted:
            job.left -= 1
            job.token(end)
        if job.left == 0:
            job.finish = end
        else:
            self.running.append(job)

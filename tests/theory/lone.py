"""What a lone request must take, worked out by hand from the same scenario text that is run.

Layers are followed one by one here (the simulator uses closed forms): layer i is computed at its share of the prefill,
then packed, then sent, each after the layer before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

LAYERS, KV_BYTES = 32, 2 * 32 * 8 * 128 * 2
"""Llama 3.1 8B: 32 layers with 8 KV heads of 128 in 2 bytes, keys and values; bytes per token."""
TEXT = 4.0
"""Bytes per token of text, up and down."""

TEMPLATE = """
name: A lone request
model: llama-3.1-8b
workload:
  arrivals: {{kind: constant, rate: 1 /s}}
  lengths: {{kind: fixed, prompt: {prompt}, output: {output}}}
  origin: homes
sites:
  far:
    pools:
      prefill:
        role: prefill
        profile: &engine
          form: {{prefill: {{a: 5 ms, b: 20 us, c: 1 ns}}, decode: {{a: 8 ms, b: 1 ms, c: 50 ns}}}}
  cloud:
    pools:
      prefill: {{role: prefill, profile: *engine}}
      decode: {{role: decode, profile: *engine}}
      whole: {{role: mixed, profile: *engine, batching: {{kind: chunked, chunk: {chunk}}}}}
  homes:
    fleet: {{devices: 5, profile: *engine}}
network:
  links:
    fabric: {{between: [cloud, cloud], bandwidth: 100 Gbps, rtt: 10 us}}
    wan: {{between: [far, cloud], bandwidth: 10 Gbps, rtt: 20 ms, kind: {kind}}}
    internet:
      {{between: [cloud, homes], bandwidth: 1 Gbps, backward_bandwidth: 400 Mbps, rtt: 30 ms, kind: {kind}{access}}}
    long-haul: {{between: [homes, far], bandwidth: 2 Gbps, rtt: 50 ms}}
routes:
  only:
    prefill: {prefill}
    decode: {decode}
    kv: {{streaming: {streaming}{codec}}}
    first_token: {first_token}
    handover: 3 ms
router: {{kind: fixed, route: only}}
run: {{requests: 1, replications: 1}}
"""
ACCESS = ", access: {down: 300 Mbps, up: 50 Mbps, rtt: 12 ms}"
CODEC = ", codec: {{kind: ratio, ratio: 2.5, encode: 2 GB/s, decode: 1 GB/s, pipelined: {pipelined}}}"
RATIO, ENCODE, DECODE = 2.5, 2e9, 1e9

ROUTES = {
    "local": ("homes", "homes"),
    "cloud": ("cloud.whole", "cloud.whole"),
    "pd": ("cloud.prefill", "cloud.decode"),
    "prfaas": ("far.prefill", "cloud.decode"),
    "paas": ("cloud.prefill", "homes"),
    "reverse": ("homes", "cloud.decode"),
}


@dataclass(frozen=True)
class Case:
    """One scenario with a single request."""

    route: str
    streaming: str = "whole"
    codec: str = "none"
    first_token: str = "prefill"
    access: bool = False
    prompt: int = 1000
    output: int = 6
    chunk: int = 2048
    kind: str = "shared"

    def text(self) -> str:
        """The scenario."""
        prefill, decode = ROUTES[self.route]
        codec = CODEC.format(pipelined=str(self.codec == "pipelined").lower()) if self.codec != "none" else ""
        return TEMPLATE.format(
            prompt=self.prompt,
            output=self.output,
            chunk=self.chunk,
            kind=self.kind,
            access=ACCESS if self.access else "",
            prefill=prefill,
            decode=decode,
            streaming=self.streaming,
            codec=codec,
            first_token=self.first_token,
        )

    def path(self, start: str, goal: str) -> tuple[float, float]:
        """(bytes per second, one-way delay) between two sites."""
        if start == goal:
            return (100e9 / 8, 5e-6) if start == "cloud" else (float("inf"), 0.0)
        ends = {start, goal}
        if ends == {"far", "cloud"}:
            return 10e9 / 8, 0.010
        if ends == {"far", "homes"}:
            return 2e9 / 8, 0.025
        rate = (1e9 if start == "cloud" else 400e6) / 8
        if not self.access:
            return rate, 0.015
        return min(rate, (300e6 if goal == "homes" else 50e6) / 8), 0.021


def message(path: tuple[float, float], size: float) -> float:
    """Seconds of a small message."""
    return path[1] + size / path[0]


def step(context: int) -> float:
    """A decode step of one sequence."""
    return 0.008 + 0.001 + 50e-9 * context


def expected(case: Case) -> dict[str, float]:
    """Every stamp of the request that arrives at `arrival` = 0."""
    start, goal = (end.split(".")[0] for end in ROUTES[case.route])
    stays = ROUTES[case.route][0] == ROUTES[case.route][1]
    begun = message(case.path("homes", start), TEXT * case.prompt)
    chunks = -(-case.prompt // case.chunk) if case.route == "cloud" else 1
    ended = begun + chunks * 0.005 + 20e-6 * case.prompt + 1e-9 * case.prompt**2 / 2
    stamps = {"uplink_end": begun, "prefill_start": begun, "prefill_end": ended}
    ready = ended if stays else move(case, begun, ended, case.path(start, goal), stamps)
    by_decoder = case.first_token == "decode"
    first = case.prompt + (0 if by_decoder else 1)
    steps = [step(first + i) for i in range(case.output - (0 if by_decoder else 1))]
    stamps |= {"decode_start": ready, "first_step": ready + steps[0]}
    stamps["second_step"] = ready + sum(steps[:2]) if len(steps) > 1 else nan
    stamps["finish"] = ready + sum(steps)
    down = message(case.path(goal, "homes"), TEXT)
    if by_decoder:
        stamps |= {"first_token": stamps["first_step"] + down, "second_token": stamps["second_step"] + down}
        stamps["last_token"] = stamps["finish"] + down
        return stamps
    arrived = stamps["first_token"] = ended + message(case.path(start, "homes"), TEXT)
    stamps["second_token"] = max(stamps["first_step"] + down, arrived)
    stamps["last_token"] = max(stamps["finish"] + down, arrived)
    return stamps


def move(case: Case, begun: float, ended: float, path: tuple[float, float], stamps: dict[str, float]) -> float:
    """Pack, send and unpack the KV; returns when the decoder has it."""
    rate, delay = path
    size = KV_BYTES * case.prompt
    encode = size / ENCODE if case.codec != "none" else 0.0
    decode = size / DECODE if case.codec != "none" else 0.0
    wire = size / RATIO if case.codec != "none" else size
    by_layer = case.streaming == "layers" and case.codec != "blocking"
    packed, out, first = 0.0, 0.0, 0.0
    arrivals = []
    for i in range(LAYERS):
        computed = begun + (ended - begun) * (i + 1) / LAYERS
        packed = max(packed, computed) + encode / LAYERS if by_layer else ended + encode
        first = packed if i == 0 else first
        out = max(out, packed) + wire / LAYERS / rate
        arrivals.append(out + delay)
    unpacked = unpack(case, arrivals, first + delay, decode)
    stamps |= {"encode_end": packed, "transfer_start": first, "transfer_end": arrivals[-1]}
    stamps |= {"codec_end": unpacked, "handover_end": unpacked + 0.003}
    return unpacked + 0.003


def unpack(case: Case, arrivals: list[float], first: float, decode: float) -> float:
    """When the last layer is unpacked: layers are taken to arrive evenly between the first byte and the last."""
    if case.codec != "pipelined":
        return arrivals[-1] + decode
    over = arrivals[-1] - first
    unpacked = 0.0
    for i in range(LAYERS):
        unpacked = max(unpacked, first + over * (i + 1) / LAYERS) + decode / LAYERS
    return unpacked

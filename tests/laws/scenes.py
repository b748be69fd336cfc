"""Random whole scenarios, as a user could write them: every role, policy, link, codec, route and loop.

Sizes are small and loads high, so that queues, tight memory, preemption and shared links all occur.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from paasim.scenario import lookup

Scene = dict[str, Any]

MODELS = ("llama-3.1-8b", "gpt-oss-20b", "deepseek-v3", "kimi-linear-48b")
"""Full attention, sliding windows, a latent, and fixed states."""
MEASURED = "h100-sxm/llama-3.1-8b/bf16/vllm/tp1"
"""A table with knots, and a box that may be left."""
LONGEST = 1500
"""About the longest prompt and output together, tokens."""

ROUTES = {
    "local": ("homes", "homes"),
    "cloud": ("cloud.whole", "cloud.whole"),
    "pd": ("cloud.prefill", "cloud.decode"),
    "prfaas": ("far.prefill", "cloud.decode"),
    "paas": ("cloud.prefill", "homes"),
    "reverse": ("homes", "cloud.decode"),
    # Mixed engines at both ends of a transfer: they decode their own and others' prompts.
    "into-mixed": ("far.prefill", "cloud.whole"),
    "out-of-mixed": ("cloud.whole", "cloud.decode"),
}
"""The six routes of the design, and two that mix roles."""


def kv_size(name: str, tokens: int) -> str:
    """So much memory that the builder makes `tokens` tokens of it."""
    per_token = lookup.model(name).capacity_bytes(4096, 1) / 4096
    return f"{int(tokens * per_token) + 1} B"


def seconds(low: float, high: float) -> st.SearchStrategy[str]:
    """A time as text, on a grid that shrinks well."""
    return st.integers(0, 1000).map(lambda i: f"{(low + (high - low) * i / 1000) * 1e6:.6g} us")


@st.composite
def profiles(draw: st.DrawFn) -> Any:
    if draw(st.integers(0, 5)) == 0:
        return MEASURED
    prefill = {"a": draw(seconds(0, 0.01)), "b": draw(seconds(1e-6, 2e-4)), "c": draw(seconds(0, 2e-8))}
    decode = {"a": draw(seconds(1e-4, 0.02)), "b": draw(seconds(0, 1e-3)), "c": draw(seconds(0, 1e-6))}
    if draw(st.booleans()):
        decode["d"] = draw(seconds(0, 0.01))
    form: dict[str, Any] = {"prefill": prefill, "decode": decode}
    if draw(st.integers(0, 3)) == 0:
        form["mixed"] = {"a": decode["a"], "b": prefill["b"], "c": decode["c"], "d": prefill["c"]}
    return {"form": form}


@st.composite
def policies(draw: st.DrawFn) -> Scene | None:
    kind = draw(st.sampled_from(["default", "one-at-a-time", "token-budget", "chunked"]))
    if kind == "default":
        return None
    policy: Scene = {"kind": kind}
    if kind == "chunked":
        policy["chunk"] = draw(st.sampled_from([16, 100, 256, 2048]))
    if kind == "token-budget":
        policy["max_tokens"] = draw(st.sampled_from([100, 500, 2000]))
        if draw(st.booleans()):
            policy["max_prompts"] = draw(st.integers(1, 4))
        if draw(st.booleans()):
            policy["window"] = draw(seconds(1e-4, 0.5))
    return policy


@st.composite
def engines(draw: st.DrawFn, name: str, block: int) -> Scene:
    """What pools and fleets have in common."""
    engine: Scene = {"profile": draw(profiles()), "block_tokens": block, "prefix_cache": draw(st.booleans())}
    room = draw(st.sampled_from([None, 0.7, 1.02, 1.5, 3.0]))
    if room is not None:
        engine["kv_memory"] = kv_size(name, int(room * LONGEST))
    if draw(st.integers(0, 4)) == 0:
        engine["noise"] = draw(st.sampled_from([0.05, 0.5]))
    if draw(st.integers(0, 4)) == 0:
        constant = draw(st.sampled_from(["20 ms", "1 s", "180 s"]))
        heat = {"prefill": [0.5, 1.5], "decode": [0.8, 1.1], "time_constant": constant, "source": "assumed"}
        engine["thermal"] = heat
    if draw(st.integers(0, 4)) == 0:
        tokens, cost = draw(st.sampled_from([(2.5, 1.2), (1.0, 1.1)]))
        engine["speculation"] = {"tokens_per_step": tokens, "step_cost": cost, "source": "assumed"}
    return engine


@st.composite
def pools(draw: st.DrawFn, role: str, name: str, block: int) -> Scene:
    pool = draw(engines(name, block)) | {"role": role, "instances": draw(st.integers(1, 3))}
    policy = draw(policies())
    if policy is not None:
        pool["batching"] = policy
    if draw(st.booleans()):
        pool["max_seqs"] = draw(st.sampled_from([1, 2, 5]))
    balances = ["least-loaded", "round-robin", *(["shared-queue"] if role != "decode" else [])]
    pool["balance"] = draw(st.sampled_from(balances))
    return pool


TRANSPORTS: tuple[Any, ...] = (
    None,
    None,
    "tcp",
    "ideal",
    {"kind": "tcp", "connections": 8, "receive_window": "256 KiB", "reuse": "1 s"},
    {"kind": "bbr", "handshake": "tls", "reuse": "always", "after_idle": "restart"},
    {"kind": "tcp", "congestion": "reno", "host": "800 Mbps", "slow_start": False},
)
"""How a scene's longer links are filled."""


@st.composite
def changes(draw: st.DrawFn) -> Scene:
    """What a link does over time; outages end within a second, so that everything ends."""
    found: Scene = {}
    if draw(st.booleans()):
        found["capacity"] = draw(st.sampled_from(["5g-lowband", "fcc-broadband"]))
    if draw(st.booleans()):
        at_random = {"every": "300 ms", "for": "100 ms"}
        found["outages"] = draw(st.sampled_from([at_random, [{"at": "100 ms", "for": "800 ms"}]]))
    if draw(st.booleans()):
        found["jitter"] = draw(st.sampled_from(["2 ms", {"p50": "1 ms", "p99": "20 ms"}]))
    return found


@st.composite
def links(draw: st.DrawFn, ends: list[str], transport: Any = None) -> Scene:
    link: Scene = {
        "between": ends if draw(st.booleans()) else ends[::-1],
        "bandwidth": f"{draw(st.sampled_from([50, 400, 3000, 100_000]))} Mbps",
        "rtt": draw(st.sampled_from(["1 ms", "25 ms", "200 ms"] if transport else ["0 s", "1 ms", "25 ms", "200 ms"])),
    }
    if transport is not None and draw(st.booleans()):
        link["transport"] = transport
        link["loss"] = draw(st.sampled_from(["0 %", "0.01 %", "2 %"]))
    if draw(st.booleans()):
        link["kind"] = draw(st.sampled_from(["shared", "fixed"]))
    if link.get("kind") != "fixed" and draw(st.integers(0, 3)) == 0:
        link["background"] = draw(
            st.sampled_from([{"rate": "20 Mbps"}, {"flows": 2}, {"rate": "5 Mbps", "flows": 0.5}])
        )
    if link.get("kind") != "fixed" and draw(st.integers(0, 3)) == 0:
        link |= draw(changes())
    if draw(st.integers(0, 3)) == 0:
        link["backward_bandwidth"] = "80 Mbps"
    if "homes" in ends and draw(st.booleans()):
        preset = draw(st.sampled_from(["home-fibre", "5g", "lte-driving", ""]))
        link["access"] = preset or {"down": "40 Mbps", "up": "10 Mbps", "rtt": "12 ms"}
    return link


@st.composite
def kv_plans(draw: st.DrawFn) -> Scene:
    kv: Scene = {}
    some_layers = {"kind": "layers", "per_release": 5}
    streaming = draw(st.sampled_from([None, "whole", "layers", some_layers, "chunks", "chunks"]))
    if streaming is not None:
        kv["streaming"] = streaming
    codec = draw(st.sampled_from([None, "fp8", "cachegen", "rated", "blocking", "adaptive"]))
    if draw(st.integers(0, 5)) == 0:
        kv["after_outage"] = "restart"
    if draw(st.integers(0, 3)) == 0:
        kv |= {"weight": draw(st.sampled_from([0.5, 1.0, 3.0])), "priority": draw(st.sampled_from([-1, 0, 2]))}
    if draw(st.integers(0, 3)) == 0:
        kv["timeout"] = draw(st.sampled_from(["1 ms", "100 ms", "10 s"]))
    if codec in ("rated", "blocking"):
        rate = f"{draw(st.sampled_from([1, 20]))} GB/s"
        kv["codec"] = {"kind": "ratio", "ratio": 2.5, "encode": rate, "decode": "2 GB/s", "pipelined": codec == "rated"}
    elif codec == "adaptive":
        slow = {"kind": "ratio", "ratio": 9, "encode": "1 GB/s", "decode": "1 GB/s", "pipelined": draw(st.booleans())}
        kv["codec"] = {
            "kind": "adaptive",
            "levels": draw(st.sampled_from([["none", "fp8", slow], [slow], ["none", "cachegen"]])),
            "deadline": draw(st.sampled_from(["1 ms", "30 ms", "1 s"])),
            "text": draw(st.booleans()),
        }
    elif codec is not None:
        kv["codec"] = codec
    return kv


@st.composite
def workloads(draw: st.DrawFn, block: int | None, sites: list[str]) -> Scene:
    kind = draw(st.sampled_from(["poisson", "poisson", "gamma", "constant", "closed-loop"]))
    rate = f"{draw(st.sampled_from([1, 5, 30, 300]))} /s"
    arrivals: Scene = {"kind": kind}
    if kind == "closed-loop":
        arrivals |= {"users": draw(st.integers(1, 6)), "think": draw(st.sampled_from(["1 ms", "50 ms", "1 s"]))}
        arrivals["think_time"] = draw(st.sampled_from(["fixed", "exponential"]))
        arrivals["ramp"] = draw(st.sampled_from(["0 s", "0.3 s"]))
    else:
        arrivals["rate"] = rate
    if kind == "gamma":
        arrivals["cv"] = 2.5
    fixed = {"kind": "fixed", "prompt": draw(st.sampled_from([1, 64, 300, 1024])), "output": draw(st.integers(1, 60))}
    spread = {"kind": "exponential", "prompt": {"mean": draw(st.sampled_from([40, 400]))}, "output": {"mean": 30}}
    capped = {
        "kind": "lognormal",
        "prompt": {"mean": 400, "sigma": 1.0, "min": 1, "max": LONGEST - 200},
        "output": draw(st.sampled_from([1, 2, 40, 200])),
    }
    workload: Scene = {"arrivals": arrivals, "lengths": draw(st.sampled_from([fixed, spread, capped]))}
    if block is not None:
        tokens = block * draw(st.integers(1, 6))
        groups = draw(st.integers(1, 3))
        workload["prefixes"] = {"kind": "shared", "groups": groups, "tokens": tokens, "block": block}
    if sites and draw(st.integers(0, 3)) == 0:
        workload["origin"] = draw(st.sampled_from(sites))
    return workload


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """A scenario as plain data."""
    name = draw(st.sampled_from(MODELS))
    block = draw(st.sampled_from([1, 16, 16, 64]))
    entry = draw(st.sampled_from([None, 64, 64, 128]))
    chosen = draw(st.lists(st.sampled_from(sorted(ROUTES)), min_size=1, max_size=4, unique=True))
    sites: Scene = {"cloud": {"pools": {}}, "far": {"pools": {}}, "homes": {}}
    for end in dict.fromkeys(end for route in chosen for end in ROUTES[route]):
        if end == "homes":
            sites["homes"] = {"fleet": draw(engines(name, block)) | {"devices": draw(st.integers(1, 4))}}
            continue
        site, pool = end.split(".")
        role = {"whole": "mixed"}.get(pool, pool)
        sites[site]["pools"][pool] = draw(pools(role, name, block))
    transport = draw(st.sampled_from(TRANSPORTS))
    network = {"internet": draw(links(["cloud", "homes"], transport))}
    if draw(st.booleans()):
        network["wan"] = draw(links(["far", "cloud"], transport))
    else:
        # Over an exchange, which homes may be joined to as well.
        sites["exchange"] = {}
        network["wan"] = draw(links(["far", "exchange"], transport))
        network["metro"] = draw(links(["exchange", "cloud"], transport))
    if draw(st.booleans()):
        # Else by way of the cloud.
        network["long-haul"] = draw(links(["far", "homes"], transport))
    if draw(st.booleans()):
        network["fabric"] = draw(links(["cloud", "cloud"])) | {"bandwidth": "10 Gbps"}
    routes: Scene = {}
    for route in chosen:
        prefill, decode = ROUTES[route]
        routes[route] = {
            "prefill": prefill,
            "decode": decode,
            "kv": draw(kv_plans()),
            "first_token": draw(st.sampled_from(["prefill", "decode"])),
            "handover": draw(st.sampled_from(["0 s", "0 s", "7 ms"])),
        }
    scene: Scene = {
        "name": "random",
        "model": name,
        "sites": sites,
        "network": {"links": network},
        "routes": routes,
        "router": draw(routers(chosen)),
        "run": draw(runs()),
    }
    count = draw(st.integers(1, 2))
    # Where devices take part, users sit at them.
    origins = [] if sites["homes"] else sorted(sites)
    classes = {f"class-{i}": draw(workloads(entry, origins)) for i in range(count)}
    if count == 1:
        scene["workload"] = classes["class-0"]
    else:
        scene["workloads"] = classes
    return scene


@st.composite
def routers(draw: st.DrawFn, routes: list[str]) -> Scene:
    kind = draw(st.sampled_from(["fixed", "threshold", "round-robin", "least-loaded", "shortest-wait"]))
    if kind == "fixed":
        return {"kind": kind, "route": routes[0]}
    if kind == "threshold":
        tokens = draw(st.sampled_from([0, 200, 1000]))
        return {"kind": kind, "prompt_tokens": tokens, "below": routes[0], "above": routes[-1]}
    if kind == "round-robin":
        return {"kind": kind}
    return {"kind": kind, "staleness": draw(st.sampled_from(["0 s", "100 ms"]))}


@st.composite
def runs(draw: st.DrawFn) -> Scene:
    run: Scene = {"seed": draw(st.integers(0, 1000)), "replications": 1, "warmup": "0 %"}
    if draw(st.booleans()):
        return run | {"requests": draw(st.integers(1, 60))}
    run |= {"duration": f"{draw(st.sampled_from([0.2, 1.0]))} s"}
    if draw(st.integers(0, 3)) == 0:
        run["drain"] = False
    return run

"""What a sweep costs beside bare simulations: `paasim sweep` on two processes, against interpreters that only simulate.

Usage: python benchmarks/sweep.py [POINTS]     (default 1000, of 2,000 requests each)

One bare interpreter and then two at once simulate points of the same kind in a loop, before and after the sweep, since
shared machines change their speed. The sweep is the command itself, from start to end: starting workers, reading,
keeping every outcome, writing the table.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCENARIO = Path(__file__).with_name("reference.yaml")
FIELD = "network.links.wan.bandwidth"
REQUESTS = 2000
SHARE = 20
"""A bare interpreter does this fraction of the sweep's points each time."""


def bare(points: int, first: int) -> dict[str, float]:
    """Simulate points in this process; wall and CPU seconds per point."""
    import paasim
    from paasim.scenario.loader import changed
    from paasim.study.point import Point, work

    base = paasim.load(str(SCENARIO), [f"run.requests={REQUESTS}"])
    made = [Point("", changed(base, [f"{FIELD}={50 + (first + i) / 100} Gbps"])) for i in range(points)]
    work(made[0])  # warm the caches of code and profiles
    wall, cpu = time.perf_counter(), time.process_time()
    for point in made:
        work(point)
    return {"wall": (time.perf_counter() - wall) / points, "cpu": (time.process_time() - cpu) / points}


def together(interpreters: int, points: int) -> list[dict[str, float]]:
    """Bare interpreters at the same time."""
    command = [sys.executable, __file__, "--bare", str(points)]
    running = [
        subprocess.Popen([*command, str(i * points)], stdout=subprocess.PIPE, text=True) for i in range(interpreters)
    ]
    return [json.loads(each.communicate()[0]) for each in running]


def sweep(points: int, folder: str) -> dict[str, float]:
    """The sweep on two processes; wall and CPU seconds per point, of both processes and of the driver."""
    vary = f"{FIELD}=lin(50 Gbps, {50 + (points - 1) / 100} Gbps, {points})"
    options = ["--set", f"run.requests={REQUESTS}", "--replications", "1", "--jobs", "2", "-o", folder]
    before, wall = _cpu(), time.perf_counter()
    command = [sys.executable, "-m", "paasim.cli.app", "sweep", str(SCENARIO), "--vary", vary, *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return {"wall": (time.perf_counter() - wall) / points, "cpu": (_cpu() - before) / points}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def mean(found: list[dict[str, float]], what: str) -> float:
    return sum(each[what] for each in found) / len(found)


def cores() -> int:
    from paasim.study.execute import cores

    return cores()


def main() -> None:
    if sys.argv[1:2] == ["--bare"]:
        print(json.dumps(bare(int(sys.argv[2]), int(sys.argv[3]))))
        return
    if not all(text.isdigit() for text in sys.argv[1:]):
        sys.exit(__doc__)
    points = int(sys.argv[1]) if sys.argv[1:] else 1000
    some = max(points // SHARE, 5)
    one, two = together(1, some), together(2, some)
    with tempfile.TemporaryDirectory() as folder:
        done = sweep(points, folder)
        rows = len((Path(folder) / "table.csv").read_text().splitlines()) - 1
        kept = sum(1 for _ in Path(folder).glob("store/??/*.json"))
        again = sweep(points, folder)
    two += together(2, some)
    one += together(1, some)
    assert rows == kept == points, (rows, kept)
    alone, beside = mean(one, "wall"), mean(two, "wall")
    print(f"{points:,} points of {REQUESTS:,} requests, {cores()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"  one bare interpreter       {alone * 1e3:8.1f} ms per point")
    print(f"  two bare interpreters      {beside * 1e3:8.1f} ms per point each, speed-up {2 * alone / beside:.2f}")
    print(
        f"  the sweep on two processes {done['wall'] * 2e3:8.1f} ms per point each, speed-up {alone / done['wall']:.2f}"
    )
    print(f"  of their speed-up          {beside / done['wall'] / 2:8.3f} (at least 0.9)")
    print(f"  overhead, wall time        {(done['wall'] - beside / 2) * 1e3:8.2f} ms per point (under 5)")
    within = (done["wall"] - again["wall"] - beside / 2) * 1e3
    print(f"    of it while points run   {within:8.2f} ms per point; the rest: start, preparing points, the table")
    print(f"  overhead, CPU time         {(done['cpu'] - mean(two, 'cpu')) * 1e3:8.2f} ms per point, all processes")
    print(f"  the same sweep again       {again['wall'] * 1e3:8.2f} ms per point, all from the store")


if __name__ == "__main__":
    main()

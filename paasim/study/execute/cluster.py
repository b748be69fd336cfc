"""Workers of a Dask cluster, through `distributed.Client.get_executor`.

Each thread of a Dask worker keeps a helper process (`paasim.study.execute.helper`) that does the tasks, so that a task
may have a time limit, and one that kills its process does not kill the worker. Where a whole worker goes, Dask gives
its tasks to others; what it gives up is tried again as on one machine (`paasim.study.execute.drive`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from paasim.core.errors import InputError
from paasim.study import fingerprint
from paasim.study.execute.crew import Crew, WorkerDiedError
from paasim.study.execute.helper import Helper

P = ParamSpec("P")
R = TypeVar("R")

INSTALL = "install it: pip install 'paasim[cluster]'"
CONNECT = "10 s"
"""How long to try to reach the scheduler."""
SCHEMES = ("tcp://", "tls://", "ucx://", "ws://", "wss://")

_mine = threading.local()
_helpers: list[Helper] = []


class Cluster(Crew):
    """Workers of a Dask cluster, as many as it has when the study starts.

    Args:
        address: of the scheduler, such as `tcp://10.0.0.1:8786`.
        timeout: seconds that a task may take; None: no limit.
    """

    is_remote = True

    def __init__(self, address: str, timeout: float | None = None) -> None:
        if not address.startswith(SCHEMES):
            what = f"'{address}' is not the address of a Dask scheduler"
            raise InputError.one("--dask", what, "write e.g. --dask tcp://127.0.0.1:8786")
        self.address = address
        self.timeout = timeout
        self._client: Any = None
        self._executor: Executor | None = None

    def start(self) -> None:
        """Connect, and see that all workers run this paasim.

        Raises:
            InputError: if Dask is not installed, the scheduler does not answer, or has no workers that suit.
        """
        try:
            import distributed
        except ImportError:
            raise InputError.one("--dask", "Dask is not installed", INSTALL) from None
        try:
            connect: Any = distributed.Client
            self._client = connect(self.address, timeout=CONNECT, set_as_default=False)
        except (OSError, TimeoutError, ValueError):
            todo = "start one: dask scheduler"
            raise InputError.one("--dask", f"no Dask scheduler answers at {self.address}", todo) from None
        try:
            self.workers = sum(self._client.nthreads().values())
            self._check()
        except BaseException:
            self._client.close()
            self._client = None
            raise
        self._executor = self._client.get_executor(pure=False)

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Do a task on a worker; `fn` is a function of a module."""
        assert self._executor is not None
        return self._executor.submit(_in_helper, self.timeout, fn, args, kwargs)

    def error(self, future: Future[Any]) -> BaseException | None:
        """What a task raised.

        Raises:
            InputError: if the cluster is gone.
        """
        if future.cancelled():
            todo = "what was finished is kept: start the cluster and run the same command again"
            raise InputError.one("--dask", f"the cluster at {self.address} is gone", todo)
        error = future.exception()
        if type(error).__name__ == "KilledWorker":
            return WorkerDiedError("its Dask worker died")
        return error

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the helpers of the workers end, and disconnect; the cluster stays."""
        if self._executor is not None:
            self._executor.shutdown(wait=wait)
        self._dismiss()

    def abandon(self) -> None:
        """Drop the tasks, stop the helpers, and disconnect."""
        if self._executor is not None:
            self._executor.shutdown(wait=False)
        self._dismiss()

    def _dismiss(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        with suppress(Exception):  # a cluster that is gone has nothing to end
            client.run(_dismiss, on_error="ignore")
        client.close()

    def _check(self) -> None:
        """Refuse a cluster without workers, and workers that would give other results.

        Raises:
            InputError: naming the workers.
        """
        if not self.workers:
            todo = f"start some: dask worker {self.address} --nworkers 2 --nthreads 1"
            raise InputError.one("--dask", f"the cluster at {self.address} has no workers", todo)
        here = fingerprint.edition()
        try:
            editions = self._client.run(_edition, on_error="return")
        except Exception as error:
            editions = {self.address: error}
        wrong = {worker: found for worker, found in editions.items() if found != here}
        if wrong:
            worker, found = next(iter(wrong.items()))
            has = f"has paasim {found}" if isinstance(found, str) else f"has no paasim that suits ({found})"
            what = f"{len(wrong)} of {len(editions)} workers run another paasim: {worker} {has}, this is {here}"
            raise InputError.one("--dask", what, "install the same version for all of them")


def _edition() -> str:
    """On a worker: which paasim it has."""
    return fingerprint.edition()


def _in_helper(timeout: float | None, fn: Callable[..., R], args: Any, kwargs: Any) -> R:
    """On a worker: do a task in the helper of this thread."""
    helper: Helper | None = getattr(_mine, "helper", None)
    if helper is None:
        helper = _mine.helper = Helper()
        _helpers.append(helper)
    return helper.call(timeout, fn, *args, **kwargs)


def _dismiss() -> None:
    """On a worker: end the helpers; a task that comes later starts new ones."""
    for helper in _helpers:
        helper.release()

"""A helper: a process of its own that does one task at a time, whose death is told apart from a failure of the task.

It is started like any program, not forked and not through `multiprocessing`: so it shares nothing, the caller's script
needs no `if __name__ == "__main__"`, and a worker of a cluster, which may not have children of the latter sort, can
have one. Ctrl-C does not reach it.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Timer
from typing import Any, ParamSpec, TypeVar, cast

from paasim.study.execute.crew import TimedOutError, WorkerDiedError
from paasim.study.serve import warm

P = ParamSpec("P")
R = TypeVar("R")

PROGRAM = "paasim.study.serve"
PATIENCE = 5.0
"""Seconds that an idle helper has to end by itself."""


class Helper:
    """One helper, started when there is a task, and again when it has died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = Lock()
        self._closed = False
        self._is_ready = False
        self._owed = 0

    def call(self, timeout: float | None, fn: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        """Do a task in the helper, and wait for it.

        Args:
            timeout: seconds that it may take, the start of a helper not counted; None: as long as it takes.
            fn: a function of a module, called with the other arguments.
            args: given to it.
            kwargs: given to it.

        Raises:
            TimedOutError: if it took too long; the helper was stopped.
            WorkerDiedError: if the helper died.
        """
        process = self._living()
        if timeout is not None and not self._is_ready:
            self._do(process, None, warm, fn.__module__)
            self._is_ready = True
        return self._do(process, timeout, fn, *args, **kwargs)

    def begin(self, module: str) -> None:
        """Start its process, and have it import a module, without waiting for it."""
        process = self._living()
        with suppress(OSError):  # whoever has the first task will notice
            _ask(process, pickle.dumps((warm, (module,), {})))
            self._owed += 1

    def kill(self) -> None:
        """Stop it at once, for good."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()

    def release(self) -> None:
        """Stop its process; the next task starts another."""
        with self._lock:
            if self._process is not None:
                self._process.kill()
                self._process.wait()

    def close(self) -> None:
        """Let an idle helper end, for good."""
        with self._lock:
            self._closed = True
        if self._process is not None:
            _close(self._process)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE)
            self._process.kill()
            self._process.wait()

    def _living(self) -> subprocess.Popen[bytes]:
        """The process, started if need be."""
        with self._lock:
            if self._closed:
                raise WorkerDiedError("its helper was told to stop")
            if self._process is not None and self._process.poll() is not None:
                _close(self._process)
                self._process = None
            if self._process is None:
                self._process, self._is_ready, self._owed = _started(), False, 0
            return self._process

    def _do(
        self, process: subprocess.Popen[bytes], timeout: float | None, fn: Callable[..., R], *args: Any, **kwargs: Any
    ) -> R:
        """One task in the process as it is."""
        message = pickle.dumps((fn, args, kwargs), pickle.HIGHEST_PROTOCOL)
        too_long = Event()
        watch = Timer(timeout, _stop, (process, too_long)) if timeout is not None else None
        if watch:
            watch.daemon = True
            watch.start()
        try:
            while self._owed:
                _answer(process)
                self._owed -= 1
            _ask(process, message)
            went_well, answer = _answer(process)
        except (EOFError, OSError, pickle.UnpicklingError):
            process.kill()
            code = process.wait()
            _close(process)
            if too_long.is_set():
                raise TimedOutError(f"took longer than {timeout:g} s") from None
            raise WorkerDiedError(_how(code)) from None
        finally:
            if watch:
                watch.cancel()
        if went_well:
            return cast("R", answer)
        raise answer


def _started() -> subprocess.Popen[bytes]:
    """A new helper, which imports what this process would import, and is in no terminal's foreground."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        process_group=0,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def _ask(process: subprocess.Popen[bytes], message: bytes) -> None:
    assert process.stdin is not None
    pickle.dump(message, process.stdin, pickle.HIGHEST_PROTOCOL)
    process.stdin.flush()


def _answer(process: subprocess.Popen[bytes]) -> tuple[bool, Any]:
    assert process.stdout is not None
    return cast("tuple[bool, Any]", pickle.load(process.stdout))


def _stop(process: subprocess.Popen[bytes], reason: Event) -> None:
    reason.set()
    process.kill()


def _close(process: subprocess.Popen[bytes]) -> None:
    """Close the pipes; what waits in a buffer for a process that is gone is lost."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


def _how(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"its process ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = str(-code)
    return f"its process was killed ({name}{'; out of memory?' if name == 'SIGKILL' else ''})"

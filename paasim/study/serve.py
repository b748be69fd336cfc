"""The program of a helper process: takes tasks from stdin, gives answers on stdout, ends with the process it serves.

Tasks and answers are pickles, one after the other. A thread waits for the end of stdin, which comes when the other
process dies, however it dies: so no helper is left behind, not even in the middle of a task.
"""

from __future__ import annotations

import os
import pickle
import sys
import traceback
from importlib import import_module
from queue import SimpleQueue
from threading import Thread
from typing import Any


def warm(module: str) -> None:
    """A task that only imports a module, which takes longer than many a task."""
    import_module(module)


def serve() -> None:
    """Do tasks, one at a time, until stdin ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a task prints must not stand between the answers
    tasks: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_listen, args=(tasks,), daemon=True).start()
    while True:
        answers.write(_answer(tasks.get()))
        answers.flush()


def _listen(tasks: SimpleQueue[bytes]) -> None:
    while True:
        try:
            tasks.put(pickle.load(sys.stdin.buffer))
        except (EOFError, pickle.UnpicklingError):
            os._exit(0)


def _answer(message: bytes) -> bytes:
    """The pickle of (whether it went well, what the task gave or raised)."""
    try:
        fn, args, kwargs = pickle.loads(message)
        return pickle.dumps((True, fn(*args, **kwargs)), pickle.HIGHEST_PROTOCOL)
    except BaseException as error:
        error.add_note(f"In a helper process:\n{traceback.format_exc()}")
        return _sendable(error)


def _sendable(error: BaseException) -> bytes:
    """An exception as a pickle that can be read; what it says, where it cannot travel itself."""
    try:
        message = pickle.dumps((False, error), pickle.HIGHEST_PROTOCOL)
        pickle.loads(message)
    except Exception:
        plain: Any = RuntimeError(f"{type(error).__name__}: {error}")
        message = pickle.dumps((False, plain))
    return message


if __name__ == "__main__":
    serve()

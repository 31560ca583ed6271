"""Processes that leave nothing behind: ended by a signal, or by the end of who started them.

Nothing but the standard library is needed here.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from types import FrameType

STOPS = tuple(  # Windows has no SIGHUP
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


def unwind_on_signals() -> None:
    """Let Ctrl-C, SIGTERM and SIGHUP end this process through every `finally`, once.

    Ctrl-C raises KeyboardInterrupt, the others SystemExit with the exit code of shells. Whatever
    comes later is ignored: it would end the clean-up. What is ignored already, as under nohup,
    stays so.
    """
    for number in STOPS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _unwind)


def _unwind(number: int, _: FrameType | None) -> None:
    for each in STOPS:
        signal.signal(each, signal.SIG_IGN)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)


def end_at_eof(read: Callable[[], object]) -> None:
    """End this process at once when nobody can write to a pipe any more.

    `read` waits for something to come out of the pipe: `lambda: os.read(fd, 1)`, for instance. When
    the process that holds the writing end is killed, that end is closed.
    """

    def watch() -> None:
        with suppress(EOFError, OSError):
            while read():
                pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def workers(count: int) -> Iterator[ProcessPoolExecutor]:
    """Give an executor of `count` processes, which end with this one, however it ends.

    They leave signals to this process, also those that a terminal sends to all of its processes.
    After an exception, nothing that they do is waited for.
    """
    reader, writer = multiprocessing.Pipe(duplex=False)
    executor = ProcessPoolExecutor(
        count,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin_worker,
        initargs=(reader,),
    )
    hook = threading.excepthook
    try:
        with _signals_held():  # a process that is begun half would end with a traceback
            for _ in range(count):
                executor.submit(int)
        yield executor
    except BaseException:
        # a thread of the executor stumbles over futures that are cancelled when workers end
        threading.excepthook = lambda _: None
        writer.close()
        raise
    finally:
        executor.shutdown(cancel_futures=True)
        threading.excepthook = hook
        writer.close()
        reader.close()


def _begin_worker(reader: Connection) -> None:
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    end_at_eof(reader.recv_bytes)


@contextmanager
def _signals_held() -> Iterator[None]:
    """Let signals wait; processes that are started meanwhile inherit that."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

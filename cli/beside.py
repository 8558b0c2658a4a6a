"""Work done side by side in processes of their own, with their progress told here."""

import multiprocessing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from core.errors import OmbudError

Told = Callable[[str, float], None]
"""Called with what is being done and the share that is done."""


@dataclass(frozen=True, slots=True)
class Job:
    """A function of a module, called with `values` and then somebody to tell how far it is."""

    name: str
    work: Callable[..., None]
    values: tuple[Any, ...]


def run(jobs: Sequence[Job], told: Callable[[str, str, float], None]) -> None:
    """Run all and wait; `told` gets the job's name, what it is doing and the share that is done.

    Raises:
        OmbudError: what a job raised, or that it ended without a word; the others are stopped.
    """
    context = multiprocessing.get_context("spawn")
    running: dict[Connection, tuple[Job, Any]] = {}
    try:
        for job in jobs:
            here, there = context.Pipe(duplex=False)
            process = context.Process(target=_work, args=(job, there), name=f"ombud {job.name}")
            process.start()
            there.close()
            running[here] = job, process
        while running:
            for ready in wait(list(running)):
                assert isinstance(ready, Connection)  # noqa: S101
                job, process = running[ready]
                try:
                    message = ready.recv()
                except EOFError:
                    process.join()
                    del running[ready]
                    if process.exitcode:
                        raise OmbudError(f"{job.name}: the process ended with code {process.exitcode}.") from None
                    continue
                if isinstance(message, OmbudError):
                    raise message
                told(job.name, *message)
    finally:
        for _, process in running.values():
            process.terminate()
            process.join()


def _work(job: Job, there: Connection) -> None:
    try:
        job.work(*job.values, lambda what, share: there.send((what, share)))
    except OmbudError as error:
        there.send(OmbudError(error.message, mend=error.mend))
    finally:
        there.close()

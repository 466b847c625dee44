"""Tasks given out to a cluster and their results taken in order; whatever the cluster does wrong is told in words."""

import contextlib
import pickle
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any

from datalake.cluster.worker import SAME, at_work, stamp
from datalake.errors import DatalakeError

POLL = 2.0  # seconds of waiting before it is asked whether anybody is still at work
PATIENCE = 60.0  # seconds without any worker before the feed fails
AHEAD = 4  # tasks given out for each thread of the cluster
NEXT_RUN = "Nothing was published; the next run takes the file up again."


@dataclass(frozen=True)
class _Call:
    """A task that is done where it is unpickled: the scheduler, which need not know this program, only passes it on."""

    work: Callable[[Any], Any]
    task: Any
    zone: str
    stamp: str

    def __reduce__(self) -> tuple[Any, ...]:
        return at_work, (self.work, self.task, self.zone, self.stamp)


class Cluster:
    """A joined cluster. map() does as the built-in one, on workers."""

    def __init__(self, client: Any, name: str, zone: str, close: Callable[[], None]) -> None:
        """Given a distributed.Client, what people call the cluster, the zone of times, and how it is let go of."""
        self._client, self.name, self._zone, self.close = client, name, zone, close
        self.lost = False  # then it must be joined anew

    def map(self, work: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[Any]:
        """Yield what work makes of each task, in order; raise what the first that failed raised, or DatalakeError."""
        waiting: deque[Any] = deque()
        ahead, asked = 0, -POLL
        label = f"{work.__name__}-{secrets.token_hex(4)}"
        try:
            for number, task in enumerate(tasks):
                if time.monotonic() - asked > POLL:  # workers may join, or leave, at any time
                    ahead, asked = AHEAD * max(2, self.threads()), time.monotonic()
                waiting.append(self._submit(work, task, f"{label}-{number}"))
                if len(waiting) > ahead:
                    yield self._result(waiting.popleft())
            while waiting:
                yield self._result(waiting.popleft())
        finally:
            if waiting:
                with contextlib.suppress(Exception):  # the cluster may be gone, which is told already
                    self._client.cancel(list(waiting), force=True)

    def threads(self) -> int:
        """Return how many tasks the cluster can do at once; raise DatalakeError where it is lost."""
        try:
            return sum(self._client.nthreads().values())
        except (OSError, CancelledError, RuntimeError):
            raise self._lost() from None

    def _submit(self, work: Callable[[Any], Any], task: Any, key: str) -> Any:
        call = pickle.dumps(_Call(work, task, self._zone, stamp(self._zone)))
        try:
            return self._client.submit(pickle.loads, call, key=key, pure=False)
        except (OSError, RuntimeError):
            raise self._lost() from None

    def _result(self, future: Any) -> Any:
        from distributed import KilledWorker

        alone = time.monotonic()
        while True:
            try:
                return future.result(timeout=POLL)
            except TimeoutError:
                alone = self._still_there(alone)
            except KilledWorker as problem:
                raise self._killed(problem.allowed_failures + 1) from None
            except ImportError as problem:  # a worker that joined after all others were checked
                raise DatalakeError(f"A worker of {self.name} cannot load this program: {problem}.", SAME) from None
            except (CancelledError, OSError):
                raise self._lost() from None

    def _still_there(self, alone: float) -> float:
        """Return since when there has been no worker: now, if there is one. Raise DatalakeError after long enough."""
        if self.threads():
            return time.monotonic()
        if time.monotonic() - alone > PATIENCE:
            raise DatalakeError(
                f"{self.name} has had no worker for {PATIENCE:.0f} seconds.", f"Start workers. {NEXT_RUN}"
            )
        return alone

    def _lost(self) -> DatalakeError:
        self.lost = True
        return DatalakeError(f"{self.name} was lost while it was at work.", f"Start it again. {NEXT_RUN}")

    def _killed(self, times: int) -> DatalakeError:
        message = f"{times} workers of {self.name} died one after the other over the same piece of work."
        return DatalakeError(message, f"Most often they lack memory: give them more, or fewer threads each. {NEXT_RUN}")

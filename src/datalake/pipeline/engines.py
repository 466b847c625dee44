"""Where each feed is cleaned and merged: on this host, or on the settings' cluster, joined when first asked for."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from datalake.contracts.model import Contract
from datalake.engine.job import Progress, Spread, Staged, StageJob
from datalake.errors import DatalakeError
from datalake.settings import Settings
from datalake.zones.paths import Lake

if TYPE_CHECKING:  # loaded where a feed asks for it
    from datalake.cluster.spread import Cluster

Stager = Callable[[StageJob, Progress | None], Staged]
DASK = "dask"


def engine_of(settings: Settings, contract: Contract) -> str:
    """PURE. Return which engine a feed is for."""
    return contract.engine or settings.engine


class Engines:
    """The engines of one run. Close it at the end: a cluster that was started for the run ends with it."""

    def __init__(self, lake: Lake, settings: Settings, stager: Stager) -> None:
        """stager: the engine of this host."""
        self._lake, self._settings, self._here = lake, settings, stager
        self._joined: Cluster | None = None
        self._failed: DatalakeError | None = None  # why the cluster could not be joined: waited for once a run

    def stager(self, contract: Contract) -> Stager:
        """Return what cleans a feed's files."""
        if engine_of(self._settings, contract) != DASK:
            return self._here
        from datalake.cluster.clean import on_parts
        from datalake.cluster.ranges import on_ranges
        from datalake.engine.local import Passes, stage

        spread = self._cluster(contract).map
        return lambda job, progress: stage(job, progress, passes=Passes(on_ranges(spread), on_parts(spread)))

    def spread(self, contract: Contract) -> Spread:
        """Return what merges a feed's partitions: the built-in map, or one that has workers do it."""
        return map if engine_of(self._settings, contract) != DASK else self._cluster(contract).map

    def close(self) -> None:
        """Let go of the cluster, if one was joined."""
        joined, self._joined = self._joined, None
        if joined:
            joined.close()

    def _cluster(self, contract: Contract) -> "Cluster":
        if not self._settings.scheduler and not self._settings.cluster:
            raise DatalakeError(
                f"{contract.feed} is for `engine: dask`, and settings name neither scheduler nor cluster.",
                "Write `scheduler: tcp://HOST:8786` into config/local/settings.yaml, or drop `engine` from its rules.",
            )
        if self._joined and self._joined.lost:
            self.close()
        if self._joined is None:
            self._joined = self._join()
        return self._joined

    def _join(self) -> "Cluster":
        from datalake.cluster.join import join

        if self._failed:
            raise self._failed
        try:
            return join(self._lake, self._settings)
        except DatalakeError as problem:
            self._failed = problem
            raise

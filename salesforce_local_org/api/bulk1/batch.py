"""Jobs of Bulk API 1.0 and their batches; a batch is what a worker works on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from salesforce_local_org import jobs
from salesforce_local_org.jobs import Job, Task

if TYPE_CHECKING:
    from pathlib import Path

    from salesforce_local_org.writes import Options

_COUNTED = (jobs.QUEUED, jobs.IN_PROGRESS, jobs.COMPLETED, jobs.FAILED)


@dataclass(slots=True, eq=False, kw_only=True)
class ClassicJob(Job):
    """A job of Bulk API 1.0: what its batches have in common."""

    job_type: ClassVar[str] = "Classic"
    done_state: ClassVar[str] = jobs.CLOSED

    options: Options
    external_id_field: str | None = None
    pk_chunk_rows: int | None = None
    """The rows of a chunk, when ``Sforce-Enable-PKChunking`` was sent."""
    pk_start_row: str | None = None
    batches: list[Batch] = field(default_factory=list)

    @property
    def speaks_json(self) -> bool:
        """Whether its batches are described in JSON."""
        return self.content_type == "JSON"

    @property
    def is_query(self) -> bool:
        """Whether its batches are queries."""
        return self.operation in {"query", "queryAll"}

    def batch_counts(self) -> dict[str, int]:
        """How many batches are in each state that a jobInfo counts."""
        states = [batch.state for batch in self.batches]
        return {state: states.count(state) for state in _COUNTED}

    def stop(self) -> None:
        """End it and its batches."""
        self.move_to(self.stopped_state)
        for batch in list(self.batches):
            batch.stop()

    def wait_for_workers(self) -> None:
        """Wait until no thread works on any of its batches."""
        for batch in list(self.batches):
            batch.wait_for_workers()


@dataclass(slots=True, eq=False, kw_only=True)
class Batch(Task):
    """One batch: records to be written, or a query."""

    done_state: ClassVar[str] = jobs.COMPLETED
    stopped_state: ClassVar[str] = jobs.NOT_PROCESSED

    job: ClassicJob
    result_id: str
    rows: tuple[int, int] | None = None
    """The range of row numbers of a chunk of a query."""

    @property
    def request_path(self) -> Path:
        """What was sent."""
        return self.job.folder / f"{self.id}.request"

    @property
    def result_path(self) -> Path:
        """What became of it."""
        return self.job.folder / f"{self.id}.result"

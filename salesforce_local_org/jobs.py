"""The life of a job, whichever Bulk API made it: states, worker threads, and seven days until it is gone."""

from __future__ import annotations

import contextvars
import logging
import shutil
import tempfile
import threading
import weakref
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, TypeVar

from salesforce_local_org import faults, ids

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from salesforce_local_org.clock import Clock
    from salesforce_local_org.usage import Usage

OPEN = "Open"
CLOSED = "Closed"
UPLOAD_COMPLETE = "UploadComplete"
QUEUED = "Queued"
IN_PROGRESS = "InProgress"
JOB_COMPLETE = "JobComplete"
COMPLETED = "Completed"
FAILED = "Failed"
ABORTED = "Aborted"
NOT_PROCESSED = "NotProcessed"

JOB_PREFIX, BATCH_PREFIX, RESULT_PREFIX = "750", "751", "752"
KEPT_FOR = timedelta(days=7)
_WORKERS = 4

_log = logging.getLogger(__name__)


class JobFailedError(Exception):
    """A job cannot go on; the message is its ``errorMessage``."""


class JobStoppedError(Exception):
    """Somebody ended a job while it was being worked on."""


@dataclass(slots=True)
class Doom:
    """How a job is going to end because an operator wants it so."""

    state: str
    message: str | None = None


@dataclass(slots=True, eq=False)
class Task:
    """What a worker thread does, and what became of it: a Bulk API 2.0 job, a batch of Bulk API 1.0."""

    done_state: ClassVar[str] = JOB_COMPLETE
    stopped_state: ClassVar[str] = ABORTED

    id: str
    clock: Clock
    state: str = OPEN
    created: datetime = field(init=False)
    changed: datetime = field(init=False)
    error_message: str | None = None
    records_processed: int = 0
    records_failed: int = 0
    milliseconds: int = 0
    doom: Doom | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _ended: threading.Event = field(default_factory=threading.Event, repr=False)
    worker_gone: threading.Event = field(default_factory=threading.Event, repr=False)

    def __post_init__(self) -> None:
        self.created = self.changed = self.clock.now()
        self.worker_gone.set()

    @property
    def is_over(self) -> bool:
        """Whether the state is final."""
        return self.state in {self.done_state, FAILED, self.stopped_state}

    def move_to(self, state: str, error_message: str | None = None) -> bool:
        """Enter a state; False when it is over already, and stays as it is."""
        with self._lock:
            if self.is_over:
                return False
            self._enter(state, error_message)
            return True

    def stop(self) -> None:
        """End it because the org itself ends."""
        self.move_to(self.stopped_state)

    def wait_for_workers(self) -> None:
        """Wait until no thread works on it: its files are whole then."""
        self.worker_gone.wait()

    def take_faults(self) -> bool:
        """Remember what the faults on the current request want to become of this; whether they do at all."""
        message = faults.in_force("fail_job")
        if message is not None:
            self.doom = Doom(FAILED, message)
            return True
        if faults.in_force("abort_job"):
            self.doom = Doom(self.stopped_state)
            return True
        return False

    def meet_doom(self) -> None:
        """End now as an operator wants it, if one does; even what is complete loses its success."""
        with self._lock:
            if self.doom and self.state not in {FAILED, self.stopped_state}:
                self._enter(self.doom.state, self.doom.message)

    def linger(self, seconds: float) -> None:
        """Let time pass, but no longer than until it is over.

        Raises:
            JobStoppedError: It has been ended meanwhile.
        """
        if self._ended.wait(seconds):
            raise JobStoppedError

    def go_on(self) -> None:
        """What the worker asks between two pieces of work.

        Raises:
            JobStoppedError: It has been ended, by its owner or by an operator.
        """
        self.meet_doom()
        if self.is_over:
            raise JobStoppedError

    def _enter(self, state: str, error_message: str | None) -> None:
        self.state, self.error_message, self.changed = state, error_message, self.clock.now()
        if self.is_over:
            self._ended.set()


@dataclass(slots=True, eq=False, kw_only=True)
class Job(Task):
    """What every job has. A kind of job adds its own."""

    job_type: ClassVar[str]
    """``V2Query``, ``V2Ingest`` or ``Classic``."""

    operation: str
    sobject: str
    created_by_id: str
    api_version: str
    folder: Path
    content_type: str = "CSV"
    concurrency_mode: str = "Parallel"


SomeJob = TypeVar("SomeJob", bound=Job)


class Jobs:
    """The jobs of one org, their files, and the threads that work on them.

    Jobs are not part of the org's database: they end with the process.

    Args:
        clock: The org's clock; a job that is over is deleted seven days later.
        usage: Where a defect of the local org itself is noted.
    """

    def __init__(self, clock: Clock, usage: Usage) -> None:
        self._clock = clock
        self._usage = usage
        self._lock = threading.Lock()
        self._numbers = {prefix: count(1) for prefix in (JOB_PREFIX, BATCH_PREFIX, RESULT_PREFIX)}
        self._jobs: dict[str, Job] = {}
        self._free_workers = threading.Semaphore(_WORKERS)
        self._threads: set[threading.Thread] = set()
        self._closed = False
        self._folder: Path | None = None

    def new_id(self, prefix: str = JOB_PREFIX) -> str:
        """An unused id of a job, batch or result."""
        return ids.make(prefix, next(self._numbers[prefix]))

    def new_folder(self) -> Path:
        """An empty folder for the files of one job."""
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="salesforce-local-org-jobs-"))
                weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
            return Path(tempfile.mkdtemp(dir=self._folder))

    def add(self, job: SomeJob) -> SomeJob:
        """Remember a job."""
        with self._lock:
            self._jobs[job.id] = job
        return job

    def find(self, job_id: str) -> Job | None:
        """The job of an id of 15 or 18 characters; None if there is none, or no longer."""
        self._delete_expired()
        return self._jobs.get(ids.normalise(job_id) or "")

    def listing(self) -> list[Job]:
        """Every job, oldest first."""
        self._delete_expired()
        with self._lock:
            return list(self._jobs.values())

    def delete(self, job: Job) -> None:
        """Forget a job and delete its files."""
        with self._lock:
            self._jobs.pop(job.id, None)
        job.wait_for_workers()
        shutil.rmtree(job.folder, ignore_errors=True)

    def purge(self, before: datetime | None = None) -> None:
        """Delete the jobs that are over, and were so before a moment, if one is given."""
        with self._lock:
            over = [job for job in self._jobs.values() if job.is_over]
        for job in over:
            if before is None or job.changed < before:
                self.delete(job)

    def start(self, task: Task, work: Callable[[], None]) -> None:
        """Let a worker thread do a task's work, under the faults of the current request.

        The task is InProgress when the thread takes it up, and done, failed or stopped in the end.
        """
        context = contextvars.copy_context()
        thread = threading.Thread(
            target=context.run, args=(self._run, task, work), name=f"bulk {task.id}", daemon=True
        )
        with self._lock:
            if self._closed:
                return
            self._threads.add(thread)
        thread.start()

    def close(self) -> None:
        """Stop all work and delete all files."""
        with self._lock:
            self._closed = True
            tasks = list(self._jobs.values())
            threads = list(self._threads)
        for task in tasks:
            task.stop()
        for thread in threads:
            thread.join()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, task: Task, work: Callable[[], None]) -> None:
        with self._free_workers:
            task.worker_gone.clear()
            started = monotonic()
            try:
                if task.move_to(IN_PROGRESS):
                    task.linger(faults.in_force("delay_job_seconds") or 0)
                    work()
                    task.go_on()
            except JobStoppedError:
                pass
            except JobFailedError as error:
                task.move_to(FAILED, str(error))
            except Exception as error:  # noqa: BLE001 -- whatever a worker meets must end the job, not the thread
                _log.exception("The work on %s could not be done", task.id)
                self._usage.unexpected(error)
                task.move_to(FAILED, "InternalServerError : An unexpected error occurred.")
            task.milliseconds += round(1000 * (monotonic() - started))
            task.move_to(task.done_state)
        task.worker_gone.set()
        with self._lock:
            self._threads.discard(threading.current_thread())

    def _delete_expired(self) -> None:
        self.purge(self._clock.now() - KEPT_FOR)

"""The resources of Bulk API 1.0: jobs, batches, what was sent, what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesforce_local_org import ids, jobs
from salesforce_local_org.api.bulk1 import loads, queries
from salesforce_local_org.api.bulk1.batch import Batch, ClassicJob
from salesforce_local_org.api.bulk1.creation import new_job
from salesforce_local_org.api.bulk1.documents import (
    AsyncError,
    batch_document,
    batch_list_document,
    job_document,
    read_document,
    result_list_document,
    wants_json,
)
from salesforce_local_org.api.http import Request, Response, Router
from salesforce_local_org.api.versions import check_version

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

router = Router()

_JOBS = "/services/async/{version}/job"
_JOB = _JOBS + "/{job_id}"
_BATCH = _JOB + "/batch/{batch_id}"

BATCHES = "DailyBulkApiBatches"
MOST_BYTES_OF_A_BATCH = 10_000_000
_BLOCK = 1 << 18
_CONTENT_TYPES = {"CSV": "text/csv", "JSON": "application/json", "XML": "application/xml"}
"""Bare, as salesforce-bulk compares them; only rows of a query name their encoding, for the Singer taps."""


@router.route("POST", _JOBS)
def create_job(request: Request) -> Response:
    """Create a job."""
    check_version(request.version)
    job = request.org.jobs.add(new_job(request))
    return job_document(job, as_json=wants_json(request), status=201)


@router.route("GET", _JOB)
def job_info(request: Request) -> Response:
    """What has become of a job."""
    return job_document(_find_job(request), as_json=wants_json(request))


@router.route("POST", _JOB)
def change_state(request: Request) -> Response:
    """Close a job, or abort it."""
    job = _find_job(request)
    state = read_document(request).get("state")
    if state not in (jobs.CLOSED, jobs.ABORTED):
        raise AsyncError("InvalidJobState", f"A job can be Closed or Aborted, not {state}")
    if not job.move_to(state):
        raise AsyncError("InvalidJobState", f"The job is {job.state} already")
    if state == jobs.ABORTED:
        job.stop()
    return job_document(job, as_json=wants_json(request))


@router.route("POST", _JOB + "/batch")
def add_batch(request: Request) -> Response:
    """Take a batch of records, or a query, and start on it."""
    org, job = request.org, _find_job(request)
    if job.is_over:
        raise AsyncError("InvalidJobState", f"A batch cannot be added: the job is {job.state}")
    if len(request.body) > MOST_BYTES_OF_A_BATCH:
        text = f"Failed to read request. Exceeded max size limit of {MOST_BYTES_OF_A_BATCH}"
        raise AsyncError("ClientInputError", text)
    if org.limits.remaining(BATCHES) <= 0:
        raise AsyncError("ExceededQuota", "ApiBatchItems Limit exceeded.")
    org.limits.use(BATCHES)
    batch = Batch(
        id=org.jobs.new_id(jobs.BATCH_PREFIX),
        clock=org.clock,
        state=jobs.QUEUED,
        job=job,
        result_id=org.jobs.new_id(jobs.RESULT_PREFIX),
    )
    batch.take_faults()
    batch.request_path.write_bytes(request.body)
    job.batches.append(batch)
    answer = batch_document(batch, status=201)
    work = queries.work if job.is_query else loads.work
    org.jobs.start(batch, lambda: work(org, batch))
    return answer


@router.route("GET", _JOB + "/batch")
def list_batches(request: Request) -> Response:
    """Every batch of a job, the chunks of a chunked query among them."""
    return batch_list_document(_find_job(request))


@router.route("GET", _BATCH)
def batch_info(request: Request) -> Response:
    """What has become of a batch."""
    return batch_document(_find_batch(request))


@router.route("GET", _BATCH + "/request")
def batch_request(request: Request) -> Response:
    """What was sent."""
    batch = _find_batch(request)
    return Response(200, _read(batch.request_path), _content_type(batch.job))


@router.route("GET", _BATCH + "/result")
def batch_result(request: Request) -> Response:
    """What became of the records, or which results a query has."""
    batch = _done_batch(request)
    if batch.job.is_query:
        return result_list_document([batch.result_id], as_json=batch.job.speaks_json)
    return Response(200, _read(batch.result_path), _content_type(batch.job))


@router.route("GET", _BATCH + "/result/{result_id}")
def query_result(request: Request) -> Response:
    """The rows of a query."""
    batch = _done_batch(request)
    if not batch.job.is_query or ids.normalise(request.params["result_id"]) != batch.result_id:
        raise AsyncError("InvalidBatch", f"There is no result {request.params['result_id']}")
    content_type = _content_type(batch.job)
    if batch.job.content_type == "CSV":
        content_type = {"Content-Type": "text/csv; charset=UTF-8"}
    return Response(200, _read(batch.result_path), content_type)


def _find_job(request: Request) -> ClassicJob:
    check_version(request.version)
    job = request.org.jobs.find(request.params["job_id"])
    if not isinstance(job, ClassicJob):
        raise AsyncError("InvalidJob", f"Unable to find Job for id: {request.params['job_id']}")
    return job


def _find_batch(request: Request) -> Batch:
    wanted = ids.normalise(request.params["batch_id"])
    batch = next((each for each in _find_job(request).batches if each.id == wanted), None)
    if batch is None:
        raise AsyncError("InvalidBatch", f"Unable to find Batch for id: {request.params['batch_id']}")
    if batch.take_faults():
        batch.meet_doom()
    return batch


def _done_batch(request: Request) -> Batch:
    batch = _find_batch(request)
    if batch.state != jobs.COMPLETED:
        raise AsyncError("InvalidBatch", f"Batch not completed: its state is {batch.state}")
    return batch


def _content_type(job: ClassicJob) -> dict[str, str]:
    return {"Content-Type": _CONTENT_TYPES[job.content_type]}


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block

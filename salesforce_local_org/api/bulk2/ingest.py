"""Bulk API 2.0 ingest jobs (Bulk API 2.0 guide, "Bulk API 2.0 Ingest")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from salesforce_local_org import jobs
from salesforce_local_org.api.bulk2 import common
from salesforce_local_org.api.bulk2.ingest_job import IngestJob
from salesforce_local_org.api.http import (
    JSON_BODY_OR_PARTS,
    Request,
    Response,
    Router,
    json_response,
)
from salesforce_local_org.api.multipart import MultipartError, is_multipart, read_parts
from salesforce_local_org.bulk.load import OPERATIONS
from salesforce_local_org.writes import Options

if TYPE_CHECKING:
    from collections.abc import Callable

    from salesforce_local_org.jobs import Job

router = Router()

_JOBS = "/services/data/v{version}/jobs/ingest"
_JOB = _JOBS + "/{job_id}"

BATCHES = "DailyBulkApiBatches"
MOST_MULTIPART_CHARACTERS = 100_000
_WITH_ASSIGNMENT_RULES = frozenset({"Case", "Lead"})
_RULE_ID = re.compile(r"01Q[0-9A-Za-z]{12}(?:[0-9A-Za-z]{3})?")


@router.route("POST", _JOBS, takes=JSON_BODY_OR_PARTS)
def create(request: Request) -> Response:
    """Create a job; one that brings its file along, in a multipart body, starts at once."""
    if not is_multipart(request):
        job = _new_job(request, request.json_object())
        return json_response(_shape_of_new(job))
    try:
        parts = read_parts(request)
    except MultipartError as error:
        raise common.bulk_error("API_ERROR", str(error)) from None
    content = parts.get("content")
    if "job" not in parts or content is None:
        raise common.bulk_error("API_ERROR", "A multipart request needs the parts job and content")
    if len(content.decode("utf-8", "replace")) > MOST_MULTIPART_CHARACTERS:
        text = (
            f"The content of a multipart request cannot be longer than {MOST_MULTIPART_CHARACTERS} characters"
        )
        raise common.bulk_error("API_ERROR", text)
    job = _new_job(request, request.member(body=parts["job"]).json_object())
    job.upload.write_bytes(content)
    job.uploaded = True
    _start(request, job)
    return json_response(common.job_head(job) | {"state": jobs.UPLOAD_COMPLETE} | _csv_keys(job))


def _new_job(request: Request, body: dict[str, Any]) -> IngestJob:
    org = request.org
    operation = body.get("operation")
    if operation not in OPERATIONS:
        raise common.wrong_value("operation")
    name = body.get("object")
    sobject = org.schema.object(name) if isinstance(name, str) else None
    if sobject is None:
        raise common.bulk_error("INVALIDJOB", f"InvalidJob : Unable to find object: {name}")
    key = body.get("externalIdFieldName")
    if not (isinstance(key, str) and key if operation == "upsert" else key is None):
        raise common.bulk_error(
            "INVALIDJOB", "InvalidJob : externalIdFieldName is for upsert, and upsert needs it"
        )
    rule = _assignment_rule(body, sobject.name)
    options = Options.of(request)
    job = IngestJob(
        id=org.jobs.new_id(),
        clock=org.clock,
        operation=operation,
        sobject=sobject.name,
        created_by_id=options.user_id,
        api_version=request.version,
        folder=org.jobs.new_folder(),
        dialect=common.dialect_of(body),
        options=Options(
            options.user_id, auto_assign=rule is not None, allow_duplicates=options.allow_duplicates
        ),
        external_id_field=key,
        assignment_rule_id=rule,
    )
    job.take_faults()
    return org.jobs.add(job)


def _assignment_rule(body: dict[str, Any], sobject: str) -> str | None:
    rule = body.get("assignmentRuleId")
    if rule is None:
        return None
    if sobject not in _WITH_ASSIGNMENT_RULES or not isinstance(rule, str) or not _RULE_ID.fullmatch(rule):
        raise common.bulk_error("INVALIDJOB", f"InvalidJob : {sobject} has no assignment rule {rule}")
    return rule


@router.route("PUT", _JOB + "/batches", takes=("text/csv",))
def upload(request: Request) -> Response:
    """Take a job's file; there is one, and it comes whole."""
    job = common.find_job(request, IngestJob)
    with job.taking_upload():
        if job.state != jobs.OPEN:
            raise common.bulk_error("INVALIDJOBSTATE", f"The job takes no data: its state is {job.state}")
        if job.uploaded:
            raise common.bulk_error(
                "BULK_API_ERROR",
                f"Found multiple contents for job: <{job.id[:15]}>, please 'Close' / 'Abort' / 'Delete' the"
                " current Job then create a new Job and make sure you only do 'PUT' once on a given Job.",
            )
        job.upload.write_bytes(request.body)
        job.uploaded = True
    return Response(201)


@router.route("PATCH", _JOB)
def change_state(request: Request) -> Response:
    """Close a job, so that it is worked on, or abort it."""
    job = common.find_job(request, IngestJob)
    state = request.json_object().get("state")
    if state == jobs.ABORTED:
        common.abort(job)
    elif state == jobs.UPLOAD_COMPLETE:
        if job.state != jobs.OPEN:
            raise common.bulk_error("INVALIDJOBSTATE", f"The job cannot be closed: its state is {job.state}")
        _start(request, job)
        return json_response(common.job_head(job) | {"state": jobs.UPLOAD_COMPLETE})
    else:
        raise common.bulk_error("INVALIDJOBSTATE", "A job can be set to UploadComplete or Aborted")
    return json_response(common.job_head(job))


def _start(request: Request, job: IngestJob) -> None:
    limits = request.org.limits
    if limits.remaining(BATCHES) <= 0:
        raise common.bulk_error("EXCEEDEDQUOTA", "ExceededQuota : ApiBatchItems Limit exceeded.")
    job.move_to(jobs.UPLOAD_COMPLETE)
    request.org.jobs.start(job, lambda: job.work(request.org))


@router.route("GET", _JOBS)
def list_jobs(request: Request) -> Response:
    """The jobs there are, a thousand at a time."""
    return common.listing(request, shape, ("Classic", "V2Ingest"), "jobs/ingest")


@router.route("GET", _JOB)
def info(request: Request) -> Response:
    """What has become of a job."""
    return json_response(shape(common.find_job(request, IngestJob)))


@router.route("DELETE", _JOB)
def delete(request: Request) -> Response:
    """Delete a job, its file and its results."""
    return common.delete(request, common.find_job(request, IngestJob))


def _results(kind: str) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        job = common.find_job(request, IngestJob)
        if not job.is_over:
            text = f"The job has no results: its state is {job.state}"
            raise common.bulk_error("INVALIDJOBSTATE", text)
        job.wait_for_workers()
        return Response(200, job.result(kind), dict(common.CSV_HEADERS))

    return answer


router.route("GET", _JOB + "/successfulResults")(_results("successful"))
router.route("GET", _JOB + "/failedResults")(_results("failed"))
router.route("GET", _JOB + "/unprocessedrecords")(_results("unprocessed"))


def _csv_keys(job: IngestJob) -> dict[str, Any]:
    return {"lineEnding": job.dialect.line_ending, "columnDelimiter": job.dialect.column_delimiter}


def _head(job: Job) -> dict[str, Any]:
    head = common.job_head(job)
    if not isinstance(job, IngestJob) or not job.external_id_field:
        return head
    answer: dict[str, Any] = {}
    for name, value in head.items():
        answer[name] = value
        if name == "state":
            answer["externalIdFieldName"] = job.external_id_field
    return answer


def _shape_of_new(job: IngestJob) -> dict[str, Any]:
    answer = _head(job)
    if job.assignment_rule_id:
        answer["assignmentRuleId"] = job.assignment_rule_id
    if job.state == jobs.OPEN:
        answer["contentUrl"] = f"services/data/v{job.api_version}/jobs/ingest/{job.id}/batches"
    return answer | _csv_keys(job)


def shape(job: Job) -> dict[str, Any]:
    """The JSON of a job in a listing or in its own answer."""
    answer = _shape_of_new(job) if isinstance(job, IngestJob) else _head(job)
    answer |= {
        "jobType": job.job_type,
        "numberRecordsProcessed": job.records_processed,
        "numberRecordsFailed": job.records_failed,
        "retries": 0,
        "totalProcessingTime": job.milliseconds,
        "apiActiveProcessingTime": job.milliseconds,
        "apexProcessingTime": 0,
    }
    if job.error_message is not None:
        answer["errorMessage"] = job.error_message
    return answer

"""Bulk API 2.0 query jobs (Bulk API 2.0 guide, "Bulk API 2.0 Query")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from salesforce_local_org import faults, jobs
from salesforce_local_org.api.bulk2 import common
from salesforce_local_org.api.http import Request, Response, Router, json_response, not_found
from salesforce_local_org.bulk.extract import (
    BulkRefusedError,
    Extract,
    header_names,
    refuse_unsupported,
)
from salesforce_local_org.bulk.order import unordered
from salesforce_local_org.bulk.spool import Page, Spool
from salesforce_local_org.jobs import Job, JobFailedError
from salesforce_local_org.limits import RESULT_PAGE_ROWS
from salesforce_local_org.soql.compile import compile_statement
from salesforce_local_org.soql.errors import SoqlError
from salesforce_local_org.soql.parser import parse

if TYPE_CHECKING:
    from salesforce_local_org.csv_io import Dialect
    from salesforce_local_org.org import Org
    from salesforce_local_org.soql.statement import Statement

router = Router()

_JOBS = "/services/data/v{version}/jobs/query"
_JOB = _JOBS + "/{job_id}"

QUERY_JOBS, RESULT_STORAGE = "DailyBulkV2QueryJobs", "DailyBulkV2QueryFileStorageMB"
MOST_BYTES_OF_A_PAGE = 100_000_000
PAGES_IN_A_LIST = 5
RESULT_PAGES_SINCE = 58.0
_MEGABYTE = 1_000_000


@dataclass(slots=True, eq=False, kw_only=True)
class QueryJob(Job):
    """A query and, when it is done, its result on disk."""

    job_type: ClassVar[str] = "V2Query"

    header: str
    dialect: Dialect
    spool: Spool
    chunked: bool
    """Whether the rows come chunk by chunk, in no order: there is neither ORDER BY nor LIMIT."""
    lost_rows: int = 0


@router.route("POST", _JOBS)
def create(request: Request) -> Response:
    """Create a query job; it starts at once."""
    body = request.json_object()
    operation, text = body.get("operation"), body.get("query")
    if operation not in ("query", "queryAll"):
        raise common.wrong_value("operation")
    if not isinstance(text, str) or not text.strip():
        raise common.wrong_value("query")
    dialect = common.dialect_of(body)
    statement, refusal = _compile(request.org, text, all_rows=operation == "queryAll")
    _use_limits(request.org)
    folder = request.org.jobs.new_folder()
    job = QueryJob(
        id=request.org.jobs.new_id(),
        clock=request.org.clock,
        state=jobs.UPLOAD_COMPLETE,
        operation=operation,
        sobject=statement.sobject.name,
        created_by_id=request.session.user_id if request.session else request.org.user_id,
        api_version=request.version,
        folder=folder,
        header=dialect.line(header_names(text, statement)),
        dialect=dialect,
        spool=Spool(folder / "result.csv"),
        chunked=not (statement.ordered or statement.limited),
        lost_rows=faults.in_force("lose_rows") or 0,
    )
    job.take_faults()
    answer = json_response(_shape_of_new(job))
    request.org.jobs.add(job)
    request.org.jobs.start(job, lambda: _work(request.org, job, statement, refusal))
    return answer


def _compile(org: Org, text: str, *, all_rows: bool) -> tuple[Statement, BulkRefusedError | None]:
    """The statement, and what it will fail of later, if anything.

    Raises:
        ApiError: 400 for what is refused at once.
    """
    try:
        statement = compile_statement(org, text, all_rows=all_rows)
        refuse_unsupported(statement, offset=parse(text).offset is not None)
    except SoqlError as error:
        raise common.bulk_error("API_ERROR", error.message) from error
    except BulkRefusedError as error:
        if not error.asynchronous:
            raise common.bulk_error(error.code, error.message) from error
        return statement, error
    return statement, None


def _use_limits(org: Org) -> None:
    limits = org.limits
    if limits.remaining(QUERY_JOBS) <= 0:
        most, used = limits.maximum(QUERY_JOBS), int(limits.used(QUERY_JOBS))
        text = f"Max bulk v2 query jobs ({most}) per 24 hrs has been reached ({used})"
        raise common.bulk_error("LIMIT_EXCEEDED", text)
    if limits.remaining(RESULT_STORAGE) <= 0:
        kilobytes = limits.maximum(RESULT_STORAGE) * 1024
        text = f"Max bulk v2 query result size stored ({kilobytes}) kb per 24 hrs has been exceeded"
        raise common.bulk_error("LIMIT_EXCEEDED", text)
    limits.use(QUERY_JOBS)


def _work(org: Org, job: QueryJob, statement: Statement, refusal: BulkRefusedError | None) -> None:
    job.go_on()
    if refusal:
        raise JobFailedError(refusal.message)
    extract = Extract(org.store, statement, job.dialect)
    row_ids = extract.row_ids()
    kept = row_ids[: max(0, len(row_ids) - job.lost_rows)]
    try:
        for chunk in unordered(kept) if job.chunked else [kept]:
            extract.write(chunk, job.spool, job.go_on)
    finally:
        job.spool.seal()
    job.records_processed = len(row_ids)
    org.limits.use(RESULT_STORAGE, job.spool.size / _MEGABYTE)


@router.route("GET", _JOBS)
def list_jobs(request: Request) -> Response:
    """The jobs there are, a thousand at a time."""
    return common.listing(request, shape, ("Classic", "V2Query"), "jobs/query")


@router.route("GET", _JOB)
def info(request: Request) -> Response:
    """What has become of a job."""
    return json_response(shape(common.find_job(request, QueryJob)))


@router.route("PATCH", _JOB)
def change_state(request: Request) -> Response:
    """Abort a job."""
    job = common.find_job(request, QueryJob)
    if request.json_object().get("state") != jobs.ABORTED:
        raise common.bulk_error("INVALIDJOBSTATE", "A query job can only be Aborted")
    common.abort(job)
    return json_response(common.job_head(job))


@router.route("DELETE", _JOB)
def delete(request: Request) -> Response:
    """Delete a job and its result."""
    return common.delete(request, common.find_job(request, QueryJob))


@router.route("GET", _JOB + "/results")
def results(request: Request) -> Response:
    """One page of the result: CSV, and in its headers how many rows and where the next page is."""
    job = _complete_job(request)
    try:
        return _result_page(request, job)
    except FileNotFoundError:  # deleted meanwhile
        raise not_found() from None


def _result_page(request: Request, job: QueryJob) -> Response:
    page = _page(job, request.query.get("locator"), _most_rows(request))
    following = common.locator_of(page.end) if page.end < job.spool.rows else "null"
    end_byte = page.end_byte
    if lost := faults.in_force("lose_rows"):
        end_byte = job.spool.row_start(max(page.first, page.end - lost))
    headers = {"Sforce-Locator": following, "Sforce-NumberOfRecords": str(page.rows)}
    body = common.csv_body(job.header, job.spool.read(page.first_byte, end_byte))
    return Response(200, body, common.CSV_HEADERS | headers)


@router.route("GET", _JOB + "/resultPages")
def result_pages(request: Request) -> Response:
    """Where the next five pages of the result are, to be fetched side by side (since API 58.0)."""
    if float(request.version) < RESULT_PAGES_SINCE:
        raise not_found()
    job = _complete_job(request)
    most_rows = _rows_of_a_page(request)
    page = _page(job, request.query.get("locator"), most_rows)
    base = f"/services/data/v{request.version}/jobs/query/{job.id}"
    urls = [f"{base}/results?locator={common.locator_of(page.first)}"]
    while page.end < job.spool.rows and len(urls) < PAGES_IN_A_LIST:
        page = job.spool.page(page.end, most_rows, MOST_BYTES_OF_A_PAGE)
        urls.append(f"{base}/results?locator={common.locator_of(page.first)}")
    done = page.end >= job.spool.rows
    answer: dict[str, Any] = {"resultPages": [{"resultUrl": url} for url in urls]}
    if not done:
        answer["nextRecordsUrl"] = f"{base}/resultpages?locator={common.locator_of(page.end)}"
    return json_response(answer | {"done": done})


def _complete_job(request: Request) -> QueryJob:
    job = common.find_job(request, QueryJob)
    if float(job.api_version) != float(request.version):
        text = f"The job was created with API version {job.api_version}; its results need the same version"
        raise common.bulk_error("API_VERSION_MISMATCH", text, status=409)
    if job.state != jobs.JOB_COMPLETE:
        raise common.bulk_error("INVALIDJOBSTATE", f"The job has no results: its state is {job.state}")
    return job


def _most_rows(request: Request) -> int:
    most_rows = _rows_of_a_page(request)
    given = request.query.get("maxRecords")
    if given is None:
        return most_rows
    if not (given.isascii() and given.isdigit() and int(given[:12])):
        raise common.wrong_value("maxRecords")
    return min(int(given[:12]), most_rows)


def _rows_of_a_page(request: Request) -> int:
    return max(1, request.org.limits.maximum(RESULT_PAGE_ROWS))


def _page(job: QueryJob, locator: str | None, most_rows: int) -> Page:
    first = common.row_of_locator(locator, job.spool.rows) if locator else 0
    return job.spool.page(first, most_rows, MOST_BYTES_OF_A_PAGE)


def _shape_of_new(job: QueryJob) -> dict[str, Any]:
    return common.job_head(job) | {
        "lineEnding": job.dialect.line_ending,
        "columnDelimiter": job.dialect.column_delimiter,
    }


def shape(job: Job) -> dict[str, Any]:
    """The JSON of a job in a listing or in its own answer."""
    answer = common.job_head(job) | {"jobType": job.job_type}
    if isinstance(job, QueryJob):
        answer |= {
            "lineEnding": job.dialect.line_ending,
            "columnDelimiter": job.dialect.column_delimiter,
            "isPkChunkingSupported": job.chunked,
        }
    answer |= {
        "numberRecordsProcessed": job.records_processed,
        "retries": 0,
        "totalProcessingTime": job.milliseconds,
    }
    if job.error_message is not None:
        answer["errorMessage"] = job.error_message
    return answer

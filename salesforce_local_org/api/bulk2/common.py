"""What query and ingest jobs share over HTTP: finding one, listing all, abort, delete, pages of CSV."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, TypeVar

from salesforce_local_org import jobs
from salesforce_local_org.api.http import ApiError, Request, Response, json_response, not_found
from salesforce_local_org.csv_io import DELIMITERS, LINE_ENDINGS, Dialect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from salesforce_local_org.jobs import Job

JOBS_OF_A_PAGE = 1000
CSV_HEADERS = {"Content-Type": "text/csv; charset=UTF-8"}
JOB_TYPES = ("Classic", "V2Ingest", "V2Query")

SomeJob = TypeVar("SomeJob", bound="Job")


class BulkError(ApiError):
    """A refusal by Bulk API 2.0, whose errors name the code first."""

    def body(self) -> list[dict[str, Any]]:
        """The error array."""
        return [{"errorCode": self.code, "message": self.message}]


def bulk_error(code: str, message: str, status: int = 400) -> ApiError:
    """A refusal; codes are those of Bulk API 1.0 in upper case (``INVALIDJOBSTATE``), or ``API_ERROR``."""
    return BulkError(status, code, message)


def wrong_value(name: str) -> ApiError:
    """The answer to a value of the wrong type or outside its list."""
    return bulk_error("API_ERROR", f"Value does not match expected type: {name}")


def find_job(request: Request, kind: type[SomeJob]) -> SomeJob:
    """The job in the path, with what the faults on this request want to become of it.

    Raises:
        ApiError: 404 NOT_FOUND when there is no such job of this kind.
    """
    job = request.org.jobs.find(request.params["job_id"])
    if not isinstance(job, kind):
        raise not_found()
    if job.take_faults() and request.method == "GET":
        job.meet_doom()
    return job


def stamp(moment: datetime) -> str:
    """A date-time as REST answers have it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def job_head(job: Job) -> dict[str, Any]:
    """The keys every answer about a job starts with."""
    return {
        "id": job.id,
        "operation": job.operation,
        "object": job.sobject,
        "createdById": job.created_by_id,
        "createdDate": stamp(job.created),
        "systemModstamp": stamp(job.changed),
        "state": job.state,
        "concurrencyMode": job.concurrency_mode,
        "contentType": job.content_type,
        "apiVersion": float(job.api_version),
    }


def dialect_of(body: dict[str, Any]) -> Dialect:
    """The CSV form that a new job asks for; LF and COMMA where it asks for none.

    Raises:
        ApiError: 400 for a name that is not in the list.
    """
    delimiter = body.get("columnDelimiter") or "COMMA"
    ending = body.get("lineEnding") or "LF"
    for name, value, known in (
        ("columnDelimiter", delimiter, DELIMITERS),
        ("lineEnding", ending, LINE_ENDINGS),
    ):
        if not isinstance(value, str) or value not in known:
            raise wrong_value(name)
    if body.get("contentType") not in (None, "CSV"):
        raise wrong_value("contentType")
    return Dialect(delimiter, ending)


def abort(job: Job) -> None:
    """Abort a job for its owner.

    Raises:
        ApiError: 400 INVALIDJOBSTATE when it is over already.
    """
    if not job.move_to(jobs.ABORTED):
        state = "Completed" if job.state == jobs.JOB_COMPLETE else job.state
        raise bulk_error("INVALIDJOBSTATE", f"Aborting already {state} Job not allowed")


def delete(request: Request, job: Job) -> Response:
    """Delete a job that is over."""
    if not job.is_over:
        raise bulk_error(
            "API_ERROR", "Error encountered when deleting the job because the job is not terminated"
        )
    request.org.jobs.delete(job)
    return Response(204)


def listing(
    request: Request, shape: Callable[[Job], dict[str, Any]], job_types: Iterable[str], path: str
) -> Response:
    """A page of the org's jobs.

    Args:
        request: May have ``jobType``, ``concurrencyMode``, ``isPkChunkingEnabled`` and ``queryLocator``.
        shape: The JSON of one job.
        job_types: Which types to list when the request does not say.
        path: Where the next page is, below ``/services/data/vXX.X/``.
    """
    wanted = request.query.get("jobType")
    if wanted is not None and wanted not in JOB_TYPES:
        raise wrong_value("jobType")
    types = {wanted} if wanted else set(job_types)
    found = [job for job in request.org.jobs.listing() if job.job_type in types]
    if mode := request.query.get("concurrencyMode"):
        found = [job for job in found if job.concurrency_mode.lower() == mode.lower()]
    if request.query.get("isPkChunkingEnabled", "false").lower() == "true":
        found = [job for job in found if getattr(job, "pk_chunk_rows", None)]
    start = _listing_start(request.query.get("queryLocator"))
    end = start + JOBS_OF_A_PAGE
    done = end >= len(found)
    url = f"/services/data/v{request.version}/{path}?queryLocator={_LISTING_LOCATOR}-{end}"
    return json_response(
        {
            "done": done,
            "records": [shape(job) for job in found[start:end]],
            "nextRecordsUrl": None if done else url,
        }
    )


_LISTING_LOCATOR = "01gLo00000001AA"


def _listing_start(locator: str | None) -> int:
    if locator is None:
        return 0
    name, _, number = locator.rpartition("-")
    if name != _LISTING_LOCATOR or not number.isascii() or not number.isdigit():
        raise bulk_error("INVALIDQUERYLOCATOR", "invalid query locator")
    return int(number[:9])


def locator_of(row: int) -> str:
    """The opaque name of the page that starts at a row."""
    return base64.urlsafe_b64encode(str(row).encode()).decode().rstrip("=")


def row_of_locator(locator: str, rows: int) -> int:
    """The row that a page starts at.

    Raises:
        ApiError: 400 when no page of a result with so many rows is called so.
    """
    try:
        padded = locator.encode("ascii") + b"=" * (-len(locator) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
    except (UnicodeError, binascii.Error):
        text = ""
    if not text.isdigit() or len(text) > 12 or int(text) >= max(rows, 1):
        raise bulk_error("INVALIDQUERYLOCATOR", "invalid query locator")
    return int(text)


def csv_body(header: str, rows: Iterator[bytes]) -> Iterator[bytes]:
    """A CSV answer: the header row, then the rows as they lie on disk."""
    yield header.encode()
    yield from rows

"""Query jobs of Bulk API 2.0: create, wait, fetch the result page by page, delete.

Source: Bulk API 2.0 and Bulk API Developer Guide, "Bulk API 2.0 Query".
"""

from __future__ import annotations

import csv
import io
import logging
import sys
import threading
from collections import deque
from concurrent.futures import Future
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import requests

from salesforce_seg.answers import is_html, refusal
from salesforce_seg.bulk2_job import LONGEST_HOURS, Bulk2Job
from salesforce_seg.errors import ApiError, ObjectUnavailable, RunFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from salesforce_seg.session import Session

log = logging.getLogger(__name__)

WAITS = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before the first looks at a job."""

NO_MORE = "null"
"""What ``Sforce-Locator`` says on the last page: this very word."""

LONGEST_CELL = 200_000
"""Characters: a long text area holds 131,072, which is Python's own limit."""

SPARE_PAGES = 2
"""How many pages are on their way beside the one that is waited for."""

CHUNK_BYTES = 1 << 18
"""Bytes of a body that are taken over at once."""

csv.field_size_limit(max(LONGEST_CELL, csv.field_size_limit()))


class JobEndedBadly(RunFailed):
    """A job was aborted, or failed for a reason that another try may not have."""


@dataclass(frozen=True, slots=True)
class ResultPage:
    """One page of a job's result.

    Attributes:
        body: UTF-8 CSV with a header line; values may hold line breaks and NUL characters.
        rows: How many rows Salesforce says it has.
        next_locator: Where the next page begins; empty on the last one.
    """

    body: bytes
    rows: int
    next_locator: str

    def cells(self) -> Iterator[list[str]]:
        """The header, then the rows, as text; an empty cell stands for null."""
        return csv_cells(self.body)


def csv_cells(body: bytes) -> Iterator[list[str]]:
    """The lines of a result's CSV as text; an empty cell stands for null."""
    if sys.version_info < (3, 11) and b"\0" in body:  # csv learned to read NUL in Python 3.11
        return _with_nul(body)
    return csv.reader(io.TextIOWrapper(io.BytesIO(body), encoding="utf-8", newline=""))


def _with_nul(body: bytes) -> Iterator[list[str]]:
    stand_in = "\ufdd0"  # a noncharacter: it cannot be in a text
    lines = io.StringIO(body.decode("utf-8").replace("\0", stand_in), newline="")
    return ([cell.replace(stand_in, "\0") for cell in row] for row in csv.reader(lines))


class QueryJob(Bulk2Job):
    """A query job."""

    @classmethod
    def create(cls, session: Session, soql: str, *, title: str, all_rows: bool = False) -> QueryJob:
        """Create a job; Salesforce starts it at once.

        Args:
            session: The connection to the org.
            soql: The query; no aggregates, OFFSET, sub-queries, or compound and binary fields.
            title: What messages call it, such as the object's name.
            all_rows: Whether deleted and archived rows are wanted too (queryAll).

        Raises:
            ObjectUnavailable: Bulk API 2.0 does not read this object or one of the fields.
            QuotaExhausted: The org's query jobs of the last 24 hours are used up.
            SalesforceError: Salesforce refused for another reason.
        """
        body = {"operation": "queryAll" if all_rows else "query", "query": soql}
        answer = session.call_json("POST", "jobs/query", json=body)
        return cls(session, answer["id"], title)

    def wait(self) -> int:
        """Wait until the job is complete.

        Returns:
            The number of rows it found.

        Raises:
            ObjectUnavailable: Bulk API 2.0 does not read this object or one of the fields; or the job is no
                more, as Salesforce removes jobs after seven days.
            JobEndedBadly: It failed for another reason, or somebody aborted it.
        """
        for _ in self._looks(WAITS):
            info = self._session.call_json("GET", f"jobs/query/{self.id}")
            state = info["state"]
            if state == "JobComplete":
                return int(info["numberRecordsProcessed"])
            if state in {"Failed", "Aborted"}:
                raise self._ended(state, info.get("errorMessage") or "")
        raise JobEndedBadly(
            f"{self._title}: the Bulk API job {self.id} is still under way after {LONGEST_HOURS} hours."
        )

    def _ended(self, state: str, told: str) -> Exception:
        code, _, message = told.partition(" : ")
        meant = refusal(f"{self._title}: the Bulk API job failed", 400, [ApiError(code, message or told)])
        if state == "Failed" and isinstance(meant, ObjectUnavailable):
            return meant
        reason = f": {told}" if told else ""
        return JobEndedBadly(f"{self._title}: the Bulk API job {self.id} ended as {state}{reason}.")

    def pages(
        self, page_rows: int, locator: str = "", spare: threading.Semaphore | None = None
    ) -> Iterator[ResultPage]:
        """The pages of the result of a complete job, in order.

        An answer's headers tell where the next page begins, and they come before the page itself. So the
        next page is asked for at once, and several are on their way at the same time.

        Args:
            page_rows: Rows of a page at most.
            locator: Where to begin; empty for the first page. Locators hold as long as the job.
            spare: How many pages may be on their way beside the one that is waited for; several jobs may
                share it, so that memory does not grow with their number.
        """
        downloads = _Downloads(self._ask, page_rows, locator, spare or threading.Semaphore(SPARE_PAGES))
        try:
            yield from downloads.pages()
        finally:
            downloads.end()

    def _ask(self, page_rows: int, locator: str, *, stream: bool) -> requests.Response:
        params = {"maxRecords": page_rows} | ({"locator": locator} if locator else {})
        return self._session.call(
            "GET",
            f"jobs/query/{self.id}/results",
            stream=stream,
            params=params,
            headers={"Accept": "text/csv"},
        )

    def delete(self) -> None:
        """Remove the job and its result from the org."""
        self._session.call("DELETE", f"jobs/query/{self.id}")


class _Downloads:
    """Pages of one result on their way, each in a thread that asks for the next one as soon as it can.

    Args:
        ask: Asks for so many rows from a locator on.
        page_rows: Rows of a page at most.
        locator: Where the first one begins.
        spare: How many pages may be on their way beside the first one.
    """

    def __init__(
        self, ask: Callable[..., requests.Response], page_rows: int, locator: str, spare: threading.Semaphore
    ) -> None:
        self._ask = partial(ask, page_rows)
        self._spare = spare
        self._lock = threading.Lock()
        self._following: str | None = locator
        self._ahead: deque[Future[ResultPage]] = deque()

    def pages(self) -> Iterator[ResultPage]:
        """The pages, in order.

        Raises:
            SalesforceError: Salesforce refused one, or does not answer.
        """
        self._go_on()
        while self._ahead:
            yield self._ahead[0].result()
            with self._lock:
                self._ahead.popleft()
                if self._ahead:
                    self._spare.release()
            self._go_on()

    def end(self) -> None:
        """Begin no further download."""
        with self._lock:
            self._following = None
            for _ in range(1, len(self._ahead)):
                self._spare.release()
            self._ahead.clear()

    def _go_on(self) -> None:
        """Begin the next download, if it is known where it begins and there is room."""
        with self._lock:
            if self._following is None or (self._ahead and not self._spare.acquire(blocking=False)):
                return
            locator, self._following = self._following, None
            page: Future[ResultPage] = Future()
            self._ahead.append(page)
        fetch = partial(copy_context().run, self._fetch, locator, page)  # its calls are the same stream's
        threading.Thread(target=fetch, name="download", daemon=True).start()

    def _fetch(self, locator: str, page: Future[ResultPage]) -> None:
        try:
            response = self._ask(locator, stream=True)
            following = response.headers.get("Sforce-Locator", NO_MORE)
            rows = int(response.headers.get("Sforce-NumberOfRecords", -1))
            with self._lock:
                self._following = None if following in {NO_MORE, ""} or page not in self._ahead else following
            self._go_on()
            body = _body_of(response)
            if not body:
                log.warning("A page of a Bulk API result was cut short. Trying again.")
                body = self._ask(locator, stream=False).content
            page.set_result(ResultPage(body, rows, "" if following == NO_MORE else following))
        except Exception as error:  # noqa: BLE001  raised again where the page is waited for
            page.set_exception(error)


def _body_of(response: requests.Response) -> bytes:
    """The body of an answer; empty if it broke off, or is no result."""
    body = io.BytesIO()  # it hands over what it holds without a copy
    try:
        with response:
            for chunk in () if is_html(response) else response.iter_content(CHUNK_BYTES):
                body.write(chunk)
    except requests.RequestException:
        return b""
    return body.getvalue()

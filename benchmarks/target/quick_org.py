"""Stands in for an org: keeps what is written, finds it again, and answers as late as it is told to.

    python benchmarks/target/quick_org.py [--milliseconds 150] [--milliseconds-a-record 0]

It prints ``ready URL`` and serves until it is ended. Logins and describes are those of a local org, which it
starts for itself; records it keeps in a dictionary and checks nothing, so that it uses some microseconds a
record where the local org, with its validator, uses 150. ``POST /_quick/forget`` drops the records;
``POST /_quick/everybody?number=N`` makes known all who are like the one Lead with this number but for it;
``POST /_quick/begin`` forgets the counts, which ``GET /_quick/counts`` tells.
"""

from __future__ import annotations

import argparse
import re
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

sys.path.append(str(Path(__file__).parents[1]))

from behind import LocalOrg
from jobs import Jobs
from records import NotKnownError, Records
from tiny_http import Reply, Request, TinyServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

API_CALLS_A_DAY = 100_000_000


class QuickOrg:
    """Answers requests.

    Args:
        behind: who answers what the stand-in cannot.
        seconds: from a request to its answer.
        seconds_a_record: so much more for each record that is written.
    """

    def __init__(self, behind: LocalOrg, seconds: float, seconds_a_record: float) -> None:
        self._behind = behind
        self._seconds = seconds
        self._seconds_a_record = seconds_a_record
        self._lock = threading.Lock()
        self._forget()

    def answer(self, request: Request) -> Reply:
        """Answer a request, not before its time."""
        began = time.perf_counter()
        parts = urlsplit(request.target)
        if parts.path.startswith("/_quick/"):
            return self._control(parts.path, parse_qs(parts.query))
        if parts.path.startswith("/services/data/v"):
            self._counts["api_calls"] += 1
        with self._lock:
            written = self._counts["records_written"]
            reply = self._reply(request, parts.path, parts.query)
            written = self._counts["records_written"] - written
        late = began + self._seconds + written * self._seconds_a_record - time.perf_counter()
        if late > 0:
            time.sleep(late)
        self._counts["late"] += late < 0
        usage = ("Sforce-Limit-Info", f"api-usage={self._counts['api_calls']}/{API_CALLS_A_DAY}")
        return replace(reply, headers=(*reply.headers, usage))

    def _reply(self, request: Request, path: str, query: str) -> Reply:
        try:
            for method, pattern, handler in self._ROUTES:
                found = pattern.fullmatch(path) if method == request.method else None
                if found:
                    return handler(self, request, query, **found.groupdict())
        except NotKnownError as error:
            self._counts[f"passed on: {error}"] += 1
        return self._passed_on(request)

    def _passed_on(self, request: Request) -> Reply:
        """The local org's answer; the same describe is asked for but once."""
        known = self._describes.get(request.target)
        if known is None:
            answer = self._behind.ask(request.method, request.target, request.headers, request.body)
            known = Reply.of(answer.body, answer.status, answer.headers)
            if request.method == "GET" and request.target.rstrip("/").endswith(("/describe", "/sobjects")):
                self._describes[request.target] = known
        return known

    # What a client asks for

    def _describe(self, request: Request, _query: str) -> Reply:
        """Of all that a run must know of the org, only the first time is no cost of its records."""
        self._counts["describes"] += request.target not in self._described
        self._described.add(request.target)
        return self._passed_on(request)

    def _search(self, _request: Request, query: str) -> Reply:
        return _json({"searchRecords": self._records.search(parse_qs(query)["q"][0])})

    def _query(self, _request: Request, query: str) -> Reply:
        return _json(self._rows(parse_qs(query)["q"][0]))

    def _rows(self, soql: str) -> dict[str, Any]:
        rows = self._records.find(soql)
        return {"totalSize": len(rows), "done": True, "records": rows}

    def _composite(self, request: Request, _query: str) -> Reply:
        members = msgspec.json.decode(request.body)["compositeRequest"]
        if any(each["url"].endswith("/describe") for each in members):
            self._counts["describes"] += 1
        return _json({"compositeResponse": [self._member(each, request) for each in members]})

    def _member(self, member: dict[str, Any], request: Request) -> dict[str, Any]:
        path, _, query = member["url"].partition("?")
        if path.endswith(("/query", "/queryAll")):
            body: Any = self._rows(unquote(query.removeprefix("q=").replace("+", " ")))
        elif path.endswith("/composite/sobjects") and member["method"] in {"POST", "PATCH"}:
            body = self._written(member["method"], member["body"]["records"])
        elif path.endswith("/describe"):
            reply = self._passed_on(Request("GET", path, request.headers))
            body = msgspec.Raw(b"".join(reply.pieces))
        else:
            raise NotKnownError(path)
        return {"body": body, "httpHeaders": {}, "httpStatusCode": 200, "referenceId": member["referenceId"]}

    def _collection(self, request: Request, _query: str) -> Reply:
        return _json(self._written(request.method, msgspec.json.decode(request.body)["records"]))

    def _written(self, method: str, records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        results = []
        for record in records:
            sobject = record.pop("attributes")["type"]
            if method == "POST":
                record_id = self._records.create(sobject, record)
            else:
                record_id = record.pop("id")
                self._records.update(record_id, record)
            self._counts["records_written"] += 1
            results.append({"id": record_id, "success": True, "errors": []})
        return results

    def _create(self, request: Request, _query: str, sobject: str) -> Reply:
        (result,) = self._written(
            "POST", [{**msgspec.json.decode(request.body), "attributes": {"type": sobject}}]
        )
        return _json(result, 201)

    def _update(self, request: Request, _query: str, sobject: str, record_id: str) -> Reply:
        body = {**msgspec.json.decode(request.body), "attributes": {"type": sobject}, "id": record_id}
        self._written("PATCH", [body])
        return Reply(204, (), 0, ())

    def _upsert_by_id(self, request: Request, query: str, sobject: str, record_id: str) -> Reply:
        self._update(request, query, sobject, record_id)
        return _json({"id": record_id, "success": True, "errors": [], "created": False})

    def _create_job(self, request: Request, _query: str) -> Reply:
        return _json(self._jobs.create(msgspec.json.decode(request.body)))

    def _upload(self, request: Request, _query: str, job: str) -> Reply:
        self._jobs.upload(job, request.body)
        return Reply(201, (), 0, ())

    def _change_job(self, request: Request, _query: str, job: str) -> Reply:
        told = self._jobs.change(job, msgspec.json.decode(request.body)["state"])
        self._counts["records_written"] += told["numberRecordsProcessed"]
        return _json(told)

    def _job(self, _request: Request, _query: str, job: str) -> Reply:
        return _json(self._jobs.info(job))

    def _results(self, _request: Request, _query: str, job: str, kind: str) -> Reply:
        return Reply.of(self._jobs.results(job, kind), headers=(("Content-Type", "text/csv"),))

    def _delete_job(self, _request: Request, _query: str, job: str) -> Reply:
        self._jobs.delete(job)
        return Reply(204, (), 0, ())

    # Its own controls

    def _control(self, path: str, query: dict[str, list[str]]) -> Reply:
        if path.endswith("/forget"):
            self._forget()
        elif path.endswith("/everybody"):
            self._records.know_by_rule(query["number"][0])
        elif path.endswith("/begin"):
            self._begin()
        return _json(dict(self._counts) | {"cpu_seconds": time.process_time() - self._cpu})

    def _forget(self) -> None:
        self._records = Records()
        self._jobs = Jobs(self._records)
        self._describes: dict[str, Reply] = {}
        self._begin()

    def _begin(self) -> None:
        self._described: set[str] = set()
        self._counts: Counter[str] = Counter(api_calls=0, records_written=0, late=0)
        self._cpu = time.process_time()

    _ROUTES: tuple[tuple[str, re.Pattern[str], Callable[..., Reply]], ...] = tuple(
        (method, re.compile(rf"/services/data/v\d+\.\d/{pattern}/?"), handler)
        for method, pattern, handler in (
            ("GET", r"sobjects(?:/\w+/describe)?", _describe),
            ("GET", "query(?:All)?", _query),
            ("GET", "search", _search),
            ("POST", "composite", _composite),
            ("POST", "composite/sobjects", _collection),
            ("PATCH", "composite/sobjects", _collection),
            ("POST", r"sobjects/(?P<sobject>\w+)", _create),
            ("PATCH", r"sobjects/(?P<sobject>\w+)/(?P<record_id>\w+)", _update),
            ("PATCH", r"sobjects/(?P<sobject>\w+)/Id/(?P<record_id>\w+)", _upsert_by_id),
            ("POST", "jobs/ingest", _create_job),
            ("PUT", r"jobs/ingest/(?P<job>\w+)/batches", _upload),
            ("PATCH", r"jobs/ingest/(?P<job>\w+)", _change_job),
            ("GET", r"jobs/ingest/(?P<job>\w+)", _job),
            ("DELETE", r"jobs/ingest/(?P<job>\w+)", _delete_job),
            ("GET", r"jobs/ingest/(?P<job>\w+)/(?P<kind>\w+)", _results),
        )
    )


def _json(value: Any, status: int = 200) -> Reply:
    return Reply.of(msgspec.json.encode(value), status)


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--milliseconds", type=float, default=150, help="of every answer (%(default)s)")
    parser.add_argument("--milliseconds-a-record", type=float, default=0, help="of every record written")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with tempfile.TemporaryDirectory() as folder, LocalOrg(Path(folder)) as behind:
        org = QuickOrg(behind, options.milliseconds / 1000, options.milliseconds_a_record / 1000)
        server = TinyServer(org.answer)
        print("ready", server.url, flush=True)
        server.serve()


if __name__ == "__main__":
    main()

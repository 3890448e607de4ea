"""Stands in for an org: keeps what is written, finds it again, and answers as late as it is told to.

    python benchmarks/target/quick_org.py [--milliseconds 150] [--milliseconds-a-record 0]

It prints ``ready URL`` and serves until it is ended. Logins and describes are those of a local org, which it
starts for itself; records it keeps in a dictionary and checks nothing, so that it uses some microseconds a
record where the local org, with its validator, uses 150. ``POST /_quick/forget`` drops the records;
``POST /_quick/begin`` forgets the counts, which ``GET /_quick/counts`` tells.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
import signal
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

sys.path.append(str(Path(__file__).parents[1] / "tap"))
sys.path.append(str(Path(__file__).parent))

from behind import LocalOrg
from tiny_http import Reply, Request, TinyServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_QUERY = re.compile(
    r"SELECT (?P<columns>[\w, ]+) FROM (?P<sobject>\w+) "
    r"WHERE (?P<field>\w+) (?:IN \((?P<many>.*)\)|= (?P<one>'.*'))"
    r"(?: ORDER BY \w+)?(?: LIMIT \d+)?",
    re.DOTALL,
)
_TEXT = re.compile(r"'((?:[^'\\]|\\.)*)'")
_PREFIXES = {"Lead": ("00Q", "EAA"), "Account": ("001", "AAA"), "Contact": ("003", "AAA")}
_KEYS = {"Lead": ("Email",), "Account": ("AccountNumber",), "Contact": ("Email",)}
_CREATED = "2026-01-31T00:00:00.000+0000"
_WIDE = 2**31


class NotKnownError(Exception):
    """The stand-in cannot answer this; the local org can."""


class Records:
    """Records by Id, and by the fields that they are looked for with."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._rows: dict[str, dict[str, Any]] = {}
        self._found_by: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(dict)

    def create(self, sobject: str, fields: dict[str, Any]) -> str:
        """Keep a new record; its Id."""
        if sobject not in _PREFIXES:
            raise NotKnownError(sobject)
        prefix, suffix = _PREFIXES[sobject]
        record_id = f"{prefix}{next(self._numbers):012d}{suffix}"
        self._rows[record_id] = {**fields, "Id": record_id, "CreatedDate": _CREATED}
        for name in _KEYS[sobject]:
            if value := fields.get(name):
                self._found_by[sobject, name].setdefault(value.lower(), []).append(record_id)
        return record_id

    def update(self, record_id: str, fields: dict[str, Any]) -> None:
        """Change a record, but not what it is found by."""
        self._rows[record_id].update(fields)

    def find(self, soql: str) -> list[dict[str, Any]]:
        """The answer to a query by one key field."""
        asked = _QUERY.fullmatch(soql)
        if asked is None or asked["field"] not in ("Id", *_KEYS.get(asked["sobject"], ())):
            raise NotKnownError(soql[:200])
        columns = asked["columns"].replace(" ", "").split(",")
        texts = _TEXT.findall(asked["many"] or asked["one"])
        if asked["field"] == "Id":
            ids = texts
        else:
            found_by = self._found_by[asked["sobject"], asked["field"]]
            ids = [each for text in texts for each in found_by.get(text.lower(), ())]
        attributes = {"type": asked["sobject"]}
        return [
            {"attributes": attributes} | {name: self._rows[each].get(name) for name in columns}
            for each in ids
            if each in self._rows
        ]


class Jobs:
    """Ingest jobs of Bulk API 2.0, done as soon as they are closed."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._numbers = count(1)
        self._jobs: dict[str, dict[str, Any]] = {}
        self._uploads: dict[str, bytes] = {}
        self._results: dict[str, str] = {}

    def create(self, body: dict[str, Any]) -> dict[str, Any]:
        job_id = f"750{next(self._numbers):012d}AAA"
        counts = {"numberRecordsProcessed": 0, "numberRecordsFailed": 0}
        self._jobs[job_id] = {**body, "id": job_id, "state": "Open", **counts}
        return self._jobs[job_id]

    def upload(self, job_id: str, content: bytes) -> None:
        self._uploads[job_id] = content

    def change(self, job_id: str, state: str) -> dict[str, Any]:
        """Close a job, which carries it out, or abort it."""
        job = self._jobs[job_id]
        job["state"] = state
        if state == "UploadComplete":
            rows = list(csv.DictReader(io.StringIO(self._uploads.pop(job_id).decode(), newline="")))
            job["numberRecordsProcessed"] = len(rows)
            job["state"] = "JobComplete"
            self._results[job_id] = self._carried_out(job, rows)
        return job

    def _carried_out(self, job: dict[str, Any], rows: list[dict[str, str]]) -> str:
        result = io.StringIO(newline="")
        writer = csv.DictWriter(result, ["sf__Id", "sf__Created", *(rows[0] if rows else ())])
        writer.writeheader()
        for row in rows:
            fields: dict[str, Any] = {name: value for name, value in row.items() if value}
            creates = job["operation"] == "insert"
            record_id = self._records.create(job["object"], fields) if creates else fields.pop("Id")
            if not creates:
                self._records.update(record_id, fields)
            writer.writerow({"sf__Id": record_id, "sf__Created": str(creates).lower(), **row})
        return result.getvalue()

    def info(self, job_id: str) -> dict[str, Any]:
        return self._jobs[job_id]

    def results(self, job_id: str, kind: str) -> bytes:
        return self._results[job_id].encode() if kind == "successfulResults" else b"sf__Id,sf__Error\n"

    def delete(self, job_id: str) -> None:
        self._jobs.pop(job_id, None)
        self._results.pop(job_id, None)


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
            return self._control(parts.path)
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
        return reply

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
            if request.method == "GET" and request.target.endswith("/describe"):
                self._describes[request.target] = known
        return known

    # What a client asks for

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

    def _control(self, path: str) -> Reply:
        if path.endswith("/forget"):
            self._forget()
        elif path.endswith("/begin"):
            self._begin()
        return _json(dict(self._counts) | {"cpu_seconds": time.process_time() - self._cpu})

    def _forget(self) -> None:
        self._records = Records()
        self._jobs = Jobs(self._records)
        self._describes: dict[str, Reply] = {}
        self._begin()

    def _begin(self) -> None:
        self._counts: Counter[str] = Counter(api_calls=0, records_written=0, late=0)
        self._cpu = time.process_time()

    _ROUTES: tuple[tuple[str, re.Pattern[str], Callable[..., Reply]], ...] = tuple(
        (method, re.compile(rf"/services/data/v\d+\.\d/{pattern}/?"), handler)
        for method, pattern, handler in (
            ("GET", "query", _query),
            ("POST", "composite", _composite),
            ("POST", "composite/sobjects", _collection),
            ("PATCH", "composite/sobjects", _collection),
            ("POST", r"sobjects/(?P<sobject>\w+)", _create),
            ("PATCH", r"sobjects/(?P<sobject>\w+)/(?P<record_id>\w+)", _update),
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
    csv.field_size_limit(_WIDE)
    with tempfile.TemporaryDirectory() as folder, LocalOrg(Path(folder)) as behind:
        org = QuickOrg(behind, options.milliseconds / 1000, options.milliseconds_a_record / 1000)
        server = TinyServer(org.answer)
        print("ready", server.url, flush=True)
        server.serve()


if __name__ == "__main__":
    main()

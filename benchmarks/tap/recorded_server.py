"""Replays an org's recorded answers, with as many rows as are wanted, as fast as it can.

    python benchmarks/tap/recorded_server.py [--rows 400000] [--recorded-rows 20000] [--port 0]

It prints ``ready URL`` and serves until it is ended. What it replays it has from a local org, which it starts
for itself: the rows of a query are recorded when a query with these fields first comes, and then repeated
with new Ids and dates (``recorded_rows``); any other answer is recorded when it is first asked for. So let a
client run once before you measure it. ``POST /_recorded/begin?rows=N`` sets the number of rows, prepares as
many of what was read since the last time, and forgets the counts, which ``GET /_recorded/counts`` tells;
with ``&delay=0.15`` each answer takes so many seconds more.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

sys.path.append(str(Path(__file__).parents[1]))

from asked import Asked, NotRecordedError, take_apart
from recorded_rows import NotRecordableError
from recorder import OBJECTS, Recorder
from recordings import Recordings
from replies import Cursor, csv_page, json_page, json_reply, locator_of, refusal, row_of_locator
from tiny_http import Reply, Request, TinyServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers import Answer

RECORDED_ROWS = 20_000
RESULT_PAGE_ROWS = 100_000
PAGES_IN_A_LIST = 5
API_REQUESTS = 1_000_000
DATA = "/services/data/"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:T|%3A|[\d:.])*(?:Z|[+-]\d\d:?\d\d|%2B\d\d(?::|%3A)?\d\d)?")


class Replay:
    """Answers requests by what is recorded.

    Args:
        recorder: What is recorded from.
        rows: How many rows each object has.
    """

    def __init__(self, recorder: Recorder, rows: int) -> None:
        self._recorder = recorder
        self._recordings = Recordings(recorder)
        self._rows = rows
        self._cursors: dict[str, Cursor] = {}
        self._batches: dict[str, Asked] = {}
        self._numbers = count(1)
        self._counts: Counter[str] = Counter()
        self._unanswered: list[str] = []
        self._delay = 0.0
        self._cpu = time.process_time()

    # ---- one request

    def answer_in_time(self, request: Request) -> Reply:
        """The answer to a request, after as long as it is to take."""
        time.sleep(self._delay)
        return self.answer(request)

    def answer(self, request: Request) -> Reply:
        """The answer to a request; what the recording cannot answer is refused, and told of in the counts."""
        path = urlsplit(request.target).path
        self._counts["requests"] += 1
        if path.startswith(("/services/data/v", "/services/async/")):
            self._counts["api_calls"] += 1
        try:
            for method, pattern, handler in self._ROUTES:
                found = pattern.fullmatch(path) if method == request.method else None
                if found:
                    return self._with_usage(handler(self, request, **found.groupdict()))
            return self._with_usage(self._recorded(request))
        except (NotRecordedError, NotRecordableError) as error:
            self._unanswered.append(f"{request.method} {request.target[:200]}: {error}")
            return refusal(f"not recorded: {error}")

    def _with_usage(self, reply: Reply) -> Reply:
        usage = ("Sforce-Limit-Info", f"api-usage={self._counts['api_calls']}/{API_REQUESTS}")
        kept = [each for each in reply.headers if each[0].lower() != "sforce-limit-info"]
        return Reply(reply.status, (*kept, usage), reply.size, reply.pieces)

    def _recorded(self, request: Request) -> Reply:
        """The org's own answer to the first request of this kind; moments in it do not tell kinds apart."""
        answer = self._recordings.answer(_MOMENT.sub("", request.target), request)
        return Reply.of(answer.body, answer.status, answer.headers)

    def _passed_on(self, request: Request) -> Answer:
        self._counts["passed_on"] += 1
        return self._recorder.ask(request.method, request.target, request.headers, request.body)

    # ---- what there is in many rows

    def _query(self, request: Request, version: str) -> Reply:
        parameters = parse_qs(urlsplit(request.target).query)
        asked = take_apart(parameters.get("q", [""])[0])
        if asked is None or asked.sobject not in OBJECTS:
            return self._recorded(request)
        if asked.counts:
            return self._counted(version, asked)
        rows, page_rows = self._recordings.query(version, asked)
        wanted = re.search(r"batchSize\s*=\s*(\d+)", request.headers.get("sforce-query-options", ""))
        if wanted:
            page_rows = min(page_rows, max(200, int(wanted[1])))
        cursor = Cursor(rows, *asked.span(rows.timeline, self._rows), page_rows)
        locator = f"0r8Lo{next(self._numbers):010d}AAA"
        self._cursors[locator] = cursor
        return json_page(cursor, version, locator, cursor.first)

    def _counted(self, version: str, asked: Asked) -> Reply:
        rows, _ = self._recordings.query(version, Asked(asked.sobject, ("Id",), "", "", None))
        first, end = asked.span(rows.timeline, self._rows)
        if asked.fields[0].lower().replace(" ", "") == "count()":
            return json_reply({"totalSize": end - first, "done": True, "records": []})
        record = {"attributes": {"type": "AggregateResult"}, "expr0": end - first}
        return json_reply({"totalSize": 1, "done": True, "records": [record]})

    def _more(self, _request: Request, version: str, locator: str) -> Reply:
        name, _, start = locator.rpartition("-")
        cursor = self._cursors.get(name)
        if cursor is None or not start.isdigit():
            return refusal("invalid query locator", "INVALID_QUERY_LOCATOR")
        return json_page(cursor, version, name, cursor.first + int(start))

    def _record_count(self, request: Request, version: str) -> Reply:
        del version
        answer = self._passed_on(request)
        counts = json.loads(answer.body)
        for each in counts["sObjects"]:
            each["count"] = self._rows if each["name"] in OBJECTS else each["count"]
        return json_reply(counts)

    # ---- several requests in one

    def _batch(self, request: Request, version: str) -> Reply:
        del version
        members = json.loads(request.body)["batchRequests"]
        self._counts["api_calls"] += len(members) - 1
        targets = ((each["method"], each["url"].removeprefix(DATA).lstrip("/")) for each in members)
        answers = [self._member(request, method, f"{DATA}{target}") for method, target in targets]
        failed = any(status >= 400 for status, _ in answers)
        results = b",".join(b'{"statusCode":%d,"result":%s}' % each for each in answers)
        head = b'{"hasErrors":%s,"results":[' % (b"true" if failed else b"false")
        return Reply.of(head + results + b"]}")

    def _composite(self, request: Request, version: str) -> Reply:
        del version
        results = []
        for each in json.loads(request.body)["compositeRequest"]:
            status, body = self._member(request, each["method"], each["url"], each.get("body"))
            tail = json.dumps(
                {"httpHeaders": {}, "httpStatusCode": status, "referenceId": each["referenceId"]}
            )
            results.append(b'{"body":' + body + b"," + tail[1:].encode())
        return Reply.of(b'{"compositeResponse":[' + b",".join(results) + b"]}")

    def _member(self, request: Request, method: str, url: str, body: Any = None) -> tuple[int, bytes]:
        target = "/" + quote(url.lstrip("/"), safe="/?&=%+:,()'*")
        content = b"" if body is None else json.dumps(body).encode()
        calls = self._counts["api_calls"]
        reply = self.answer(Request(method, target, request.headers, content))
        self._counts["api_calls"] = calls
        return reply.status, b"".join(reply.pieces) or b"null"

    # ---- Bulk API 2.0

    def _create_job(self, request: Request, version: str) -> Reply:
        body = json.loads(request.body)
        asked = take_apart(body["query"])
        if asked is None or asked.sobject not in OBJECTS:
            answer = self._passed_on(request)
            return Reply.of(answer.body, answer.status, answer.headers)
        rows = self._recordings.bulk_result(version, asked)
        first, end = asked.span(rows.timeline, self._rows)
        job_id = f"750Lo{next(self._numbers):010d}AAA"
        named = {
            "id": job_id,
            "operation": body["operation"],
            "object": asked.sobject,
            "apiVersion": float(version),
        }
        processed = {"numberRecordsProcessed": end - first, "isPkChunkingSupported": not asked.order}
        complete = self._recorder.complete_job | named | processed
        self._cursors[job_id] = Cursor(rows, first, end, RESULT_PAGE_ROWS, complete)
        return json_reply(self._recorder.created_job | named)

    def _job(self, request: Request, version: str, job: str) -> Reply:
        del version
        cursor = self._cursors.get(job)
        if cursor is None:
            answer = self._passed_on(request)
            return Reply.of(answer.body, answer.status, answer.headers)
        if request.method == "DELETE":
            del self._cursors[job]
            return Reply(204, (), 0, ())
        return json_reply(cursor.job)

    def _results_page(self, request: Request, version: str, job: str) -> Reply:
        cursor = self._cursors.get(job)
        if cursor is None:
            return self._job(request, version, job)
        parameters = parse_qs(urlsplit(request.target).query)
        start = cursor.first + row_of_locator(parameters.get("locator", [""])[0])
        most = min(int(parameters.get("maxRecords", [RESULT_PAGE_ROWS])[0]), RESULT_PAGE_ROWS)
        stop = min(start + most, cursor.end)
        following = locator_of(stop - cursor.first) if stop < cursor.end else "null"
        headers = (("Sforce-Locator", following), ("Sforce-NumberOfRecords", str(stop - start)))
        return csv_page(cursor.rows, start, stop, headers)

    def _result_pages(self, request: Request, version: str, job: str) -> Reply:
        cursor = self._cursors.get(job)
        if cursor is None:
            return self._job(request, version, job)
        parameters = parse_qs(urlsplit(request.target).query)
        first = row_of_locator(parameters.get("locator", [""])[0])
        rows = cursor.end - cursor.first
        starts = list(islice(range(first, max(rows, 1), cursor.page_rows), PAGES_IN_A_LIST))
        base = f"/services/data/v{version}/jobs/query/{job}"
        urls = [{"resultUrl": f"{base}/results?locator={locator_of(each)}"} for each in starts]
        answer: dict[str, Any] = {"resultPages": urls}
        after = starts[-1] + cursor.page_rows
        if after < rows:
            answer["nextRecordsUrl"] = f"{base}/resultpages?locator={locator_of(after)}"
        return json_reply(answer | {"done": after >= rows})

    # ---- Bulk API 1.0: the org itself works on the job; only the result has more rows

    def _bulk1(self, request: Request, **_: str) -> Reply:
        answer = self._passed_on(request)
        found = re.search(rb"(?:<id>|\"id\"\s*:\s*\")(751\w+)", answer.body)
        asked = take_apart(request.body.decode("utf-8", "replace")) if request.method == "POST" else None
        if found and asked and asked.sobject in OBJECTS:
            self._batches[found[1].decode()] = asked
            self._recordings.bulk_result("62.0", asked)
        return Reply.of(answer.body, answer.status, answer.headers)

    def _bulk1_result(self, request: Request, batch: str) -> Reply:
        asked = self._batches.get(batch)
        if asked is None:
            return self._bulk1(request)
        rows = self._recordings.bulk_result("62.0", asked)
        return csv_page(rows, *asked.span(rows.timeline, self._rows), ())

    # ---- its own controls

    def _begin(self, request: Request) -> Reply:
        asked = parse_qs(urlsplit(request.target).query)
        self._rows, self._delay = int(asked["rows"][0]), float(asked.get("delay", ["0"])[0])
        self._recordings.prepare(self._rows)
        self._counts.clear()
        self._unanswered.clear()
        self._cursors.clear()
        self._cpu = time.process_time()
        return json_reply({"rows": self._rows})

    def _tell_counts(self, _request: Request) -> Reply:
        told = {"cpu_seconds": time.process_time() - self._cpu, "unanswered": self._unanswered}
        return json_reply(dict.fromkeys(("requests", "api_calls", "passed_on"), 0) | self._counts | told)

    _ROUTES: tuple[tuple[str, re.Pattern[str], Callable[..., Reply]], ...] = tuple(
        (method, re.compile(pattern.replace("V/", r"v(?P<version>\d+\.\d)/") + "/?"), handler)
        for method, pattern, handler in (
            ("GET", "/services/data/V/query(?:All)?", _query),
            ("GET", "/services/data/V/query(?:All)?/(?P<locator>[^/]+)", _more),
            ("GET", "/services/data/V/limits/recordCount", _record_count),
            ("POST", "/services/data/V/composite/batch", _batch),
            ("POST", "/services/data/V/composite", _composite),
            ("POST", "/services/data/V/jobs/query", _create_job),
            ("GET", "/services/data/V/jobs/query/(?P<job>[^/]+)", _job),
            ("DELETE", "/services/data/V/jobs/query/(?P<job>[^/]+)", _job),
            ("GET", "/services/data/V/jobs/query/(?P<job>[^/]+)/results", _results_page),
            ("GET", "/services/data/V/jobs/query/(?P<job>[^/]+)/result[Pp]ages", _result_pages),
            ("GET", "/services/async/[^/]+/job/[^/]+/batch/(?P<batch>[^/]+)/result/[^/]+", _bulk1_result),
            ("GET", "/services/async/.*", _bulk1),
            ("POST", "/services/async/.*", _bulk1),
            ("POST", "/_recorded/begin", _begin),
            ("GET", "/_recorded/counts", _tell_counts),
        )
    )


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=400_000, help="rows of each object (%(default)s)")
    parser.add_argument(
        "--recorded-rows", type=int, default=RECORDED_ROWS, help="rows that are repeated (%(default)s)"
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with tempfile.TemporaryDirectory() as folder, Recorder(Path(folder), options.recorded_rows) as recorder:
        server = TinyServer(Replay(recorder, options.rows).answer_in_time, options.port)
        print("ready", server.url, flush=True)
        server.serve()


if __name__ == "__main__":
    main()

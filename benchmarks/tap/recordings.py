"""The recordings there are, each made when it is first asked for."""

from __future__ import annotations

import threading
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asked import Asked
    from recorded_rows import RecordedRows
    from recorder import Recorder
    from servers import Answer
    from tiny_http import Request

MOST_BYTES_PREPARED = 1_500_000_000


class Recordings:
    """What is recorded: rows of queries and of bulk results, and all other answers as they were.

    Args:
        recorder: What is recorded from.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._recording = threading.Lock()
        self._answers: dict[tuple[str, str, bytes], Answer] = {}
        self._queries: dict[tuple[str, ...], tuple[RecordedRows, int]] = {}
        self._results: dict[tuple[str, ...], RecordedRows] = {}
        self._read: list[RecordedRows] = []

    def answer(self, kind: str, request: Request) -> Answer:
        """The org's own answer to the first request of a kind.

        Args:
            kind: The request's target without what differs from time to time.
            request: The request.
        """
        key = (request.method, kind, request.body)
        with self._recording:
            answer = self._answers.get(key)
            if answer is None:
                answer = self._recorder.ask(request.method, request.target, request.headers, request.body)
                if answer.status < 300:
                    self._answers[key] = answer
            return answer

    def query(self, version: str, asked: Asked) -> tuple[RecordedRows, int]:
        """The rows of a REST query with these fields, and how many of them make a page.

        Raises:
            NotRecordableError: The org refused, or found nothing.
        """
        with self._recording:
            key = (version, asked.sobject, *asked.fields)
            if key not in self._queries:
                self._queries[key] = self._recorder.query(version, asked.sobject, asked.fields)
            self._read.append(self._queries[key][0])
            return self._queries[key]

    def bulk_result(self, version: str, asked: Asked) -> RecordedRows:
        """The rows of a bulk query with these fields.

        Raises:
            NotRecordableError: The org refused, or found nothing.
        """
        with self._recording:
            key = (asked.sobject, *asked.fields)
            if key not in self._results:
                self._results[key] = self._recorder.bulk_result(version, asked.sobject, asked.fields)
            self._read.append(self._results[key])
            return self._results[key]

    def prepare(self, rows: int) -> None:
        """Prepare so many rows of what was read since the last time, if they are not too large to keep."""
        for recording in chain(self._results.values(), (each for each, _ in self._queries.values())):
            read = recording in self._read and recording.size(0, rows) <= MOST_BYTES_PREPARED
            recording.prepare(rows if read else 0)
        self._read.clear()

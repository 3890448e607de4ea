"""Asking an org what objects it has and what fields they have, for the user who asks.

Field-level security hides fields and objects from describe, so this is also what the user may see.
Source: REST API Developer Guide, "Describe Global" and "sObject Describe".
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from salesforce_seg import composite
from salesforce_seg.answers import of_another_shape
from salesforce_seg.describe import ObjectSummary, SObjectDescribe
from salesforce_seg.errors import (
    ConfigurationError,
    QuotaExhausted,
    Remedy,
    RunFailed,
    SalesforceError,
    ServerUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from salesforce_seg.session import Session

_MOST_RETRIES = 3

log = logging.getLogger(__name__)


class Describer:
    """Asks for describes, 25 objects an API call, and remembers them. Thread-safe.

    Args:
        session: The connection to the org.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.RLock()
        self._composite_refused = False
        self._objects: dict[str, ObjectSummary] | None = None
        self._described: dict[str, SObjectDescribe | SalesforceError] = {}

    def objects(self) -> dict[str, ObjectSummary]:
        """All objects the user may see, by API name (one API call, once).

        Raises:
            SalesforceError: The call failed.
        """
        with self._lock:
            if self._objects is None:
                body = self._session.call_json("GET", "sobjects")
                entries = _object_in(body, "GET sobjects").get("sobjects") or []
                summaries = (ObjectSummary.from_json(entry) for entry in entries)
                self._objects = {summary.name: summary for summary in summaries}
            return self._objects

    def describe(self, names: Iterable[str]) -> dict[str, SObjectDescribe | SalesforceError]:
        """Describe several objects.

        Args:
            names: API names.

        Returns:
            For each name its describe, or the error that stands in its way (ObjectUnavailable when the org
            or the user does not have it): one object never spoils the others.

        Raises:
            SalesforceError: The whole call failed: no connection, refused login, quota.
        """
        wanted = list(dict.fromkeys(names))
        with self._lock:
            missing = [name for name in wanted if name not in self._described]
            self._described |= self._ask(missing)
            return {name: self._described[name] for name in wanted}

    def describe_one(self, name: str) -> SObjectDescribe:
        """Describe one object.

        Raises:
            SalesforceError: It cannot be described; ObjectUnavailable when the org or the user does not
                have it.
        """
        described = self.describe([name])[name]
        if isinstance(described, SalesforceError):
            raise described
        return described

    def forget(self, name: str) -> None:
        """Ask anew for an object the next time: its fields have changed."""
        with self._lock:
            self._described.pop(name, None)

    def _ask(self, names: list[str]) -> dict[str, SObjectDescribe | SalesforceError]:
        """Ask for objects; again for those that fail in passing (406 CustomNotAcceptable among others)."""
        found: dict[str, SObjectDescribe | SalesforceError] = {}
        for attempt in range(1 + min(self._session.settings.max_retries, _MOST_RETRIES)):
            if not names:
                break
            if attempt:
                backoff = self._session.backoff
                backoff.sleep(backoff.wait_before(attempt + 1))
            answers = {name: answer for batch in _batches(names) for name, answer in self._ask_batch(batch)}
            found |= {name: _describe_in(name, answer) for name, answer in answers.items()}
            names = [name for name, answer in answers.items() if answer.remedy is Remedy.RETRY]
        return found

    def _ask_batch(self, names: list[str]) -> list[tuple[str, composite.SubResponse]]:
        requests = [
            composite.SubRequest(
                "GET", self._session.resource(f"sobjects/{quote(name, safe='')}/describe"), repeatable=True
            )
            for name in names
        ]
        if len(requests) > 1 and not self._composite_refused:
            try:
                return list(zip(names, composite.send(self._session, requests), strict=True))
            except (ConfigurationError, QuotaExhausted, ServerUnavailable):
                raise
            except SalesforceError as error:
                self._composite_refused = True
                log.info("Describing objects one by one, as composite requests are refused: %s", error)
        return [(name, self._alone(request)) for name, request in zip(names, requests, strict=True)]

    def _alone(self, request: composite.SubRequest) -> composite.SubResponse:
        """The answer to one describe; one that is not Salesforce's own is that object's failure alone."""
        try:
            return composite.send_alone(self._session, request)
        except RunFailed as error:
            if error.status not in {403, 404}:
                raise
            return composite.SubResponse(error.status, [each.as_json() for each in error.errors])


def _batches(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), composite.MOST_SUBREQUESTS):
        yield names[start : start + composite.MOST_SUBREQUESTS]


def _describe_in(name: str, answer: composite.SubResponse) -> SObjectDescribe | SalesforceError:
    if not answer.ok:
        return answer.error(f"Describing {name}")
    return SObjectDescribe.from_json(_object_in(answer.body, f"Describing {name}"))


def _object_in(body: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise of_another_shape(f"{what}: the answer is not a JSON object.")
    return body

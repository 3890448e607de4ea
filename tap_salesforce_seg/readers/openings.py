"""First answers to the queries that are read next: five queries an API call.

Most streams of an incremental run have less than a page of changes, so their first page is all there is. A
composite request may hold five queries and counts as one API call (REST API Developer Guide, "Composite").
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from salesforce_seg import composite
from salesforce_seg.errors import ConfigurationError, QuotaExhausted, Remedy, SalesforceError
from salesforce_seg.limits import CHARGED_TO

if TYPE_CHECKING:
    from collections.abc import Iterable

    from salesforce_seg.composite import SubResponse
    from salesforce_seg.session import Session

logger = logging.getLogger("tap-salesforce-seg.rest")

QUERIES_A_CALL = composite.MOST_QUERIES_AND_COLLECTIONS


class Openings:
    """Asks ahead.

    Args:
        session: The connection to the org.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._together: dict[str, list[str]] = {}
        self._answers: dict[str, SubResponse] = {}
        self._lock = threading.Lock()

    def announce(self, queries: Iterable[str]) -> None:
        """Name the queries that will be read, in order; they should be short ones."""
        named = list(dict.fromkeys(queries))
        batches = [named[at : at + QUERIES_A_CALL] for at in range(0, len(named), QUERIES_A_CALL)]
        self._together = {query: batch for batch in batches if len(batch) > 1 for query in batch}

    def take(self, query: str) -> Any:
        """The first page of a query; None if it must be asked for alone. May be called from several threads.

        Raises:
            SalesforceError: Salesforce refused this query, or all.
        """
        with self._lock:
            if query in self._together:
                self._ask(self._together[query])
            answer = self._answers.pop(query, None)
        if answer is None or (not answer.ok and answer.remedy is Remedy.RETRY):
            return None
        if not answer.ok:
            raise answer.error("The query")
        return answer.body

    def _ask(self, batch: list[str]) -> None:
        for each in batch:
            del self._together[each]
        charged_to = CHARGED_TO.set("")  # several streams share the call
        try:
            members = [composite.query(self._session, each, all_rows=True) for each in batch]
            self._answers |= zip(batch, composite.send(self._session, members), strict=True)
        except (ConfigurationError, QuotaExhausted):
            raise
        except SalesforceError as error:
            logger.info("Asking one by one, as several queries at once are refused: %s", error)
            self._together.clear()
        finally:
            CHARGED_TO.reset(charged_to)

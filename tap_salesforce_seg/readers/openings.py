"""First answers to the queries that are read next: five queries an API call.

Most streams of an incremental run have less than a page of changes, so their first page is all there is. A
composite request may hold five queries and counts as one API call (REST API Developer Guide, "Composite").
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Any

from salesforce_seg import composite
from salesforce_seg.errors import ConfigurationError, QuotaExhausted, Remedy, SalesforceError

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
        self._ahead: deque[str] = deque()
        self._answers: dict[str, SubResponse] = {}

    def announce(self, queries: Iterable[str]) -> None:
        """Name the queries that will be read, in order; they should be short ones."""
        self._ahead = deque(queries)

    def take(self, query: str) -> Any:
        """The first page of a query; None if it must be asked for alone.

        Raises:
            SalesforceError: Salesforce refused this query, or all.
        """
        if query not in self._answers and query in self._ahead:
            self._ask(query)
        answer = self._answers.pop(query, None)
        if answer is None or (not answer.ok and answer.remedy is Remedy.RETRY):
            return None
        if not answer.ok:
            raise answer.error("The query")
        return answer.body

    def _ask(self, query: str) -> None:
        while self._ahead[0] != query:
            self._ahead.popleft()
        batch = [self._ahead.popleft() for _ in range(min(QUERIES_A_CALL, len(self._ahead)))]
        if len(batch) == 1:
            return
        try:
            members = [composite.query(self._session, each, all_rows=True) for each in batch]
            self._answers |= zip(batch, composite.send(self._session, members), strict=True)
        except (ConfigurationError, QuotaExhausted):
            raise
        except SalesforceError as error:
            logger.info("Asking one by one, as several queries at once are refused: %s", error)
            self._ahead.clear()

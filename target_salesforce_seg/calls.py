"""How this org takes our requests: several in one call, or each in one of its own; learned once a run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from salesforce_seg import composite
from salesforce_seg.errors import ConfigurationError, QuotaExhausted, SalesforceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from salesforce_seg.composite import SubRequest, SubResponse
    from salesforce_seg.session import Session

NOT_HERE = frozenset({403, 404, 405, 501})
"""Statuses of a resource that an org, or what stands before it, does not offer."""

_NOT_ALLOWED = frozenset({405, 501})

log = logging.getLogger(__name__)


class Calls:
    """Sends requests to one org.

    Args:
        session: the connection.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.composite_refused = False

    def send(self, requests: Sequence[SubRequest]) -> list[SubResponse]:
        """Send requests in one call; each in one of its own where composite requests are refused.

        Returns:
            One answer a request, in order.

        Raises:
            SalesforceError: as :func:`salesforce_seg.composite.send`.
        """
        if not self.composite_refused:
            try:
                return composite.send(self.session, requests)
            except (ConfigurationError, QuotaExhausted):
                raise
            except SalesforceError as error:
                if error.status not in NOT_HERE or _may_have_written(error, requests):
                    raise
                self.composite_refused = True
                log.warning(
                    "Composite requests are refused (%s): each query and each collection of records is an "
                    "API call of its own.",
                    error.message,
                )
        return [self.alone(request) for request in requests]

    def alone(self, request: SubRequest) -> SubResponse:
        """Send a request in a call of its own; errors as for :meth:`send`."""
        return composite.send_alone(self.session, request)


def _may_have_written(error: SalesforceError, requests: Sequence[SubRequest]) -> bool:
    """Whether a refusal that is none of Salesforce's own came for a write, and so perhaps after it."""
    is_write = any(request.method != "GET" for request in requests)
    return is_write and not error.code and error.status not in _NOT_ALLOWED

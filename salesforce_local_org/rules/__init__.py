"""The one validator: what a record may hold, the same through every door of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salesforce_local_org.rules import checks, draft
from salesforce_local_org.rules.errors import RecordError, RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from salesforce_local_org.org import Org
    from salesforce_local_org.schema import SObject

__all__ = ["RecordError", "RequestError", "validate"]


def validate(
    org: Org, sobject: SObject, values: Mapping[str, Any], before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Check a record and give what the store is to keep of it.

    Args:
        org: The org.
        sobject: The record's object.
        values: JSON values by field name; parents may be named by their own keys.
        before: The record as it is, for an update; None for a create.

    Raises:
        RecordError: Why the record is refused.
    """
    read = draft.read(sobject, values)
    if before is None:
        return checks.for_create(org, read, org.user_id)
    return checks.for_update(org, read, dict(before))

"""``/limits`` and ``/limits/recordCount``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salesforce_local_org.api.http import Request, Response, Router, json_response
from salesforce_local_org.tables import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from salesforce_local_org.org import Org
    from salesforce_local_org.schema import SObject

router = Router()


@router.route("GET", "/services/data/v{version}/limits")
def limits(request: Request) -> Response:
    """Every limit, with its maximum and what remains of it."""
    return json_response(dict(request.org.limits.listing()))


@router.route("GET", "/services/data/v{version}/limits/recordCount")
def record_counts(request: Request) -> Response:
    """How many records objects have: those in ``sObjects``, else all. Salesforce's may lag, these do not."""
    wanted = request.query.get("sObjects", "")
    counts = count_records(request.org, _named(request.org, wanted) if wanted else request.org.schema)
    return json_response({"sObjects": [{"count": count, "name": name} for name, count in counts.items()]})


def count_records(org: Org, sobjects: Iterable[SObject]) -> dict[str, int]:
    """The number of records, without those in the recycle bin, of each object that can be queried."""
    counts: dict[str, int] = {}
    with org.store.lock:
        for sobject in sobjects:
            if sobject.queryable:
                sql = f"SELECT count(*) FROM {quoted(sobject.name)}"  # noqa: S608 - a name of the schema
                alive = ' WHERE "IsDeleted" = 0' if sobject.soft_deletes else ""
                counts[sobject.name] = org.store.connection.execute(sql + alive).fetchone()[0]
    return counts


def _named(org: Org, names: str) -> list[SObject]:
    found = (org.schema.object(name.strip()) for name in names.split(","))
    return [sobject for sobject in found if sobject]

"""Headers leave as Salesforce spells them: Airbyte's source, for one, works with no other spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_org_client import OrgClient

EVERYWHERE = {
    "Cache-Control",
    "Content-Length",
    "Content-Type",
    "Date",
    "Strict-Transport-Security",
    "Vary",
    "X-Content-Type-Options",
    "X-Robots-Tag",
    "X-XSS-Protection",
}


def test_headers_keep_their_spelling(org: OrgClient) -> None:
    record_id = org.create("Lead", [{"LastName": "Byron", "Company": "A"}])[0]

    read = org.rest("GET", f"sobjects/Lead/{record_id}", headers={"Accept-Encoding": "gzip"})
    stranger = org.http("GET", "/services/data/v64.0/limits")

    assert set(read.headers) == EVERYWHERE | {"Content-Encoding", "Last-Modified", "Sforce-Limit-Info"}
    assert set(stranger.headers) == EVERYWHERE | {"WWW-Authenticate"}

"""HTTP itself: what every answer has, what is refused before anybody looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_org_client import OrgClient


def test_versions_are_listed_to_anybody_and_cost_nothing(org: OrgClient) -> None:
    answer = org.http("GET", "/services/data/")

    versions = answer.json()
    assert versions[0] == {"label": "Summer '14", "url": "/services/data/v31.0", "version": "31.0"}
    assert versions[-1] == {"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"}
    assert org.api_calls() == 0

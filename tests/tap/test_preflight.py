"""``--test``: what a login may do, told before a row is read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_org_client import OrgClient
    from running import TapRunner


def lines(table: str) -> dict[str, str]:
    found = (re.split(r"\s{2,}", line, maxsplit=1) for line in table.splitlines()[1:])
    return dict(found)


def test_all_is_well(demo_org: OrgClient, demo_tap: TapRunner) -> None:
    demo_org.forget_requests()
    outcome = demo_tap.run("--test").ended()
    found = lines(outcome.stdout)
    assert found["login"] == f"ok      at {demo_org.url}"
    assert re.fullmatch(r"ok      [\d,]+ used, [\d,]+ left", found["API requests of the last 24 hours"])
    assert found["accounts"] == found["role"] == "ok"
    assert len(found) > 45
    assert sum(each["api_calls"] for each in demo_org.requests()) <= 18


def test_what_is_missing_is_named_with_its_remedy(org: OrgClient, tap: TapRunner) -> None:
    outcome = tap.run("--test").ended()
    assert lines(outcome.stdout)["lead_tags"] == "missing  tagging is off in this org (Setup: Tag Settings)"


def test_a_permission_that_is_missing_is_named_with_what_needs_it(org: OrgClient, tap: TapRunner) -> None:
    fields = ("ApiEnabled", "ViewSetup", "ViewAllData", "ViewRoles", "ManageUsers")
    row = {f"Permissions{each}": each not in {"ViewRoles", "ViewAllData"} for each in fields}
    answer = {"status": 200, "body": {"totalSize": 1, "done": True, "records": [row]}}
    org.faults([{"path": "FROM.UserPermissionAccess", "action": answer}])
    found = lines(tap.run("--test", catalog=tap.catalog("leads")).ended().stdout)
    missing = {name: told for name, told in found.items() if name.startswith("permission")}
    assert missing["permission View Roles and Role Hierarchy"] == "missing  needed for role"
    assert missing.keys() == {"permission View Roles and Role Hierarchy", "permission View All Data"}


def test_the_catalog_says_what_is_checked(org: OrgClient, tap: TapRunner) -> None:
    outcome = tap.run("--test", catalog=tap.catalog("leads")).ended()
    assert set(lines(outcome.stdout)) == {"login", "API requests of the last 24 hours", "leads"}


def test_a_stream_that_the_user_has_named_must_be_there(org: OrgClient, tap: TapRunner) -> None:
    """The run leaves it out with a warning; a check before it says so by its exit code."""
    catalog = tap.catalog("leads", "users")
    org.local("POST", "hidden", ["Lead"])
    outcome = tap.run("--test", catalog=catalog).ended(1)
    assert lines(outcome.stdout)["leads"].startswith("missing")
    assert "These streams cannot be read: leads." in outcome.errors[-1]
    tap.run("--test", include_objects=["Nothing_*"]).ended()
    named = tap.run("--test", include_objects=["Organisation"]).ended(1)
    assert lines(named.stdout)["Organisation"].startswith("missing  include_objects names it")


def test_a_stream_that_cannot_be_read_fails_the_test(org: OrgClient, tap: TapRunner) -> None:
    catalog = tap.catalog("leads", "users")
    refused = [{"errorCode": "INSUFFICIENT_ACCESS", "message": "insufficient access rights"}]
    answer = {"body": refused, "httpHeaders": {}, "httpStatusCode": 400}
    members = [{**answer, "referenceId": f"member{at}"} for at in (0, 1)]
    body = {"compositeResponse": members}
    org.faults([{"path": "/composite$", "skip": 1, "times": 1, "action": {"status": 200, "body": body}}])
    outcome = tap.run("--test", catalog=catalog).ended(1)
    assert lines(outcome.stdout)["leads"].startswith("failed")
    assert "These streams cannot be read: leads, users." in outcome.errors[-1]


def test_limits_that_the_user_may_not_see_are_said(org: OrgClient, tap: TapRunner) -> None:
    refused = [{"errorCode": "FORBIDDEN", "message": "You do not have access"}]
    org.faults([{"path": "/limits", "times": None, "action": {"status": 403, "body": refused}}])
    outcome = tap.run("--test", catalog=tap.catalog("leads")).ended()
    told = lines(outcome.stdout)["API requests of the last 24 hours"]
    assert told.startswith("missing")
    assert "View Setup and Configuration" in told


def test_a_refused_login_is_a_wrong_setting(org: OrgClient, tap: TapRunner) -> None:
    outcome = tap.run("--test", access_token="of-another-org-altogether").ended(2)
    assert "token" in outcome.errors[-1]

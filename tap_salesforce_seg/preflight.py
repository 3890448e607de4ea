"""``--test``: can this user read what is selected? Asked in a few API calls, before a row is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from salesforce_seg import composite, soql
from salesforce_seg.errors import ObjectUnavailable, RunFailed, SalesforceError
from salesforce_seg.text_table import text_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from salesforce_seg.session import Session
    from tap_salesforce_seg.catalog import LeftOut
    from tap_salesforce_seg.stream import CollectionStream

FINE, MISSING, FAILED = "ok", "missing", "failed"

USER_PERMISSIONS = {
    "PermissionsApiEnabled": ("API Enabled", "every call"),
    "PermissionsViewSetup": ("View Setup and Configuration", "the org's limits, profiles, groups, periods"),
    "PermissionsViewAllData": ("View All Data", "activities and records that are not shared with the user"),
    "PermissionsViewRoles": ("View Roles and Role Hierarchy", "role"),
    "PermissionsManageUsers": ("Manage Users", "user_login"),
}
"""Fields of UserPermissionAccess: what Setup calls the permission, and what needs it.

Source: Object Reference, "UserPermissionAccess".
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the result."""

    what: str
    result: str
    remark: str = ""


def check(session: Session, streams: Sequence[CollectionStream], left_out: Sequence[LeftOut]) -> None:
    """Print what a run needs, what of it is there and what is missing.

    Args:
        session: The connection to the org.
        streams: The selected streams.
        left_out: What discovery left out.

    Raises:
        RunFailed: A stream cannot be read that is there, or that the user has named.
        ConfigurationError: The login was refused.
    """
    findings = list(_findings(session, streams, left_out))
    click.echo(
        text_table(("checked", "result", ""), [(each.what, each.result, each.remark) for each in findings])
    )
    asked_for = {each.stream for each in left_out if each.asked_for}
    failed = [each.what for each in findings if each.result == FAILED or each.what in asked_for]
    if failed:
        raise RunFailed(f"These streams cannot be read: {', '.join(failed)}.")


def _findings(
    session: Session, streams: Sequence[CollectionStream], left_out: Sequence[LeftOut]
) -> Iterator[Finding]:
    yield Finding("login", FINE, f"at {session.instance_url}")
    yield from _permissions(session)
    yield _requests_left(session)
    yield from (Finding(each.stream, MISSING, each.reason) for each in left_out)
    yield from _streams(session, streams)


def _permissions(session: Session) -> Iterator[Finding]:
    """What the user may do at all; nothing where the org does not tell."""
    try:
        rows = session.call_json(
            "GET", "query", params={"q": soql.select(USER_PERMISSIONS, "UserPermissionAccess", limit=1)}
        )["records"]
    except SalesforceError:
        return
    for row in rows:
        for field, (name, needed_for) in USER_PERMISSIONS.items():
            if field in row and not row[field]:
                yield Finding(f"permission {name}", MISSING, f"needed for {needed_for}")


def _requests_left(session: Session) -> Finding:
    title = "API requests of the last 24 hours"
    try:
        limit = session.call_json("GET", "limits")["DailyApiRequests"]
    except (ObjectUnavailable, KeyError):
        usage = session.usage
        told = f"{usage.used:,} used, {usage.allowed - usage.used:,} left" if usage else "not told"
        return Finding(title, MISSING, f"{told}; the user lacks View Setup and Configuration")
    most, left = int(limit["Max"]), int(limit["Remaining"])
    return Finding(title, FINE, f"{most - left:,} used, {left:,} left")


def _streams(session: Session, streams: Sequence[CollectionStream]) -> Iterator[Finding]:
    asked = [each for each in streams if each.definition.sobject.queryable]
    questions = [soql.select(["Id"], each.definition.sobject.name, limit=1) for each in asked]
    answers = composite.send(session, [composite.query(session, each, all_rows=True) for each in questions])
    for stream, answer in zip(asked, answers, strict=True):
        if answer.ok:
            yield Finding(stream.name, FINE, stream.agenda.reason_for_full_sync and "read in full")
        else:
            yield Finding(
                stream.name, FAILED, answer.error(f"Querying {stream.definition.sobject.name}").message
            )
    for each in streams:
        if each not in asked:
            sources = len(each.definition.sources)
            yield Finding(each.name, FINE, f"by the lookups of {sources} objects that this user sees")

"""Objects too wide for any one query: Bulk API 2.0 refuses them, REST has no room for all their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from bulk_jobs import ingest
from chaos_loader import Loader, differences
from chaos_zygote import Strike

if TYPE_CHECKING:
    from chaos_zygote import Ended, Zygote
    from local_org_client import OrgClient
    from running import TapRunner

BEFORE = "2026-06-01T09:00:00Z"

WIDE, STREAM = "Wide__c", "wide_c"
FIELDS = [f"Field_{number:03}_with_a_name_as_long_as_it_goes__c" for number in range(280)]
ROWS = 60

NO_ROOM = {
    "path": "/composite$",
    "longer_than": 9000,
    "times": None,
    "action": {"status": 414, "body": [{"errorCode": "URI_TOO_LONG", "message": "URI too long"}]},
}
NO_BULK = {
    "method": "POST",
    "path": "/jobs/query$",
    "times": None,
    "action": {
        "status": 400,
        "body": [{"errorCode": "INVALIDENTITY", "message": "Entity is not supported by the Bulk API."}],
    },
}
OTHER_PART = "/query(All)?[?].*WHERE.Id.IN"
"""The path of a request for the other fields of rows that the first part has found."""


@pytest.fixture
def ids(org: OrgClient) -> list[str]:
    """Sixty rows of an object with 280 long field names; pages of twenty-five."""
    org.clock(freeze_at=BEFORE)
    metadata = {"label": "Wide", "pluralLabel": "Wide", "nameField": {"type": "Text", "label": "Name"}}
    org.rest("POST", "tooling/sobjects/CustomObject", json={"FullName": WIDE, "Metadata": metadata})
    for name in FIELDS:
        org.custom_field(f"{WIDE}.{name}")
    return org.create(WIDE, [whole(f"row {number}") for number in range(ROWS)])


def whole(text: str) -> dict[str, str]:
    """Values by which a row shows whether its parts belong together."""
    return {"Name": text} | dict.fromkeys((FIELDS[0], FIELDS[150], FIELDS[-1]), text)


def assert_whole(row: dict[str, Any]) -> None:
    values = {value for name, value in row.items() if name.startswith(("name", "field_")) and value}
    assert len(values) == 1, f"torn: {values}"


class Sync:
    """The tap, all of whose usual ways are blocked, and a loader.

    Attributes:
        loader: What has been loaded.
        rows: Those of the last run.
    """

    def __init__(self, org: OrgClient, zygote: Zygote, tap: TapRunner, stream: str, **settings: Any) -> None:
        self.loader = Loader()
        self.rows: list[dict[str, Any]] = []
        self._org, self._zygote, self._tap = org, zygote, tap
        self._settings = settings | {"concurrency": 1}
        self._catalog = tap.discover(**settings)
        self._catalog["streams"] = [
            each for each in self._catalog["streams"] if each["tap_stream_id"] == stream
        ]

    def __call__(self, *strikes: Strike, rules: list[dict[str, Any]]) -> Ended:
        """Run the tap over pages of twenty-five rows, and load what it says."""
        self._org.limits(QueryPageRecords={"Max": 25})
        self._org.faults([*rules, NO_ROOM, NO_BULK])
        line = self._tap.command(catalog=self._catalog, state=self.loader.state, **self._settings)
        ended = self._zygote.run(line[line.index("--config") :], strikes)
        self._org.local("DELETE", "faults")
        self._org.limits(QueryPageRecords={"Max": 2000})
        assert ended.exit_code == 0, ended.stderr
        messages = self.loader.load(ended.stdout.splitlines())
        self.rows = [each["record"] for each in messages if each["type"] == "RECORD"]
        return ended


def test_rows_that_change_between_two_parts_are_neither_torn_nor_lost(
    org: OrgClient, zygote: Zygote, tap: TapRunner, ids: list[str]
) -> None:
    gone: set[str] = set()
    for hour, api_type in enumerate(("rest", "auto"), start=12):
        org.clock(freeze_at=f"2026-06-01T{hour}:00:00Z")
        sync = Sync(org, zygote, tap, STREAM, include_objects=[WIDE], api_type=api_type)
        changed, binned, purged, *_ = ids[3 * (hour - 2) :]

        def meanwhile(
            _: int, hour: int = hour, changed: str = changed, binned: str = binned, purged: str = purged
        ) -> None:
            org.clock(freeze_at=f"2026-06-01T{hour}:00:05Z")
            org.rest("PATCH", f"sobjects/{WIDE}/{changed}", json=whole("changed"))
            org.rest("DELETE", f"sobjects/{WIDE}/{binned}")
            assert not ingest(org, WIDE, f"Id\n{purged}\n", "hardDelete")["numberRecordsFailed"]
            org.create(WIDE, [whole(f"added at {hour}")])

        # The second page's other part: the first part of these rows has come, and they change now.
        late = {"path": OTHER_PART, "skip": 1, "action": {"delay_seconds": 1.5}}
        ended = sync(
            Strike(meanwhile, when=lambda: org.local("GET", "faults")[0]["times"] == 0), rules=[late]
        )
        assert "too many fields for a query; reading them in 2 parts" in ended.stderr
        came = {row["id"]: row for row in sync.rows}
        assert len(came) == len(sync.rows)
        assert came.keys() >= set(ids) - gone
        assert came[purged].keys() == {"id", "is_deleted", "_sdc_deleted_at"}
        assert came[binned]["is_deleted"] is True
        assert came[changed]["name"] == "changed"
        for row in came.values():
            if row["id"] != purged:
                assert_whole(row)
        org.clock(freeze_at=f"2026-06-01T{hour}:30:00Z")
        sync(rules=[])
        assert f"added at {hour}" in {row.get("name") for row in sync.rows}
        described = sync.loader.schemas[STREAM]["schema"]
        assert list(differences(org, WIDE, sync.loader.tables[STREAM], described)) == []
        gone.add(purged)


def test_profiles_that_nothing_takes_whole_come_in_parts(
    org: OrgClient, zygote: Zygote, tap: TapRunner
) -> None:
    sync = Sync(org, zygote, tap, "profile", api_type="auto")
    ended = sync(rules=[])
    assert "Profile is read by REST instead: " in ended.stderr
    assert "Profile: too many fields for a query; reading them in " in ended.stderr
    described = sync.loader.schemas["profile"]["schema"]
    assert len(described["properties"]) > 400
    assert list(differences(org, "Profile", sync.loader.tables["profile"], described)) == []

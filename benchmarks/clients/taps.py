"""The two open taps: singer-io's, and Airbyte's source. Both only as processes of their own.

They log in at Salesforce's own host, which the proxy leads to the org, and then follow ``instance_url``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ground import CREDENTIALS
from place import expect

if TYPE_CHECKING:
    from collections.abc import Iterable

    from place import Place

LONG_AGO = "2010-01-01T00:00:00Z"
STREAMS = ("Account", "Lead", "OpportunityFieldHistory")


def singer(place: Place) -> None:
    """Discover and sync, by REST and by Bulk 1.0, and once more from the state."""
    for api in ("REST", "BULK"):
        config = CREDENTIALS | {"api_type": api, "start_date": LONG_AGO, "select_fields_by_default": True}
        _write(place, "config.json", config)
        catalog = json.loads(place.run(["tap-salesforce", "--config", "config.json", "--discover"]))
        expect(f"discovery by {api}", len(catalog["streams"]) > 45, True)
        streams = STREAMS if api == "REST" else STREAMS[:2]
        _write(place, "catalog.json", _selected(catalog, streams))
        rows, state = _sync(place)
        _expect_all(place, api, rows, streams, "Id")
        place.did.append(f"discover and sync by {api}")
        if api == "REST":
            _write(place, "state.json", state)
            place.org.create("Lead", [{"LastName": "News", "Company": "A"}])
            again, _ = _sync(place, "--state", "state.json")
            names = [row["LastName"] for row in again["Lead"]]
            expect("the second run's leads", ("News" in names, len(names) < len(rows["Lead"])), (True, True))
            place.did.append("sync again from state")


def airbyte(place: Place) -> None:
    """Check, discover and read, by what it chooses and by Bulk 2.0 alone."""
    criteria = [{"criteria": "exacts", "value": name} for name in (*STREAMS, "CaseStatus")]
    config: dict[str, Any] = CREDENTIALS | {
        "start_date": LONG_AGO,
        "stream_slice_step": "P30Y",
        "streams_criteria": criteria,
    }
    for bulk in (False, True):
        _write(place, "config.json", config | {"force_use_bulk_api": bulk})
        if not bulk:
            checked = _messages(place.run(["source-salesforce", "check", "--config", "config.json"]))
            status = next(each for each in checked if each["type"] == "CONNECTION_STATUS")
            expect("check", status["connectionStatus"]["status"], "SUCCEEDED")
            place.did.append("check")
        found = _messages(place.run(["source-salesforce", "discover", "--config", "config.json"]))
        streams = next(each for each in found if each["type"] == "CATALOG")["catalog"]["streams"]
        _write(place, "catalog.json", {"streams": [_configured(each) for each in streams]})
        read = place.run(
            ["source-salesforce", "read", "--config", "config.json", "--catalog", "catalog.json"]
        )
        rows: dict[str, list[dict[str, Any]]] = {}
        for message in _messages(read):
            if message["type"] == "RECORD":
                rows.setdefault(message["record"]["stream"], []).append(message["record"]["data"])
        _expect_all(place, "bulk" if bulk else "auto", rows, (*STREAMS, "CaseStatus"), "Id")
        place.did.append(f"discover and read by {'Bulk 2.0' if bulk else 'REST and Bulk 2.0'}")


def _selected(catalog: dict[str, Any], streams: Iterable[str]) -> dict[str, Any]:
    for stream in catalog["streams"]:
        if stream["stream"] in streams:
            root = next(each["metadata"] for each in stream["metadata"] if not each["breadcrumb"])
            root["selected"] = True
            if keys := root.get("valid-replication-keys"):
                root |= {"replication-method": "INCREMENTAL", "replication-key": keys[0]}
    return catalog


def _sync(place: Place, *more: str) -> tuple[dict[str, list[dict[str, Any]]], Any]:
    """The records of a run of singer-io's tap by stream, and its last state."""
    rows: dict[str, list[dict[str, Any]]] = {}
    state: Any = {}
    arguments = ["tap-salesforce", "--config", "config.json", "--properties", "catalog.json", *more]
    for message in _messages(place.run(arguments)):
        if message["type"] == "RECORD":
            rows.setdefault(message["stream"], []).append(message["record"])
        elif message["type"] == "STATE":
            state = message["value"]
    return rows, state


def _configured(stream: dict[str, Any]) -> dict[str, Any]:
    incremental = "incremental" in stream["supported_sync_modes"]
    return {
        "stream": stream,
        "sync_mode": "incremental" if incremental else "full_refresh",
        "destination_sync_mode": "append",
        "cursor_field": stream.get("default_cursor_field"),
        "primary_key": stream.get("source_defined_primary_key"),
    }


def _expect_all(
    place: Place, way: str, rows: dict[str, list[dict[str, Any]]], streams: Iterable[str], key: str
) -> None:
    for name in streams:
        got = sorted(row[key] for row in rows.get(name, []))
        expect(f"{name} by {way}", got, place.ids(name, all_rows=True))


def _messages(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.split("\n") if line.startswith("{")]


def _write(place: Place, name: str, content: Any) -> None:
    (place.folder / name).write_text(json.dumps(content))

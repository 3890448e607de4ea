from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from local_org_client import OrgClient
    from running import Outcome, TapRunner

LEAD = {"LastName": "A", "Company": "A"}


HELD_UP = {"path": r"queryAll\?.*FROM(\+|%20)Account\b", "times": None, "action": {"hang": True}}


def test_one_at_a_time_streams_are_not_mixed(demo_tap: TapRunner) -> None:
    outcome = demo_tap.run(concurrency=1).ended()
    streams = [each["stream"] for each in outcome.messages if each["type"] != "STATE"]
    assert streams == sorted(streams, key=lambda each: (each == "names", each))
    assert len(outcome.of_type("RECORD")) > 4000


def test_a_stream_is_the_same_however_many_are_read_at_once(demo_org: OrgClient, demo_tap: TapRunner) -> None:
    demo_org.clock(freeze_at=demo_org.clock())
    catalog = demo_tap.catalog("accounts", "contacts", "leads", "tasks", "users", "names")
    alone, at_once = (
        demo_tap.run(catalog=catalog, concurrency=concurrency).ended() for concurrency in (1, 20)
    )
    assert of_each_stream(at_once) == of_each_stream(alone)
    assert at_once.state == alone.state
    last = {each["stream"]: index for index, each in enumerate(at_once.messages) if each["type"] != "STATE"}
    first_name = next(i for i, each in enumerate(at_once.messages) if each.get("stream") == "names")
    assert max(last[each] for each in last if each != "names") < first_name, "names is the last"


def of_each_stream(outcome: Outcome) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for each in outcome.messages:
        if each["type"] != "STATE":
            found.setdefault(each["stream"], []).append(each | {"time_extracted": None})
    return found


def test_a_slow_stream_does_not_hold_up_the_others(org: OrgClient, tap: TapRunner) -> None:
    for name in ("Account", "Lead"):
        org.rest("POST", f"sobjects/{name}", json={"Name": "A"} if name == "Account" else LEAD)
    org.clock(offset_seconds=10)
    catalog = tap.catalog("accounts", "leads")
    org.faults([HELD_UP])
    command = tap.command(catalog=catalog, concurrency=2)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        lines = iter(process.stdout)
        read = next(each for each in map(json.loads, lines) if each["type"] == "RECORD")
        assert read["stream"] == "leads"
        state = next(each for each in map(json.loads, lines) if bookmark(each, "leads"))
        assert not bookmark(state, "accounts")
        process.terminate()
        assert process.wait(60) == 143


def bookmark(message: dict[str, Any], stream: str) -> Any:
    return message.get("value", {}).get("bookmarks", {}).get(stream, {}).get("replication_key_value")


@pytest.mark.parametrize("concurrency", [1, 3])
def test_so_many_queries_are_under_way_at_once(org: OrgClient, tap: TapRunner, concurrency: int) -> None:
    catalog = tap.catalog("accounts", "cases", "contacts", "leads", "tasks")
    org.faults([{"path": "/queryAll", "times": None, "action": {"hang": True}}])
    command = tap.command(catalog=catalog, concurrency=concurrency)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def under_way() -> int:
        return sum(each["path"].endswith("/queryAll") for each in org.requests())

    while under_way() < concurrency:
        assert process.poll() is None
    process.terminate()
    assert process.wait(60) == 143
    assert under_way() == concurrency

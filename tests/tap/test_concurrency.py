from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from local_org_client import OrgClient
    from running import TapRunner


@pytest.mark.parametrize("concurrency", [1, 20])
def test_the_output_does_not_depend_on_concurrency(demo_tap: TapRunner, concurrency: int) -> None:
    outcome = demo_tap.run(concurrency=concurrency).ended()
    streams = [each["stream"] for each in outcome.messages if each["type"] != "STATE"]
    assert streams == sorted(streams, key=lambda each: (each == "names", each)), "streams are not mixed"
    assert len(outcome.of_type("RECORD")) > 4000


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

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from local_org_client import OrgClient
    from running import TapRunner


@pytest.mark.parametrize("concurrency", [1, 4, 20])
def test_the_output_does_not_depend_on_concurrency(demo_tap: TapRunner, concurrency: int) -> None:
    outcome = demo_tap.run(concurrency=concurrency).ended()
    streams = [each.get("stream") for each in outcome.messages if each["type"] != "STATE"]
    order = list(dict.fromkeys(streams))
    assert order == sorted(order)
    assert streams == sorted(streams), "the streams are not mixed"
    assert len(outcome.of_type("RECORD")) == sum(outcome.counts().values()) > 4000


def test_queries_are_under_way_at_once(org: OrgClient, tap: TapRunner) -> None:
    """Four queries that take a second each: one after the other they would take four."""
    catalog = tap.catalog("accounts", "cases", "contacts", "leads")
    org.faults([{"path": "/queryAll", "times": 4, "action": {"delay_seconds": 1.5}}])
    started = time.monotonic()
    tap.run(catalog=catalog, concurrency=4).ended()
    at_once = time.monotonic() - started
    org.faults([{"path": "/queryAll", "times": 4, "action": {"delay_seconds": 1.5}}])
    started = time.monotonic()
    tap.run(catalog=catalog, concurrency=1).ended()
    assert time.monotonic() - started - at_once > 1.5

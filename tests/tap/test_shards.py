from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_salesforce_seg.collections import COLLECTIONS
from tap_salesforce_seg.shards import Shard

if TYPE_CHECKING:
    from local_org_client import OrgClient
    from running import TapRunner


def test_workers_side_by_side_read_what_one_reads(demo_org: OrgClient, demo_tap: TapRunner) -> None:
    whole = demo_tap.run().ended()
    parts = [demo_tap.run(shard=f"{number}/3").ended() for number in (1, 2, 3)]
    assert sum(len(part.counts()) for part in parts) == len(whole.counts())
    together: dict[str, int] = {}
    bookmarks: dict[str, str] = {}
    for part in parts:
        assert len(part.counts()) > 10
        together |= part.counts()
        bookmarks |= part.state["bookmarks"]
    assert together == whole.counts()
    assert bookmarks.keys() == whole.state["bookmarks"].keys()


def test_a_worker_without_streams_says_so(tap: TapRunner) -> None:
    alone = tap.run(catalog=tap.catalog()).ended()
    assert "Nothing is read, as no stream is selected." in alone.stderr
    one_of_three = tap.run(catalog=tap.catalog("leads"), shard="2/3").ended()
    assert "Nothing is read, as no stream is selected that shard 2/3 reads." in one_of_three.stderr


@given(name=st.text(), workers=st.integers(1, 50))
def test_every_object_is_read_by_one_worker(name: str, workers: int) -> None:
    assert sum(Shard(number, workers).reads(name) for number in range(1, workers + 1)) == 1


def test_documented_collections_are_spread_evenly() -> None:
    sizes = [sum(Shard(number, 4).reads(each.sobject) for each in COLLECTIONS) for number in (1, 2, 3, 4)]
    assert sizes == [12, 12, 12, 12]


@pytest.mark.parametrize("wrong", ["0/2", "3/2", "1", "one/two", "1/0", "-1/2", ""])
def test_a_wrong_shard_is_said(tap: TapRunner, wrong: str) -> None:
    outcome = tap.run(shard=wrong).ended(2)
    assert "shard must be like 2/4" in outcome.errors[-1]


def test_a_worker_uses_its_part_of_the_quota(org: OrgClient, tap: TapRunner) -> None:
    org.limits(DailyApiRequests={"Max": 1000, "Remaining": 1000})
    catalog = tap.catalog("leads", "users", "accounts")
    outcome = tap.run(catalog=catalog, shard="1/20", quota_percent_per_run=20, quota_percent_total=100)
    assert outcome.exit_code == 0
    org.limits(DailyApiRequests={"Max": 100, "Remaining": 100})
    outcome = tap.run(catalog=catalog, shard="1/20", quota_percent_per_run=20, quota_percent_total=100).ended(
        3
    )
    assert "allows one run 1 %" in outcome.errors[-1]

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salesforce_seg.errors import QuotaExhausted
from salesforce_seg.limits import QuotaGuard, Usage, parse_limit_info

SPELLINGS = {
    "api-usage=695/15000": Usage(695, 15000),
    "api-usage=25/5000; per-app-api-usage=17/250(appName=sample-app)": Usage(25, 5000),
    "api-usage=10018/100000; api-bursts=1/750": Usage(10018, 100000),
    "per-app-api-usage=17/250(appName=x); api-usage=25/5000": Usage(25, 5000),
    "per-app-api-usage=17/250(appName=api-usage=1/2),api-usage=25/5000": Usage(25, 5000),
    "api-bursts=1/750,api-usage=3/4": Usage(3, 4),
    "  api-usage = 5 / 10 ": Usage(5, 10),
    "api-usage=5/10,per-app-api-usage=1/2(appName=a;b)": Usage(5, 10),
}
RUBBISH = [None, "", "api-usage", "api-usage=", "api-usage=a/b", "api-usage=5", "api-usage=5/0"]
RUBBISH += ["per-app-api-usage=17/250(appName=x)", "x-api-usage=1/2", "api-bursts=1/750"]


@pytest.mark.parametrize(("header", "usage"), SPELLINGS.items())
def test_every_spelling_is_read(header: str, usage: Usage) -> None:
    assert parse_limit_info(header) == usage


@pytest.mark.parametrize("header", RUBBISH)
def test_what_cannot_be_read_is_no_usage(header: str | None) -> None:
    assert parse_limit_info(header) is None


@given(st.text())
def test_no_header_is_a_crash(header: str) -> None:
    parse_limit_info(header)


def test_the_highest_number_and_the_calls_since_count() -> None:
    guard = QuotaGuard(80, 100)
    guard.admit()
    guard.observe("api-usage=700/1000")
    guard.admit()
    guard.observe("api-usage=650/1000")  # another server, which knows less
    assert guard.usage == Usage(701, 1000)
    for _ in range(99):
        guard.admit()
    with pytest.raises(QuotaExhausted, match=r"800 of the org's 1,000"):
        guard.admit()


def test_others_may_use_the_day_up() -> None:
    guard = QuotaGuard(80, 25)
    guard.admit()
    guard.observe("api-usage=12000/15000")
    with pytest.raises(QuotaExhausted, match=r"quota_percent_total.*12,000 of the org's 15,000.*80 %"):
        guard.admit()
    assert guard.calls == 1


def test_without_a_header_there_is_nothing_to_guard() -> None:
    guard = QuotaGuard(1, 1)
    for _ in range(10_000):
        guard.admit()
        guard.observe(None)
    assert guard.usage is None
    assert guard.calls == 10_000


def test_calls_before_the_first_header_count_too() -> None:
    guard = QuotaGuard(100, 10)
    for _ in range(10):
        guard.admit()
    guard.observe("api-usage=3/100")
    assert guard.usage == Usage(10, 100)
    with pytest.raises(QuotaExhausted, match="quota_percent_per_run"):
        guard.admit()


@given(st.integers(1, 100), st.integers(1, 100), st.lists(st.integers(0, 2000), max_size=300))
def test_the_shares_are_never_exceeded(total: int, per_run: int, headers: list[int]) -> None:
    allowed = 1000
    guard = QuotaGuard(total, per_run)
    guard.observe(f"api-usage=0/{allowed}")
    highest = 0
    for header in headers:
        with contextlib.suppress(QuotaExhausted):
            calls, used = guard.calls, guard.usage
            guard.admit()
            assert calls < allowed * per_run / 100
            assert used is not None
            assert highest <= used.used < allowed * total / 100
        guard.observe(f"api-usage={header}/{allowed}")
        highest = max(highest, header)


def test_threads_do_not_lose_calls() -> None:
    guard = QuotaGuard(100, 100)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: [guard.admit() for _ in range(500)], range(8)))
    assert guard.calls == 4000

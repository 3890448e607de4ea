"""The Singer SDK's own tests for taps, against the local org's demo company.

They are called here instead of by ``get_tap_test_class``, which would need the org while pytest collects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from local_org_client import OrgClient
from singer_sdk.testing import SuiteConfig
from singer_sdk.testing.runners import TapTestRunner
from singer_sdk.testing.suites import tap_stream_attribute_tests, tap_stream_tests, tap_tests

from tap_salesforce_seg.tap import TapSalesforceSeg

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_org_client import LocalOrgProcess
    from singer_sdk.testing.templates import AttributeTestTemplate, StreamTestTemplate, TapTestTemplate

EVERY_STREAM_HAS_ROWS = SuiteConfig(max_records_limit=50)
NULLS_MAY_BE = SuiteConfig(max_records_limit=50, ignore_no_records=True)


@pytest.fixture(scope="module")
def runner(local_org: LocalOrgProcess) -> Iterator[TapTestRunner]:
    client = OrgClient(local_org.url)
    client.reset("demo")
    config = {"instance_url": local_org.url, "access_token": client.token()}
    runner = TapTestRunner(TapSalesforceSeg, config, EVERY_STREAM_HAS_ROWS)
    runner.sync_all()
    yield runner
    client.close()


@pytest.fixture(scope="module")
def tap(runner: TapTestRunner) -> TapSalesforceSeg:
    return runner.new_tap()  # type: ignore[return-value]


@pytest.mark.parametrize("test", tap_tests.tests, ids=lambda test: test.name)
def test_the_tap(test: type[TapTestTemplate], runner: TapTestRunner) -> None:
    test().run(EVERY_STREAM_HAS_ROWS, None, runner)


@pytest.mark.parametrize("test", tap_stream_tests.tests, ids=lambda test: test.name)
def test_each_stream(test: type[StreamTestTemplate], runner: TapTestRunner, tap: TapSalesforceSeg) -> None:
    assert len(tap.streams) == 48
    for stream in tap.streams.values():
        test().run(EVERY_STREAM_HAS_ROWS, None, runner, stream)


@pytest.mark.parametrize("test", tap_stream_attribute_tests.tests, ids=lambda test: test.name)
def test_each_attribute(
    test: type[AttributeTestTemplate], runner: TapTestRunner, tap: TapSalesforceSeg
) -> None:
    for stream in tap.streams.values():
        for name, schema in stream.stream_maps[-1].transformed_schema["properties"].items():
            if test.evaluate(stream=stream, property_name=name, property_schema=schema):
                test().run(NULLS_MAY_BE, None, runner, stream, name)

"""The taps that are measured, and how each is told to read all fields of Account from the recorded server.

All run as processes of their own. Those that know only ``login.salesforce.com`` log in through a proxy that
ends TLS; from then on they speak plain http to the recorded server, as ours does.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from environments import python_environment
from ground import CREDENTIALS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ground import Ground

LONG_AGO = "2010-01-01T00:00:00Z"
SINGER_IO = "tap-salesforce==2.8.1"
AIRBYTE = "airbyte-source-salesforce==2.10.3"

Command = list[str]


@dataclass(frozen=True)
class Tap:
    """A tap by one of its ways to read.

    Attributes:
        name: Package and, for peers, version.
        api: The API it reads by.
        prepare: Installs it, lets it discover, writes its files; the command of a sync.
        ours: Whether it is this project's.
    """

    name: str
    api: str
    prepare: Callable[[Ground], Command]
    ours: bool = False


def seg(
    api_type: str, streams: Sequence[str] = ("accounts",), **settings: Any
) -> Callable[[Ground], Command]:
    """This project's tap."""

    def prepare(ground: Ground) -> Command:
        program = [sys.executable, "-m", "tap_salesforce_seg"]
        config = CREDENTIALS | {"login_url": ground.server_url, "api_type": api_type} | settings
        files = ["--config", ground.write("config.json", config)]
        catalog = json.loads(ground.run([*program, *files, "--discover"]))
        for stream in catalog["streams"]:
            root = next(each["metadata"] for each in stream["metadata"] if not each["breadcrumb"])
            root["selected"] = stream["tap_stream_id"] in streams
        return [*program, *files, "--catalog", ground.write("catalog.json", catalog)]

    return prepare


def singer(requirement: str, cache_name: str, api_type: str) -> Callable[[Ground], Command]:
    """A tap of singer-io's kind: theirs, or MeltanoLabs', which descends from it."""

    def prepare(ground: Ground) -> Command:
        program = str(python_environment(ground.cache / cache_name, requirement) / "tap-salesforce")
        config = CREDENTIALS | {
            "api_type": api_type,
            "start_date": LONG_AGO,
            "select_fields_by_default": True,
        }
        files = ["--config", ground.write("config.json", config)]
        catalog = json.loads(ground.run([program, *files, "--discover"]))
        account = next(each for each in catalog["streams"] if each["tap_stream_id"] == "Account")
        root = next(each["metadata"] for each in account["metadata"] if not each["breadcrumb"])
        root |= {"selected": True, "replication-method": "INCREMENTAL", "replication-key": "SystemModstamp"}
        return [program, *files, "--properties", ground.write("catalog.json", {"streams": [account]})]

    return prepare


def airbyte(*, bulk: bool) -> Callable[[Ground], Command]:
    """Airbyte's source: by what it chooses, which for Account is REST, or told to use Bulk API 2.0."""

    def prepare(ground: Ground) -> Command:
        program = str(python_environment(ground.cache / "airbyte", AIRBYTE) / "source-salesforce")
        config = CREDENTIALS | {
            "start_date": LONG_AGO,
            "stream_slice_step": "P30Y",
            "streams_criteria": [{"criteria": "exacts", "value": "Account"}],
            "force_use_bulk_api": bulk,
        }
        files = ["--config", ground.write("config.json", config)]
        lines = ground.run([program, "discover", *files]).splitlines()
        messages = [json.loads(line) for line in lines if line.startswith("{")]
        catalog = next(each["catalog"] for each in messages if each["type"] == "CATALOG")
        (account,) = (each for each in catalog["streams"] if each["name"] == "Account")
        configured = {
            "stream": account,
            "sync_mode": "incremental",
            "destination_sync_mode": "append",
            "cursor_field": account["default_cursor_field"],
            "primary_key": account["source_defined_primary_key"],
        }
        return [
            program,
            "read",
            *files,
            "--catalog",
            ground.write("catalog.json", {"streams": [configured]}),
        ]

    return prepare


OURS = (
    Tap("tap-salesforce-seg", "Bulk 2.0", seg("bulk2"), ours=True),
    Tap("tap-salesforce-seg", "REST", seg("rest"), ours=True),
)
PEERS = (
    Tap("singer-io tap-salesforce 2.8.1", "REST", singer(SINGER_IO, "tap-salesforce", "REST")),
    Tap("singer-io tap-salesforce 2.8.1", "Bulk 1.0", singer(SINGER_IO, "tap-salesforce", "BULK")),
    Tap("Airbyte source-salesforce 2.10.3", "REST", airbyte(bulk=False)),
    Tap("Airbyte source-salesforce 2.10.3", "Bulk 2.0", airbyte(bulk=True)),
)


def meltanolabs(source: Path) -> tuple[Tap, ...]:
    """MeltanoLabs' tap, which is on no package index, from a checkout of its source."""
    return tuple(
        Tap("MeltanoLabs tap-salesforce", api, singer(str(source.resolve()), "meltanolabs", setting))
        for api, setting in (("REST", "REST"), ("Bulk 1.0", "BULK"), ("Bulk 2.0", "BULK2"))
    )

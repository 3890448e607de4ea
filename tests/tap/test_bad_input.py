from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_org_client import OrgClient
    from running import Outcome, TapRunner


@pytest.fixture
def silent_tap(tap_at: Callable[..., TapRunner]) -> TapRunner:
    """The tap, pointed where nothing listens: what is wrong must be found before asking there."""
    return tap_at(instance_url="http://127.0.0.1:1", access_token="secret-token", max_retries=0)


def only_error(outcome: Outcome, exit_code: int) -> str:
    """The one line of the log that says what went wrong."""
    outcome.ended(exit_code)
    (line,) = outcome.errors
    return line


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("naming", "camel", "naming"),
        ("api_type", "soap", "api_type"),
        ("lookback_window", -1, "lookback_window"),
        ("lookback_window", 10**12, "lookback_window"),
        ("start_date", "soon", "start_date"),
        ("include_objects", "Invoice__c", "include_objects"),
        ("select_fields_by_default", "perhaps", "select_fields_by_default"),
        ("api_version", "latest", "api_version"),
    ],
)
@pytest.mark.parametrize("option", [(), ("--discover",)], ids=["sync", "discover"])
def test_a_wrong_setting_is_one_clear_error(
    tap_at: Callable[..., TapRunner], option: tuple[str, ...], setting: str, value: Any, said: str
) -> None:
    tap = tap_at(instance_url="http://127.0.0.1:1", access_token="secret-token", **{setting: value})
    outcome = tap.run(*option)
    assert said in only_error(outcome, 2)
    assert outcome.stdout == ""
    assert "secret-token" not in outcome.stderr


def test_what_is_no_setting_is_said(silent_tap: TapRunner) -> None:
    outcome = silent_tap.run(
        "--test", start_dte="2026-01-01", streams_to_discover=["Lead"], pasword="4711815"
    )
    told = "These are no settings, and change nothing: pasword (password?), start_dte (start_date?)"
    assert f"{told}, streams_to_discover." in outcome.stderr
    assert "4711815" not in outcome.stderr


def test_a_secret_of_the_wrong_type_is_not_shown(tap_at: Callable[..., TapRunner]) -> None:
    outcome = tap_at(username="a@b.example", password=[4711815]).run()
    assert "password" in only_error(outcome, 2)
    assert "4711815" not in outcome.stderr


def test_missing_credentials_are_named(tap_at: Callable[..., TapRunner]) -> None:
    line = only_error(tap_at().run(), 2)
    assert "username" in line
    line = only_error(tap_at(access_token="abc").run("--discover"), 2)
    assert "instance_url" in line


def test_a_dead_token_is_a_wrong_setting(org: OrgClient, tap_at: Callable[..., TapRunner]) -> None:
    outcome = tap_at(instance_url=org.url, access_token="00D!stale").run()
    assert "access_token" in only_error(outcome, 2)
    assert "00D!stale" not in outcome.stderr


def test_a_refused_password_says_what_to_do(org: OrgClient, tap_at: Callable[..., TapRunner]) -> None:
    said = {"error": "invalid_grant", "error_description": "authentication failure - Invalid Password"}
    org.faults([{"path": "oauth2/token", "times": None, "action": {"status": 400, "body": said}}])
    who = {
        "username": "ada@example.com",
        "password": "wrong-one",
        "client_id": "a",
        "client_secret": "bbbbbbbb",
    }
    outcome = tap_at(login_url=org.url, **who).run()
    assert "password" in only_error(outcome, 2).lower()
    assert "wrong-one" not in outcome.stderr


def test_an_unreachable_host_is_named(tap_at: Callable[..., TapRunner]) -> None:
    tap = tap_at(instance_url="http://127.0.0.1:1", access_token="abc", max_retries=0)
    assert "127.0.0.1" in only_error(tap.run(), 1)


@pytest.mark.parametrize("option", ["--config", "--catalog", "--state"])
def test_a_file_that_is_not_there(silent_tap: TapRunner, option: str) -> None:
    assert "/nowhere.json" in only_error(silent_tap.run(option, "/nowhere.json"), 2)


def test_a_config_that_is_not_json(silent_tap: TapRunner, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{instance_url: x}")
    assert "JSON" in only_error(silent_tap.run("--config", str(broken)), 2)


@pytest.mark.parametrize("text", ["", "{", "[1, 2"])
@pytest.mark.parametrize("what", ["catalog", "state"])
def test_a_file_that_is_not_json(silent_tap: TapRunner, what: str, text: str) -> None:
    line = only_error(silent_tap.run(**{what: text}), 2)
    assert f"{what}.json is not JSON" in line


def test_files_may_be_as_powershell_writes_them(tap: TapRunner, lead: str, tmp_path: Path) -> None:
    catalog, state = tmp_path / "utf-16.json", tmp_path / "bom.json"
    catalog.write_bytes(json.dumps(tap.catalog("leads")).encode("utf-16"))
    state.write_text("{}", encoding="utf-8-sig")
    outcome = tap.run(catalog=catalog, state=state).ended()
    assert [record["id"] for record in outcome.records("leads")] == [lead]


@pytest.mark.parametrize(
    "catalog",
    [
        [],
        {},
        {"streams": {}},
        {"streams": ["leads"]},
        {"streams": [{"stream": "leads"}]},
        {"streams": [{"tap_stream_id": "leads", "schema": []}]},
        {"streams": [{"tap_stream_id": "leads", "schema": {"properties": ["id"]}}]},
        {"streams": [{"tap_stream_id": "leads", "schema": {"properties": {"id": "string"}}}]},
        {"streams": [{"tap_stream_id": "leads", "schema": {}, "metadata": {}}]},
        {"streams": [{"tap_stream_id": "leads", "schema": {}, "metadata": [{"breadcrumb": []}]}]},
    ],
)
def test_a_catalog_that_is_none(silent_tap: TapRunner, catalog: Any) -> None:
    assert "catalog is broken" in only_error(silent_tap.run(catalog=catalog), 2)


def test_a_state_that_is_none(silent_tap: TapRunner) -> None:
    state = {"bookmarks": {"leads": {"replication_key_value": "yesterday"}}}
    assert "replication_key_value of leads" in only_error(silent_tap.run(state=state), 2)


def test_an_unknown_option(silent_tap: TapRunner) -> None:
    assert "--frobnicate" in only_error(silent_tap.run("--frobnicate"), 2)


@pytest.fixture
def lead(org: OrgClient) -> str:
    """The Id of a Lead that no run is too early for."""
    org.clock(offset_seconds=-3600)
    (lead,) = org.create("Lead", [{"LastName": "Ada", "Company": "Ltd", "Email": "ada@example.com"}])
    org.clock()
    return lead


@pytest.mark.usefixtures("lead")
def test_fields_that_are_no_more_are_said_and_left_out(tap: TapRunner) -> None:
    catalog = tap.catalog("leads")
    (entry,) = [each for each in catalog["streams"] if each["tap_stream_id"] == "leads"]
    entry["schema"]["properties"]["gone_c"] = {"type": ["string", "null"]}
    entry["metadata"].append({"breadcrumb": ["properties", "gone_c"], "metadata": {"selected": True}})
    outcome = tap.run(catalog=catalog).ended()
    assert "leads: the catalog names gone_c, which this org does not have" in outcome.stderr
    assert "gone_c" not in outcome.stdout
    assert outcome.counts() == {"leads": 1}


def test_streams_that_are_no_more_are_said_and_left_out(org: OrgClient, tap: TapRunner) -> None:
    org.create("Lead", [{"LastName": "Ada", "Company": "Ltd"}])
    catalog = tap.catalog("leads")
    for name, selected in (("wizards", True), ("witches", False), ("account_tags", True)):
        metadata = [{"breadcrumb": [], "metadata": {"selected": selected}}]
        catalog["streams"].append({"tap_stream_id": name, "schema": {"properties": {}}, "metadata": metadata})
    outcome = tap.run(catalog=catalog).ended()
    assert "wizards is left out: this org has no such stream" in outcome.stderr
    assert "account_tags is left out: tagging is off in this org" in outcome.stderr
    assert "witches" not in outcome.stderr


def test_a_catalog_that_names_an_odd_replication_key(org: OrgClient, tap: TapRunner) -> None:
    catalog = tap.catalog("leads")
    for entry in catalog["streams"]:
        entry["replication_key"] = "last_name"
    outcome = tap.run(catalog=catalog).ended()
    assert "leads: the catalog's replication key last_name" in outcome.stderr
    assert outcome.state["bookmarks"]["leads"]["replication_key"] == "system_modstamp"


def test_a_catalog_that_renames_a_stream_is_told_how_to(tap: TapRunner) -> None:
    catalog = tap.catalog("leads")
    for entry in catalog["streams"]:
        entry["stream"] = "people" if entry["tap_stream_id"] == "leads" else entry["stream"]
    error = only_error(tap.run(catalog=catalog), 2)
    assert '"leads": {"__alias__": "new name"}' in error
    renamed = tap.run(catalog=tap.catalog("leads"), stream_maps={"leads": {"__alias__": "people"}}).ended()
    assert [each["stream"] for each in renamed.of_type("SCHEMA")] == ["people"]


def test_a_catalog_without_the_columns_that_tell_a_deleted_row_gets_them(
    org: OrgClient, tap: TapRunner, lead: str
) -> None:
    org.clock(offset_seconds=-60)
    org.rest("DELETE", f"sobjects/Lead/{lead}")
    org.clock()
    catalog = tap.catalog("leads")
    (entry,) = [each for each in catalog["streams"] if each["tap_stream_id"] == "leads"]
    kept = {name: entry["schema"]["properties"][name] for name in ("id", "email")}
    entry["schema"]["properties"] = kept
    outcome = tap.run(catalog=catalog).ended()
    (record,) = outcome.records("leads")
    assert record.keys() == {"id", "email", "is_deleted", "_sdc_deleted_at"}
    assert record["is_deleted"] is True
    assert outcome.schema("leads")["schema"]["properties"].keys() == record.keys()


def test_a_catalog_of_other_names_is_an_error(tap: TapRunner) -> None:
    error = only_error(tap.run(catalog=tap.catalog("leads"), naming="api"), 2)
    assert "no streams of the names that the catalog selects" in error


def test_a_catalog_of_what_is_missing_is_no_error(org: OrgClient, tap: TapRunner) -> None:
    catalog = tap.catalog("leads")
    org.local("POST", "hidden", ["Lead"])
    outcome = tap.run(catalog=catalog).ended()
    assert "leads is left out: " in outcome.stderr


def test_a_bookmark_in_the_future_does_not_count(tap: TapRunner, lead: str) -> None:
    state = {"bookmarks": {"leads": {"replication_key_value": "2099-01-01T00:00:00Z"}}}
    outcome = tap.run(catalog=tap.catalog("leads"), state=state).ended()
    assert [record["id"] for record in outcome.records("leads")] == [lead]
    assert "2099-01-01 00:00:00+00:00, lies in the future" in outcome.stderr


@pytest.mark.parametrize("key", ["fields", "version"])
def test_a_state_of_another_shape_is_a_wrong_setting(silent_tap: TapRunner, key: str) -> None:
    line = only_error(silent_tap.run(state={"bookmarks": {"leads": {key: {"what": 7}}}}), 2)
    assert f"The state file is broken: {key} of leads: {{'what': 7}} is not a" in line


def test_moments_before_salesforce_mean_everything(tap: TapRunner, lead: str) -> None:
    catalog = tap.catalog("leads")
    never = "0001-01-01T00:00:00Z"
    state = {"bookmarks": {"leads": {"replication_key_value": never}}}
    for outcome in (tap.run(catalog=catalog, start_date=never), tap.run(catalog=catalog, state=state)):
        assert [record["id"] for record in outcome.ended().records("leads")] == [lead]


def test_a_start_date_in_the_future_is_a_wrong_setting(tap: TapRunner) -> None:
    outcome = tap.run(catalog=tap.catalog("leads"), start_date="2062-06-01")
    assert "start_date lies in the future" in only_error(outcome, 2)
    assert outcome.bookmark("leads") is None


def test_a_test_that_there_is_not(silent_tap: TapRunner) -> None:
    assert "'--test'" in only_error(silent_tap.run("--test=leads"), 2)


def test_a_stream_map_may_be_of_a_stream_that_is_not_selected(tap: TapRunner, lead: str) -> None:
    maps = {"accounts": {"size": "1"}, "lea*": {"size": "2"}}
    outcome = tap.run(catalog=tap.catalog("leads"), stream_maps=maps).ended()
    assert [record["size"] for record in outcome.records("leads")] == [2]
    assert "stream_maps" not in outcome.stderr


def test_a_stream_map_that_changes_nothing_is_said(tap: TapRunner, lead: str) -> None:
    """A name that was mistyped must not let through what it was to hide."""
    maps = {"Leads": {"email": None}, "people": {"__source__": "lead"}, "accounts": {}, "__else__": None}
    outcome = tap.run(catalog=tap.catalog("leads"), stream_maps=maps).ended()
    assert re.findall(r"stream_maps: (\w+) changes nothing", outcome.stderr) == ["Leads", "lead"]


def test_what_becomes_of_other_streams_is_one_clear_error(silent_tap: TapRunner) -> None:
    assert '"__else__" may only be' in only_error(silent_tap.run(stream_maps={"__else__": "drop"}), 2)


@pytest.mark.parametrize("option", [[], ["--plan"]])
def test_a_full_disk_is_one_clear_error(tap: TapRunner, option: list[str], tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full, (tmp_path / "log").open("wb") as log:
        ended = subprocess.run(
            tap.command(*option, catalog=tap.catalog("leads")), stdout=full, stderr=log, check=False
        )
    errors = [line for line in (tmp_path / "log").read_text().splitlines() if "| ERROR" in line]
    assert ended.returncode == 1
    assert len(errors) == 1
    assert "No space left on device" in errors[0]


@pytest.mark.parametrize("expression", ["nofunc(company)", "md5(phone)"])
def test_a_stream_map_that_fails_is_a_wrong_setting(tap: TapRunner, lead: str, expression: str) -> None:
    maps = {"leads": {"company": expression}}
    error = only_error(tap.run(catalog=tap.catalog("leads"), stream_maps=maps), 2)
    assert "stream_maps" in error
    assert lead in error or "nofunc" in error


def test_a_folder_for_known_ids_that_cannot_be_is_found_out_first(tap: TapRunner, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = {"sweep_ids": "daily", "known_ids_path": str(tmp_path / "file")}
    outcome = tap.run(catalog=tap.catalog("leads"), **settings)
    assert "known_ids_path" in only_error(outcome, 2)
    assert outcome.of_type("RECORD") == outcome.of_type("SCHEMA") == []

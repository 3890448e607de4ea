"""The command line: serve, start, stop, status, and how each says no."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from local_org_client import LocalOrgProcess, OrgClient

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = str(Path(sys.executable).with_name("salesforce-local-org"))
SECONDS = 60


def run(*arguments: str, state: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({"XDG_STATE_HOME": str(state)} if state else {})
    return subprocess.run(
        [COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=environment,
        check=False,
    )


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def port(tmp_path: Path) -> Iterator[str]:
    number = str(free_port())
    yield number
    run("stop", "--port", number, state=tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_says_ready_in_one_line_and_ends_on_a_signal(number: signal.Signals) -> None:
    server = subprocess.Popen(
        [COMMAND, "serve", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    word, url = server.stdout.readline().split()

    with urllib.request.urlopen(f"{url}/services/data") as answer:
        assert json.load(answer)
    server.send_signal(number)
    rest, messages = server.communicate(timeout=SECONDS)

    assert (word, rest, server.returncode) == ("ready", "", 0)
    assert url.startswith("http://127.0.0.1:")
    assert messages == "Any user name, password and client id is accepted by this org.\n"


def test_serve_ends_although_a_request_hangs() -> None:
    with LocalOrgProcess() as process, OrgClient(process.url) as client:
        client.faults([{"action": {"hang": True}}])
        host, _, port = process.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as line:
            line.sendall(b"GET /services/data HTTP/1.1\r\nHost: x\r\n\r\n")
            while not client.requests()[-1]["path"].endswith("/data"):
                pass
            assert process.stop() == 0


def test_start_is_detached_and_idempotent_and_stop_ends_it(port: str, tmp_path: Path) -> None:
    before = run("status", "--port", port)
    started = run("start", "--port", port, state=tmp_path)
    again = run("start", "--port", port, state=tmp_path)
    status = run("status", "--port", port)
    stopped = run("stop", "--port", port)
    after = run("status", "--port", port)
    stopped_again = run("stop", "--port", port)

    url = f"http://127.0.0.1:{port}"
    assert (before.returncode, before.stdout) == (3, "")
    assert before.stderr == f"salesforce-local-org: no org is running at 127.0.0.1:{port}\n"
    assert (started.returncode, started.stdout, started.stderr) == (0, f"ready {url}\n", "")
    assert (again.returncode, again.stdout) == (0, f"ready {url}\n")
    assert "already running" in again.stderr
    assert (status.returncode, status.stdout) == (0, f"running {url}\n")
    assert (stopped.returncode, stopped.stdout) == (0, f"stopped {url}\n")
    assert (after.returncode, stopped_again.returncode) == (3, 3)
    log = tmp_path / "salesforce-local-org" / f"{port}.log"
    assert log.read_text() == "Any user name, password and client id is accepted by this org.\n"


def test_start_on_a_free_port_tells_which(tmp_path: Path) -> None:
    started = run("start", "--port=0", "--log", str(tmp_path / "log.txt"))

    word, url = started.stdout.split()
    assert (word, started.returncode) == ("ready", 0)
    assert run("stop", "--port", url.rpartition(":")[2]).returncode == 0


def test_the_file_of_an_org_that_was_stopped_is_whole(port: str, tmp_path: Path) -> None:
    database = tmp_path / "org.sqlite"
    run("start", "--port", port, "--database", str(database), "--seed=demo", "--scale=5", state=tmp_path)
    assert run("stop", "--port", port).returncode == 0
    assert [each.name for each in tmp_path.glob("org.sqlite*")] == ["org.sqlite"]


def test_an_org_that_nobody_uses_ends(port: str, tmp_path: Path) -> None:
    assert run("start", "--port", port, "--idle-timeout", "1", state=tmp_path).returncode == 0
    with socket.create_connection(("127.0.0.1", int(port)), timeout=SECONDS) as line:
        assert line.recv(1) == b""


def test_start_tells_why_it_could_not(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        taken.settimeout(None)
        serve = run("serve", "--port", port)

    assert (serve.returncode, serve.stdout) == (1, "")
    assert serve.stderr == (
        f"salesforce-local-org: port {port} on 127.0.0.1 is in use;"
        " choose another with --port, or 0 for a free one\n"
    )
    schema = tmp_path / "schema.yaml"
    schema.write_text("objects: 5")
    start = run("start", "--port=0", "--schema", str(schema), state=tmp_path)
    assert (start.returncode, start.stdout) == (2, "")
    assert start.stderr.startswith(f"salesforce-local-org: --schema {schema}: ")
    assert start.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "the following arguments are required"),
        (("fly",), "invalid choice: 'fly'"),
        (("serve", "--port", "x"), "--port: expected a number from 0 to 65535, not 'x'"),
        (("serve", "--port", "65536"), "--port: expected a number"),
        (("serve", "--scale", "0"), "--scale: expected a number from 1 to 10000, not '0'"),
        (("serve", "--seed", "big"), "--seed: invalid choice: 'big'"),
        (("serve", "--idle-timeout", "-1"), "--idle-timeout: expected"),
        (("serve", "--nonsense"), "unrecognized arguments: --nonsense"),
        (("serve", "--schema", "/nowhere/x.yaml"), "--schema: there is no file /nowhere/x.yaml"),
        (("start", "--database", "/nowhere/x.db"), "--database: there is no directory /nowhere"),
        (("serve", "--host", "no.such.host.invalid"), "--host: 'no.such.host.invalid' is no address"),
        (("stop", "--seed", "demo"), "unrecognized arguments"),
    ],
)
def test_a_wrong_command_line_is_one_clear_message(arguments: tuple[str, ...], words: str) -> None:
    result = run(*arguments)

    assert result.returncode == 2
    assert result.stdout == ""
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("salesforce-local-org: ")


def test_a_database_that_is_none_is_one_clear_message(tmp_path: Path) -> None:
    database = tmp_path / "org.db"
    database.write_bytes(b"this is no database" * 100)

    result = run("serve", "--port=0", "--database", str(database))

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"salesforce-local-org: --database {database}: file is not a database\n"
    assert database.read_bytes().startswith(b"this is no database")


def test_help_tells_the_words_that_refuse_a_login() -> None:
    result = run("--help")

    assert result.returncode == 0
    assert "expired" in result.stdout
    assert "/_local/faults" in result.stdout


@pytest.mark.parametrize("command", ["serve", "start", "stop", "status"])
def test_help_explains_every_option_of_a_command(command: str) -> None:
    result = run(command, "--help")

    words, _, options = result.stdout.partition("options:\n")
    entries = re.findall(r"^  -.*(?:\n {10}.*)*", options, re.MULTILINE)
    assert result.returncode == 0
    assert words.strip().endswith(".")
    assert len(entries) == words.count("[")
    assert all(re.search(r" {2,}[A-Za-z]\w*\W+\w", entry.lstrip()) for entry in entries), entries


def test_another_host_is_taken_when_told_so_and_said_aloud() -> None:
    server = subprocess.Popen(
        [COMMAND, "serve", "--host=0.0.0.0", "--port=0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    url = server.stdout.readline().split()[1]
    server.terminate()
    _, messages = server.communicate(timeout=SECONDS)

    assert url.startswith("http://0.0.0.0:")
    assert "whoever reaches that address can read and change everything in it" in messages


def test_controls_answer_this_machine_only() -> None:
    address = _other_address()
    with LocalOrgProcess("--host=0.0.0.0") as process:
        port = process.url.rpartition(":")[2]
        with OrgClient(f"http://{address}:{port}") as outside:
            assert outside.http("GET", "/services/data").status_code == 200
            refused = outside.http("POST", "/_local/reset")
            page = outside.http("GET", "/")
        with OrgClient(f"http://127.0.0.1:{port}") as inside:
            allowed = inside.http("POST", "/_local/reset")

    assert (refused.status_code, page.status_code, allowed.status_code) == (403, 403, 200)
    assert refused.json()[0]["errorCode"] == "LOOPBACK_ONLY"


def _other_address() -> str:
    """An address of this machine that is not loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but loopback")
        return str(one.getsockname()[0])


def test_a_database_keeps_the_org(tmp_path: Path) -> None:
    database = tmp_path / "org.db"
    with (
        LocalOrgProcess("--database", str(database), "--seed=demo") as process,
        OrgClient(process.url) as org,
    ):
        org.custom_field("Account.Kept__c")
        (kept,) = org.create("Account", [{"Name": "Kept", "Kept__c": "yes"}])
        accounts = len(org.query("SELECT Id FROM Account"))

    options = ("--database", str(database), "--seed=demo", "--scale=3")
    with LocalOrgProcess(*options) as process, OrgClient(process.url) as org:
        found = org.query(f"SELECT Name, Kept__c FROM Account WHERE Id = '{kept}'")
        accounts_again = len(org.query("SELECT Id FROM Account"))
        tags = org.query("SELECT Id FROM AccountTag")
        org.reset()
        accounts_after_reset = len(org.query("SELECT Id FROM Account"))

    assert found == [{"Name": "Kept", "Kept__c": "yes"}]
    assert accounts_again == accounts
    assert tags
    assert accounts_after_reset == 0
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(*) FROM Account").fetchone() == (0,)


def test_a_schema_file_adds_what_it_says(tmp_path: Path) -> None:
    schema = tmp_path / "schema.yaml"
    schema.write_text(
        "features: {tagging: true}\n"
        "fields:\n- {object: Lead, name: Score__c, type: Number}\n"
        "objects:\n- name: Invoice__c\n  label: Invoice\n  fields:\n  - {name: Total__c, type: Number}\n"
    )
    with LocalOrgProcess("--schema", str(schema)) as process, OrgClient(process.url) as org:
        for _ in range(2):
            names = {each["name"] for each in org.rest("GET", "sobjects").json()["sobjects"]}
            fields = {each["name"] for each in org.rest("GET", "sobjects/Lead/describe").json()["fields"]}
            assert {"AccountTag", "Invoice__c"} <= names
            assert "Score__c" in fields
            org.reset()


def test_a_schema_file_goes_with_a_database_that_has_it_already(tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    options = ("--schema", str(schema), "--database", str(tmp_path / "org.db"))
    field = {"object": "Lead", "name": "Score__c", "type": "Number"}
    schema.write_text(json.dumps({"features": {"tagging": True}, "fields": [field]}))
    with LocalOrgProcess(*options) as process, OrgClient(process.url) as org:
        org.create("Lead", [{"LastName": "A", "Company": "B", "Score__c": 5}])

    more = {"object": "Lead", "name": "Tier__c", "type": "Text", "length": 9}
    schema.write_text(json.dumps({"fields": [field, more]}))
    with LocalOrgProcess(*options) as process, OrgClient(process.url) as org:
        assert org.query("SELECT Score__c, Tier__c FROM Lead") == [{"Score__c": 5, "Tier__c": None}]
        assert org.query("SELECT Id FROM LeadTag") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "neither YAML nor JSON"),
        ("- 1", "expected an object"),
        ("", "expected an object"),
        ("colour: blue", "unknown key 'colour'"),
        ("fields: [{object: Lead, name: Email, type: Text}]", "fields, entry 1"),
        ("features: {magic: true}", "unknown feature 'magic'"),
    ],
)
def test_a_schema_file_that_cannot_be_is_one_clear_message(tmp_path: Path, text: str, words: str) -> None:
    schema = tmp_path / "schema.yaml"
    schema.write_text(text)

    result = run("serve", "--port=0", "--schema", str(schema))

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"salesforce-local-org: --schema {schema}: ")
    assert words in result.stderr
    assert result.stderr.count("\n") == 1

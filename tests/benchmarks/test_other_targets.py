"""Other people's targets are measured from a folder with their source, as processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "target" / "run.py"
EVENTS = 7

PYPROJECT = """
[project]
name = "target-salesforce"
version = "7.1"
[build-system]
requires = []
build-backend = "wheels"
backend-path = ["."]
"""
WHEELS = """
import pathlib, zipfile
NAME, INFO = "target_salesforce-7.1-py3-none-any.whl", "target_salesforce-7.1.dist-info"
FILES = {
    "tiny_target.py": pathlib.Path("tiny_target.py").read_text(),
    f"{INFO}/METADATA": "Metadata-Version: 2.1\\nName: target-salesforce\\nVersion: 7.1\\n",
    f"{INFO}/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    f"{INFO}/entry_points.txt": "[console_scripts]\\ntarget-salesforce = tiny_target:main\\n",
}
FILES[f"{INFO}/RECORD"] = "".join(f"{name},,\\n" for name in (*FILES, f"{INFO}/RECORD"))

def build_wheel(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(pathlib.Path(folder) / NAME, "w") as wheel:
        for name, text in FILES.items():
            wheel.writestr(name, text)
    return NAME
"""
BY_RECORD = """
import json, sys, urllib.parse, urllib.request

def ask(url, method="GET", body=None, kind="application/json", token=""):
    headers = {"Content-Type": kind, "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url, body, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or b"null")

def main():
    config = json.load(open(sys.argv[sys.argv.index("--config") + 1]))
    form = {key: config[key] for key in ("client_id", "client_secret", "refresh_token")}
    form = urllib.parse.urlencode(form | {"grant_type": "refresh_token"}).encode()
    told = ask("https://login.salesforce.com/services/oauth2/token", "POST", form,
               "application/x-www-form-urlencoded")
    data, token = told["instance_url"] + "/services/data/v59.0", told["access_token"]
    kinds = {}
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "SCHEMA":
            kinds = message["schema"]["properties"]
        if message["type"] != "RECORD":
            continue
        fields = message["record"]
        assert set(fields) <= set(kinds)
        if message["stream"] == "contacts":
            assert fields["type"] == "lead"
            fields = {"Email": fields["email"], "LastName": fields["last_name"], "Title": fields["title"]}
        known = fields.pop("Id", None)
        if "action" in config:
            assert (config["action"] == "update") == bool(known)
        elif message["stream"] == "contacts":
            query = urllib.parse.quote("SELECT Name, Id from Lead WHERE Email = '%s'" % fields["Email"])
            found = ask(f"{data}/query?q={query}", token=token)["records"]
            known = found[0]["Id"] if found else None
        else:
            ask(f"{data}/sobjects/", token=token)
            ask(f"{data}/sobjects/Lead/describe", token=token)
            address = fields["Email"].replace("-", "\\\\\\\\-")
            search = urllib.parse.quote("FIND {%s}  IN ALL FIELDS RETURNING Lead(id)" % address)
            found = ask(f"{data}/search/?q={search}", token=token)["searchRecords"]
            known = found[0]["Id"] if found else None
        body = json.dumps(fields).encode()
        if known:
            ask(f"{data}/sobjects/Lead/Id/{known}", "PATCH", body, token=token)
        else:
            ask(f"{data}/sobjects/Lead", "POST", body, token=token)
"""
IDLE = "def main():\n    pass\n"


def source(folder: Path, program: str) -> Path:
    """A folder with a target that installs without a network."""
    folder.mkdir()
    for name, text in {"pyproject.toml": PYPROJECT, "wheels.py": WHEELS, "tiny_target.py": program}.items():
        (folder / name).write_text(text)
    return folder


def benchmark(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """A run of the peers alone, which writes into the folder."""
    (folder / "README.md").write_text("<!-- target: begin --><!-- target: end -->")
    sizes = [f"--events={EVENTS}", f"--loop-events={EVENTS}", "--milliseconds=2"]
    places = [f"--docs={folder}", f"--readme={folder / 'README.md'}", f"--cache={folder / 'cache'}"]
    return subprocess.run(
        [sys.executable, str(BENCHMARK), "--only", "peers", *sizes, "--write", *places, *options],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_each_peer_has_its_lines_with_what_it_wrote_and_what_that_cost(tmp_path: Path) -> None:
    target = source(tmp_path / "source", BY_RECORD)
    done = benchmark(tmp_path, f"--meltanolabs={target}", f"--hotglue={target}")
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads((tmp_path / "target.json").read_text())["peers"]
    describes_again = 1000 * (2 * EVENTS - 2) / EVENTS
    assert [(each["loader"], each["situation"], each["calls_per_thousand"]) for each in figures] == [
        ("MeltanoLabs target-salesforce 7.1", "all new, insert", 1000),
        ("MeltanoLabs target-salesforce 7.1", "all known, update by Id", 1000),
        ("hotglue target-salesforce 7.1", "all new, as contacts", 2000),
        ("hotglue target-salesforce 7.1", "all known, as contacts", 2000),
        ("hotglue target-salesforce 7.1", "all new, as Lead", pytest.approx(2000 + describes_again, abs=1)),
    ]
    assert all(each["events"] == EVENTS and not each["ours"] for each in figures)
    told = (tmp_path / "README.md").read_text()
    assert f"| hotglue target-salesforce 7.1 | all known, as contacts | {EVENTS} |" in told
    assert "MeltanoLabs target-salesforce 7.1 takes records with Salesforce's field names" in told
    bars = [each for each in ET.parse(tmp_path / "target.svg").iter() if each.tag.endswith("rect")]
    assert len(bars) == len(figures)


def test_a_peer_that_does_not_write_fails_and_the_next_is_still_run(tmp_path: Path) -> None:
    idle = source(tmp_path / "idle", IDLE)
    broken = source(tmp_path / "broken", f"{IDLE}    raise SystemExit('no such object')")
    done = benchmark(tmp_path, f"--meltanolabs={idle}", f"--hotglue={broken}")
    assert done.returncode == 1
    wrote_nothing, ended_badly = json.loads((tmp_path / "target.json").read_text())["failures"]
    assert wrote_nothing.endswith(f"all new, insert: 0 of {EVENTS} were written")
    assert "ended with 1" in ended_badly
    assert "no such object" in ended_badly
    assert f"Failed: {wrote_nothing}" in done.stdout

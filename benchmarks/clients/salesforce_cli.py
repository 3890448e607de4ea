"""The Salesforce CLI, ``sf``: logged in with an access token, on plain http."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

from place import expect

if TYPE_CHECKING:
    from place import Place

QUIET = {
    "SF_DISABLE_TELEMETRY": "true",
    "SF_DISABLE_AUTOUPDATE": "true",
    "SF_SKIP_NEW_VERSION_CHECK": "true",
    "SF_USE_GENERIC_UNIX_KEYCHAIN": "true",
    "NO_COLOR": "1",
}


class Cli:
    """``sf`` at one place."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def text(self, *words: str, **environment: str) -> str:
        """What a command writes for people."""
        return self._place.run(["sf", *words], QUIET | environment)

    def json(self, *words: str, **environment: str) -> Any:
        """The result of a command with ``--json``."""
        return json.loads(self.text(*words, "--json", **environment))["result"]


def run(place: Place) -> None:
    """Log in, then read, write and load."""
    sf = Cli(place)
    instance = ["--instance-url", place.org.url]
    login = sf.json(
        "org",
        "login",
        "access-token",
        *instance,
        "--set-default",
        "--no-prompt",
        SF_ACCESS_TOKEN=place.org.token(),
    )
    organization = place.org.query("SELECT Id, Name FROM Organization")[0]
    expect("login", (login["orgId"], login["name"]), (organization["Id"], organization["Name"]))
    expect("org display", sf.json("org", "display")["connectedStatus"], "Connected")
    place.did.append("org login access-token, org display")
    _queries(place, sf)
    _describes(place, sf)
    _records(place, sf)
    _bulk(place, sf)
    _trees(place, sf)


def _queries(place: Place, sf: Cli) -> None:
    soql = "SELECT Id, Name, Owner.Name FROM Account ORDER BY Name"
    expect(
        "data query",
        sorted(row["Id"] for row in sf.json("data", "query", "-q", soql)["records"]),
        place.ids("Account"),
    )
    lines = sf.text("data", "query", "-q", soql, "--result-format", "csv").splitlines()
    rows = list(csv.DictReader(lines))
    wanted = [(row["Name"], row["Owner"]["Name"]) for row in place.org.query(soql)]
    expect("data query as CSV", [(row["Name"], row["Owner.Name"]) for row in rows], wanted)
    table = sf.text("data", "query", "-q", "SELECT Industry, COUNT(Id) FROM Account GROUP BY Industry")
    expect("data query as a table", "COUNT(ID)" in table, True)
    found = sf.json("data", "search", "-q", "FIND {Byron} IN NAME FIELDS RETURNING Lead(Id, Email)")
    expect("data search", [row["Email"] for row in found["searchRecords"]], ["ada.byron@example.com"])
    place.did.append("data query (JSON, CSV, table), data search")


def _describes(place: Place, sf: Cli) -> None:
    describe = sf.json("sobject", "describe", "--sobject", "Lead")
    expect(
        "sobject describe",
        describe,
        place.org.rest("GET", "/services/data/v68.0/sobjects/Lead/describe").json(),
    )
    expect("sobject list", sf.json("sobject", "list", "--sobject", "custom"), ["Invoice__c"])
    limits = {each["name"]: each["max"] for each in sf.json("org", "list", "limits")}
    expect("org list limits", limits["DailyApiRequests"], 15000)
    counts = sf.json("org", "list", "sobject", "record-counts", "--sobject", "Account")
    expect("record-counts", [each["count"] for each in counts], [len(place.ids("Account"))])
    place.did.append("sobject describe and list, limits, record-counts")


def _records(place: Place, sf: Cli) -> None:
    account = ["--sobject", "Account"]
    made = sf.json("data", "create", "record", *account, "-v", "Name='By the CLI' NumberOfEmployees=7")
    which = [*account, "--record-id", made["id"]]
    expect("get record", sf.json("data", "get", "record", *which)["NumberOfEmployees"], 7)
    sf.json("data", "update", "record", *which, "-v", "Name=Changed")
    expect(
        "update record",
        place.org.query(f"SELECT Name FROM Account WHERE Id = '{made['id']}'"),
        [{"Name": "Changed"}],
    )
    sf.json("data", "delete", "record", *which)
    expect("delete record", made["id"] in place.ids("Account"), False)
    place.did.append("data create, get, update and delete record")


def _bulk(place: Place, sf: Cli) -> None:
    wait, file = ["--wait", "3"], place.folder / "accounts.csv"
    before = place.ids("Account")
    file.write_text(
        "Name,NumberOfEmployees\n" + "".join(f"Bulk {number},{number}\n" for number in range(300))
    )
    loaded = sf.json("data", "import", "bulk", "--sobject", "Account", "--file", file.name, *wait)
    expect("import bulk", (loaded["successfulRecords"], loaded["failedRecords"]), (300, 0))
    sf.text(
        "data", "export", "bulk", "-q", "SELECT Id FROM Account WHERE Name LIKE 'Bulk %'",
        "--output-file", "ids.csv", *wait,
    )  # fmt: skip
    ids = [row["Id"] for row in csv.DictReader((place.folder / "ids.csv").read_text().splitlines())]
    expect("export bulk", sorted(ids), sorted(set(place.ids("Account")) - set(before)))
    file.write_text("Id,Site\n" + "".join(f"{each},Boston\n" for each in ids))
    updated = sf.json("data", "update", "bulk", "--sobject", "Account", "--file", file.name, *wait)
    expect("update bulk", updated["successfulRecords"], 300)
    sf.json("data", "delete", "bulk", "--sobject", "Account", "--file", "ids.csv", *wait)
    expect("delete bulk", place.ids("Account"), before)
    place.did.append("data import, export, update and delete bulk")


def _trees(place: Place, sf: Cli) -> None:
    soql = "SELECT Name, (SELECT LastName FROM Contacts) FROM Account WHERE AccountNumber = 'ACME-001'"
    before = len(place.ids("Contact"))
    sf.json("data", "export", "tree", "-q", soql, "--plan")
    made = sf.json("data", "import", "tree", "--plan", "Account-Contact-plan.json")
    expect("import tree", [each["type"] for each in made], ["Account", "Contact", "Contact"])
    expect("its contacts", len(place.ids("Contact")), before + 2)
    place.did.append("data export and import tree")

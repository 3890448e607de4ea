"""A small client for tests: speaks HTTP to a local org in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests
from typing_extensions import Self

VERSION = "64.0"
SECONDS_TO_WAIT = 60
PLAIN_CUSTOM_FIELDS: dict[str, dict[str, Any]] = {
    kind: {} for kind in ("Checkbox", "Date", "DateTime", "Time", "Email", "Phone", "Url")
}
"""Types of custom fields that take no more than a name; each with what else its definition says."""


class LocalOrgProcess:
    """A local org started by its own command line, as a user starts it."""

    def __init__(self, *arguments: str, log: Path | None = None) -> None:
        self.log = log
        with (log or Path("/dev/null")).open("wb") as messages:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "salesforce_local_org", "serve", "--port=0", *arguments],
                stdout=subprocess.PIPE,
                stderr=messages,
            )
        assert self.process.stdout is not None
        word, _, self.url = self.process.stdout.readline().decode().strip().partition(" ")
        if word != "ready":
            self.process.stdout.close()
            self.process.wait()
            raise RuntimeError(f"the local org did not start: {log.read_text() if log else ''}")

    def __enter__(self) -> Self:
        """Use it for as long as the ``with`` lasts."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.stop()

    def stop(self) -> int:
        """End it as a service manager does; its exit code."""
        self.process.terminate()
        code = self.process.wait(SECONDS_TO_WAIT)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


class OrgClient:
    """What tests ask of a local org, in few words. Every call goes over the socket."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.version = VERSION
        self._http = requests.Session()
        self._token: str | None = None

    def __enter__(self) -> Self:
        """Use it for as long as the ``with`` lasts."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def token(self) -> str:
        """An access token, of the client-credentials flow; the same one until the next reset."""
        if self._token is None:
            form = {"grant_type": "client_credentials", "client_id": "test", "client_secret": "test"}
            answer = self.http("POST", "/services/oauth2/token", data=form)
            self._token = str(answer.json()["access_token"])
        return self._token

    def lets_in(self, token: str) -> bool:
        """Whether requests with that token are answered."""
        headers = {"Authorization": f"Bearer {token}"}
        return self.http("GET", f"/services/data/v{VERSION}/limits", headers=headers).status_code == 200

    def log_in_again(self) -> None:
        """Take a new access token, as a fault may have ended the old one."""
        self._token = None

    def http(self, method: str, path: str, **options: Any) -> requests.Response:
        """Any request, without a token."""
        options.setdefault("timeout", SECONDS_TO_WAIT)
        return self._http.request(method, self.url + path, **options)

    def rest(self, method: str, path: str, **options: Any) -> requests.Response:
        """A request with a token. A path that does not begin with ``/services`` is below the API version."""
        if not path.startswith("/services"):
            path = f"/services/data/v{self.version}/{path.lstrip('/')}"
        headers = {"Authorization": f"Bearer {self.token()}"} | (options.pop("headers", None) or {})
        return self.http(method, path, headers=headers, **options)

    def local(self, method: str, what: str, body: Any = None) -> Any:
        """One of the org's own controls, which must be content."""
        answer = self.http(method, f"/_local/{what}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def reset(self, seed: str = "none", scale: int = 1) -> None:
        """A fresh org."""
        self.local("POST", "reset", {"seed": seed, "scale": scale})
        self._token = None

    def faults(self, rules: list[dict[str, Any]]) -> None:
        """Make things go wrong for this client, which is logged in."""
        self.token()
        self.local("POST", "faults", rules)

    def clock(self, **setting: Any) -> str:
        """Freeze or shift the org's clock, or free it; its time now."""
        return str(self.local("POST", "clock", setting)["now"])

    def limits(self, **limits: dict[str, int]) -> None:
        """Set limits."""
        self.local("POST", "limits", limits)

    def requests(self) -> list[dict[str, Any]]:
        """What came since the reset; the logins of this client are not counted in."""
        return list(self.local("GET", "requests")["requests"])

    def api_calls(self) -> int:
        """What they cost."""
        return int(self.local("GET", "requests")["api_calls"])

    def forget_requests(self) -> None:
        """Empty the list of requests."""
        self.local("DELETE", "requests")

    def create(self, sobject: str, records: list[dict[str, Any]]) -> list[str]:
        """Create records, all or none; their ids in order."""
        ids: list[str] = []
        for start in range(0, len(records), 200):
            members = [{"attributes": {"type": sobject}} | record for record in records[start : start + 200]]
            answer = self.rest("POST", "composite/sobjects", json={"allOrNone": True, "records": members})
            assert answer.status_code == 200, answer.text
            rows = answer.json()
            assert all(row["success"] for row in rows), rows
            ids += [row["id"] for row in rows]
        return ids

    def refused(self, sobject: str, record: dict[str, Any]) -> dict[str, Any]:
        """Create a record that cannot be; the one error of the answer."""
        answer = self.rest("POST", f"sobjects/{sobject}", json=record)
        assert answer.status_code == 400, answer.text
        (error,) = answer.json()
        assert isinstance(error, dict)
        return error

    def query(self, soql: str, *, all_rows: bool = False) -> list[dict[str, Any]]:
        """All rows of a query, without their ``attributes``."""
        answer = self.rest("GET", f"{'queryAll' if all_rows else 'query'}?q={quote(soql)}").json()
        rows: list[dict[str, Any]] = []
        while True:
            assert isinstance(answer, dict), answer
            rows += answer["records"]
            if answer["done"]:
                break
            answer = self.rest("GET", answer["nextRecordsUrl"]).json()
        return [{name: value for name, value in row.items() if name != "attributes"} for row in rows]

    def custom_field(self, full_name: str, kind: str = "Text", **metadata: Any) -> str:
        """Add a field by the tooling API, such as ``custom_field("Lead.Score__c", "Number")``; its id."""
        name = full_name.partition(".")[2].removesuffix("__c").replace("_", " ")
        defaults: dict[str, Any] = {"length": 255} if kind == "Text" else {}
        body = {"FullName": full_name, "Metadata": {"type": kind, "label": name} | defaults | metadata}
        answer = self.rest("POST", "tooling/sobjects/CustomField", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

"""The loop of Segment's and RudderStack's Salesforce destinations: look one Lead up, then write it.

    python benchmarks/target/two_calls.py URL FILE EVENTS CONNECTIONS

Two API calls an event, over connections that are kept open: a query by e-mail address, then a create or an
update by Id. It does nothing else: no coercion, no retries, no rejects. With more than one connection the
events of a person may overtake each other, and two events of a new person become two Leads.
"""

from __future__ import annotations

import json
import sys
import threading
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from people import lead

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = "/services/data/v62.0"
_SECONDS = 60


def main() -> None:
    """Send so many events of a file of Singer messages."""
    url, file, events, connections = sys.argv[1:]
    form = {"grant_type": "client_credentials", "client_id": "loop", "client_secret": "loop"}
    token = requests.post(f"{url}/services/oauth2/token", form, timeout=_SECONDS).json()["access_token"]
    source = islice(_events(Path(file)), int(events))
    lock = threading.Lock()

    def work() -> None:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {token}"
            while True:
                with lock:
                    event = next(source, None)
                if event is None:
                    return
                _send(session, url + DATA, event)

    threads = [threading.Thread(target=work) for _ in range(int(connections))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _events(path: Path) -> Iterator[dict[str, Any]]:
    with path.open() as file:
        for line in file:
            message = json.loads(line)
            if message["type"] == "RECORD":
                yield message["record"]


def _send(session: requests.Session, data: str, event: dict[str, Any]) -> None:
    email = event["traits"]["email"].replace("\\", "\\\\").replace("'", "\\'")
    query = {"q": f"SELECT Id FROM Lead WHERE Email = '{email}'"}
    found = session.get(f"{data}/query", params=query, timeout=_SECONDS)
    found.raise_for_status()
    records = found.json()["records"]
    if records:
        answer = session.patch(f"{data}/sobjects/Lead/{records[0]['Id']}", json=lead(event), timeout=_SECONDS)
    else:
        answer = session.post(f"{data}/sobjects/Lead", json=lead(event), timeout=_SECONDS)
    answer.raise_for_status()


if __name__ == "__main__":
    main()

"""Other people's targets, from folders with their source, and how each is told to write the same people.

None is on a package index, and none knows events: they take records. Each is installed into an environment
of its own, and runs as a process of its own. They log in at Salesforce's own host, which a proxy leads to the
stand-in; it ends TLS, too, for what insists on https after that.
"""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import people
from bench import file_pieces
from environments import python_environment
from ground import CREDENTIALS, Ground
from records import record_id
from reports import as_json
from tls_proxy import TlsProxy

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from bench import Bench

PROGRAM = "target-salesforce"
_NAME_OF_PACKAGE = f"""
from importlib.metadata import entry_points
(program,) = entry_points(group="console_scripts", name="{PROGRAM}")
print(program.dist.name, program.dist.version)
"""

Record = dict[str, Any]


@dataclass(frozen=True)
class Situation:
    """What a peer is to do.

    Attributes:
        name: For the table.
        stream: The stream its records come in.
        record: Makes a record of an identify and the number of the person, from 0 on.
        title: The people's title; another one than before is the one change each.
        config: Settings beside those for the log-in.
    """

    name: str
    stream: str
    record: Callable[[Record, int], Record]
    title: str = "Head of Computing"
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def fresh(self) -> bool:
        """Whether the org knows nobody before."""
        return "new" in self.name


@dataclass(frozen=True)
class Peer:
    """A target.

    Attributes:
        name: Who maintains it.
        option: That names the folder.
        does_less: What it leaves to others that this project's target does.
        situations: What it is measured with.
        by_record: Whether it asks for each record, so that it is measured with few.
    """

    name: str
    option: str
    does_less: str
    situations: tuple[Situation, ...]
    by_record: bool


def _lead_with_id(event: Record, number: int) -> Record:
    return {"Id": record_id("Lead", number + 1)} | people.lead(event)


def _unified_contact(event: Record, _number: int) -> Record:
    traits = event["traits"]
    address = traits["address"]
    return {
        "type": "lead",
        "email": traits["email"],
        "first_name": traits["firstName"],
        "last_name": traits["lastName"],
        "title": traits["title"],
        "website": traits["website"],
        "company_name": traits["company"]["name"],
        "industry": traits["company"]["industry"].lower(),
        "number_of_employees": traits["company"]["employee_count"],
        "lead_source": traits["leadSource"].lower(),
        "phone_numbers": [{"type": "primary", "number": traits["phone"]}],
        "addresses": [
            {
                "line1": address["street"],
                "city": address["city"],
                "postal_code": address["postalCode"],
                "country": address["country"],
            }
        ],
        "custom_fields": [
            {"name": "plan__c", "value": traits["plan"]},
            {"name": "signupSource__c", "value": traits["signupSource"]},
        ],
    }


def _lead(event: Record, _number: int) -> Record:
    return people.lead(event)


PEERS = (
    Peer(
        "MeltanoLabs",
        "meltanolabs",
        "takes records with Salesforce's field names and, to update, Salesforce's Ids: it looks nobody up,"
        " gates and maps nothing, compares nothing with what is stored.",
        (
            Situation("all new, insert", "Lead", _lead, config={"action": "insert"}),
            Situation("all known, update by Id", "Lead", _lead_with_id, "Director", {"action": "update"}),
        ),
        by_record=False,
    ),
    Peer(
        "hotglue",
        "hotglue",
        "takes records of a schema of its own or with Salesforce's field names: it gates and maps no events,"
        " merges none, and writes again what has not changed.",
        (
            Situation("all new, as contacts", "contacts", _unified_contact),
            Situation("all known, as contacts", "contacts", _unified_contact, "Director"),
            Situation("all new, as Lead", "Lead", _lead),
        ),
        by_record=True,
    ),
)


def results(bench: Bench, peer: Peer, source: Path, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Install a peer, and let it do what it is measured with.

    Raises:
        FailedError: It cannot be installed, or did not write what it was sent.
    """
    programs = python_environment(options.cache.resolve() / f"target-{peer.option}", str(source))
    events = options.loop_events if peer.by_record else options.events
    with (
        tempfile.TemporaryDirectory() as secrets,
        closing(TlsProxy(bench.url, Path(secrets))) as proxy,
    ):
        environment = proxy.environment() | {"HOME": str(bench.folder)}
        ground = Ground(bench.url, environment, bench.folder, options.cache)
        package = ground.run([str(programs / "python"), "-c", _NAME_OF_PACKAGE]).strip()
        loader = f"{peer.name} {package}"
        path = bench.folder / "records.jsonl"
        for situation in peer.situations:
            if situation.fresh:
                bench.forget()
            sent = enumerate(people.people(events, title=situation.title))
            people.write_records(
                path, situation.stream, (situation.record(event, number) for number, event in sent)
            )
            config = CREDENTIALS | {"instance_url": bench.url, "redirect_uri": bench.url} | situation.config
            command = [str(programs / PROGRAM), "--config", ground.write("peer.json", config)]
            pieces = file_pieces(path)
            result = bench.measured(
                loader, situation.name, command, pieces, events=events, environment=environment
            )
            yield as_json(result) | {"does_less": peer.does_less}

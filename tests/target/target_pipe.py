"""Events, messages, and what a run of the target came to."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from local_org_client import OrgClient

SUMMARY = re.compile(
    r"(?P<events>\d+) events: (?P<written>\d+) written \((?P<created>\d+) created, (?P<updated>\d+) updated, "
    r"(?P<deleted>\d+) deleted\), (?P<unchanged>\d+) unchanged, (?P<skipped>\d+) not for Salesforce, "
    r"(?P<rejected>\d+) rejected; (?P<api_calls>\d+) API calls$"
)
OPEN_GATE = {"Salesforce": True}

COMPOSITE = {"method": "POST", "path": "/composite$"}
"""The requests of a fault: those that look up and write by REST."""
CLOSE = {"close_after_bytes": 0}
"""The action of a fault: no answer at all."""


def creates_cases(event_name: str, **field_mappings: str) -> dict[str, Any]:
    """An action that makes a Case of each track event of a name, which nothing finds again."""
    return {
        "event": "track",
        "event_name": event_name,
        "operation": "create",
        "object": "Case",
        "field_mappings": field_mappings,
    }


CASE = creates_cases("Issue", **{"properties.title": "Subject"})
ISSUE = creates_cases(
    "Issue Submitted",
    **{"properties.title": "Subject", "traits.email": "SuppliedEmail", "event": "Description"},
)


def identify(traits: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    """An identify event that may go to Salesforce."""
    return {
        "type": "identify",
        "userId": "u1",
        "integrations": OPEN_GATE,
        "traits": traits or {},
    } | members


def group(group_id: Any, traits: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    """A group event that may go to Salesforce."""
    return {"type": "group", "groupId": group_id, "integrations": OPEN_GATE, "traits": traits or {}} | members


def track(name: str, properties: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    """A track event that may go to Salesforce."""
    return {
        "type": "track",
        "event": name,
        "integrations": OPEN_GATE,
        "properties": properties or {},
    } | members


def schema(stream: str = "events", **members: Any) -> dict[str, Any]:
    """A SCHEMA message that lets everything by."""
    return {
        "type": "SCHEMA",
        "stream": stream,
        "key_properties": [],
        "schema": {"type": "object", "properties": {}, "additionalProperties": True},
    } | members


def messages(events: Iterable[Any], stream: str = "events") -> list[Any]:
    """Events as the messages of one stream; strings are lines as they are."""
    return [schema(stream), *({"type": "RECORD", "stream": stream, "record": event} for event in events)]


def as_lines(content: Iterable[Any]) -> str:
    """Messages as the lines of a Singer pipe."""
    return "".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in content)


def merge(org: OrgClient, sobject: str, master: str, loser: str) -> None:
    """Merge two records, which only SOAP can."""
    envelope = f"""<?xml version="1.0" encoding="utf-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:urn="urn:partner.soap.sforce.com"
 xmlns:sobj="urn:sobject.partner.soap.sforce.com">
<soapenv:Header><urn:SessionHeader><urn:sessionId>{org.token()}</urn:sessionId></urn:SessionHeader></soapenv:Header>
<soapenv:Body><urn:merge><urn:request><urn:masterRecord><sobj:type>{sobject}</sobj:type><sobj:Id>{master}</sobj:Id>
</urn:masterRecord><urn:recordToMergeIds>{loser}</urn:recordToMergeIds></urn:request></urn:merge></soapenv:Body>
</soapenv:Envelope>"""
    answer = org.http(
        "POST",
        "/services/Soap/u/64.0",
        data=envelope,
        headers={"Content-Type": "text/xml", "SOAPAction": '""'},
    )
    assert "<success>true</success>" in answer.text, answer.text


def convert(org: OrgClient, lead: str) -> None:
    """Convert a Lead to a Contact and an Account, which only SOAP can."""
    envelope = f"""<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns="urn:partner.soap.sforce.com"><e:Header><SessionHeader><sessionId>{org.token()}</sessionId></SessionHeader></e:Header>
<e:Body><convertLead><leadConverts><leadId>{lead}</leadId>
<convertedStatus>Closed - Converted</convertedStatus>
<doNotCreateOpportunity>true</doNotCreateOpportunity></leadConverts></convertLead></e:Body></e:Envelope>"""
    answer = org.http("POST", "/services/Soap/u/64.0", data=envelope, headers={"SOAPAction": '""'})
    assert "<success>true</success>" in answer.text, answer.text


@dataclass
class Outcome:
    """What a run of the target came to."""

    counts: dict[str, int]
    log: str
    states: list[Any] = field(default_factory=list)
    rejects: list[dict[str, Any]] = field(default_factory=list)
    exit_code: int = 0
    printed: str = ""
    """On standard out, where that is text for people."""

    @property
    def codes(self) -> list[str]:
        """The codes of the rejects."""
        return [line["code"] for line in self.rejects]

    def doors(self, **expected: int) -> None:
        """Check the doors; those not named are zero. The four always add up to the events."""
        counts = self.counts
        assert counts["events"] == sum(
            counts[door] for door in ("written", "unchanged", "skipped", "rejected")
        ), counts
        assert counts["written"] == counts["created"] + counts["updated"] + counts["deleted"], counts
        named = {door: number for door, number in counts.items() if number and door != "api_calls"}
        named.pop("events", None)
        named.pop("written", None)
        assert named == {door: number for door, number in expected.items() if number}, (counts, self.log)


def counts_in(log: str) -> dict[str, int]:
    """The counts of the last line of a log."""
    last = log.rstrip("\n").rpartition("\n")[2]
    found = SUMMARY.search(last)
    assert found, log
    return {name: int(number) for name, number in found.groupdict().items()}


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The rejects in a file, none if there is no file."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

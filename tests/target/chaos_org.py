"""The org of a story: its schema, what it knows before the first event, and what it holds in the end."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chaos_oracle import FIELDS, MOMENT, Wish
from chaos_wishes import EVENT
from chaos_worlds import MERGED, Row, World, row
from target_pipe import convert, merge

if TYPE_CHECKING:
    from pathlib import Path

    from chaos_story import Story
    from local_org_client import OrgClient

_RESTRICTED = {"type": "Picklist", "values": ["Gold", "Silver"], "restricted": True}


def _field(sobject: str, name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"object": sobject, "name": name, "type": kind} | more


SCHEMA = {
    "objects": [{"name": "Ticket__c", "label": "Ticket", "nameField": {"type": "AutoNumber", "label": "No"}}],
    "fields": [
        _field("Ticket__c", "Key__c", "Text", length=30, externalId=True),
        _field("Ticket__c", "Title__c", "Text", length=20),
        _field("Ticket__c", "Points__c", "Number", precision=6, scale=2),
        _field("Ticket__c", "Urgent__c", "Checkbox"),
        {"object": "Ticket__c", "name": "State__c"} | _RESTRICTED,
        _field("Lead", "testProp__c", "Text", length=20),
        _field("Lead", "score__c", "Number", precision=6, scale=2),
        _field("Lead", "flag__c", "Checkbox"),
        _field("Lead", "born__c", "Date"),
        _field("Lead", "seen__c", "DateTime"),
        _field("Lead", "brand__c", "Text", length=20),
        {"object": "Lead", "name": "tier__c"} | _RESTRICTED,
        _field("Contact", "testProp__c", "Text", length=20),
        _field("Contact", "UserId__c", "Text", length=40, externalId=True),
        _field("Account", "plan__c", "Text", length=20),
        _field("Case", "EventId__c", "Text", length=100, externalId=True, unique=True),
    ],
}


def write_schema(folder: Path) -> Path:
    """The schema as a file for the org's command line."""
    path = folder / "schema.json"
    path.write_text(json.dumps(SCHEMA))
    return path


def counts_in_utf16(org: OrgClient) -> bool:
    """Whether an emoji takes two characters of a field in this org."""
    lead = {"LastName": "L", "Company": "C", "Title": "😀" * 128}
    answer = org.rest("POST", "sobjects/Lead", json=lead)
    return answer.status_code == 400


@dataclass
class Cells:
    """Which cell a record belongs to, whatever way leads to it."""

    people: dict[str, str] = field(default_factory=dict)
    """Cells by Contact Id, by the external id of a Contact, and by the Id of a Lead that others became."""
    merged: dict[str, str] = field(default_factory=dict)
    """By the Id of a record, the e-mail address of the one that was merged into it."""

    def of_wish(self, wish: Wish) -> str:
        if wish.sobject == "Contact":
            key = str(wish.key[0])
            return self.people.get(key, f"contact {key}")
        if wish.operation == "create":
            return f"event {wish.event}"
        return f"{wish.sobject} {wish.key[0]}"

    def of_row(self, each: Row) -> str:
        if each.sobject == "Contact":
            user = str(each.of("UserId__c") or "").lower()
            email = str(each.of("Email") or "").lower()
            known = (self.people.get(key) for key in (each.ident, user, email))
            return next((cell for cell in known if cell), f"contact {user or email}")
        if each.sobject == "Case":
            found = EVENT.search(str(each.of("Subject")))
            return f"event {found[1]}" if found else "unknown Case"
        if each.ident in self.people:
            return self.people[each.ident]
        key = {"Lead": "Email", "Account": "AccountNumber", "Ticket__c": "Key__c"}[each.sobject]
        return f"{each.sobject} {str(each.of(key) or '').lower()}"


def prepare(org: OrgClient, story: Story) -> Cells:
    """Make the org what it is before the first event, and put the Ids it gave into the events."""
    _empty(org)
    contacts = {
        each: {"LastName": "Known", "UserId__c": each, "Email": f"{each}@contact.example"}
        for each in story.contacts
    }
    ids = dict(zip(contacts, org.create("Contact", list(contacts.values())), strict=True))
    cells = Cells({ident: f"contact {user}" for user, ident in ids.items()})
    cells.people |= {key: f"contact {user}" for user in ids for key in (user, f"{user}@contact.example")}
    for address, role in story.people.items():
        _person(org, story, cells, ids, address, role)
    if story.merges:
        master, loser = ids["by-id-0"], ids["by-id-1"]
        merge(org, "Contact", master, loser)
        story.merged[loser] = master
        for key in (loser, "by-id-1", "by-id-1@contact.example"):
            cells.people[key] = cells.people[master]
    if story.accounts:
        org.create(
            "Account", [{"Name": "Known", "AccountNumber": each, "Phone": "1"} for each in story.accounts]
        )
    if story.tickets:
        org.create("Ticket__c", [{"Key__c": each, "Title__c": "Known"} for each in story.tickets])
    known = json.dumps(story.messages)
    for user, ident in ids.items():
        known = known.replace(f"<contact {user}>", ident)
    story.messages = [(stream, record) for stream, record in json.loads(known)]
    batches = json.dumps(list(story.batches.items()))
    for user, ident in ids.items():
        batches = batches.replace(f"<contact {user}>", ident)
    story.batches = {begin: (size, shared, own) for begin, (size, shared, own) in json.loads(batches)}
    return cells


def _empty(org: OrgClient) -> None:
    """Delete all records; a reset would have to make the schema again, which takes longer than a story."""
    for sobject in ("Case", "Ticket__c", "Lead", "Opportunity", "Contact", "Account"):
        ids = [each["Id"] for each in org.query(f"SELECT Id FROM {sobject}")]
        for start in range(0, len(ids), 200):
            some = ",".join(ids[start : start + 200])
            answer = org.rest("DELETE", f"composite/sobjects?ids={some}&allOrNone=true")
            assert answer.status_code == 200, answer.text
    org.forget_requests()


def _person(org: OrgClient, story: Story, cells: Cells, ids: dict[str, str], address: str, role: str) -> None:
    lead = {"LastName": "Known", "Company": "Old Ltd", "Email": address, "Title": "Old"}
    if role == "new" or "\\" in address:
        return
    if role == "contact":
        (contact,) = org.create("Contact", [{"LastName": "Known", "Email": address}])
        cells.people |= {contact: f"Lead {address}", address: f"Lead {address}"}
        return
    made = org.create(
        "Lead", [lead | {"LastName": "Known too"}] if role != "twins" else [lead, lead | {"Title": "Older"}]
    )
    if role == "deleted":
        org.rest("DELETE", f"sobjects/Lead/{made[0]}")
    if role.startswith("merged"):
        _merge_away(org, cells, address, lead, made[0], converts=role.endswith("converted"))
    if role == "lost":
        org.create("Lead", [lead | {"IsConverted": True}])
        org.rest("DELETE", f"sobjects/Lead/{made[0]}")
    if role.startswith("converted"):
        convert(org, made[0])
        if role == "converted and open":
            org.create("Lead", [lead])
        found = org.query(f"SELECT ConvertedContactId FROM Lead WHERE Id = '{made[0]}'")
        contact = found[0]["ConvertedContactId"]
        cells.people[contact] = f"Lead {address.lower()}"
        free = (each for each in ids if each.startswith("u-") and cells.people[each] == f"contact {each}")
        user = next(free, "") if story.mixed else ""
        if user:
            org.rest("DELETE", f"sobjects/Contact/{ids[user]}")
            org.rest("PATCH", f"sobjects/Contact/{contact}", json={"UserId__c": user})
            ids[user] = contact
            for key in (user, f"{user}@contact.example"):
                cells.people[key] = cells.people[contact]


def _merge_away(
    org: OrgClient, cells: Cells, address: str, lead: dict[str, str], loser: str, *, converts: bool
) -> None:
    """Merge a Lead into one that has an e-mail address of its own."""
    (master,) = org.create("Lead", [lead | {"Email": f"kept-{address}"}])
    merge(org, "Lead", master, loser)
    stay = [master]
    if converts:
        convert(org, master)
        (found,) = org.query(f"SELECT ConvertedContactId FROM Lead WHERE Id = '{master}'")
        stay.append(found["ConvertedContactId"])
    cells.people |= dict.fromkeys(stay, f"Lead {address.lower()}")
    cells.merged |= dict.fromkeys(stay, address.lower())


def contents(org: OrgClient, cells: Cells) -> dict[str, World]:
    """All records of the org by cell, in the order of their creation."""
    found: dict[str, list[Row]] = {}
    for sobject, fields in FIELDS.items():
        extra = ["IsConverted", "ConvertedContactId"] if sobject == "Lead" else []
        names = [*fields, *extra]
        for each in org.query(f"SELECT Id, {', '.join(names)} FROM {sobject} ORDER BY CreatedDate, Id"):
            values = {name: _seen(fields.get(name, ("", 0))[0], each[name]) for name in names}
            made = row(sobject, each["Id"], values | {MERGED: cells.merged.get(each["Id"])})
            found.setdefault(cells.of_row(made), []).append(made)
    return {cell: tuple(rows) for cell, rows in found.items()}


def _seen(kind: str, value: Any) -> Any:
    return value[:19] if kind == MOMENT and value else value

"""A dry run prints what a run would do, and does nothing of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from target_pipe import group, identify, messages, track

if TYPE_CHECKING:
    from local_org_client import OrgClient

NO_EMAIL = "The event has no `email`, by which its Lead is found (Email)."
NO_NAME = "Required fields are missing: [Name]"
STATE = {"type": "STATE", "value": {"seen": 1}}
ACTIONS = [
    {
        "event": "track",
        "event_name": "Account Deleted",
        "operation": "delete",
        "object": "Account",
        "upsert_rules": {"properties.number": "AccountNumber"},
    },
    {
        "event": "track",
        "event_name": "Trial Started",
        "operation": "create",
        "object": "Opportunity",
        "field_mappings": {"properties.plan": "Name"},
    },
]


def test_what_would_be_done_is_printed_and_nothing_is_done(org: OrgClient, cli: Any, tmp_path: Path) -> None:
    org.create("Lead", [{"LastName": "Old", "Company": "C", "Email": "old@example.com", "Title": "VP"}])
    org.create("Account", [{"Name": "Gone", "AccountNumber": "7"}])
    before = org.query("SELECT Id, LastName, Title, Email FROM Lead")
    (lead,), (account,) = before, org.query("SELECT Id FROM Account")
    summary = tmp_path / "summary.json"
    events = [
        identify({"email": "new@example.com", "name": "Ada Byron"}),
        identify({"email": "old@example.com", "title": "CTO", "phone": "1"}),
        identify({"email": "old@example.com", "title": "CTO"}),
        identify({"email": "new@example.com", "title": "Countess"}),
        track("Account Deleted", {"number": "7"}),
        {"type": "page", "name": "Home"},
        identify({"title": "Nobody"}, userId=None),
        group("9", {"phone": "2"}),
    ]
    outcome = cli(
        [*messages(events), STATE], "--dry-run", prints=True, actions=ACTIONS, summary_path=str(summary)
    )
    assert outcome.exit_code == 0
    outcome.doors(created=1, updated=2, deleted=1, unchanged=1, skipped=1, rejected=2)
    assert outcome.printed.splitlines() == [
        "events 1, 4 (identify): create Lead new Lead 1",
        '  Email: "new@example.com"',
        '  FirstName: "Ada"',
        '  LastName: "Byron"',
        '  Title: "Countess"',
        '  Company: "n/a"',
        f"event 2 (identify): update Lead {lead['Id']}",
        '  Title: "VP" -> "CTO"',
        '  Phone: null -> "1"',
        "event 3 (identify): Lead unchanged",
        f'event 5 (track "Account Deleted"): delete Account {account["Id"]}',
        "event 6 (page): not for Salesforce: page events have no counterpart in Salesforce",
        f"event 7 (identify): rejected (upsert Lead), MISSING_KEY: {NO_EMAIL}",
        f"event 8 (group): rejected (upsert Account), REQUIRED_FIELD_MISSING: {NO_NAME}",
    ]
    assert "Dry run, nothing was written: 8 events: 4 written" in outcome.log.splitlines()[-1]
    assert org.query("SELECT Id, LastName, Title, Email FROM Lead") == before
    assert org.query("SELECT Id FROM Account") == [account]
    assert outcome.rejects == []
    assert not summary.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json"]


def test_later_batches_find_what_earlier_ones_would_have_made(org: OrgClient, cli: Any) -> None:
    org.create("Lead", [{"LastName": "L", "Company": "C", "Email": "a@example.com", "Phone": "1"}])
    (lead,) = org.query("SELECT Id FROM Lead")
    events = [
        identify({"email": "a@example.com", "title": "T"}),
        identify({"email": "b@example.com", "lastName": "B"}),
        identify({"email": "b@example.com", "lastName": "B"}),
        identify({"email": "b@example.com", "lastName": "Bee"}),
        identify({"email": "a@example.com", "title": "U", "phone": "1"}),
        group("1", {"name": "One"}),
        track("Account Deleted", {"number": "1"}),
        track("Account Deleted", {"number": "1"}),
        group("1", {"name": "Two"}),
    ]
    outcome = cli(messages(events), "--dry-run", prints=True, actions=ACTIONS, batch_size=1)
    told = [line for line in outcome.printed.splitlines() if line.startswith("event")]
    assert told == [
        f"event 1 (identify): update Lead {lead['Id']}",
        "event 2 (identify): create Lead new Lead 1",
        "event 3 (identify): Lead unchanged",
        "event 4 (identify): update Lead new Lead 1",
        f"event 5 (identify): update Lead {lead['Id']}",
        "event 6 (group): create Account new Account 1",
        'event 7 (track "Account Deleted"): delete Account new Account 1',
        'event 8 (track "Account Deleted"): Account unchanged',
        "event 9 (group): create Account new Account 2",
    ]
    assert '  LastName: "B" -> "Bee"' in outcome.printed
    assert '  Title: "T" -> "U"' in outcome.printed
    assert not re.search("Phone", outcome.printed)


def test_a_replay_can_be_tried_dry(org: OrgClient, cli: Any, config: dict[str, Any]) -> None:
    cli(messages([identify({"title": "T"}, userId=None)])).doors(rejected=1)
    kept = Path(config["rejects_path"]).read_bytes()
    outcome = cli((), "--dry-run", f"--replay={config['rejects_path']}", prints=True)
    outcome.doors(rejected=1)
    assert Path(config["rejects_path"]).read_bytes() == kept


def test_required_fields_of_other_objects(org: OrgClient, cli: Any) -> None:
    outcome = cli(
        messages([track("trial started", {"plan": "Pro"})]), "--dry-run", prints=True, actions=ACTIONS
    )
    outcome.doors(rejected=1)
    assert "REQUIRED_FIELD_MISSING: Required fields are missing: [StageName, CloseDate]" in outcome.printed


def test_hostile_values_are_shown_harmlessly(org: OrgClient, cli: Any) -> None:
    hostile = ("\x1b[31m\n\u202e", "\ud800", "x" * 10_000)
    events = [identify({"email": f"{n}@example.com", "description": each}) for n, each in enumerate(hostile)]
    outcome = cli(messages([*events, {"type": "\x1b[2J"}, track("\u202e\n", {})]), "--dry-run", prints=True)
    outcome.doors(created=3, skipped=2)
    assert all(char.isprintable() or char == "\n" for char in outcome.printed)
    assert len(outcome.printed) < 2000


def test_what_a_dry_run_changes_is_found_by_keys_that_it_has_not_read(org: OrgClient, cli: Any) -> None:
    (contact,) = org.create("Contact", [{"LastName": "King", "Email": "a@example.com"}])
    by_id = {"event": "track", "event_name": "Fixed", "operation": "update", "object": "Contact"}
    by_id |= {"field_mappings": {"properties.id": "Id", "properties.title": "Title"}}
    by_mail = {"event": "track", "event_name": "Seen", "operation": "upsert", "object": "Contact"}
    by_mail |= {
        "upsert_rules": {"properties.email": "Email"},
        "field_mappings": {"properties.title": "Title", "properties.email": "LastName"},
    }
    events = [
        track("Fixed", {"id": contact, "title": "T"}),
        track("Seen", {"email": "a@example.com", "title": "T"}),
    ]
    outcome = cli(messages(events), "--dry-run", prints=True, batch_size=1, actions=[by_id, by_mail])
    outcome.doors(updated=2)
    assert 'LastName: "King" -> "a@example.com"' in outcome.printed
    assert outcome.printed.count("Title:") == 1


def test_parents_that_salesforce_would_find_or_not(org: OrgClient, cli: Any) -> None:
    org.custom_field("Account.Key__c", externalId=True, unique=True)
    (account,) = org.create("Account", [{"Name": "A", "Key__c": "there"}])
    action = {"event": "track", "event_name": "Issue", "operation": "create", "object": "Case"}
    mapped = {"properties.title": "Subject", "properties.team": "Account.Key__c"}
    events = messages(track("Issue", {"title": "T", "team": team}) for team in ("there", "nowhere"))
    settings = {"actions": [action | {"field_mappings": mapped}]}
    outcome = cli(events, "--dry-run", prints=True, **settings)
    outcome.doors(created=1, rejected=1)
    assert f'  AccountId: "{account}"' in outcome.printed
    assert "INVALID_FIELD: No parent records have the value of Account.Key__c" in outcome.printed
    cli(events, **settings).doors(created=1, rejected=1)

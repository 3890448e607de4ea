"""``--test`` says of each thing that the settings name whether the org has it for this user."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from salesforce_seg.errors import ConfigurationError
from target_salesforce_seg.target import TargetSalesforceSeg

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_org_client import OrgClient

TRIALS = {
    "event": "track",
    "event_name": "Trial Started",
    "operation": "upsert",
    "object": "Opportunity",
    "upsert_rules": {"properties.id": "Trial__c"},
    "field_mappings": {
        "properties.name": "Name",
        "properties.stage": "StageName",
        "properties.until": "CloseDate",
        "properties.team": "Account.AccountNumber",
    },
}


@pytest.fixture
def check(config: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[str, str]]:
    """Test settings in this process: what is printed, and the error it ends with."""

    def look(**settings: Any) -> tuple[str, str]:
        target = TargetSalesforceSeg(config=config | settings)
        try:
            target.check_setup()
        except ConfigurationError as error:
            return capsys.readouterr().out, error.message
        return capsys.readouterr().out, ""

    return look


def test_all_is_right(org: OrgClient, cli: Any) -> None:
    org.custom_field("Opportunity.Trial__c", externalId=True)
    org.custom_field("Case.Event_Id__c", externalId=True, unique=True)
    org.forget_requests()
    outcome = cli(
        (), "--test", prints=True, counts=False, actions=[TRIALS], event_id_field={"Case": "Event_Id__c"},
        trait_fields={"jobRole": "Title", "group": {"team": "Site"}, "secret": None},
        streams={"tickets": {"object": "Case", "operation": "update"}, "crm": {"event": "identify"}},
    )  # fmt: skip
    assert outcome.exit_code == 0, outcome.printed
    assert " wrong " not in outcome.printed
    for line in (
        r"login +ok +http://127\.0\.0\.1:\d+, API 64\.0",
        r"API requests of the last 24 hours +ok +\d+ used, [\d,]+ left;",
        r"Lead +ok +this user may upsert it",
        r"lead_lookup_fields: email -> Lead\.Email +ok",
        r"groupId -> Account\.AccountNumber +ok",
        r"trait_fields: jobRole -> Title +ok",
        r"actions\[0\]: upsert Opportunity +ok +this user may upsert it",
        r"actions\[0\]: properties\.id -> Opportunity\.Trial__c +ok",
        r"actions\[0\]: properties\.team -> Opportunity\.Account\.AccountNumber +ok",
        r"streams\.tickets: update Case +ok",
        r"event_id_field: Case\.Event_Id__c +ok",
    ):
        assert re.search(f"^{line}", outcome.printed, re.MULTILINE), (line, outcome.printed)
    assert not [each for each in org.requests() if "/collections" in each["path"] or "/query" in each["path"]]
    assert org.api_calls() == 1
    assert outcome.rejects == []


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (
            {"lead_lookup_fields": {"id": "Key__c"}},
            r"lead_lookup_fields: id -> Lead\.Key__c +wrong +Lead has no field",
        ),
        (
            {"lead_lookup_fields": {"d": "Description"}},
            r"lead_lookup_fields: d.* wrong .* cannot search Lead by Descr",
        ),
        ({"trait_fields": {"role": "Titel"}}, r"trait_fields: role -> Titel.* wrong .*Did you mean Title\?"),
        ({"trait_fields": {"x": "CreatedDate"}}, r"trait_fields: x -> CreatedDate.* wrong .*read-only"),
        (
            {"event_id_field": {"Case": "Subject"}},
            r"event_id_field: Case\.Subject.* wrong .*no text field",
        ),
        ({"event_id_field": {"Kase": "X__c"}}, r"event_id_field: Kase\.X__c.* wrong .*does not exist"),
        (
            {"streams": {"s": {"object": "Kase", "operation": "update"}}},
            r"streams\.s: update Kase.* wrong .*not exist",
        ),
        (
            {"actions": [TRIALS]},
            r"actions\[0\]: properties\.id -> Opportunity\.Trial__c.* wrong .*has no field Trial__c",
        ),
        (
            {"actions": [TRIALS | {"field_mappings": {"properties.x": "Acount.Name"}}]},
            r"actions\[0\]: properties\.x -> Opportunity\.Acount\.Name.* wrong .*no such relationship",
        ),
        (
            {"actions": [TRIALS | {"field_mappings": {"properties.x": "Account.AccountNumer"}}]},
            r"actions\[0\]: properties\.x -> Opportunity\.Account\.AccountNumer.*mean AccountNumber\?",
        ),
        (
            {"actions": [TRIALS | {"object": "OpportunityFieldHistory", "upsert_rules": {"x": "Field"}}]},
            r"actions\[0\]: upsert OpportunityFieldHistory.* wrong .*may not upsert.*Create, Edit",
        ),
    ],
)
def test_what_is_wrong_is_told_by_item(
    org: OrgClient, check: Any, settings: dict[str, Any], line: str
) -> None:
    printed, error = check(**settings)
    assert re.search(f"^{line}", printed, re.MULTILINE), printed
    assert re.search(r"\d+ of \d+ items are wrong", error)


def test_fields_that_this_user_does_not_see(org: OrgClient, check: Any) -> None:
    org.local("POST", "hidden", ["Lead.Title", "Account"])
    printed, error = check()
    assert re.search(
        r"^Lead: standard fields +note +.*not there, or hidden.*\bTitle\b", printed, re.MULTILINE
    )
    assert re.search(r"^Account +note +.*Events for it would end the run", printed, re.MULTILINE)
    assert not error


def test_a_key_that_no_new_record_can_have(org: OrgClient, check: Any) -> None:
    printed, error = check(lead_lookup_fields={"id": "Id"})
    assert not error
    told = "this user cannot write Id: events that find no Lead are rejected"
    assert re.search(rf"lead_lookup_fields: id -> Lead\.Id +note +{told}", printed)


def test_a_parent_may_be_where_a_trait_goes(org: OrgClient, check: Any) -> None:
    fields = {"parent": "Parent.AccountNumber", "owner": "Owner.Nope__c", "other": "Nope.Name"}
    printed, error = check(trait_fields={"group": fields})
    assert re.search(r"trait_fields: parent -> Parent\.AccountNumber +ok", printed)
    assert re.search(r"trait_fields: owner -> Owner\.Nope__c +wrong +User has no field Nope__c", printed)
    assert re.search(r"trait_fields: other -> Nope\.Name +wrong +Account has no such relationship", printed)
    assert "2 of " in error


def test_contacts_without_the_field_that_finds_leads(org: OrgClient, check: Any, send: Any) -> None:
    org.custom_field("Lead.UserId__c", externalId=True)
    settings = {"match_contacts": True, "lead_lookup_fields": {"userId": "UserId__c"}}
    printed, error = check(**settings)
    assert not error
    assert re.search(
        r"match_contacts: Contact\.UserId__c +note +no Contact is found by it: Contact has no", printed
    )
    outcome = send(*({"type": "identify", "userId": n} for n in "ab"), always_enabled=True, **settings)
    outcome.doors(created=2)
    assert "2 times" not in outcome.log
    assert "match_contacts: Contacts are not found by UserId__c" in outcome.log


def test_a_user_who_does_not_see_contacts(org: OrgClient, check: Any) -> None:
    org.local("POST", "hidden", ["Contact"])
    try:
        printed, error = check()
        assert not error
        assert re.search(r"Contact +note .* Events on converted Leads are rejected\.", printed)
        printed, error = check(match_contacts=True)
        assert error.startswith("1 of ")
        assert re.search(r"Contact +wrong +match_contacts: Describing Contact", printed)
    finally:
        org.local("DELETE", "hidden")


def test_what_a_new_record_needs_besides(org: OrgClient, check: Any) -> None:
    action = {"operation": "create", "upsert_rules": {}, "field_mappings": {"properties.name": "Name"}}
    printed, error = check(actions=[TRIALS | action], event_id_field="Event_Id__c")
    assert re.search(r"^actions\[0\].* note +.*also needs StageName, CloseDate", printed, re.MULTILINE)
    assert re.search(r"^event_id_field: Opportunity\.Event_Id__c +note +.*there is no", printed, re.MULTILINE)
    assert not error


def test_the_command_fails_when_something_is_wrong(org: OrgClient, cli: Any) -> None:
    outcome = cli((), "--test", prints=True, counts=False, trait_fields={"role": "Titel"})
    assert outcome.exit_code == 2
    assert "1 of" in outcome.log.splitlines()[-1]
    assert "events:" not in outcome.log


def test_a_server_that_is_not_there_is_no_wrong_item(cli: Any) -> None:
    outcome = cli((), "--test", prints=True, counts=False, login_url="http://127.0.0.1:9", max_retries=0)
    assert outcome.exit_code == 1
    assert "127.0.0.1:9" in outcome.log.splitlines()[-1]
    assert outcome.printed == ""

"""The standard objects an org has, and what its features add."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from salesforce_local_org import catalog

if TYPE_CHECKING:
    from local_org_client import OrgClient

TAG_OBJECTS = [
    "AccountTag",
    "CampaignTag",
    "CaseTag",
    "ContactTag",
    "ContractTag",
    "DashboardTag",
    "DocumentTag",
    "EventTag",
    "LeadTag",
    "NoteTag",
    "OpportunityTag",
    "SolutionTag",
    "TaskTag",
]
COLLECTION_OBJECTS = [
    *TAG_OBJECTS,
    "Account",
    "AccountContactRole",
    "Campaign",
    "CampaignMember",
    "CampaignShare",
    "Case",
    "CaseComment",
    "CaseContactRole",
    "CaseSolution",
    "Contact",
    "Contract",
    "Dashboard",
    "Document",
    "Event",
    "Group",
    "Lead",
    "Name",
    "Note",
    "Opportunity",
    "OpportunityCompetitor",
    "OpportunityContactRole",
    "OpportunityFieldHistory",
    "OpportunityLineItem",
    "OpportunityLineItemSchedule",
    "OpportunityStage",
    "Period",
    "Pricebook2",
    "PricebookEntry",
    "Product2",
    "Profile",
    "Solution",
    "Task",
    "User",
    "UserLogin",
    "UserRole",
]
ID_LOOKUPS = {
    "Campaign": {"Name"},
    "Case": {"CaseNumber"},
    "Contact": {"Email"},
    "Group": {"Name"},
    "Lead": {"Email"},
    "Opportunity": {"Name"},
    "Pricebook2": {"Name"},
    "Product2": {"Name"},
    "User": {"Username", "Email", "EmployeeNumber", "FederationIdentifier"},
    "Account": set(),
}


def test_all_48_documented_objects_are_there_with_tagging() -> None:
    names = {sobject.name for sobject in catalog.load({"tagging": True})}
    assert len(COLLECTION_OBJECTS) == 48
    assert set(COLLECTION_OBJECTS) <= names


def test_tag_objects_need_the_feature() -> None:
    names = {sobject.name for sobject in catalog.load()}
    assert set(COLLECTION_OBJECTS) - names == set(TAG_OBJECTS)


def test_every_object_has_a_prefix_of_its_own() -> None:
    schema = catalog.load(dict.fromkeys(catalog.load().features, True))
    prefixes = [sobject.key_prefix for sobject in schema]
    assert len(set(prefixes)) == len(prefixes)
    assert all(prefix and len(prefix) == 3 for prefix in prefixes)


def test_relationships_name_fields_that_are_there() -> None:
    schema = catalog.load({"tagging": True})
    for parent in schema:
        for relationship in parent.child_relationships:
            child = schema.object(relationship.child)
            assert child is not None
            lookup = child.field(relationship.field)
            assert lookup is not None, (parent.name, relationship)
            assert parent.name in lookup.reference_to


@pytest.mark.parametrize("name", sorted(ID_LOOKUPS))
def test_keys_besides_the_id(name: str) -> None:
    sobject = catalog.load().object(name)
    assert sobject is not None
    assert {field.name for field in sobject.fields if field.id_lookup} - {"Id"} == ID_LOOKUPS[name]


@pytest.mark.parametrize(
    ("feature", "field"),
    [
        ("multi_currency", "User.CurrencyIsoCode"),
        ("state_country_picklists", "User.StateCode"),
        ("person_accounts", "Account.RecordTypeId"),
    ],
)
def test_a_plain_org_lacks_what_a_feature_brings(feature: str, field: str) -> None:
    object_name, _, name = field.partition(".")
    for on in (False, True):
        sobject = catalog.load({feature: on}).object(object_name)
        assert sobject is not None
        assert (sobject.field(name) is not None) is on


def test_an_unknown_feature_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown feature 'teleport'"):
        catalog.load({"teleport": True})


def test_lead_facts_reach_the_describe(org: OrgClient) -> None:
    fields = {each["name"]: each for each in org.rest("GET", "sobjects/Lead/describe").json()["fields"]}
    required = {
        name
        for name, each in fields.items()
        if each["createable"]
        and not each["nillable"]
        and not each["defaultedOnCreate"]
        and each["type"] != "boolean"
    }
    assert required == {"LastName", "Company"}
    assert (fields["FirstName"]["length"], fields["AnnualRevenue"]["precision"]) == (40, 18)
    assert fields["Email"]["idLookup"]
    assert [value["value"] for value in fields["Status"]["picklistValues"] if value["defaultValue"]] == [
        "Open - Not Contacted"
    ]
    assert fields["OwnerId"]["referenceTo"] == ["Group", "User"]

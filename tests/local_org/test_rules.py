"""What a record may hold and how it is kept: the one validator, asked through HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from salesforce_local_org import catalog
from salesforce_local_org.rules import values
from salesforce_local_org.rules.errors import RecordError

if TYPE_CHECKING:
    from local_org_client import OrgClient


def lead(**values: Any) -> dict[str, Any]:
    return {"LastName": "Lovelace", "Company": "Engines"} | values


def stored(org: OrgClient, sobject: str, record: dict[str, Any]) -> dict[str, Any]:
    (record_id,) = org.create(sobject, [record])
    found = org.rest("GET", f"sobjects/{sobject}/{record_id}").json()
    assert isinstance(found, dict)
    return found


def test_lengths_are_counted_in_utf16_units(org: OrgClient) -> None:
    """As Apex's String.length() and the database count; an emoji is two."""
    assert stored(org, "Lead", lead(FirstName="😀" * 20))["FirstName"] == "😀" * 20
    assert stored(org, "Lead", lead(FirstName="é" * 40))["FirstName"] == "é" * 40
    assert org.refused("Lead", lead(FirstName="x" * 39 + "😀"))["errorCode"] == "STRING_TOO_LONG"


def test_unique_values_are_unique_without_case_unless_the_field_says_otherwise(org: OrgClient) -> None:
    org.custom_field("Account.Key__c", "Text", length=20, unique=True, externalId=True)
    org.custom_field("Account.Code__c", "Text", length=20, unique=True, caseSensitive=True)
    (first,) = org.create("Account", [{"Name": "A", "Key__c": "one", "Code__c": "one"}])
    org.create("Account", [{"Name": "B", "Key__c": "two", "Code__c": "ONE"}, {"Name": "C"}, {"Name": "D"}])
    error = org.refused("Account", {"Name": "E", "Key__c": "ONE"})
    assert error == {
        "message": f"duplicate value found: Key__c duplicates value on record with id: {first[:15]}",
        "errorCode": "DUPLICATE_VALUE",
        "fields": [],
    }
    assert org.refused("Account", {"Name": "E", "Code__c": "one"})["errorCode"] == "DUPLICATE_VALUE"
    assert org.rest("PATCH", f"sobjects/Account/{first}", json={"Key__c": "one"}).status_code == 204


# ---- what is kept, and how


@pytest.mark.parametrize(
    ("sobject", "given", "kept"),
    [
        ("Lead", {"Title": "  Countess \n"}, {"Title": "Countess"}),
        ("Lead", {"Title": ""}, {"Title": None}),
        ("Lead", {"NumberOfEmployees": "10000"}, {"NumberOfEmployees": 10000}),
        ("Lead", {"NumberOfEmployees": 12.0}, {"NumberOfEmployees": 12}),
        ("Lead", {"AnnualRevenue": "1.5e3"}, {"AnnualRevenue": 1500.0}),
        ("Lead", {"AnnualRevenue": 1500.6}, {"AnnualRevenue": 1501.0}),
        ("Lead", {"IsUnreadByOwner": "false"}, {"IsUnreadByOwner": False}),
        ("Lead", {"Industry": "Alchemy"}, {"Industry": "Alchemy"}),
        ("Lead", {"lastname": "Byron", "FIRSTNAME": "Ada"}, {"Name": "Ada Byron"}),
        ("Lead", {}, {"Status": "Open - Not Contacted", "IsUnreadByOwner": True, "IsConverted": False}),
        ("Lead", {"Status": None}, {"Status": "Open - Not Contacted"}),
        (
            "Task",
            {"ReminderDateTime": "2026-02-03T10:00:00.999+0200"},
            {"ReminderDateTime": "2026-02-03T08:00:00.000+0000"},
        ),
        (
            "Task",
            {"ReminderDateTime": "2026-02-03T10:00Z"},
            {"ReminderDateTime": "2026-02-03T10:00:00.000+0000"},
        ),
        ("Task", {"Priority": "High"}, {"IsHighPriority": True, "Status": "Not Started"}),
        ("Task", {"Status": "Completed"}, {"IsClosed": True}),
        ("Case", {"Status": "Closed"}, {"IsClosed": True, "Priority": "Medium"}),
        (
            "Opportunity",
            {"StageName": "Closed Won", "Amount": 10, "Name": "x", "CloseDate": "2026-05-06"},
            {"IsWon": True, "Probability": 100.0, "ExpectedRevenue": 10.0, "FiscalQuarter": 2},
        ),
    ],
)
def test_values_are_kept_as_salesforce_keeps_them(
    org: OrgClient, sobject: str, given: dict[str, Any], kept: dict[str, Any]
) -> None:
    record = stored(org, sobject, lead(**given) if sobject == "Lead" else given)
    assert {name: record[name] for name in kept} == kept


def test_parts_make_the_address(org: OrgClient) -> None:
    assert stored(org, "Lead", lead())["Address"] is None
    record = stored(org, "Lead", lead(City="London", PostalCode="SW1"))
    assert record["Address"] == {
        "city": "London",
        "country": None,
        "geocodeAccuracy": None,
        "latitude": None,
        "longitude": None,
        "postalCode": "SW1",
        "state": None,
        "street": None,
    }


def test_a_parent_may_be_named_by_its_key(org: OrgClient) -> None:
    org.custom_field("Account.Key__c", "Text", length=20, unique=True, externalId=True)
    (account,) = org.create("Account", [{"Name": "Acme", "Key__c": "k"}])
    record = stored(org, "Contact", {"LastName": "x", "Account": {"Key__c": "k"}})
    assert record["AccountId"] == account
    (user,) = [row["Id"] for row in org.query("SELECT Id FROM User LIMIT 1")]
    owner = {"attributes": {"type": "User"}, "Username": "ADMIN@example.com"}
    assert stored(org, "Lead", lead(Owner=owner))["OwnerId"] == user


def test_null_empties_a_field_and_absence_leaves_it(org: OrgClient) -> None:
    (record_id,) = org.create("Lead", [lead(Title="Countess", City="London")])
    org.rest("PATCH", f"sobjects/Lead/{record_id}", json={"Title": None})
    record = org.rest("GET", f"sobjects/Lead/{record_id}").json()
    assert (record["Title"], record["City"]) == (None, "London")
    answer = org.rest("PATCH", f"sobjects/Lead/{record_id}", json={"LastName": None})
    assert answer.json()[0]["errorCode"] == "REQUIRED_FIELD_MISSING"


def test_custom_fields_of_every_type_keep_their_values(org: OrgClient) -> None:
    kinds: dict[str, tuple[str, dict[str, Any], Any]] = {
        "Text__c": ("Text", {"length": 10}, "tëxt"),
        "Area__c": ("TextArea", {}, "a\nb"),
        "Long__c": ("LongTextArea", {"length": 50_000}, "x" * 40_000),
        "Html__c": ("Html", {}, "<p>h</p>"),
        "Secret__c": ("EncryptedText", {}, "s3cret"),
        "Number__c": ("Number", {"precision": 10, "scale": 3}, -12.345),
        "Money__c": ("Currency", {}, 12.34),
        "Share__c": ("Percent", {}, 99.5),
        "Check__c": ("Checkbox", {}, True),
        "Day__c": ("Date", {}, "2026-02-28"),
        "Moment__c": ("DateTime", {}, "2026-02-28T23:59:59.000+0000"),
        "Hour__c": ("Time", {}, "07:30:00.000Z"),
        "Mail__c": ("Email", {}, "a.b+c@example.co.uk"),
        "Phone__c": ("Phone", {}, "+44 20 7946 0000"),
        "Page__c": ("Url", {}, "https://example.com/?a=b"),
        "Pick__c": ("Picklist", {"values": ["one", "two"]}, "two"),
        "Multi__c": ("MultiselectPicklist", {"values": ["b", "a", "c"]}, "b;a"),
    }
    for name, (kind, metadata, _) in kinds.items():
        org.custom_field(f"Lead.{name}", kind, **metadata)
    given = {name: value for name, (_, _, value) in kinds.items()}
    record = stored(org, "Lead", lead(**given))
    assert {name: record[name] for name in given} == given
    described = {each["name"]: each for each in org.rest("GET", "sobjects/Lead/describe").json()["fields"]}
    assert all(
        described[name]["custom"] and described[name]["nillable"] for name in given if name != "Check__c"
    )


# ---- rules of thumb that hold for any value

FIELDS = {field.name: field for sobject in catalog.load() for field in sobject.fields if field.updateable}
TEXTS = sorted(name for name, field in FIELDS.items() if field.type in {"string", "textarea", "phone", "url"})
VALUE_ERRORS = {
    "",
    "JSON_PARSER_ERROR",
    "STRING_TOO_LONG",
    "INVALID_EMAIL_ADDRESS",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    "NUMBER_OUTSIDE_VALID_RANGE",
    "MALFORMED_ID",
}
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
)


@given(name=st.sampled_from(sorted(FIELDS)), value=JSON_VALUES)
@settings(max_examples=500)
def test_any_json_value_is_kept_or_refused_in_salesforces_words(name: str, value: object) -> None:
    field = FIELDS[name]
    code, kept = "", None
    try:
        kept = values.fit(field, values.read(field, value))
    except RecordError as error:
        code = error.code
    assert code in VALUE_ERRORS
    assert kept is None or isinstance(kept, (str, int, float))
    if isinstance(kept, str) and field.length:
        assert 0 < len(kept) <= field.length


@given(name=st.sampled_from(TEXTS), text=st.text(max_size=400))
@example(name="AboutMe", text=" \0")
def test_a_kept_text_is_trimmed_and_keeps_its_characters(name: str, text: str) -> None:
    field = FIELDS[name]
    wanted = text.replace("\0", "").strip()
    if not field.length or len(wanted.encode("utf-16-le")) <= 2 * field.length:
        assert values.fit(field, values.read(field, text)) == (wanted or None)


@pytest.fixture
def leads_with_all_types(org: OrgClient) -> OrgClient:
    org.custom_field("Lead.Score__c", "Number", precision=12, scale=4)
    org.custom_field("Lead.When__c", "DateTime")
    return org


@given(
    title=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=128),
    score=st.none() | st.integers(-(10**11), 10**11).map(lambda units: units / 10**4),
    when=st.none() | st.datetimes().filter(lambda moment: 1700 <= moment.year <= 3999),
    unread=st.booleans(),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_record_that_was_accepted_reads_back_the_same(
    leads_with_all_types: OrgClient, title: str, score: float | None, when: Any, unread: bool
) -> None:
    org = leads_with_all_types
    moment = when.strftime("%Y-%m-%dT%H:%M:%S.000+0000") if when else None
    record = stored(
        org,
        "Lead",
        lead(Title=title, Score__c=score, When__c=moment, IsUnreadByOwner=unread),
    )
    assert record["Title"] == (title.strip() or None)
    assert record["Score__c"] == score
    assert record["When__c"] == moment
    assert record["IsUnreadByOwner"] is unread
    assert json.loads(json.dumps(record)) == record

"""The SOAP door: merge, lead conversion, undelete, and the operations around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import pytest

if TYPE_CHECKING:
    from local_org_client import OrgClient

ENVELOPE = """<?xml version="1.0" encoding="utf-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="urn:partner.soap.sforce.com">
<soapenv:Header><SessionHeader><sessionId>{token}</sessionId></SessionHeader></soapenv:Header>
<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"""
LEAD = {
    "FirstName": "Ada",
    "LastName": "Lovelace",
    "Company": "Analytical Engines",
    "Email": "ada@example.com",
}


def facts(element: ET.Element) -> dict[str, Any]:
    """The children of an element; those that come more than once, or have children, as lists."""
    found: dict[str, Any] = {}
    for child in element:
        name = child.tag.rpartition("}")[2]
        value = facts(child) if len(child) else child.text
        found[name] = (
            [*found[name], value]
            if isinstance(found.get(name), list)
            else ([found[name], value] if name in found else value)
        )
    return found


def call(org: OrgClient, body: str, token: str | None = None, status: int = 200) -> dict[str, Any]:
    envelope = ENVELOPE.format(token=org.token() if token is None else token, body=body)
    answer = org.http("POST", "/services/Soap/u/64.0", data=envelope.encode())
    assert answer.status_code == status, answer.text
    return facts(ET.fromstring(answer.content))


def results(org: OrgClient, operation: str, body: str) -> list[dict[str, Any]]:
    answer = call(org, f"<{operation}>{body}</{operation}>")["Body"][f"{operation}Response"]
    found = (answer or {}).get("result", [])
    return found if isinstance(found, list) else [found]


def convert(org: OrgClient, lead: str, extra: str = "", status: str = "Closed - Converted") -> dict[str, Any]:
    wanted = f"<leadId>{lead}</leadId><convertedStatus>{status}</convertedStatus>{extra}"
    return results(org, "convertLead", f"<leadConverts>{wanted}</leadConverts>")[0]


def test_a_lead_becomes_an_account_a_contact_and_an_opportunity(org: OrgClient) -> None:
    org.clock(freeze_at="2026-02-10T12:00:00Z")
    address = {"Street": "1 Mill Lane", "City": "London", "PostalCode": "N1", "Country": "UK"}
    (lead,) = org.create("Lead", [LEAD | address | {"Phone": "1", "LeadSource": "Web", "Title": "Countess"}])
    (task,) = org.create("Task", [{"Subject": "Call", "WhoId": lead}])

    done = convert(org, lead)

    assert (done["success"], done["leadId"]) == ("true", lead)
    account = org.query(f"SELECT Name, BillingCity, Phone FROM Account WHERE Id = '{done['accountId']}'")
    contact = org.query(
        "SELECT Name, Email, MailingCity, AccountId, LeadSource, Title FROM Contact"
        f" WHERE Id = '{done['contactId']}'"
    )
    opportunity = org.query(
        f"SELECT Name, StageName, CloseDate, AccountId FROM Opportunity WHERE Id = '{done['opportunityId']}'"
    )
    assert account == [{"Name": "Analytical Engines", "BillingCity": "London", "Phone": "1"}]
    assert contact == [
        {
            "Name": "Ada Lovelace",
            "Email": "ada@example.com",
            "MailingCity": "London",
            "AccountId": done["accountId"],
            "LeadSource": "Web",
            "Title": "Countess",
        }
    ]
    assert opportunity == [
        {
            "Name": "Analytical Engines",
            "StageName": "Prospecting",
            "CloseDate": "2026-03-31",
            "AccountId": done["accountId"],
        }
    ]
    assert org.query("SELECT ContactId, IsPrimary FROM OpportunityContactRole") == [
        {"ContactId": done["contactId"], "IsPrimary": True}
    ]
    assert org.query(f"SELECT WhoId, WhatId FROM Task WHERE Id = '{task}'") == [
        {"WhoId": done["contactId"], "WhatId": done["opportunityId"]}
    ]
    assert org.query(
        "SELECT IsConverted, Status, ConvertedDate, ConvertedAccountId, ConvertedContactId,"
        " ConvertedOpportunityId FROM Lead"
    ) == [
        {
            "IsConverted": True,
            "Status": "Closed - Converted",
            "ConvertedDate": "2026-02-10",
            "ConvertedAccountId": done["accountId"],
            "ConvertedContactId": done["contactId"],
            "ConvertedOpportunityId": done["opportunityId"],
        }
    ]


@pytest.mark.parametrize(("today", "close"), [("2026-01-01", "2026-03-31"), ("2026-12-31", "2026-12-31")])
def test_the_opportunity_closes_at_the_end_of_the_quarter(org: OrgClient, today: str, close: str) -> None:
    org.clock(freeze_at=f"{today}T00:00:00Z")
    (lead,) = org.create("Lead", [LEAD])
    convert(org, lead)

    assert org.query("SELECT CloseDate FROM Opportunity") == [{"CloseDate": close}]


def test_a_lead_joins_what_is_there_and_overwrites_nothing(org: OrgClient) -> None:
    (account,) = org.create("Account", [{"Name": "Engines Ltd"}])
    (contact,) = org.create("Contact", [{"LastName": "L.", "AccountId": account, "LeadSource": "Other"}])
    (lead,) = org.create("Lead", [LEAD | {"Phone": "7", "LeadSource": "Web"}])
    joined = f"<accountId>{account}</accountId><contactId>{contact}</contactId>"

    done = convert(org, lead, f"{joined}<doNotCreateOpportunity>true</doNotCreateOpportunity>")

    assert (done["accountId"], done["contactId"], done["opportunityId"]) == (account, contact, None)
    assert org.query("SELECT Name, Phone FROM Account") == [{"Name": "Engines Ltd", "Phone": "7"}]
    assert org.query("SELECT LastName, FirstName, Email, LeadSource FROM Contact") == [
        {"LastName": "L.", "FirstName": "Ada", "Email": "ada@example.com", "LeadSource": "Other"}
    ]
    assert org.query("SELECT Id FROM Opportunity") == []


def test_a_converted_lead_is_closed_for_good(org: OrgClient) -> None:
    (lead,) = org.create("Lead", [LEAD])
    convert(org, lead)

    again = convert(org, lead)
    update = org.rest("PATCH", f"sobjects/Lead/{lead}", json={"Title": "x"})

    assert again["success"] == "false"
    assert again["errors"] == {
        "message": "cannot reference converted lead",
        "statusCode": "CANNOT_UPDATE_CONVERTED_LEAD",
    }
    assert update.json()[0]["errorCode"] == "CANNOT_UPDATE_CONVERTED_LEAD"


@pytest.mark.parametrize(
    ("extra", "status", "code"),
    [
        ("", "Working - Contacted", "INVALID_STATUS"),
        ("", "", "INVALID_STATUS"),
        ("<accountId>001xx</accountId>", "Closed - Converted", "MALFORMED_ID"),
        ("<contactId>{contact}</contactId>", "Closed - Converted", "REQUIRED_FIELD_MISSING"),
        (
            "<accountId>{other}</accountId><contactId>{contact}</contactId>",
            "Closed - Converted",
            "INVALID_CROSS_REFERENCE_KEY",
        ),
    ],
)
def test_a_conversion_that_cannot_be_changes_nothing(
    org: OrgClient, extra: str, status: str, code: str
) -> None:
    account, other = org.create("Account", [{"Name": "A"}, {"Name": "B"}])
    (contact,) = org.create("Contact", [{"LastName": "C", "AccountId": account}])
    (lead,) = org.create("Lead", [LEAD])

    done = convert(org, lead, extra.format(contact=contact, other=other), status)

    assert (done["success"], done["errors"]["statusCode"]) == ("false", code)
    assert org.query("SELECT IsConverted FROM Lead") == [{"IsConverted": False}]
    assert len(org.query("SELECT Id FROM Account")) == 2
    assert len(org.query("SELECT Id FROM Contact")) == 1


def test_losers_of_a_merge_go_to_the_bin_and_their_children_to_the_winner(org: OrgClient) -> None:
    org.clock(freeze_at="2026-01-01T00:00:00Z")
    winner, loser, third = org.create("Account", [{"Name": name} for name in ("W", "L", "T")])
    (contact,) = org.create("Contact", [{"LastName": "C", "AccountId": loser}])
    org.clock(freeze_at="2026-01-02T00:00:00Z")
    master = f"<masterRecord><type>Account</type><Id>{winner}</Id><Phone>7</Phone></masterRecord>"
    losers = f"<recordToMergeIds>{loser}</recordToMergeIds><recordToMergeIds>{third}</recordToMergeIds>"

    (done,) = results(org, "merge", f"<request>{master}{losers}</request>")

    assert (done["success"], done["id"]) == ("true", winner)
    assert (done["mergedRecordIds"], done["updatedRelatedIds"]) == ([loser, third], contact)
    assert org.query("SELECT Id, Phone FROM Account") == [{"Id": winner, "Phone": "7"}]
    lost = org.query(
        "SELECT Id, IsDeleted, MasterRecordId FROM Account WHERE IsDeleted = true", all_rows=True
    )
    assert {row["Id"]: row["MasterRecordId"] for row in lost} == {loser: winner, third: winner}
    assert org.query("SELECT AccountId, SystemModstamp, LastModifiedDate FROM Contact") == [
        {
            "AccountId": winner,
            "SystemModstamp": "2026-01-02T00:00:00.000+0000",
            "LastModifiedDate": "2026-01-01T00:00:00.000+0000",
        }
    ]


@pytest.mark.parametrize(
    ("kind", "losers", "code"),
    [
        ("Account", [], "NUMBER_OUTSIDE_VALID_RANGE"),
        ("Account", ["{b}", "{c}", "{d}"], "NUMBER_OUTSIDE_VALID_RANGE"),
        ("Account", ["{a}"], "INVALID_ID_FIELD"),
        ("Account", ["{b}", "{b}"], "ENTITY_IS_DELETED"),
        ("Account", ["x"], "MALFORMED_ID"),
        ("Opportunity", ["{b}"], "INVALID_TYPE"),
    ],
)
def test_a_merge_that_cannot_be_changes_nothing(
    org: OrgClient, kind: str, losers: list[str], code: str
) -> None:
    ids = dict(zip("abcd", org.create("Account", [{"Name": name} for name in "abcd"]), strict=True))
    named = "".join(f"<recordToMergeIds>{each.format(**ids)}</recordToMergeIds>" for each in losers)
    master = f"<masterRecord><type>{kind}</type><Id>{ids['a']}</Id></masterRecord>"

    (done,) = results(org, "merge", f"<request>{master}{named}</request>")

    assert (done["success"], done["errors"]["statusCode"]) == ("false", code)
    assert len(org.query("SELECT Id FROM Account")) == 4


def test_undelete_brings_back_and_emptying_the_bin_ends_it(org: OrgClient) -> None:
    kept, lost = org.create("Account", [{"Name": "kept"}, {"Name": "lost"}])
    for each in (kept, lost):
        org.rest("DELETE", f"sobjects/Account/{each}")

    back, never, malformed = results(
        org, "undelete", f"<ids>{kept}</ids><ids>001000000000000AAA</ids><ids>x</ids>"
    )
    emptied, alive = results(org, "emptyRecycleBin", f"<ids>{lost}</ids><ids>{kept}</ids>")

    assert back == {"id": kept, "success": "true"}
    assert never["errors"]["statusCode"] == "UNDELETE_FAILED"
    assert malformed["errors"]["statusCode"] == "MALFORMED_ID"
    assert (emptied["success"], alive["success"]) == ("true", "false")
    assert org.query("SELECT Name FROM Account", all_rows=True) == [{"Name": "kept"}]


def test_records_are_written_one_by_one(org: OrgClient) -> None:
    size = "<NumberOfEmployees>5</NumberOfEmployees>"
    good = f"<sObjects><type>Account</type><Name>Räksmörgås &amp; Co</Name>{size}</sObjects>"
    bad = '<sObjects xsi:type="Account"><Phone>1</Phone></sObjects>'

    made, refused = results(org, "create", good + bad)
    account = made["id"]
    emptied = f"<fieldsToNull>NumberOfEmployees</fieldsToNull><Id>{account}</Id>"
    (changed,) = results(org, "update", f"<sObjects><type>Account</type>{emptied}</sObjects>")

    assert made["success"] == changed["success"] == "true"
    assert (refused["success"], refused["id"]) == ("false", None)
    assert refused["errors"] == {
        "fields": "Name",
        "message": "Required fields are missing: [Name]",
        "statusCode": "REQUIRED_FIELD_MISSING",
    }
    assert org.query("SELECT Name, NumberOfEmployees FROM Account") == [
        {"Name": "Räksmörgås & Co", "NumberOfEmployees": None}
    ]
    (gone,) = results(org, "delete", f"<ids>{account}</ids>")
    assert gone == {"id": account, "success": "true"}
    assert org.query("SELECT Id FROM Account") == []


def test_a_call_costs_one_and_says_what_is_used(org: OrgClient) -> None:
    org.clock(freeze_at="2026-01-01T00:00:00Z")

    answer = call(org, "<getServerTimestamp/>")

    info = answer["Header"]["LimitInfoHeader"]["limitInfo"]
    assert info == {"current": "1", "limit": "15000", "type": "API REQUESTS"}
    stamp = answer["Body"]["getServerTimestampResponse"]["result"]["timestamp"]
    assert stamp == "2026-01-01T00:00:00.000Z"
    assert org.api_calls() == 1
    assert org.requests()[-1]["api_calls"] == 1


def test_logout_ends_the_session(org: OrgClient) -> None:
    assert results(org, "getUserInfo", "")[0]["userName"] == "admin@example.com"
    call(org, "<logout/>")

    assert org.rest("GET", "limits").status_code == 401


@pytest.mark.parametrize("token", ["", "none"])
def test_a_strangers_call_is_a_fault(org: OrgClient, token: str) -> None:
    answer = call(org, "<getServerTimestamp/>", token=token, status=500)

    assert answer["Body"]["Fault"]["faultcode"] == "sf:INVALID_SESSION_ID"
    assert org.api_calls() == 0


def test_faults_say_what_is_wrong(org: OrgClient) -> None:
    wrong_type = call(org, "<create><sObjects><type>Nonsense</type></sObjects></create>", status=500)
    too_many = call(org, f"<undelete>{'<ids>x</ids>' * 201}</undelete>", status=500)
    unknown = call(org, "<describeLayout/>", status=500)

    assert wrong_type["Body"]["Fault"]["faultcode"] == "sf:INVALID_TYPE"
    assert too_many["Body"]["Fault"]["faultcode"] == "sf:EXCEEDED_ID_LIMIT"
    assert unknown["Body"]["Fault"]["faultcode"] == "sf:INVALID_OPERATION"
    org.limits(DailyApiRequests={"Max": 5, "Remaining": 0})
    used_up = call(org, "<getServerTimestamp/>", status=500)
    assert used_up["Body"]["Fault"]["faultcode"] == "sf:REQUEST_LIMIT_EXCEEDED"


def test_a_value_of_the_wrong_type_fails_its_record_alone(org: OrgClient) -> None:
    lead = "<type>Lead</type><LastName>x</LastName><Company>y</Company>"

    bad, good = results(
        org,
        "create",
        f"<sObjects>{lead}<AnnualRevenue>much</AnnualRevenue></sObjects><sObjects>{lead}</sObjects>",
    )

    assert bad["errors"]["statusCode"] == "INVALID_TYPE_ON_FIELD_IN_RECORD"
    assert bad["errors"]["fields"] == "AnnualRevenue"
    assert good["success"] == "true"


def test_text_that_xml_cannot_hold_does_not_break_the_answer(org: OrgClient) -> None:
    hostile = escape('<a b="c">&amp;]]>')

    (refused,) = results(org, "delete", f"<ids>{hostile}</ids>")

    assert refused["errors"]["message"] == 'bad id <a b="c">&amp;]]>'

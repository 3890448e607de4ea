from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from running import purge

if TYPE_CHECKING:
    from local_org_client import OrgClient
    from running import TapRunner

BEFORE = "2026-06-01T09:00:00Z"
MIDDAY = "2026-06-01T12:00:00Z"
LATER = "2026-06-01T15:00:30Z"
EVENING = "2026-06-01T18:00:00Z"


@pytest.fixture
def loaded(org: OrgClient, tap: TapRunner) -> dict[str, Any]:
    """Three Leads, and the state of a run that has read them."""
    org.clock(freeze_at=BEFORE)
    ids = org.create("Lead", [{"LastName": name, "Company": "Ltd"} for name in ("Ada", "Bert", "Cleo")])
    org.clock(freeze_at=MIDDAY)
    outcome = tap.run(catalog=tap.catalog("leads")).ended()
    assert len(outcome.records("leads")) == 3
    return {"ids": ids, "state": outcome.state}


def test_a_record_removed_for_good_comes_as_its_id(
    org: OrgClient, tap: TapRunner, loaded: dict[str, Any]
) -> None:
    soft, hard, _ = loaded["ids"]
    org.clock(freeze_at=LATER)
    org.rest("DELETE", f"sobjects/Lead/{soft}")
    purge(org, "Lead", hard)
    org.clock(freeze_at=EVENING)
    outcome = tap.run(catalog=tap.catalog("leads"), state=loaded["state"]).ended()
    records = {record["id"]: record for record in outcome.records("leads")}
    assert records.keys() == {soft, hard}
    assert records[hard] == {
        "id": hard,
        "is_deleted": True,
        "_sdc_deleted_at": "2026-06-01T15:00:30.000Z",
    }
    assert records[soft]["last_name"] == "Ada"
    assert records[soft]["is_deleted"] is True
    assert outcome.bookmark("leads") == EVENING
    again = tap.run(catalog=tap.catalog("leads"), state=outcome.state).ended()
    assert again.counts() == {}


def test_an_undeleted_record_is_alive(org: OrgClient, tap: TapRunner, loaded: dict[str, Any]) -> None:
    first, *_ = loaded["ids"]
    org.clock(freeze_at=LATER)
    org.rest("DELETE", f"sobjects/Lead/{first}")
    undelete(org, first)
    org.clock(freeze_at=EVENING)
    outcome = tap.run(catalog=tap.catalog("leads"), state=loaded["state"]).ended()
    assert [record["is_deleted"] for record in outcome.records("leads")] == [False]


def undelete(org: OrgClient, record_id: str) -> None:
    envelope = (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:urn="urn:partner.soap.sforce.com"><soapenv:Header><urn:SessionHeader><urn:sessionId>'
        f"{org.token()}</urn:sessionId></urn:SessionHeader></soapenv:Header>"
        f"<soapenv:Body><urn:undelete><urn:ids>{record_id}</urn:ids></urn:undelete></soapenv:Body>"
        "</soapenv:Envelope>"
    )
    headers = {"Content-Type": "text/xml", "SOAPAction": '""'}
    answer = org.http("POST", "/services/Soap/u/64.0", data=envelope, headers=headers)
    assert "<success>true</success>" in answer.text, answer.text


def test_roles_have_no_recycle_bin(org: OrgClient, tap: TapRunner) -> None:
    """UserRole has no IsDeleted, so only the log of deletes tells."""
    org.clock(freeze_at=BEFORE)
    (role,) = org.create("UserRole", [{"Name": "Wizard"}])
    org.clock(freeze_at=MIDDAY)
    catalog = tap.catalog("role")
    first = tap.run(catalog=catalog).ended()
    (wizard,) = [each for each in first.records("role") if each["id"] == role]
    assert wizard["is_deleted"] is False
    assert wizard["_sdc_deleted_at"] is None
    org.clock(freeze_at=LATER)
    assert org.rest("DELETE", f"sobjects/UserRole/{role}").status_code == 204
    org.clock(freeze_at=EVENING)
    (gone,) = tap.run(catalog=catalog, state=first.state).ended().records("role")
    assert gone == {"id": role, "is_deleted": True, "_sdc_deleted_at": "2026-06-01T15:00:30.000Z"}


def test_detection_can_be_turned_off(org: OrgClient, tap: TapRunner, loaded: dict[str, Any]) -> None:
    org.clock(freeze_at=LATER)
    purge(org, "Lead", loaded["ids"][0])
    org.clock(freeze_at=EVENING)
    org.forget_requests()
    outcome = tap.run(catalog=tap.catalog("leads"), state=loaded["state"], detect_hard_deletes=False).ended()
    assert outcome.counts() == {}
    catalog = tap.catalog("role", "leads", detect_hard_deletes=False)
    columns = {each["tap_stream_id"]: each["schema"]["properties"] for each in catalog["streams"]}
    assert "_sdc_deleted_at" in columns["leads"]
    assert "_sdc_deleted_at" not in columns["role"]


def test_stream_maps_see_every_column_of_a_removed_record(
    org: OrgClient, tap: TapRunner, loaded: dict[str, Any]
) -> None:
    org.clock(freeze_at=LATER)
    purge(org, "Lead", loaded["ids"][0])
    org.clock(freeze_at=EVENING)
    maps = {"leads": {"mail": "email or 'none'"}}
    outcome = tap.run(catalog=tap.catalog("leads"), state=loaded["state"], stream_maps=maps).ended()
    (record,) = outcome.records("leads")
    assert (record["id"], record["is_deleted"], record["mail"]) == (loaded["ids"][0], True, "none")


@pytest.mark.parametrize(("columns", "told"), [({"mail": "email"}, []), ({"gone": "is_deleted"}, [True])])
def test_a_removed_record_is_told_if_the_maps_let_it_show_that(
    org: OrgClient, tap: TapRunner, loaded: dict[str, Any], columns: dict[str, str], told: list[bool]
) -> None:
    """Else it would come as a row of nulls that looks alive."""
    org.clock(freeze_at=LATER)
    purge(org, "Lead", loaded["ids"][0])
    org.clock(freeze_at=EVENING)
    maps = {"leads": {"id": "id", "__else__": None, **columns}}
    outcome = tap.run(catalog=tap.catalog("leads"), state=loaded["state"], stream_maps=maps).ended()
    assert [record["gone"] for record in outcome.records("leads")] == told


def answer_about_deletes(org: OrgClient, status: int, body: Any) -> None:
    """Answer so to the first composite request of a run of one stream: it asks for the deletes."""
    member = {"httpStatusCode": status, "body": body, "httpHeaders": {}, "referenceId": "member0"}
    action = {"status": 200, "body": {"compositeResponse": [member]}}
    org.faults([{"path": "/composite$", "times": 1, "action": action}])


def test_a_log_that_reaches_not_far_enough_back_is_said(
    org: OrgClient, tap: TapRunner, loaded: dict[str, Any]
) -> None:
    org.clock(freeze_at="2026-07-01T12:00:00Z")
    outcome = tap.run(catalog=tap.catalog("leads"), state=loaded["state"]).ended()
    assert "Lead: the last sync is older than the org's log of deletes" in outcome.stderr


def test_a_log_that_cannot_be_read_does_not_stop_the_run(
    org: OrgClient, tap: TapRunner, loaded: dict[str, Any]
) -> None:
    org.clock(freeze_at=EVENING)
    answer_about_deletes(org, 400, [{"message": "too early", "errorCode": "INVALID_REPLICATION_DATE"}])
    outcome = tap.run(catalog=tap.catalog("leads"), state=loaded["state"]).ended()
    assert "Records removed for good may be missed" in outcome.stderr
    assert outcome.bookmark("leads") == EVENING


def test_the_bookmark_is_held_back_while_a_transaction_is_open(
    org: OrgClient, tap: TapRunner, loaded: dict[str, Any]
) -> None:
    org.clock(freeze_at=EVENING)
    covered = {
        "deletedRecords": [],
        "earliestDateAvailable": "2026-05-20T00:00:00.000+0000",
        "latestDateCovered": "2026-06-01T17:40:00.000+0000",
    }
    answer_about_deletes(org, 200, covered)
    outcome = tap.run(catalog=tap.catalog("leads"), state=loaded["state"]).ended()
    assert outcome.bookmark("leads") == "2026-06-01T17:40:00Z"

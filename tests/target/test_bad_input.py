"""Wrong settings, lines and events: one clear message or one reject each, and nothing else is lost."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from target_pipe import group, identify, messages, schema, track

from salesforce_seg.errors import ConfigurationError

if TYPE_CHECKING:
    from local_org_client import OrgClient

STATE = {"type": "STATE", "value": {"seen": 1}}
GOOD = identify({"email": "good@example.com"})


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"converted_leads": "maybe"}, "converted_leads"),
        ({"multiple_matches": "some"}, "multiple_matches"),
        ({"fill_required": True}, "fill_required"),
        ({"api_type": "bulk"}, "api_type"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": "many"}, "batch_size"),
        ({"actions": {"event": "track"}}, "actions"),
        ({"streams": []}, "streams"),
        ({"lead_lookup_fields": {"email": 1}}, "lead_lookup_fields"),
        ({"lead_lookup_fields": {"email": None}}, "lead_lookup_fields: `email` needs the API name"),
        ({"trait_fields": {"page": {"a": "B"}}}, "trait_fields: `page` is no event type"),
        ({"trait_fields": {"a": 1}}, "trait_fields: `a` needs the API name"),
        ({"summary_path": "/no/such/folder/x.json"}, "summary_path"),
        ({"report_path": "/no/such/folder/x.html"}, "report_path"),
        ({"event_id_field": {"Case": "No Field"}}, "event_id_field: 'No Field' is no API name"),
        ({"event_id_field": 7}, "event_id_field"),
        ({"match_contacts": "perhaps"}, "match_contacts"),
        ({"describe_again_after": 0}, "describe_again_after"),
        ({"integration_name": ["Salesforce"]}, "integration_name"),
        ({"actions": ["track"]}, "actions"),
        ({"username": None, "password": None}, "username"),
        ({"password": None}, "password"),
        ({"client_id": "a", "client_secret": "b", "access_token": "c"}, "access_token"),
    ],
)
def test_a_wrong_setting_is_one_clear_message(send: Any, settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(told)):
        send(GOOD, **settings)


def test_a_wrong_setting_ends_the_command(cli: Any, config: dict[str, Any]) -> None:
    outcome = cli(messages([GOOD]), counts=False, converted_leads="maybe", multiple_matches="some")
    assert outcome.exit_code == 2
    (line,) = [line for line in outcome.log.splitlines() if "ERROR" in line]
    assert "converted_leads: 'maybe' is not one of ['contact', 'reject']" in line
    assert "multiple_matches" in line
    assert outcome.states == outcome.rejects == []


def test_a_setting_that_does_not_exist_is_said(send: Any) -> None:
    outcome = send(GOOD, always_enable=True)
    outcome.doors(created=1)
    assert "The setting always_enable is not known and is ignored." in outcome.log


def test_a_field_to_look_up_by_that_the_org_does_not_have(cli: Any) -> None:
    outcome = cli(messages([GOOD]), lead_lookup_fields={"email": "E_Mail__c"})
    assert outcome.exit_code == 2
    assert "lead_lookup_fields: Lead has no field E_Mail__c" in outcome.log
    outcome.doors()


def test_a_refused_login(org: OrgClient, cli: Any) -> None:
    told = "Invalid username, password, security token; or user locked out."
    fault = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:sf="urn:fault.partner.soap.sforce.com"><soapenv:Body><soapenv:Fault>'
        f"<faultcode>sf:INVALID_LOGIN</faultcode><faultstring>INVALID_LOGIN: {told}</faultstring>"
        "<detail><sf:LoginFault><sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>"
        f"<sf:exceptionMessage>{told}</sf:exceptionMessage></sf:LoginFault></detail>"
        "</soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    )
    org.faults([{"path": "/services/Soap", "times": None, "action": {"status": 500, "body": fault}}])
    outcome = cli([*messages([GOOD]), STATE])
    assert outcome.exit_code == 2, outcome.log
    assert "INVALID_LOGIN" in outcome.log
    assert outcome.states == outcome.rejects == []


def test_an_unreachable_host(cli: Any) -> None:
    outcome = cli([*messages([GOOD]), STATE], login_url="http://127.0.0.1:9", max_retries=0)
    assert outcome.exit_code in {1, 2}
    assert "127.0.0.1" in outcome.log
    assert outcome.states == outcome.rejects == []


def test_bad_lines_are_rejects_and_the_others_are_written(org: OrgClient, cli: Any) -> None:
    content = [
        "this is no JSON",
        "",
        '{"type": "RECORD", "stream": "events", "rec',
        "[1, 2]",
        '{"no": "type"}',
        *messages([GOOD]),
        {"type": "RECORD", "stream": "events"},
        {"type": "RECORD", "stream": "events", "record": [1]},
        {"type": "WHATEVER", "a": 1},
        {"type": "STATE"},
        {"type": "record", "stream": "events", "record": GOOD},
        GOOD,
        {"type": "ACTIVATE_VERSION", "stream": "events", "version": 1},
        *messages([identify({"email": "late@example.com"})])[1:],
        STATE,
    ]
    outcome = cli(content)
    assert outcome.exit_code == 0, outcome.log
    outcome.doors(created=2, rejected=9)
    assert sorted(outcome.codes) == ["INVALID_JSON"] * 2 + ["INVALID_MESSAGE"] * 7
    assert "`identify` is no type of a Singer message." in outcome.rejects[-1]["reason"]
    assert outcome.rejects[0]["event"] == "this is no JSON"
    assert "Messages of type WHATEVER are not known" in outcome.log
    assert outcome.states == [{"seen": 1}]


def test_a_record_without_a_schema_fails_the_run_after_all_else_is_written(org: OrgClient, cli: Any) -> None:
    content = [
        {"type": "RECORD", "stream": "early", "record": GOOD},
        *messages([GOOD]),
        STATE,
    ]
    outcome = cli(content)
    assert outcome.exit_code == 1
    assert "'early'" in outcome.log
    outcome.doors(created=1, rejected=1)
    assert outcome.codes == ["MISSING_SCHEMA"]
    assert outcome.states == [{"seen": 1}]


@pytest.mark.parametrize("of_stream", [[1], None, {"type": "object", "properties": 7}])
def test_a_schema_that_cannot_be_used_fails_the_run_after_all_else_is_written(
    org: OrgClient, cli: Any, of_stream: Any
) -> None:
    broken = {"type": "SCHEMA", "stream": "broken", "schema": of_stream, "key_properties": []}
    lost = {"type": "RECORD", "stream": "broken", "record": identify({"email": "lost@example.com"})}
    outcome = cli([broken, lost, *messages([GOOD])])
    assert outcome.exit_code == 1
    outcome.doors(created=1, rejected=1)
    assert outcome.codes == ["MISSING_SCHEMA"]
    errors = [line for line in outcome.log.splitlines() if "ERROR" in line]
    assert all("The schema of stream broken cannot be used. Without an earlier one" in e for e in errors)


@pytest.mark.parametrize("of_stream", [{"type": "object"}, {}, {"type": ["object", "null"]}])
@pytest.mark.parametrize("members", [{"key_properties": []}, {"key_properties": None}, {}])
def test_a_schema_without_properties_lets_everything_by(
    org: OrgClient, run: Any, of_stream: dict[str, Any], members: dict[str, Any]
) -> None:
    open_schema = {"type": "SCHEMA", "stream": "events", "schema": of_stream} | members
    outcome = run([open_schema, open_schema, {"type": "RECORD", "stream": "events", "record": GOOD}, STATE])
    outcome.doors(created=1)
    assert outcome.states == [{"seen": 1}]


def test_a_tap_that_says_nothing_but_an_empty_schema_has_failed(org: OrgClient, cli: Any) -> None:
    bare = {"type": "SCHEMA", "stream": "events", "schema": {"type": "object"}, "key_properties": []}
    outcome = cli([bare])
    assert outcome.exit_code == 1
    assert "The schema of stream events has no properties, and neither a record" in outcome.log
    assert cli([bare, STATE]).exit_code == 0


def test_a_record_against_its_schema_is_a_reject(org: OrgClient, run: Any) -> None:
    strict = schema(
        schema={"type": "object", "properties": {"type": {"type": "string"}, "userId": {"type": "integer"}}}
    )
    record = {"type": "RECORD", "stream": "events", "record": GOOD}
    outcome = run([strict, record])
    outcome.doors(rejected=1)
    assert outcome.codes == ["INVALID_RECORD"]
    assert "stream events" in outcome.rejects[0]["reason"]
    run([strict, record], validate_records=False).doors(created=1)


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"integrations": {"Salesforce": True}, "traits": {"email": "a@example.com"}}, "MISSING_TYPE"),
        (identify({"email": "a@example.com"}, type=7), "MISSING_TYPE"),
        (identify({"email": "a@example.com"}, type="identity"), "UNKNOWN_TYPE"),
        (identify(None, userId=None), "MISSING_KEY"),
        ({"type": "group", "integrations": {"Salesforce": True}, "traits": {"name": "N"}}, "MISSING_KEY"),
        (identify(traits=[1]), "INVALID_TRAITS"),
        (identify(traits="text"), "INVALID_TRAITS"),
        (identify(traits=True), "INVALID_TRAITS"),
        (identify({"email": 7}), "INVALID_EMAIL_ADDRESS"),
        (identify({"email": ["a@example.com"]}), "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        (identify({"email": True}), "INVALID_EMAIL_ADDRESS"),
        (identify({"email": "a\u0000@example.com"}), "INVALID_EMAIL_ADDRESS"),
        (identify({"email": "a@exam\u001bple.com"}), "INVALID_EMAIL_ADDRESS"),
    ],
)
def test_a_bad_event_is_one_reject_and_its_neighbours_are_written(
    org: OrgClient, send: Any, event: dict[str, Any], code: str
) -> None:
    outcome = send(GOOD, event, identify({"email": "other@example.com"}))
    outcome.doors(created=2, rejected=1)
    assert outcome.codes == [code]
    assert outcome.rejects[0]["event"] == json.loads(json.dumps(event))


def test_traits_that_a_database_keeps_as_json_text(org: OrgClient, send: Any) -> None:
    event = identify(
        traits=json.dumps({"email": "a@example.com", "title": "T"}), integrations='{"Salesforce": true}'
    )
    send(event).doors(created=1)
    assert org.query("SELECT Title FROM Lead") == [{"Title": "T"}]


def test_no_events_cost_nothing(org: OrgClient, cli: Any) -> None:
    org.forget_requests()
    outcome = cli([schema(), {"type": "STATE", "value": {"seen": 0}}])
    assert outcome.exit_code == 0
    outcome.doors()
    assert outcome.states == [{"seen": 0}]
    assert org.requests() == []


def test_a_hostile_event_can_be_a_reject(org: OrgClient, send: Any) -> None:
    event = group("1", {"x": "\ud800 \x00", "n": 1.10}, nan=float("nan"))
    outcome = send(event, group(10**4000, {"name": "N"}), group(1e300, {"name": "N"}))
    outcome.doors(rejected=3)
    assert outcome.rejects[0]["event"]["traits"] == event["traits"]


def test_a_trait_cannot_write_lines_into_the_log(org: OrgClient, cli: Any) -> None:
    names = ("x\n9 events: forged", "y" * 5000, "\x1b[2Jcleared", "\u202ereversed")
    outcome = cli(messages([identify({"email": "a@example.com"} | dict.fromkeys(names, 1))]))
    outcome.doors(created=1)
    assert "`\\x1b[2Jcleared` is left out" in outcome.log
    assert outcome.log.replace("\n", "").isprintable()
    assert "`x 9 events: forged` is left out of every record." in outcome.log
    assert max(map(len, outcome.log.splitlines())) < 1000


def test_a_user_id_of_a_megabyte_is_no_address(org: OrgClient, send: Any) -> None:
    outcome = send(identify({"lastName": "L"}, userId="a@" + "." * 1_000_000 + "@"), GOOD)
    outcome.doors(created=1, rejected=1)
    assert outcome.codes == ["MISSING_KEY"]


def test_hostile_values_are_only_values(org: OrgClient, send: Any) -> None:
    hostile = "'; DELETE FROM Lead; -- \" \\ \u202e \u2028 <x> {!} @{ref.id} \ud800 \x07"
    send(identify({"email": "a@example.com", "title": hostile, "@{x.id}": hostile, "": 1})).doors(created=1)
    send(identify({"email": "a@example.com", "title": hostile})).doors(unchanged=1)


def test_track_events_and_contexts_of_any_shape_end_in_a_door(org: OrgClient, send: Any) -> None:
    action = {
        "event": "track",
        "event_name": "Issue",
        "operation": "create",
        "object": "Case",
        "field_mappings": {"properties.subject": "Subject", "traits.email": "SuppliedEmail"},
    }
    unnamed = [track(name) for name in (None, 7, [], {"a": 1}, "", "No action")]
    unreadable = (7, "text", [1], [{"subject": "S"}])
    empty = (None, {"subject": {"a": 1}}, {"subject": [[]]}, {"": {"": ""}})
    shapes = [track("Issue", properties=each, context=each) for each in (*unreadable, *empty)]
    outcome = send(*unnamed, *shapes, GOOD, actions=[action])
    outcome.doors(created=1, skipped=len(unnamed), rejected=len(unreadable) + len(empty))
    assert outcome.codes == ["INVALID_TRAITS"] * len(unreadable) + ["NOTHING_TO_CREATE"] * len(empty)
    assert org.query("SELECT Subject FROM Case") == []


@pytest.mark.parametrize("operation", ["upsert", "update", "delete", "read"])
def test_a_rule_that_finds_nothing_in_the_event_never_gets_weaker(
    org: OrgClient, send: Any, operation: str
) -> None:
    org.create("Contact", [{"LastName": "L", "Email": "a@example.com", "Phone": "1"}])
    action = {
        "event": "track",
        "event_name": "Seen",
        "operation": operation,
        "object": "Contact",
        "upsert_rules": {"properties.email": "Email", "properties.phone": "Phone"},
    } | ({"field_mappings": {"properties.title": "Title"}} if operation in {"upsert", "update"} else {})
    phones = ({}, {"phone": None}, {"phone": ""}, {"phone": " "}, {"phone": {}}, {"phone": [["1"]]})
    events = [track("Seen", {"email": "a@example.com", "title": "T"} | phone) for phone in phones]
    outcome = send(*events, actions=[action])
    outcome.doors(rejected=len(phones))
    assert set(outcome.codes) <= {"MISSING_KEY", "INVALID_TYPE_ON_FIELD_IN_RECORD"}
    assert org.query("SELECT Title, Phone FROM Contact") == [{"Title": None, "Phone": "1"}]

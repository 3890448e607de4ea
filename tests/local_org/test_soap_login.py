"""Logging in by SOAP, and every way to be refused."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    import requests
    from local_org_client import OrgClient

PARTNER = "{urn:partner.soap.sforce.com}"


def soap(
    org: OrgClient, user: str, password: str, version: str = "64.0", flavour: str = "u"
) -> requests.Response:
    kind = {"u": "partner", "c": "enterprise"}[flavour]
    body = f"""<?xml version="1.0" encoding="utf-8"?>
        <env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body>
        <n1:login xmlns:n1="urn:{kind}.soap.sforce.com"><n1:username>{user}</n1:username>
        <n1:password>{password}</n1:password></n1:login></env:Body></env:Envelope>"""
    headers = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": "login"}
    return org.http("POST", f"/services/Soap/{flavour}/{version}", data=body.encode(), headers=headers)


@pytest.mark.parametrize("flavour", ["u", "c"])
def test_soap_login_gives_a_session_that_works(org: OrgClient, flavour: str) -> None:
    answer = soap(org, "anybody@example.com", "secretTOKEN", flavour=flavour)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    kind = {"u": "partner", "c": "enterprise"}[flavour]
    result = ET.fromstring(answer.content).find(f".//{{urn:{kind}.soap.sforce.com}}result")
    assert result is not None
    facts = {each.tag.rpartition("}")[2]: each.text for each in result.iter()}
    organization = org.query("SELECT Id FROM Organization")[0]["Id"]
    assert facts["serverUrl"] == f"{org.url}/services/Soap/{flavour}/64.0/{organization[:15]}"
    assert (facts["passwordExpired"], facts["sandbox"]) == ("false", "false")
    assert facts["organizationId"] == organization
    assert facts["sessionSecondsValid"] == "7200"
    assert str(facts["sessionId"]).startswith(organization[:15] + "!")
    assert org.lets_in(str(facts["sessionId"]))
    assert org.query("SELECT Id FROM User WHERE IsActive = true")[0]["Id"] == facts["userId"]


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("wrong", "INVALID_LOGIN"),
        ("wrongTOKEN", "INVALID_LOGIN"),
        ("no-security-token", "LOGIN_MUST_USE_SECURITY_TOKEN"),
        ("no-api", "API_DISABLED_FOR_ORG"),
        ("", "INVALID_LOGIN"),
    ],
)
def test_soap_login_is_refused_by_a_fault(org: OrgClient, password: str, code: str) -> None:
    answer = soap(org, "a@example.com", password)

    assert answer.status_code == 500
    fault = {each.tag.rpartition("}")[2]: each.text for each in ET.fromstring(answer.content).iter()}
    assert fault["faultcode"] == fault["exceptionCode"] == code
    assert fault["faultstring"] == f"{code}: {fault['exceptionMessage']}"
    assert "LoginFault" in fault


def test_a_wrong_password_is_answered_as_recorded(org: OrgClient) -> None:
    body = soap(org, "a@example.com", "wrong").text

    assert (
        "<faultstring>INVALID_LOGIN: Invalid username, password, security token; or user locked out."
        "</faultstring>"
    ) in body
    assert 'xmlns:sf="urn:fault.partner.soap.sforce.com"' in body


def test_an_expired_password_logs_in_but_opens_nothing(org: OrgClient) -> None:
    result = ET.fromstring(soap(org, "a@example.com", "expired").content)

    assert result.findtext(f".//{PARTNER}passwordExpired") == "true"
    token = result.findtext(f".//{PARTNER}sessionId")
    answer = org.http("GET", "/services/data/v64.0/limits", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403
    assert answer.json()[0]["errorCode"] == "INVALID_OPERATION_WITH_EXPIRED_PASSWORD"


@pytest.mark.parametrize(
    ("version", "code"), [("65.0", "UNSUPPORTED_API_VERSION"), ("30.0", "sf:UNSUPPORTED_API_VERSION")]
)
def test_soap_login_ended_with_version_64(org: OrgClient, version: str, code: str) -> None:
    answer = soap(org, "a@example.com", "good", version=version)

    assert answer.status_code == 500
    assert f"<faultcode>{code}</faultcode>" in answer.text


def test_soap_login_can_be_switched_off(org: OrgClient) -> None:
    org.local("POST", "login", {"soap_login": False})

    answer = soap(org, "a@example.com", "good")

    assert answer.status_code == 500
    assert "INVALID_OPERATION: SOAP API login() is disabled by default in this org." in answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no xml",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><Envelope><Body><login/></Body></Envelope>',
        b"<Envelope><Body/></Envelope>",
        b"<Envelope><Body><nonsense/></Body></Envelope>",
    ],
)
def test_what_is_no_soap_call_is_a_fault(org: OrgClient, body: bytes) -> None:
    answer = org.http("POST", "/services/Soap/u/64.0", data=body)

    assert answer.status_code == 500
    assert "<soapenv:Fault>" in answer.text
    ET.fromstring(answer.content)


def test_an_inactive_user_does_not_log_in(demo_org: OrgClient) -> None:
    gone = demo_org.query("SELECT Username FROM User WHERE IsActive = false LIMIT 1")[0]
    assert soap(demo_org, gone["Username"], "x").status_code == 500

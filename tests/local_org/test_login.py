"""Every way in: SOAP, and OAuth with its grants; and every way to be refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    import requests
    from local_org_client import OrgClient

CLIENT = {"client_id": "3MVG9", "client_secret": "geheim"}
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
PARTNER = "{urn:partner.soap.sforce.com}"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def oauth(org: OrgClient, **form: str) -> requests.Response:
    return org.http("POST", "/services/oauth2/token", data=form)


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


def assertion(claims: dict[str, Any] | None = None, key: Any = KEY, algorithm: str = "RS256") -> str:
    audience = "https://login.salesforce.com"
    default = {"iss": "3MVG9", "sub": "a@example.com", "aud": audience, "exp": time.time() + 180}
    return jwt.encode(default | (claims or {}), key, algorithm=algorithm)


def works(org: OrgClient, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    return org.http("GET", "/services/data/v64.0/limits", headers=headers).status_code == 200


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
    assert works(org, str(facts["sessionId"]))
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


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "password", "username": "a@example.com", "password": "goodTOKEN", **CLIENT},
        {"grant_type": "client_credentials", **CLIENT},
        {"grant_type": "refresh_token", "refresh_token": "5Aep861", **CLIENT},
        {"grant_type": JWT_GRANT},
    ],
    ids=lambda form: form["grant_type"].rpartition(":")[2],
)
def test_oauth_gives_a_token_that_works(org: OrgClient, form: dict[str, str]) -> None:
    if form["grant_type"] == JWT_GRANT:
        form = {**form, "assertion": assertion()}  # made here, as it lives for three minutes only
    answer = oauth(org, **form)

    assert answer.status_code == 200
    token = answer.json()
    assert token["instance_url"] == org.url
    assert token["token_type"] == "Bearer"
    assert token["id"].startswith(f"{org.url}/id/00D")
    assert int(token["issued_at"]) > 0
    assert "expires_in" not in token
    assert "refresh_token" not in token
    assert works(org, token["access_token"])
    assert org.api_calls() == 1


def test_the_signature_is_the_clients_to_check(org: OrgClient) -> None:
    token = oauth(org, grant_type="client_credentials", **CLIENT).json()

    text = (token["id"] + token["issued_at"]).encode()
    expected = hmac.new(CLIENT["client_secret"].encode(), text, hashlib.sha256).digest()
    assert token["signature"] == base64.b64encode(expected).decode()


def test_the_client_may_show_itself_by_basic_authorization(org: OrgClient) -> None:
    answer = org.http(
        "POST", "/services/oauth2/token", data={"grant_type": "client_credentials"}, auth=("id", "secret")
    )

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("form", "error", "description"),
    [
        (
            {"grant_type": "password", "username": "a", "password": "wrong"},
            "invalid_grant",
            "authentication failure",
        ),
        (
            {"grant_type": "password", "username": "a", "password": "expired"},
            "invalid_grant",
            "expired password",
        ),
        (
            {"grant_type": "password", "username": "", "password": "x"},
            "invalid_grant",
            "authentication failure",
        ),
        (
            {"grant_type": "refresh_token", "refresh_token": "expired"},
            "invalid_grant",
            "expired access/refresh token",
        ),
        ({"grant_type": "refresh_token"}, "invalid_grant", "expired access/refresh token"),
        (
            {"grant_type": "client_credentials", "client_id": "wrong"},
            "invalid_client_id",
            "client identifier invalid",
        ),
        (
            {"grant_type": "client_credentials", "client_id": ""},
            "invalid_client_id",
            "client identifier invalid",
        ),
        (
            {"grant_type": "client_credentials", "client_secret": "wrong"},
            "invalid_client",
            "invalid client credentials",
        ),
        (
            {"grant_type": "client_credentials", "client_id": "no-run-as-user"},
            "invalid_grant",
            "no client credentials user enabled",
        ),
        ({"grant_type": "magic"}, "unsupported_grant_type", "grant type not supported"),
        ({}, "unsupported_grant_type", "grant type not supported"),
    ],
)
def test_oauth_refuses_with_an_object(
    org: OrgClient, form: dict[str, str], error: str, description: str
) -> None:
    answer = oauth(org, **(CLIENT | form))

    assert answer.status_code == 400
    assert answer.json() == {"error": error, "error_description": description}


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": time.time() - 10},
        {"exp": time.time() + 3600},
        {"exp": "soon"},
        {"aud": "https://example.com"},
        {"sub": ""},
        {"iss": "not-approved"},
    ],
)
def test_an_assertion_of_the_wrong_shape_is_refused(org: OrgClient, claims: dict[str, Any]) -> None:
    answer = oauth(org, grant_type=JWT_GRANT, assertion=assertion(claims))

    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("text", ["", "x", "a.b.c", assertion(key="k" * 32, algorithm="HS256")])
def test_what_is_no_rs256_assertion_is_refused(org: OrgClient, text: str) -> None:
    answer = oauth(org, grant_type=JWT_GRANT, assertion=text)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_registered_key_is_checked(org: OrgClient) -> None:
    pem = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    org.local("POST", "login", {"jwt_public_key": pem.decode()})
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    assert oauth(org, grant_type=JWT_GRANT, assertion=assertion()).status_code == 200
    assert oauth(org, grant_type=JWT_GRANT, assertion=assertion(key=stranger)).status_code == 400


def test_a_rotated_refresh_token_is_dead(org: OrgClient) -> None:
    org.local("POST", "login", {"rotate_refresh_tokens": True})
    refresh = {"grant_type": "refresh_token", **CLIENT}

    second = oauth(org, refresh_token="first", **refresh).json()["refresh_token"]
    again = oauth(org, refresh_token="first", **refresh)
    third = oauth(org, refresh_token=second, **refresh)

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert third.status_code == 200
    assert third.json()["refresh_token"] not in {"first", second}


def test_a_revoked_token_is_dead(org: OrgClient) -> None:
    token = oauth(org, grant_type="client_credentials", **CLIENT).json()["access_token"]

    assert org.http("POST", "/services/oauth2/revoke", data={"token": token}).status_code == 200
    assert not works(org, token)
    assert org.http("POST", "/services/oauth2/revoke", data={"token": "5Aep"}).status_code == 200
    assert oauth(org, grant_type="refresh_token", refresh_token="5Aep", **CLIENT).status_code == 400


def test_introspection_tells_good_from_bad(org: OrgClient) -> None:
    good = org.http("POST", "/services/oauth2/introspect", data={"token": org.token(), **CLIENT}).json()
    bad = org.http("POST", "/services/oauth2/introspect", data={"token": "x", **CLIENT}).json()

    assert (good["active"], good["token_type"], good["username"]) == (
        True,
        "access_token",
        "admin@example.com",
    )
    assert good["exp"] - good["iat"] == 7200
    assert bad == {"active": False}


def test_userinfo_and_identity_tell_who_it_is(org: OrgClient) -> None:
    user = org.query("SELECT Id, Username FROM User WHERE Username = 'admin@example.com'")[0]
    token = oauth(org, grant_type="client_credentials", **CLIENT).json()

    info = org.rest("GET", "/services/oauth2/userinfo").json()
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    identity = org.http("GET", token["id"].removeprefix(org.url), headers=headers).json()

    assert info["user_id"] == identity["user_id"] == user["Id"]
    assert info["preferred_username"] == identity["username"] == user["Username"]
    assert info["urls"]["rest"] == org.url + "/services/data/v{version}/"
    assert org.http("GET", "/services/oauth2/userinfo").status_code == 403


def test_a_user_of_the_org_logs_in_as_themselves(demo_org: OrgClient) -> None:
    users = demo_org.query("SELECT Id, Username, IsActive FROM User ORDER BY Username")
    active = next(user for user in users if user["IsActive"] and user["Username"] != "admin@example.com")
    gone = next(user for user in users if not user["IsActive"])
    form = {"grant_type": "password", "password": "x", **CLIENT}

    assert oauth(demo_org, username=active["Username"], **form).json()["id"].endswith(active["Id"])
    refused = oauth(demo_org, username=gone["Username"], **form)
    assert (refused.status_code, refused.json()["error_description"]) == (400, "inactive user")
    assert soap(demo_org, gone["Username"], "x").status_code == 500

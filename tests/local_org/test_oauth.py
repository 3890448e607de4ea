"""OAuth with its grants, every way to be refused, and what a token tells."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    import requests
    from local_org_client import OrgClient

CLIENT = {"client_id": "3MVG9", "client_secret": "geheim"}
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def oauth(org: OrgClient, **form: str) -> requests.Response:
    return org.http("POST", "/services/oauth2/token", data=form)


def assertion(claims: dict[str, Any] | None = None, key: Any = KEY, algorithm: str = "RS256") -> str:
    audience = "https://login.salesforce.com"
    default = {"iss": "3MVG9", "sub": "a@example.com", "aud": audience, "exp": time.time() + 180}
    return jwt.encode(default | (claims or {}), key, algorithm=algorithm)


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
    assert org.lets_in(token["access_token"])
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
    assert not org.lets_in(token)
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

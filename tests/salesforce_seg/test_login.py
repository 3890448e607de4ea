"""Every login flow against the local org, and what a refused login tells the user."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from salesforce_seg.auth import choice, oauth
from salesforce_seg.errors import ConfigurationError
from salesforce_seg.redact import redact
from salesforce_seg.settings import ConnectionSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from local_org_client import OrgClient

APP = {"client_id": "consumer-key", "client_secret": "consumer-secret"}
USER = {"username": "ada@example.com", "password": "pa55-word"}


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def refused(connect: Callable[..., Any], **config: Any) -> str:
    """What a refused login tells; it must be a configuration error."""
    with pytest.raises(ConfigurationError) as caught:
        connect(**config).session.login()
    return str(caught.value)


@pytest.mark.parametrize(
    ("flow", "config"),
    [
        (choice.SOAP, USER),
        (choice.SOAP, USER | {"security_token": "T0ken<&>\"'"}),
        (choice.OAUTH_PASSWORD, USER | APP | {"security_token": "T0ken"}),
        (choice.CLIENT_CREDENTIALS, APP),
        (choice.REFRESH_TOKEN, APP | {"refresh_token": "5Aep-a-refresh-token"}),
        (choice.REFRESH_TOKEN, {"client_id": "consumer-key", "refresh_token": "5Aep-a-refresh-token"}),
    ],
)
def test_each_flow_logs_in_and_its_session_works(
    org: OrgClient, connect: Callable[..., Any], flow: str, config: dict[str, str]
) -> None:
    session = connect(login_url=org.url, **config).session
    assert choice.choose_flow(session.settings) == flow
    assert "sobjects" in session.call_json("GET", "sobjects")


def test_password_and_token_with_markup_reach_the_org_as_they_are(raw: Any, connect: Any) -> None:
    """simple-salesforce sends such a token unescaped."""
    server = raw(b"HTTP/1.1 500 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    session = connect(
        login_url=server.url,
        username="a&b@example.com",
        password="<p>&",
        security_token="]]>&amp;",
        max_retries=0,
    ).session
    with pytest.raises(Exception, match="HTTP 500"):
        session.login()
    body = server.received[0].body.decode()
    assert "<urn:username>a&amp;b@example.com</urn:username>" in body
    assert "<urn:password>&lt;p&gt;&amp;]]&gt;&amp;amp;</urn:password>" in body


def test_jwt_bearer_signs_with_the_apps_key(
    org: OrgClient, connect: Callable[..., Any], key: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    org.local("POST", "login", {"jwt_public_key": public_pem(key)})
    file = tmp_path / "server.key"
    file.write_text(pem(key))
    who = {"login_url": org.url, "client_id": "consumer-key", "username": "ada@example.com"}
    for private in (
        {"private_key": pem(key)},
        {"private_key": pem(key).replace("\n", "\\n")},
        {"private_key_file": str(file)},
    ):
        connect(**who, **private).session.login()
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert "private key belongs to the certificate" in refused(connect, **who, private_key=pem(stranger))


@pytest.mark.parametrize(
    ("login_url", "is_sandbox", "audience"),
    [
        ("https://login.salesforce.com", False, "https://login.salesforce.com"),
        ("https://acme.my.salesforce.com", False, "https://login.salesforce.com"),
        ("https://acme.my.salesforce.com", True, "https://test.salesforce.com"),
        ("https://test.salesforce.com", False, "https://test.salesforce.com"),
        ("https://acme--uat.sandbox.my.salesforce.com", False, "https://test.salesforce.com"),
        ("http://127.0.0.1:1", True, "https://test.salesforce.com"),
    ],
)
def test_an_assertion_is_made_out_to_the_shared_login_host(
    login_url: str, is_sandbox: bool, audience: str
) -> None:
    settings = ConnectionSettings.from_config({"login_url": login_url, "is_sandbox": is_sandbox})
    assert oauth.audience(settings) == audience


def test_the_assertion_on_the_wire(raw: Any, connect: Any, key: rsa.RSAPrivateKey) -> None:
    server = raw(b"HTTP/1.1 404 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    refused(
        connect,
        login_url=server.url,
        client_id="consumer-key",
        username="ada@example.com",
        private_key=pem(key),
    )
    form = dict(pair.split("=", 1) for pair in server.received[0].body.decode().split("&"))
    claims = jwt.decode(
        form["assertion"], public_pem(key), algorithms=["RS256"], audience="https://login.salesforce.com"
    )
    assert (claims["iss"], claims["sub"]) == ("consumer-key", "ada@example.com")
    assert form["grant_type"] == "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"


def test_a_ready_token_is_used_as_it_is(org: OrgClient, connect: Callable[..., Any]) -> None:
    session = connect(access_token=org.token(), instance_url=org.url).session
    session.call("GET", "limits")
    org.faults([{"path": "sobjects", "action": {"expire_sessions": True}}])
    with pytest.raises(ConfigurationError, match=r"does not accept the access_token.*Get a new one"):
        session.call("GET", "sobjects")


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (USER | {"password": "wrong"}, "INVALID_LOGIN.*\\.sandboxname.*is_sandbox"),
        (USER | {"password": "expired"}, "password has expired.*new security token"),
        (USER | {"password": "no-api"}, "API_DISABLED_FOR_ORG.*API Enabled"),
        (USER | {"password": "no-security-token"}, "LOGIN_MUST_USE_SECURITY_TOKEN.*Set security_token"),
        (USER | APP | {"password": "wrong"}, "invalid_grant.*\\.sandboxname"),
        (USER | APP | {"password": "expired"}, "password has expired"),
        (APP | {"client_id": "no-run-as-user"}, "no client credentials user enabled.*run-as user"),
        (APP | {"client_id": "wrong"}, "invalid_client.*Check client_id and client_secret"),
        (APP | {"client_secret": "wrong"}, "invalid_client.*Check client_id and client_secret"),
        (APP | {"refresh_token": "expired-token"}, "expired access/refresh token.*Authorise the app again"),
    ],
)
def test_a_refused_login_says_what_to_do(
    org: OrgClient, connect: Callable[..., Any], config: dict[str, str], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        connect(login_url=org.url, **config).session.login()
    assert len(org.requests()) == 1, "a refused login is not tried again: it might lock the user out"


def test_a_jwt_login_that_is_not_approved_says_where_to_approve_it(
    org: OrgClient, connect: Callable[..., Any], key: rsa.RSAPrivateKey
) -> None:
    who = {"login_url": org.url, "username": "ada@example.com", "private_key": pem(key)}
    assert "Pre-authorise the app" in refused(connect, client_id="not-approved", **who)
    assert "Check client_id" in refused(connect, client_id="wrong", **who)


def test_a_private_key_that_is_none_is_named_but_not_shown(
    connect: Callable[..., Any], tmp_path: Path
) -> None:
    who = {"login_url": "http://127.0.0.1:1", "client_id": "consumer-key", "username": "ada@example.com"}
    told = refused(connect, **who, private_key="not-a-key-at-all")
    assert "must be an unencrypted RSA key" in told
    assert "not-a-key-at-all" not in told
    assert "cannot be read" in refused(connect, **who, private_key_file=str(tmp_path / "nowhere.pem"))


def test_soap_login_that_is_switched_off_names_the_alternative(
    org: OrgClient, connect: Callable[..., Any]
) -> None:
    org.local("POST", "login", {"soap_login": False})
    assert "External Client App" in refused(connect, login_url=org.url, **USER)


def test_soap_login_warns_of_its_end_and_serves_newer_api_versions(
    org: OrgClient, connect: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    session = connect(login_url=org.url, api_version="65.0", **USER).session
    session.call("GET", "/services/data/v65.0/sobjects")
    session.call("GET", "/services/data/v65.0/sobjects")
    warnings = [each for each in caplog.messages if "Summer '27" in each]
    assert len(warnings) == 1
    assert org.requests()[0]["path"] == "/services/Soap/u/64.0"


@pytest.mark.parametrize("host", ["https://login.salesforce.com", "https://test.salesforce.com"])
def test_client_credentials_need_a_my_domain(connect: Callable[..., Any], host: str) -> None:
    assert "set login_url to your My Domain" in refused(connect, login_url=host, **APP)


INCOMPLETE = [
    ({}, "No credentials are set"),
    ({"username": "ada"}, "not complete"),
    ({"password": "pa55-word"}, "needs username"),
    ({"security_token": "t0ken"}, "needs username and password"),
    ({"username": "ada", "security_token": "t0ken"}, "needs password"),
    ({"client_id": "c"}, "not complete"),
    ({"client_secret": "s3cret"}, "needs client_id"),
    ({"client_id": "c", "client_secret": "s3cret", "username": "ada"}, "neither password nor private_key"),
    ({"client_id": "c", "username": "ada", "password": "pa55-word"}, "needs client_secret"),
    ({"refresh_token": "r3fresh"}, "needs client_id"),
    ({"private_key": "k", "client_id": "c"}, "needs username"),
    ({"access_token": "t0ken"}, "needs instance_url"),
    ({"instance_url": "https://acme.my.salesforce.com"}, "not complete"),
]
DOUBLE = [
    ({"access_token": "t0ken", "instance_url": "http://localhost", **APP}, "client credentials"),
    ({"access_token": "t0ken", "instance_url": "http://localhost", **USER}, "SOAP"),
    ({"access_token": "t0ken", "instance_url": "http://localhost", **USER, **APP}, "user name and password"),
    ({"refresh_token": "r3fresh", **APP, **USER}, "refresh token"),
    ({"refresh_token": "r3fresh", "private_key": "k", "client_id": "c", "username": "ada"}, "JWT"),
    ({"private_key": "k", "client_id": "c", **USER}, "JWT"),
    ({"private_key": "k", **APP, "username": "ada"}, "JWT"),
]


@pytest.mark.parametrize(("config", "told"), INCOMPLETE)
def test_incomplete_credentials_name_what_is_missing(
    connect: Callable[..., Any], config: dict[str, str], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told) as caught:
        connect(**config)
    for secret in ("pa55-word", "s3cret", "r3fresh", "t0ken"):
        assert secret not in str(caught.value)
    assert redact(str(caught.value)) == str(caught.value)


def test_an_instance_url_without_a_token_is_not_used(
    org: OrgClient, connect: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    session = connect(login_url=org.url, instance_url="https://elsewhere.my.salesforce.com", **APP).session
    assert session.instance_url == org.url
    assert "instance_url is used with access_token only" in caplog.text


@pytest.mark.parametrize(("config", "told"), DOUBLE)
def test_two_flows_at_once_are_one_clear_error(
    connect: Callable[..., Any], config: dict[str, str], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"more than one way to log in.*{told}"):
        connect(**config)

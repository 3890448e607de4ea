"""simple-salesforce logs in: by each of its flows, is refused, and comes back after its session has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceRefusedRequest,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import requests
    from local_org_client import OrgClient

USER = "somebody@example.com"
CONSUMER = {"consumer_key": "3MVG9", "consumer_secret": "geheim"}

FLOWS: dict[str, dict[str, str]] = {
    "SOAP with a security token": {"username": USER, "password": "<&>\"'", "security_token": "TOKEN"},
    "SOAP with an organization": {
        "username": USER,
        "password": "geheim",
        "organizationId": "00D000000000001",
    },
    "SOAP in a sandbox": {
        "username": USER,
        "password": "geheim",
        "security_token": "TOKEN",
        "domain": "test",
    },
    "OAuth password": {"username": USER, "password": "geheim", **CONSUMER},
    "OAuth client credentials": {"domain": "acme.my", **CONSUMER},
}


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def works(sf: Salesforce, org: OrgClient) -> bool:
    """Whether it is logged in to that org."""
    found = sf.query("SELECT Id FROM Organization")["records"]
    return [row["Id"] for row in found] == [row["Id"] for row in org.query("SELECT Id FROM Organization")]


@pytest.mark.parametrize("flow", FLOWS)
def test_every_flow_gives_a_session(
    org: OrgClient, simple_salesforce_session: requests.Session, flow: str
) -> None:
    sf = Salesforce(**FLOWS[flow], session=simple_salesforce_session)

    assert f"http://{sf.sf_instance}" == org.url
    assert works(sf, org)


@pytest.mark.parametrize("source", ["text", "file"])
def test_a_signed_assertion_gives_a_session(
    org: OrgClient,
    simple_salesforce_session: requests.Session,
    private_key: str,
    tmp_path: Path,
    source: str,
) -> None:
    file = tmp_path / "key.pem"
    file.write_text(private_key)
    key = {"privatekey": private_key} if source == "text" else {"privatekey_file": str(file)}

    sf = Salesforce(username=USER, consumer_key="3MVG9", session=simple_salesforce_session, **key)

    assert works(sf, org)


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        (
            {"username": USER, "password": "wrong", "security_token": "TOKEN"},
            "INVALID_LOGIN",
            "Invalid username, password, security token; or user locked out.",
        ),
        (
            {"username": USER, "password": "no-api", "security_token": ""},
            "API_DISABLED_FOR_ORG",
            "API is not enabled for this Organization or Partner",
        ),
        (
            {"username": USER, "password": "geheim", "security_token": "", "version": "65.0"},
            "UNSUPPORTED_API_VERSION",
            "SOAP API login() is not available in API version 65.0",
        ),
        (
            {"username": USER, "password": "wrong", **CONSUMER},
            "invalid_grant",
            "authentication failure",
        ),
        (
            {"consumer_key": "wrong", "consumer_secret": "geheim", "domain": "acme.my"},
            "invalid_client_id",
            "client identifier invalid",
        ),
        (
            {"consumer_key": "no-run-as-user", "consumer_secret": "geheim", "domain": "acme.my"},
            "invalid_grant",
            "no client credentials user enabled",
        ),
    ],
)
def test_a_refused_login_says_why(
    org: OrgClient,
    simple_salesforce_session: requests.Session,
    settings: dict[str, str],
    code: str,
    message: str,
) -> None:
    del org
    with pytest.raises(SalesforceAuthenticationFailed) as refused:
        Salesforce(**settings, session=simple_salesforce_session)

    assert (refused.value.code, refused.value.auth_message) == (code, message)


def test_an_app_nobody_has_approved_is_warned_of(
    org: OrgClient, simple_salesforce_session: requests.Session, private_key: str
) -> None:
    del org
    with (
        pytest.warns(UserWarning, match="authorize this\n    application first"),
        pytest.raises(SalesforceAuthenticationFailed, match="user hasn't approved this consumer"),
    ):
        Salesforce(
            username=USER,
            consumer_key="not-approved",
            privatekey=private_key,
            session=simple_salesforce_session,
        )


@pytest.mark.parametrize("flow", FLOWS)
def test_it_logs_in_again_when_its_session_has_ended(
    org: OrgClient, simple_salesforce_session: requests.Session, flow: str
) -> None:
    sf = Salesforce(**FLOWS[flow], session=simple_salesforce_session)
    token = sf.session_id
    org.faults([{"method": "GET", "path": ".*/query/?", "times": 1, "action": {"expire_sessions": True}}])

    assert sf.query("SELECT count() FROM Lead")["totalSize"] == 0
    assert sf.session_id != token


def test_a_token_that_has_ended_cannot_be_renewed(
    org: OrgClient, salesforce: Callable[[OrgClient], Salesforce]
) -> None:
    sf = salesforce(org)
    org.faults([{"path": ".*/query/?", "times": 1, "action": {"expire_sessions": True}}])

    with pytest.raises(SalesforceExpiredSession) as ended:
        sf.query("SELECT Id FROM Lead")

    assert ended.value.status == 401
    assert ended.value.content == [
        {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
    ]


def test_a_used_up_quota_is_a_refusal(org: OrgClient, salesforce: Callable[[OrgClient], Salesforce]) -> None:
    sf = salesforce(org)
    org.limits(DailyApiRequests={"Max": 15000, "Remaining": 0})

    with pytest.raises(SalesforceRefusedRequest) as refused:
        sf.query("SELECT Id FROM Lead")

    assert refused.value.content == [
        {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
    ]


def test_it_sees_what_it_has_used(org: OrgClient, salesforce: Callable[[OrgClient], Salesforce]) -> None:
    sf = salesforce(org)

    sf.limits()
    first: Any = sf.api_usage["api-usage"]
    sf.limits()
    second: Any = sf.api_usage["api-usage"]

    assert second.used == first.used + 1
    assert first.total == second.total == sf.limits()["DailyApiRequests"]["Max"]

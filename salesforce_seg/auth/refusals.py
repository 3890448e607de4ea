"""Refused logins and what to do about them, as data.

Sources: SOAP API Developer Guide, "login()" and "ExceptionCode"; Salesforce Help, "OAuth 2.0 Authorization
Errors".
"""

# ruff: noqa: S105  (names of settings and advice, not secrets)
from __future__ import annotations

import re
from dataclasses import dataclass

from salesforce_seg.answers import one_line
from salesforce_seg.error_rules import normalised
from salesforce_seg.errors import (
    ApiError,
    ConfigurationError,
    QuotaExhausted,
    SalesforceError,
    ServerUnavailable,
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row: when it applies, and what the user should do.

    Attributes:
        code: Regular expression for the whole code, without case and underscores.
        message: Regular expression searched in the message.
        advice: What to do.
        passing: Whether trying again may help.
        error: The exception it ends in.
    """

    code: str
    message: str
    advice: str
    passing: bool = False
    error: type[SalesforceError] = ConfigurationError

    def matches(self, code: str, message: str) -> bool:
        """Whether this row applies; ``code`` is normalised."""
        return bool(
            re.fullmatch(self.code, code, re.IGNORECASE) and re.search(self.message, message, re.IGNORECASE)
        )


_WRONG_USER = (
    "Check username, password and security_token (a new password brings a new token; it is needed unless "
    "the org trusts this network). In a sandbox the user name ends in .sandboxname and is_sandbox must "
    "be true; with a My Domain give it as login_url. The user may also be locked: look at the Login "
    "History in Setup."
)
_EXPIRED_PASSWORD = (
    "The user's password has expired: log in with a browser, set a new one, and put it and the new "
    "security token (it changes with the password) into the config."
)
_NO_API = (
    "The user may not use the API: the org's edition must include it (Enterprise and up) and the user's "
    "profile or a permission set needs API Enabled."
)
_SOAP_OFF = (
    "SOAP login() is switched off in this org or does not exist in this API version (it ends with 64.0, "
    "and for good in Summer '27). Use an External Client App: client_id and client_secret with login_url "
    "= your My Domain."
)
_WRONG_REFRESH_TOKEN = (
    "The refresh token has expired, was revoked, or was replaced by a newer one (rotation). Authorise "
    "the app again and set the new refresh_token; if refresh_token_file exists, delete it first, as it "
    "is used instead."
)

REFUSALS = (
    Refusal("INVALIDGRANT", "already being processed|expired authorization code", "Run again.", passing=True),
    Refusal(
        "REQUESTLIMITEXCEEDED",
        "",
        "The org's API requests of the last 24 hours are used up: run again later.",
        error=QuotaExhausted,
    ),
    Refusal(
        "SERVERUNAVAILABLE|UNKNOWNEXCEPTION|UNKNOWNERROR|SERVERERROR|TEMPORARILYUNAVAILABLE",
        "",
        "Salesforce's login does not work at the moment: see https://status.salesforce.com.",
        passing=True,
        error=ServerUnavailable,
    ),
    Refusal("LOGINMUSTUSESECURITYTOKEN", "", "Set security_token, as the org does not trust this network."),
    Refusal("INVALIDOPERATIONWITHEXPIREDPASSWORD", "", _EXPIRED_PASSWORD),
    Refusal("PASSWORDEXPIRED", "", _EXPIRED_PASSWORD),
    Refusal("INVALIDGRANT", "expired password|password.*expired", _EXPIRED_PASSWORD),
    Refusal("INVALIDOPERATION|UNSUPPORTEDAPIVERSION", r"", _SOAP_OFF),
    Refusal("APIDISABLEDFORORG|APICURRENTLYDISABLED|FUNCTIONALITYNOTENABLED", "", _NO_API),
    Refusal(
        "LOGINDURINGRESTRICTEDDOMAIN|LOGINDURINGRESTRICTEDTIME|INVALIDGRANT|INVALIDAPPACCESS",
        "ip restricted|login during restricted|restricted (?:domain|time)",
        "The user's profile or the app allows logins only from certain networks or at certain hours.",
    ),
    Refusal(
        "LOGINDURINGRESTRICTEDDOMAIN|LOGINDURINGRESTRICTEDTIME",
        "",
        "The user's profile allows logins only from certain networks or at certain hours.",
    ),
    Refusal(
        "LOGINRATEEXCEEDED|RATELIMITEXCEEDED|INVALIDGRANT",
        "login rate exceeded|rate limit|too many",
        "The user has logged in too often within an hour: run less often, or wait.",
    ),
    Refusal(
        "INVALIDGRANT",
        "approved this consumer",
        "Pre-authorise the app: in Setup, set its Permitted Users to admin-approved and add the user's "
        "profile or a permission set (or let the user approve it once in a browser).",
    ),
    Refusal(
        "OAUTHAPPROVALERRORGENERIC|INVALIDAPPACCESS|UNAUTHORIZEDCLIENT",
        "",
        "The user may not use this app: install it in the org and permit the user, or use an External "
        "Client App.",
    ),
    Refusal(
        "INVALIDGRANT|UNSUPPORTEDGRANTTYPE|INVALIDREQUEST",
        "client credentials",
        "Client credentials need a run-as user and the flow switched on: in Setup, open the app's "
        "policies, enable the Client Credentials Flow and choose the user it runs as. login_url must be "
        "your My Domain.",
    ),
    Refusal(
        "INVALIDCLIENT|INVALIDCLIENTID|INVALIDCLIENTCREDENTIALS",
        "",
        "Check client_id and client_secret, and that login_url is the org's own; a new app takes some "
        "minutes to work.",
    ),
    Refusal("INVALIDGRANT", "refresh token|access/refresh token", _WRONG_REFRESH_TOKEN),
    Refusal(
        "INVALIDGRANT",
        "audience|assertion|signature|expired jwt",
        "Check that the private key belongs to the certificate of the app, that this machine's clock is "
        "right, and is_sandbox / login_url: the token must be made out to login.salesforce.com or "
        "test.salesforce.com.",
    ),
    Refusal(
        "INVALIDGRANT|INACTIVEUSER|INACTIVEORG|INACTIVEORGANIZATION|ORGLOCKED|TRIALEXPIRED",
        "inactive|locked|trial",
        "The user or the org is inactive or locked: ask the administrator.",
    ),
    Refusal(
        "UNSUPPORTEDGRANTTYPE|INVALIDREQUEST",
        "",
        "This login flow is switched off for the app or the org: switch it on in Setup, or use another flow.",
    ),
    Refusal("INVALIDLOGIN|INVALIDGRANT", "", _WRONG_USER),
)
"""The table; the first row that matches counts."""


def refusal_of(told: ApiError, status: int) -> tuple[SalesforceError, bool]:
    """What a refused login means.

    Args:
        told: The error of the token endpoint or the SOAP fault.
        status: HTTP status.

    Returns:
        The exception it ends in, and whether trying again may help.
    """
    code = normalised(told.code.rpartition(":")[2])
    row = next((row for row in REFUSALS if row.matches(code, told.message)), None)
    words = one_line(str(told))
    http = f" (HTTP {status})" if not told.code else ""
    if row is None:
        passing = status >= 500 or status == 429
        error = ServerUnavailable if passing else ConfigurationError
        return error(f"The login was refused: {words}{http}.", code=told.code, status=status), passing
    message = f"The login was refused: {words}{http}{'' if words.endswith('.') else '.'} {row.advice}"
    return row.error(message, code=told.code, status=status, errors=[told]), row.passing

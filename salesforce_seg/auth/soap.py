"""The SOAP login() call.

Its envelope is our own: simple-salesforce does not escape security tokens, drops the scheme of the
instance, cuts ``-api`` out of host names and knows no time-out.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from salesforce_seg import redact
from salesforce_seg.auth.login import Login, LoginDoor, logged_in
from salesforce_seg.errors import ApiError

if TYPE_CHECKING:
    import requests

    from salesforce_seg.settings import ConnectionSettings

LAST_SOAP_VERSION = 64.0
"""login() does not exist from API 65.0 on (SOAP API Developer Guide, "login()")."""

_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:urn="urn:partner.soap.sforce.com">'
    "<soapenv:Header><urn:CallOptions><urn:client>{client}</urn:client></urn:CallOptions></soapenv:Header>"
    "<soapenv:Body><urn:login><urn:username>{username}</urn:username>"
    "<urn:password>{password}</urn:password></urn:login></soapenv:Body></soapenv:Envelope>"
)

log = logging.getLogger(__name__)


def login(settings: ConnectionSettings, door: LoginDoor) -> Login:
    """Log in with user name, password and security token.

    Args:
        settings: ``username``, ``password``, ``security_token``, ``login_url``, ``api_version``.
        door: Sends the request.

    Returns:
        The session. It is valid for all API versions, also those that have no login() any more.

    Raises:
        ConfigurationError: The login was refused.
        ServerUnavailable: No answer.
    """
    log.warning(
        "Logging in with user name and password (SOAP login). Salesforce retires this login in Summer "
        "'27 and has it off in new orgs: change to an External Client App (client_id, client_secret) in "
        "time."
    )
    version = min(float(settings.api_version), LAST_SOAP_VERSION)
    body = _ENVELOPE.format(
        client=escape(door.client_name),
        username=escape(settings.username),
        password=escape(settings.password + settings.security_token),
    )
    answer = door.post(
        f"{settings.login_url}/services/Soap/u/{version:.1f}",
        body.encode(),
        {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": "login"},
        _error,
    )
    told = _texts(answer.content)
    redact.register(told["sessionId"])
    return logged_in(told["sessionId"], told["serverUrl"], settings.login_url)


def _error(response: requests.Response) -> ApiError | None:
    told = _texts(response.content)
    if response.status_code < 400 and told.get("sessionId") and told.get("serverUrl"):
        if told.get("passwordExpired") == "true":
            return ApiError("PASSWORD_EXPIRED", "the password has expired")
        return None
    code = told.get("exceptionCode") or told.get("faultcode", "").rpartition(":")[2]
    message = told.get("exceptionMessage") or told.get("faultstring") or "the answer holds no session"
    return ApiError(code, message)


def _texts(body: bytes) -> dict[str, str]:
    """The texts of all elements by their local names; nothing when it is not XML, or has a DTD."""
    if b"<!DOCTYPE" in body:
        return {}
    try:
        root = ET.fromstring(body)  # noqa: S314  no DTD, so no entities that could grow
    except (ET.ParseError, ValueError, LookupError):
        return {}
    return {element.tag.rpartition("}")[2]: (element.text or "").strip() for element in root.iter()}

"""The SOAP door, partner and enterprise: an envelope in, the operation's answer or a fault out."""

from __future__ import annotations

import re
from importlib import import_module
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from salesforce_local_org.api.http import ApiError, Request, Response, Router
from salesforce_local_org.api.versions import NEWEST, OLDEST
from salesforce_local_org.limits import API_REQUESTS

router = Router()

OPERATIONS = {
    "login": ("login", "soap_login"),
    "logout": ("soap_records", "logout"),
    "create": ("soap_records", "create"),
    "update": ("soap_records", "update"),
    "delete": ("soap_records", "delete"),
    "undelete": ("soap_records", "undelete"),
    "emptyRecycleBin": ("soap_records", "empty_recycle_bin"),
    "merge": ("soap_records", "merge"),
    "convertLead": ("soap_records", "convert_lead"),
    "getServerTimestamp": ("soap_records", "get_server_timestamp"),
    "getUserInfo": ("soap_records", "get_user_info"),
}
"""Operation -> module and function that answer it: request and element in, XML of the results out."""

_NEED_NO_SESSION = {"login"}
_LOGIN_FAULT = "LoginFault"
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FLAVOURS = {"u": "partner", "c": "enterprise"}
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" {namespaces}'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    "{header}<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
)


class SoapFaultError(ApiError):
    """A fault whose detail is of a kind of its own, such as a LoginFault."""

    def __init__(self, code: str, message: str, kind: str = "UnexpectedErrorFault") -> None:
        super().__init__(500, code, message)
        self.kind = kind


@router.route("POST", "/services/Soap/{flavour}/{version}", needs_session=False)
@router.route("POST", "/services/Soap/{flavour}/{version}/{organization}", needs_session=False)
def call(request: Request) -> Response:
    """Answer one operation; its session is in the envelope's SessionHeader."""
    if _flavour(request) is None:
        raise SoapFaultError("UNSUPPORTED_CLIENT", f"There is no SOAP API at {request.path}")
    if not OLDEST <= float(request.version) <= NEWEST:
        raise SoapFaultError("UNSUPPORTED_API_VERSION", f"Unsupported API version: {request.version}")
    header, operation = _parse(request.body)
    name = local_name(operation)
    if name not in OPERATIONS:
        raise SoapFaultError("INVALID_OPERATION", f"No operation available for request {name}")
    if name not in _NEED_NO_SESSION:
        _enter(request, header)
    try:
        return _answer(request, name, operation)
    except ApiError as error:
        response = fault(request, error)
        response.api_calls = int(request.session is not None)
        return response


def _answer(request: Request, name: str, operation: ET.Element) -> Response:
    module, function = OPERATIONS[name]
    results = getattr(import_module(f"{__package__}.{module}"), function)(request, operation)
    head = _limit_info(request) if request.session else ""
    response = _envelope(200, _namespaces(request), f"<{name}Response>{results}</{name}Response>", head)
    response.api_calls = int(request.session is not None)
    return response


def fault(request: Request, error: ApiError) -> Response:
    """An error as a SOAP fault, which is always HTTP 500.

    The faultcode has a prefix, except that of a refused login; jsforce logs in again by it alone.
    """
    kind = error.kind if isinstance(error, SoapFaultError) else "UnexpectedErrorFault"
    prefix = "" if kind == _LOGIN_FAULT else "sf:"
    code, text = escape(error.code), escape(_NOT_XML.sub("", error.message))
    flavour = _flavour(request) or "partner"
    body = (
        f"<soapenv:Fault><faultcode>{prefix}{code}</faultcode><faultstring>{code}: {text}</faultstring>"
        f'<detail><sf:{kind} xsi:type="sf:{kind}"><sf:exceptionCode>{code}</sf:exceptionCode>'
        f"<sf:exceptionMessage>{text}</sf:exceptionMessage></sf:{kind}></detail></soapenv:Fault>"
    )
    return _envelope(500, f'xmlns:sf="urn:fault.{flavour}.soap.sforce.com"', body)


def local_name(element: ET.Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def child_text(element: ET.Element, name: str) -> str:
    """The text of the first child of that name; empty when there is none."""
    return next(((child.text or "") for child in element if local_name(child) == name), "")


def text_element(name: str, value: object) -> str:
    """An element with a text; None is ``xsi:nil``. What XML cannot hold is left out of the text."""
    if value is None:
        return f'<{name} xsi:nil="true"/>'
    return f"<{name}>{escape(_NOT_XML.sub('', str(value)))}</{name}>"


def _flavour(request: Request) -> str | None:
    return _FLAVOURS.get(request.path.lower().removeprefix("/services/soap/")[:1])


def _namespaces(request: Request) -> str:
    flavour = _flavour(request)
    return f'xmlns="urn:{flavour}.soap.sforce.com" xmlns:sf="urn:sobject.{flavour}.soap.sforce.com"'


def _envelope(status: int, namespaces: str, body: str, header: str = "") -> Response:
    text = _ENVELOPE.format(namespaces=namespaces, body=body, header=header)
    return Response(
        status, text.encode("utf-8", "replace"), {"Content-Type": "text/xml; charset=utf-8"}, api_calls=0
    )


def _parse(body: bytes) -> tuple[ET.Element | None, ET.Element]:
    """The envelope's header, if any, and the first element of its body."""
    malformed = SoapFaultError(
        "CLIENT_ERROR", "The request is not a SOAP envelope with an operation in its body"
    )
    if b"<!DOCTYPE" in body:
        raise malformed
    try:
        envelope = ET.fromstring(body)  # noqa: S314 - without a DOCTYPE there are no entities to expand
    except (ET.ParseError, ValueError, LookupError) as error:
        raise malformed from error
    parts = {local_name(part): part for part in envelope}
    if local_name(envelope) != "Envelope" or "Body" not in parts or not len(parts["Body"]):
        raise malformed
    return parts.get("Header"), parts["Body"][0]


def _enter(request: Request, header: ET.Element | None) -> None:
    session_header = next((each for each in header or () if local_name(each) == "SessionHeader"), None)
    token = child_text(session_header, "sessionId") if session_header is not None else ""
    request.session = request.org.sessions.find(token.strip())
    if request.session is None:
        text = "Invalid Session ID found in SessionHeader: Illegal Session"
        raise SoapFaultError("INVALID_SESSION_ID", text)
    if request.org.usage.used_up:
        raise SoapFaultError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", "ApiFault")


def _limit_info(request: Request) -> str:
    limits = request.org.limits
    current, limit = int(limits.used(API_REQUESTS)) + 1, limits.maximum(API_REQUESTS)
    return (
        f"<soapenv:Header><LimitInfoHeader><limitInfo><current>{current}</current><limit>{limit}</limit>"
        "<type>API REQUESTS</type></limitInfo></LimitInfoHeader></soapenv:Header>"
    )

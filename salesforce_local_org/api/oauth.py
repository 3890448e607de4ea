"""OAuth: the token endpoint with its four grants, introspection, revocation, and who a token's user is."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import jwt

from salesforce_local_org.api import login
from salesforce_local_org.api.addresses import base_url, identity_url
from salesforce_local_org.api.app import find_session
from salesforce_local_org.api.http import ApiError, Request, Response, Router, json_response

router = Router()

_SCOPE = "api refresh_token"
_SECONDS_A_TOKEN_LASTS = 7200
_LONGEST_ASSERTION_LIFE = 300
_DIGITS_OF_A_MOMENT = 15
_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")

Form = Mapping[str, str]
User = dict[str, Any]


def error_response(request: Request, error: ApiError) -> Response:
    """An OAuth refusal: ``{"error", "error_description"}``, an object and not an array."""
    del request
    return json_response({"error": error.code, "error_description": error.message}, error.status)


@router.route("POST", "/services/oauth2/token", needs_session=False)
def token(request: Request) -> Response:
    """An access token for what a client has to show."""
    form = _form(request)
    grant = _GRANTS.get(form.get("grant_type", ""))
    if grant is None:
        raise ApiError(400, "unsupported_grant_type", "grant type not supported")
    user, extra = grant(request, form)
    if login.is_inactive(user):
        raise _invalid_grant("inactive user")
    issued_at = int(request.org.clock.now().timestamp() * 1000)
    session = request.org.sessions.open(user["Id"], form.get("client_id", ""), issued_at)
    identity = identity_url(request, user["Id"])
    answer = {
        "access_token": session.token,
        "instance_url": base_url(request),
        "id": identity,
        "token_type": "Bearer",
        "issued_at": str(issued_at),
        "signature": _signature(form.get("client_secret", ""), f"{identity}{issued_at}"),
    }
    return json_response(answer | extra)


def _password(request: Request, form: Form) -> tuple[User, dict[str, str]]:
    _check_client(form)
    username, password = form.get("username", ""), form.get("password", "")
    why = login.refusal(password, oauth=True)
    if why or not username or not password:
        why = why or login.REFUSED_PASSWORDS["wrong"]
        raise ApiError(400, why.oauth_error, why.oauth_description)
    return login.user_named(request.org, username), {}


def _client_credentials(request: Request, form: Form) -> tuple[User, dict[str, str]]:
    _check_client(form)
    if form["client_id"].startswith("no-run-as-user"):
        raise _invalid_grant("no client credentials user enabled")
    return login.user_named(request.org, ""), {"scope": "api"}


def _jwt_bearer(request: Request, form: Form) -> tuple[User, dict[str, str]]:
    claims = _claims(request, form.get("assertion", ""))
    if claims["iss"].startswith("wrong"):
        raise ApiError(400, "invalid_client_id", "client identifier invalid")
    if claims["iss"].startswith("not-approved"):
        raise _invalid_grant("user hasn't approved this consumer")
    audience = claims["aud"].rstrip("/").removesuffix("/services/oauth2/token")
    if audience not in {*_AUDIENCES, base_url(request)}:
        raise _invalid_grant("audience is invalid")
    if not 0 < claims["exp"] - time.time() <= _LONGEST_ASSERTION_LIFE:
        raise _invalid_grant("assertion is not valid: expired or valid for too long")
    return login.user_named(request.org, claims["sub"]), {"scope": _SCOPE}


def _claims(request: Request, assertion: str) -> dict[str, Any]:
    """The claims of an RS256 assertion; its signature is checked when the org knows the client's key."""
    key = request.org.sessions.policy.jwt_public_key
    try:
        if jwt.get_unverified_header(assertion).get("alg") != "RS256":
            raise _invalid_grant("algorithm not supported")
        options: Any = {"verify_signature": key is not None, "verify_exp": False, "verify_aud": False}
        claims: dict[str, Any] = jwt.decode(assertion, key or "", algorithms=["RS256"], options=options)
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise _invalid_grant("invalid assertion") from error
    texts = all(isinstance(claims.get(name), str) and claims[name] for name in ("iss", "sub", "aud"))
    expires_at = _seconds(claims.get("exp"))
    if not texts or expires_at is None:
        raise _invalid_grant("invalid assertion")
    return claims | {"exp": expires_at}


def _seconds(claim: object) -> float | None:
    """A claim that is a moment in seconds; Salesforce takes the digits of one in quotes, too."""
    if isinstance(claim, str) and claim.isascii() and claim.isdecimal() and len(claim) <= _DIGITS_OF_A_MOMENT:
        return float(claim)
    return claim if isinstance(claim, (int, float)) and not isinstance(claim, bool) else None


def _refresh_token(request: Request, form: Form) -> tuple[User, dict[str, str]]:
    _check_client(form, secret_needed=False)
    refresh_token = form.get("refresh_token", "")
    is_good, successor = request.org.sessions.redeem(refresh_token) if refresh_token else (False, None)
    if not is_good or refresh_token.startswith("expired"):
        raise _invalid_grant("expired access/refresh token")
    extra = {"scope": _SCOPE}
    return login.user_named(request.org, ""), extra | ({"refresh_token": successor} if successor else {})


_GRANTS: dict[str, Callable[[Request, Form], tuple[User, dict[str, str]]]] = {
    "password": _password,
    "client_credentials": _client_credentials,
    "urn:ietf:params:oauth:grant-type:jwt-bearer": _jwt_bearer,
    "refresh_token": _refresh_token,
}


@router.route("POST", "/services/oauth2/revoke", needs_session=False)
@router.route("GET", "/services/oauth2/revoke", needs_session=False)
def revoke(request: Request) -> Response:
    """End an access token, or a refresh token."""
    retired = _form(request).get("token", "")
    if not retired:
        raise ApiError(400, "invalid_request", "must provide token parameter")
    request.org.sessions.close(retired)
    return Response(200, b"", {"Content-Type": "text/html;charset=UTF-8"})


@router.route("POST", "/services/oauth2/introspect", needs_session=False)
def introspect(request: Request) -> Response:
    """Whether a token is good, and whose it is."""
    form = _form(request)
    _check_client(form, secret_needed=False)
    session = request.org.sessions.find(form.get("token", ""))
    if session is None:
        return json_response({"active": False})
    issued = session.issued_at // 1000
    return json_response(
        {
            "active": True,
            "scope": _SCOPE,
            "client_id": session.client_id,
            "username": _user(request, session.user_id)["Username"],
            "sub": identity_url(request, session.user_id),
            "token_type": "access_token",
            "exp": issued + _SECONDS_A_TOKEN_LASTS,
            "iat": issued,
            "nbf": issued,
        }
    )


@router.route("GET", "/services/oauth2/userinfo", needs_session=False)
@router.route("POST", "/services/oauth2/userinfo", needs_session=False)
def userinfo(request: Request) -> Response:
    """OpenID Connect's view of the token's user."""
    user = _user(request, _bearer_user(request))
    identity = identity_url(request, user["Id"])
    facts = {
        "sub": identity,
        "user_id": user["Id"],
        "organization_id": request.org.org_id,
        "preferred_username": user["Username"],
        "nickname": user.get("CommunityNickname"),
        "name": user.get("Name"),
        "email": user.get("Email"),
        "email_verified": True,
        "given_name": user.get("FirstName"),
        "family_name": user.get("LastName"),
        "zoneinfo": user.get("TimeZoneSidKey"),
        "profile": f"{base_url(request)}/{user['Id']}",
        "address": {},
        "urls": _urls(request, user["Id"]),
        "active": not login.is_inactive(user),
        "user_type": "STANDARD",
        "language": user.get("LanguageLocaleKey"),
        "locale": user.get("LocaleSidKey"),
        "utcOffset": 0,
        "updated_at": user.get("LastModifiedDate"),
    }
    return json_response(facts)


@router.route("GET", "/id/{organization}/{user}", needs_session=False)
def identity(request: Request) -> Response:
    """The identity URL that a token answer names."""
    caller = _bearer_user(request)
    organization, user_id = request.params["organization"], request.params["user"]
    if organization not in {request.org.org_id, request.org.org_id[:15]} or user_id not in {
        caller,
        caller[:15],
    }:
        raise ApiError(403, "Bad_Id", "Bad_Id")
    user = _user(request, caller)
    facts = {
        "id": identity_url(request, caller),
        "asserted_user": True,
        "user_id": caller,
        "organization_id": request.org.org_id,
        "username": user["Username"],
        "nick_name": user.get("CommunityNickname"),
        "display_name": user.get("Name"),
        "email": user.get("Email"),
        "email_verified": True,
        "first_name": user.get("FirstName"),
        "last_name": user.get("LastName"),
        "timezone": user.get("TimeZoneSidKey"),
        "urls": _urls(request, caller),
        "active": not login.is_inactive(user),
        "user_type": "STANDARD",
        "language": user.get("LanguageLocaleKey"),
        "locale": user.get("LocaleSidKey"),
        "utcOffset": 0,
        "last_modified_date": user.get("LastModifiedDate"),
    }
    return json_response(facts)


def _bearer_user(request: Request) -> str:
    try:
        return find_session(request).user_id
    except ApiError as error:
        raise ApiError(403, "Bad_OAuth_Token", "Bad_OAuth_Token") from error


def _user(request: Request, user_id: str) -> User:
    return request.org.store.get("User", user_id) or {"Id": user_id, "Username": ""}


def _urls(request: Request, user_id: str) -> dict[str, str]:
    """Where the org's doors are; ``{version}`` is left for the client to fill in."""
    base, data = base_url(request), "/services/data/v{version}/"
    org15 = request.org.org_id[:15]
    return {
        "enterprise": f"{base}/services/Soap/c/{{version}}/{org15}",
        "metadata": f"{base}/services/Soap/m/{{version}}/{org15}",
        "partner": f"{base}/services/Soap/u/{{version}}/{org15}",
        "rest": f"{base}{data}",
        "sobjects": f"{base}{data}sobjects/",
        "search": f"{base}{data}search/",
        "query": f"{base}{data}query/",
        "recent": f"{base}{data}recent/",
        "tooling_rest": f"{base}{data}tooling/",
        "profile": f"{base}/{user_id}",
        "custom_domain": base,
    }


def _form(request: Request) -> Form:
    """The parameters of a form post, or of the query string; the client may come by Basic authorization."""
    try:
        fields = dict(request.query) | dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    except ValueError as error:
        raise ApiError(400, "invalid_request", "the body is not a form") from error
    kind, _, credentials = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, ValueError) as error:
            raise ApiError(400, "invalid_client", "invalid client credentials") from error
        fields |= {"client_id": client_id, "client_secret": secret}
    return fields


def _check_client(form: Form, *, secret_needed: bool = True) -> None:
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if not client_id or client_id.startswith("wrong"):
        raise ApiError(400, "invalid_client_id", "client identifier invalid")
    if secret.startswith("wrong") or (secret_needed and not secret):
        raise ApiError(400, "invalid_client", "invalid client credentials")


def _invalid_grant(description: str) -> ApiError:
    return ApiError(400, "invalid_grant", description)


def _signature(secret: str, text: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()

"""Who gets in: the rule that every login flow shares, and the SOAP operation ``login``.

Any user name, password and client is good, because no secret belongs on this machine. What a client must be
able to live with is asked for by passwords, client ids, secrets and tokens that begin with certain words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from salesforce_local_org.api.addresses import base_url
from salesforce_local_org.api.soap import SoapFaultError, child_text, text_element

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

    from salesforce_local_org.api.http import Request
    from salesforce_local_org.org import Org

_LAST_VERSION_WITH_LOGIN = 64
_BAD_LOGIN = "Invalid username, password, security token; or user locked out."


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a login is refused: the SOAP fault's code and text, and OAuth's error and description."""

    code: str
    message: str
    oauth_error: str
    oauth_description: str


REFUSED_PASSWORDS = {
    "wrong": Refusal("INVALID_LOGIN", _BAD_LOGIN, "invalid_grant", "authentication failure"),
    "no-security-token": Refusal(
        "LOGIN_MUST_USE_SECURITY_TOKEN",
        f"{_BAD_LOGIN} Are you at a new location? When accessing Salesforce--either via a desktop client or"
        " the API--from outside of your company's trusted networks, you must add a security token to your"
        " password to log in.",
        "invalid_grant",
        "authentication failure",
    ),
    "no-api": Refusal(
        "API_DISABLED_FOR_ORG",
        "API is not enabled for this Organization or Partner",
        "invalid_grant",
        "API is not enabled for this Organization or Partner",
    ),
}
"""What a password begins with -> why it does not let its user in. (A security token may follow it.)"""

EXPIRED_PASSWORD = "expired"  # noqa: S105 - it is a word that asks for an answer
"""A password that begins so is one that its user must change: SOAP says so, OAuth refuses it."""

_OAUTH_EXPIRED = Refusal("PASSWORD_EXPIRED", "password expired", "invalid_grant", "expired password")
_INACTIVE = Refusal("INVALID_LOGIN", _BAD_LOGIN, "invalid_grant", "inactive user")


def refusal(password: str, *, oauth: bool) -> Refusal | None:
    """Why a password does not let its user in; None when it does."""
    if oauth and password.startswith(EXPIRED_PASSWORD):
        return _OAUTH_EXPIRED
    return next((why for word, why in REFUSED_PASSWORDS.items() if password.startswith(word)), None)


def user_named(org: Org, username: str) -> dict[str, Any]:
    """The user's record; that of the administrator when the org has nobody of that name."""
    found = org.store.find("User", "Username", username) if username else []
    return found[0] if found else org.store.get("User", org.user_id) or {"Id": org.user_id}


def is_inactive(user: dict[str, Any]) -> bool:
    """Whether a user is one that may not log in."""
    return user.get("IsActive") == 0


def soap_login(request: Request, operation: Element) -> str:
    """``login``: a session for a user name and a password with its security token behind it.

    Raises:
        SoapFaultError: INVALID_LOGIN and its kin; UNSUPPORTED_API_VERSION from v65 on, which has no login
            (SOAP API guide, "login()"); INVALID_OPERATION when the org has it switched off.
    """
    org = request.org
    if float(request.version) > _LAST_VERSION_WITH_LOGIN:
        text = f"SOAP API login() is not available in API version {request.version}"
        raise SoapFaultError("UNSUPPORTED_API_VERSION", text, "LoginFault")
    if not org.sessions.policy.soap_login:
        text = (
            "SOAP API login() is disabled by default in this org."
            " Contact the org administrator to enable SOAP API login()."
        )
        raise SoapFaultError("INVALID_OPERATION", text, "LoginFault")
    username, password = child_text(operation, "username"), child_text(operation, "password")
    user = user_named(org, username)
    why = refusal(password, oauth=False) or (_INACTIVE if is_inactive(user) else None)
    if why or not username or not password:
        why = why or REFUSED_PASSWORDS["wrong"]
        raise SoapFaultError(why.code, why.message, "LoginFault")
    return _login_result(request, user, expired=password.startswith(EXPIRED_PASSWORD))


def _login_result(request: Request, user: dict[str, Any], *, expired: bool) -> str:
    org, base, org15 = request.org, base_url(request), request.org.org_id[:15]
    issued_at = int(org.clock.now().timestamp() * 1000)
    session = org.sessions.open(user["Id"], "", issued_at, password_expired=expired)
    flavour = "c" if request.path.lower().startswith("/services/soap/c/") else "u"
    parts = {
        "metadataServerUrl": f"{base}/services/Soap/m/{request.version}/{org15}",
        "passwordExpired": str(expired).lower(),
        "sandbox": "false",
        "serverUrl": f"{base}/services/Soap/{flavour}/{request.version}/{org15}",
        "sessionId": session.token,
        "userId": user["Id"],
    }
    return f"<result>{_elements(parts)}<userInfo>{_elements(user_facts(org, user))}</userInfo></result>"


def user_facts(org: Org, user: dict[str, Any]) -> dict[str, Any]:
    """What SOAP tells about a user and their org: ``GetUserInfoResult``."""
    organization = org.store.get("Organization", org.org_id) or {}
    return {
        "accessibilityMode": "false",
        "chatterExternal": "false",
        "currencySymbol": "$",
        "orgAttachmentFileSizeLimit": "26214400",
        "orgDefaultCurrencyIsoCode": "USD",
        "orgDefaultCurrencyLocale": "en_US",
        "orgDisallowHtmlAttachments": "false",
        "orgHasPersonAccounts": str(org.schema.features["person_accounts"]).lower(),
        "organizationId": org.org_id,
        "organizationMultiCurrency": str(org.schema.features["multi_currency"]).lower(),
        "organizationName": organization.get("Name"),
        "profileId": user.get("ProfileId"),
        "roleId": user.get("UserRoleId"),
        "sessionSecondsValid": "7200",
        "userDefaultCurrencyIsoCode": None,
        "userEmail": user.get("Email"),
        "userFullName": user.get("Name"),
        "userId": user["Id"],
        "userLanguage": user.get("LanguageLocaleKey"),
        "userLocale": user.get("LocaleSidKey"),
        "userName": user.get("Username"),
        "userTimeZone": user.get("TimeZoneSidKey"),
        "userType": user.get("UserType"),
        "userUiSkin": "Theme3",
    }


def _elements(parts: Mapping[str, Any]) -> str:
    return "".join(text_element(name, text) for name, text in parts.items())

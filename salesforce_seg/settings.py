"""The connection settings that tap and target share, declared once.

Names follow the tap-salesforce definitions on Meltano Hub where they exist.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from salesforce_seg.errors import ConfigurationError
from salesforce_seg.hosts import accepted_origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OLDEST_API_VERSION = 31.0
"""Salesforce removed API versions 21 to 30 in Summer '25 (API end-of-life policy)."""

LOGIN_URLS = {False: "https://login.salesforce.com", True: "https://test.salesforce.com"}
"""By ``is_sandbox``."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a plugin: what its JSON schema, meltano.yml and the README's table say of it.

    Attributes:
        name: The key in the config.
        type: JSON schema type: string, integer, number, boolean, object or array.
        description: One or two sentences for the user.
        secret: Whether the value must never be shown.
        default: The value when the setting is absent; None for none.
        allowed: The values that are allowed, if only some are.
        schema: More JSON schema members, such as ``minimum`` or ``examples``; an array needs ``items`` with a
            ``type``, or singer-sdk cannot read it from the environment.
    """

    name: str
    type: str
    description: str
    secret: bool = False
    default: Any = None
    allowed: tuple[Any, ...] = ()
    schema: Mapping[str, Any] = field(default_factory=dict)

    def json_schema(self) -> dict[str, Any]:
        """This setting's property in the shape singer-sdk's ``config_jsonschema`` has."""
        schema: dict[str, Any] = {"type": [self.type, "null"], "description": self.description}
        if self.default is not None:
            schema["default"] = self.default
        if self.secret:
            schema |= {"secret": True, "writeOnly": True}
        if self.allowed:
            schema["enum"] = list(self.allowed)
        return schema | dict(self.schema)


_PERCENT = {"minimum": 1, "maximum": 100}

REPORT_PATH = Setting(
    "report_path",
    "string",
    "File for a page that shows what the run came to; the option --report sets it.",
)

CONNECTION_SETTINGS: tuple[Setting, ...] = (
    Setting(
        "login_url",
        "string",
        "Where to log in. Default https://login.salesforce.com, with is_sandbox "
        "https://test.salesforce.com. Give a My Domain URL here (client credentials need it). Plain http "
        "only for this machine.",
    ),
    Setting("is_sandbox", "boolean", "Whether the org is a sandbox.", default=False),
    Setting("username", "string", "Salesforce user name; in a sandbox it ends in .sandboxname."),
    Setting("password", "string", "Password of the user.", secret=True),
    Setting(
        "security_token",
        "string",
        "Security token of the user; needed unless the network is trusted by the org.",
        secret=True,
    ),
    Setting("client_id", "string", "Consumer key of the connected app or external client app."),
    Setting("client_secret", "string", "Consumer secret of the app.", secret=True),
    Setting("refresh_token", "string", "OAuth refresh token, for the refresh flow.", secret=True),
    Setting(
        "refresh_token_file",
        "string",
        "File that keeps a rotated refresh token; once it exists it is used instead of refresh_token.",
    ),
    Setting("private_key", "string", "Private key (PEM) for the OAuth JWT bearer flow.", secret=True),
    Setting("private_key_file", "string", "File with that private key."),
    Setting("access_token", "string", "An access token you already have.", secret=True),
    Setting("instance_url", "string", "The org's URL, needed with access_token."),
    Setting("api_version", "string", "Version of the Salesforce API.", default="64.0"),
    Setting(
        "quota_percent_total",
        "integer",
        "Stop when all users together have used this share of the org's daily API requests.",
        default=80,
        schema=_PERCENT,
    ),
    Setting(
        "quota_percent_per_run",
        "integer",
        "Stop when this run alone has used this share of the org's daily API requests.",
        default=25,
        schema=_PERCENT,
    ),
    Setting(
        "request_timeout",
        "integer",
        "Seconds to wait for a connection, and for each part of an answer.",
        default=60,
        schema={"minimum": 1},
    ),
    Setting(
        "max_retries",
        "integer",
        "How often a request is sent again after a passing failure.",
        default=5,
        schema={"minimum": 0},
    ),
)


def json_schema(settings: Iterable[Setting]) -> dict[str, Any]:
    """The ``config_jsonschema`` of a plugin.

    Args:
        settings: The plugin's settings, such as ``CONNECTION_SETTINGS + TAP_SETTINGS``.

    Returns:
        A JSON schema object; every setting may be absent or null.
    """
    return {"type": "object", "properties": {setting.name: setting.json_schema() for setting in settings}}


def unknown_settings(config: Iterable[str], known: Iterable[str]) -> list[str]:
    """Keys of a config that are no settings, each with the setting that may be meant.

    Args:
        config: The keys of the config.
        known: The names of the settings.

    Returns:
        ``start_dte (start_date?)``, or the bare key where no setting has a name like it.
    """
    names = sorted(known)
    unknown = sorted(set(config).difference(names))
    close = {each: get_close_matches(each, names, n=1, cutoff=0.75) for each in unknown}
    return [f"{each} ({close[each][0]}?)" if close[each] else each for each in unknown]


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """The connection settings of one run, checked. Absent text settings are the empty string."""

    login_url: str = LOGIN_URLS[False]
    is_sandbox: bool = False
    username: str = ""
    password: str = field(default="", repr=False)
    security_token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    refresh_token_file: str = ""
    private_key: str = field(default="", repr=False)
    private_key_file: str = ""
    access_token: str = field(default="", repr=False)
    instance_url: str = ""
    api_version: str = "64.0"
    quota_percent_total: int = 80
    quota_percent_per_run: int = 25
    request_timeout: int = 60
    max_retries: int = 5

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> ConnectionSettings:
        """Check and complete the connection settings of a plugin's config.

        Args:
            config: The plugin's config; settings of the plugin's own are ignored. An empty string counts
                as absent.

        Returns:
            The settings with their defaults.

        Raises:
            ConfigurationError: A value is of the wrong type or out of range. Secret values are never in
                the message.
        """
        values = {
            setting.name: _checked(setting, config[setting.name])
            for setting in CONNECTION_SETTINGS
            if config.get(setting.name) not in (None, "")
        }
        login_url = values.get("login_url") or LOGIN_URLS[values.get("is_sandbox", False)]
        values["login_url"] = accepted_origin(login_url, "login_url")
        if "instance_url" in values:
            values["instance_url"] = accepted_origin(values["instance_url"], "instance_url")
        if "api_version" in values:
            values["api_version"] = _api_version(values["api_version"])
        return cls(**values)


def _checked(setting: Setting, value: Any) -> Any:
    try:
        return _CHECKS[setting.type](setting, value)
    except (TypeError, ValueError):
        shown = "" if setting.secret else f", not {value!r}"
        limits = " ".join(
            f"{name} {setting.schema[name]}" for name in ("minimum", "maximum") if name in setting.schema
        )
        wanted = f"{setting.type}{f' ({limits})' if limits else ''}"
        raise ConfigurationError(f"The setting {setting.name} must be of type {wanted}{shown}.") from None


def _text(_: Setting, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    return str(value)


def _boolean(_: Setting, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    known = _BOOLEANS.get(str(value).strip().lower())
    if known is None:
        raise ValueError
    return known


def _integer(setting: Setting, value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError
    number = int(value)
    if number != float(value) or not (
        setting.schema.get("minimum", number) <= number <= setting.schema.get("maximum", number)
    ):
        raise ValueError
    return number


_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

_CHECKS = {"string": _text, "boolean": _boolean, "integer": _integer}


def _api_version(text: str) -> str:
    match = re.fullmatch(r"v?(\d{1,3})(?:\.0)?", text.strip(), re.ASCII | re.IGNORECASE)
    if match is None:
        raise ConfigurationError(
            f"The setting api_version must look like 64.0, not {text!r}: so Salesforce numbers its versions."
        )
    version = f"{int(match[1])}.0"
    if float(version) < OLDEST_API_VERSION:
        raise ConfigurationError(
            f"api_version {version} no longer exists: the oldest that Salesforce still answers is "
            f"{OLDEST_API_VERSION}. Set api_version to 64.0, or leave it out."
        )
    return version

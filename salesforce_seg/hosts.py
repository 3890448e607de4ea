"""Which hosts may be spoken to: Salesforce's own and this machine, never another.

A login answer, a redirect or a mistyped setting must not be able to carry a token elsewhere.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from salesforce_seg.errors import ConfigurationError

SALESFORCE_DOMAINS = ("salesforce.com", "force.com", "salesforce.mil", "sfcrmproducts.cn")
"""Where Salesforce serves its API: Salesforce Help, "My Domain URL Formats" (commercial, Government Cloud
Plus Defense, and Salesforce on Alibaba Cloud)."""

_SALESFORCE_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:" + "|".join(map(re.escape, SALESFORCE_DOMAINS)) + ")"
)
_AUTHORITY = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


def is_salesforce(host: str) -> bool:
    """Whether a host name is one of Salesforce's (a subdomain of a Salesforce domain)."""
    return _SALESFORCE_HOST.fullmatch(host.lower()) is not None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: ``localhost``, ``127.0.0.0/8`` or ``::1``."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def origin_of(url: str) -> str | None:
    """Scheme, host and port of a URL, or None when it is not a plain http(s) URL.

    A URL with a user name, or with characters on which URL parsers disagree, is not plain.
    """
    url = url.strip()
    if re.search(r"[\s\\]", url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not _AUTHORITY.fullmatch(parts.netloc):
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")


def accepted_origin(url: str, source: str) -> str:
    """The origin of a URL, if a token may be sent there.

    Args:
        url: A URL; its path is ignored. Without a scheme it is read as https.
        source: The setting it comes from, or where else, for the message.

    Returns:
        ``https://host[:port]`` of a Salesforce host, or ``http[s]://host[:port]`` of this machine.

    Raises:
        ConfigurationError: The host is neither, or http is used for a host that is not this machine.
    """
    if re.fullmatch(r"[A-Za-z0-9.-]+/?", url.strip()):
        url = f"https://{url.strip()}"
    origin = origin_of(url)
    if origin is None:
        shown = re.sub(r"//.*@", "//***@", url[:200])  # a password may stand there
        raise ConfigurationError(f"{source} is not a URL like https://mydomain.my.salesforce.com: {shown!r}.")
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if is_loopback(host):
        return origin
    if not is_salesforce(host):
        raise ConfigurationError(
            f"{source} names the host {host}, which is not Salesforce's. Hosts that end in "
            f"{', '.join('.' + domain for domain in SALESFORCE_DOMAINS)} and this machine are accepted."
        )
    if parts.scheme != "https":
        raise ConfigurationError(
            f"{source} must start with https:// (plain http is only for this machine): {origin}."
        )
    return origin

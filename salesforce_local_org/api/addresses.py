"""The addresses that answers tell: those by which the client itself reaches this org."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from salesforce_local_org.api.http import Request

_HOST = re.compile(r"[\w.\-]+(:\d+)?|\[[0-9a-f:]+\](:\d+)?", re.ASCII | re.IGNORECASE)


def base_url(request: Request) -> str:
    """The address by which the client reaches this org: what login answers as the instance.

    It is the one the client used; but a client that came for ``login.salesforce.com`` (through a proxy) must
    be sent here for everything else.
    """
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host) or host.partition(":")[0].lower().endswith("salesforce.com"):
        return request.org.url
    return f"http://{host}"


def identity_url(request: Request, user_id: str) -> str:
    """Where a user's identity is asked for (OAuth help, "Identity URLs")."""
    return f"{base_url(request)}/id/{request.org.org_id}/{user_id}"

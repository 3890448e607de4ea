"""API versions: which ones this org serves, the list at ``/services/data``, and what lies below each."""

from __future__ import annotations

import re

from salesforce_local_org.api.addresses import identity_url
from salesforce_local_org.api.http import ApiError, Request, Response, Router, json_response, not_found

router = Router()

OLDEST, NEWEST, LAST_DEPRECATED = 31, 68, 40
_FIRST_LISTED, _FIRST_LISTED_YEAR = 20, 11
_SEASONS = ("Winter", "Spring", "Summer")
_VERSION_IN_PATH = re.compile(r"/services/(?:data/v|async/|soap/\w/)(\d+)\.0(?:/|$)", re.IGNORECASE)

RESOURCES = (
    "tooling",
    "queryAll",
    "search",
    "composite",
    "parameterizedSearch",
    "limits",
    "query",
    "jobs",
    "sobjects",
)
"""What is served below ``/services/data/vXX.X/``."""


@router.route("GET", "/services/data", needs_session=False)
def list_versions(_: Request) -> Response:
    """Every version this org serves, oldest first. Costs no API call and needs no session."""
    return json_response([_listed(version) for version in range(OLDEST, NEWEST + 1)])


@router.route("GET", "/services/data/v{version}")
def list_resources(request: Request) -> Response:
    """What lies below one version: ``{name: path}``."""
    base = f"/services/data/v{request.version}"
    resources = {name: f"{base}/{name}" for name in RESOURCES}
    if request.session:
        resources["identity"] = identity_url(request, request.session.user_id)
    return json_response(resources)


def _listed(version: int) -> dict[str, str]:
    years, season = divmod(version - _FIRST_LISTED, 3)
    label = f"{_SEASONS[season]} '{_FIRST_LISTED_YEAR + years}"
    return {"label": label, "url": f"/services/data/v{version}.0", "version": f"{version}.0"}


def check_version(version: str) -> None:
    """Refuse a version that this org does not serve.

    Raises:
        ApiError: 410 for a retired version (API End-of-Life policy, "410: GONE"), 404 for one that never was.
    """
    number, _, minor = version.partition(".")
    if not number.isdecimal() or minor != "0" or int(number[:4]) > NEWEST:
        raise not_found()
    if int(number) < OLDEST:
        raise ApiError(
            410, "UNSUPPORTED_API_VERSION", f"The requested API version v{version} has been retired"
        )


def deprecation_warning(path: str) -> str | None:
    """The ``Warning`` header of an answer under a version that is to be removed, if it is one."""
    match = _VERSION_IN_PATH.match(path)
    if not match or not OLDEST <= int(match[1]) <= LAST_DEPRECATED:
        return None
    return (
        "299 - \"This API is deprecated and will be removed by Summer '28. "
        'Please see https://help.salesforce.com/articleView?id=005321531 for details."'
    )

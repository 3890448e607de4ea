"""Independent clients of Salesforce, pointed at the local org."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local_org_client import OrgClient

LOGIN_DOMAIN = ".salesforce.com"


class PlainHttpOnLoopback(HTTPAdapter):
    """Takes what a client sends to ``https://`` to the local org, which speaks plain http.

    Nothing else of the request changes: one for a login host of Salesforce keeps that name in ``Host``.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        asked = urlsplit(str(request.url))
        org = urlsplit(self._url)
        if str(asked.hostname).endswith(LOGIN_DOMAIN):
            request.headers["Host"] = asked.netloc
        elif asked.netloc != org.netloc:
            raise requests.ConnectionError(f"a test may not ask {asked.netloc}")
        request.url = asked._replace(scheme="http", netloc=org.netloc).geturl()
        return super().send(request, *args, **options)


@pytest.fixture
def simple_salesforce_session(local_org: Any) -> Iterator[requests.Session]:
    """A ``requests`` session to give to simple-salesforce: ``Salesforce(..., session=...)``."""
    with requests.Session() as session:
        session.mount("https://", PlainHttpOnLoopback(local_org.url))
        yield session


@pytest.fixture
def salesforce(
    simple_salesforce_session: requests.Session,
) -> Callable[[OrgClient], Salesforce]:
    """Makes simple-salesforce, with an access token of an org: ``sf = salesforce(org)``."""

    def connect(org: OrgClient, version: str = "64.0") -> Salesforce:
        return Salesforce(
            session_id=org.token(), instance_url=org.url, version=version, session=simple_salesforce_session
        )

    return connect

"""Independent clients of Salesforce, pointed at the local org."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path
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
NODE_PACKAGES = Path(__file__).parent / "node"
NO_REGISTRY = ("ENOTFOUND", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EAI_AGAIN", "ENETUNREACH")
SECONDS_TO_INSTALL = 300


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


@pytest.fixture(scope="session")
def node_packages() -> Path:
    """The folder with jsforce installed, as its lock file says; once, whichever worker comes first."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node.js and npm are not on this machine")
    wanted = (NODE_PACKAGES / "package-lock.json").read_bytes()
    installed = NODE_PACKAGES / "node_modules" / ".installed-lock.json"
    with (NODE_PACKAGES / "package.json").open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not installed.exists() or installed.read_bytes() != wanted:
            _install(npm)
            installed.write_bytes(wanted)
    return NODE_PACKAGES


def _install(npm: str) -> None:
    arguments = [npm, "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"]
    done = subprocess.run(
        arguments, cwd=NODE_PACKAGES, capture_output=True, text=True, timeout=SECONDS_TO_INSTALL, check=False
    )
    if done.returncode and any(word in done.stderr for word in NO_REGISTRY):
        pytest.skip("npm cannot reach its registry: " + done.stderr.strip().splitlines()[0])
    assert done.returncode == 0, done.stdout + done.stderr

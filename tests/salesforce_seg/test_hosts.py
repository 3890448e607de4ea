from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import urllib3
from hypothesis import example, given
from hypothesis import strategies as st

from salesforce_seg.errors import ConfigurationError
from salesforce_seg.hosts import accepted_origin, is_loopback

GOOD = {
    "https://login.salesforce.com": "https://login.salesforce.com",
    "https://acme.my.salesforce.com/services/Soap/u/64.0/00D": "https://acme.my.salesforce.com",
    "https://acme--uat.sandbox.my.salesforce.com/": "https://acme--uat.sandbox.my.salesforce.com",
    "https://NA99.Salesforce.com:443": "https://na99.salesforce.com:443",
    "acme.my.salesforce.com": "https://acme.my.salesforce.com",
    "https://acme.my.salesforce.mil": "https://acme.my.salesforce.mil",
    "http://127.0.0.1:8765": "http://127.0.0.1:8765",
    "http://127.8.9.10": "http://127.8.9.10",
    "http://localhost:8765/": "http://localhost:8765",
    "http://[::1]:8765": "http://[::1]:8765",
    "https://localhost": "https://localhost",
}

BAD = [
    "https://salesforce.com.evil.example",
    "https://evilsalesforce.com",
    "https://salesforce.com",
    "https://evil.example/login.salesforce.com",
    "https://evil.example?x=.salesforce.com",
    "https://evil.example#.salesforce.com",
    "https://login.salesforce.com@evil.example",
    "https://login.salesforce.com:pw@evil.example",
    "https://evil.example\\.salesforce.com",
    "https://evil.example\\@login.salesforce.com",
    "https://evil.example%2f.salesforce.com",
    "https://evil.example\t.salesforce.com",
    "https://evil.example\n.salesforce.com",
    "https://login.salesforce.com.",
    "https://.salesforce.com",
    "https://login.salesforce。com",
    "http://login.salesforce.com",
    "http://128.0.0.1:8765",
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example",
    "http://[::2]",
    "http://0.0.0.0",
    "ftp://login.salesforce.com",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://login.salesforce.com:99999",
    "not a url",
    "",
]


@pytest.mark.parametrize(("url", "origin"), GOOD.items())
def test_salesforce_and_this_machine_are_accepted(url: str, origin: str) -> None:
    assert accepted_origin(url, "login_url") == origin


@pytest.mark.parametrize("url", BAD)
def test_everything_else_is_refused_with_the_name_of_the_setting(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^login_url") as caught:
        accepted_origin(url, "login_url")
    assert ":pw@" not in str(caught.value)


PIECES = ["salesforce.com", ".", "/", "\\", "@", ":", "#", "?", "evil.example", "%", "127.0.0.1", "[", "]"]
SOUP = st.lists(st.sampled_from(PIECES) | st.characters(), max_size=12).map("".join)


@given(st.sampled_from(["https://", "http://", ""]), SOUP, SOUP)
@example("https://", "evil.example\\", "@x.salesforce.com")
def test_whatever_is_accepted_goes_to_salesforce_or_stays_here(scheme: str, left: str, right: str) -> None:
    try:
        origin = accepted_origin(f"{scheme}{left}{right}", "login_url")
    except ConfigurationError:
        return
    # The host as the library reads it that will open the connection.
    host = urllib3.util.parse_url(origin).host or ""
    assert host == (urlsplit(origin).hostname if ":" not in host else f"[{urlsplit(origin).hostname}]")
    bare = host.strip("[]")
    assert bare.endswith(
        (".salesforce.com", ".force.com", ".salesforce.mil", ".sfcrmproducts.cn")
    ) or is_loopback(bare)
    assert origin.startswith("https://") or is_loopback(bare)

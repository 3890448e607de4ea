"""Login hosts that are none, answer rubbish, redirect, or are silent; and where a token must not go."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw_server import RawServer, answer

from salesforce_seg.errors import ConfigurationError, SalesforceError, ServerUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

APP = {"client_id": "consumer-key", "client_secret": "consumer-secret"}
USER = {"username": "ada@example.com", "password": "pa55-word"}


def token_answer(instance_url: str, token: str = "00Dnew!token-of-the-test") -> bytes:
    return answer(body={"access_token": token, "instance_url": instance_url, "token_type": "Bearer"})


def soap_answer(server_url: str) -> bytes:
    body = (
        '<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns="urn:partner.soap.sforce.com"><soapenv:Body><loginResponse><result>'
        f"<serverUrl>{server_url}</serverUrl><sessionId>00Dsoap!token-of-the-test</sessionId>"
        "</result></loginResponse></soapenv:Body></soapenv:Envelope>"
    )
    return answer(body=body.encode(), headers={"Content-Type": "text/xml; charset=utf-8"})


FOREIGN = [
    "https://evil.example",
    "https://salesforce.com.evil.example",
    "http://acme.my.salesforce.com",
    "https://acme.my.salesforce.com@evil.example",
    "//evil.example",
    "",
]


@pytest.mark.parametrize("instance_url", [*FOREIGN, None, 7, ["https://acme.my.salesforce.com"]])
def test_an_instance_that_is_not_salesforces_gets_no_token(
    raw: Callable[..., RawServer], connect: Callable[..., Any], instance_url: Any
) -> None:
    server = raw(token_answer(instance_url))
    with pytest.raises(ConfigurationError):
        connect(login_url=server.url, **APP).session.call("GET", "limits")
    assert len(server.received) == 1


@pytest.mark.parametrize("server_url", FOREIGN)
def test_a_soap_server_url_that_is_not_salesforces_gets_no_session(
    raw: Callable[..., RawServer], connect: Callable[..., Any], server_url: str
) -> None:
    server = raw(soap_answer(f"{server_url}/services/Soap/u/64.0/00D" if server_url else ""))
    with pytest.raises(ConfigurationError):
        connect(login_url=server.url, **USER).session.call("GET", "limits")
    assert len(server.received) == 1


def test_hosts_that_hold_api_are_not_mangled(raw: Any, connect: Any) -> None:
    """simple-salesforce cuts ``-api`` out of every host name."""
    session = connect(
        login_url=raw(soap_answer("https://acme-api.my.salesforce.com/services/Soap/u/64.0/00D")).url, **USER
    ).session
    session.login()
    assert session.instance_url == "https://acme-api.my.salesforce.com"


@pytest.mark.parametrize("config", [USER, APP])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_credentials_do_not_follow_a_redirect(
    raw: Callable[..., RawServer], connect: Callable[..., Any], config: dict[str, str], status: int
) -> None:
    other = raw(token_answer("http://127.0.0.1:1"))
    server = raw(answer(status, headers={"Location": f"{other.url}/services/oauth2/token"}))
    with pytest.raises(ConfigurationError, match=r"redirects to 127\.0\.0\.1"):
        connect(login_url=server.url, **config).session.login()
    assert other.received == []


@pytest.mark.parametrize("config", [USER, APP])
@pytest.mark.parametrize(
    "reply",
    [
        answer(200, b"<html>Hello</html>", {"Content-Type": "text/html"}),
        answer(403, b"<html>No</html>", {"Content-Type": "text/html; charset=UTF-8"}),
        answer(404, b""),
    ],
)
def test_a_host_that_is_no_login_host_says_so(
    raw: Callable[..., RawServer], connect: Callable[..., Any], config: dict[str, str], reply: bytes
) -> None:
    with pytest.raises(ConfigurationError, match="does not answer like a Salesforce login host"):
        connect(login_url=raw(reply).url, **config).session.login()


@given(st.binary(max_size=200), st.sampled_from([200, 400, 401, 500]), st.sampled_from([USER, APP]))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rubbish_is_an_error_and_never_a_crash(
    raw: Callable[..., RawServer],
    connect: Callable[..., Any],
    body: bytes,
    status: int,
    config: dict[str, str],
) -> None:
    session = connect(login_url=raw(answer(status, body)).url, max_retries=0, **config).session
    with pytest.raises(SalesforceError, match=r"login|Login"):
        session.login()


@pytest.mark.parametrize(
    "xml",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><sessionId>&a;</sessionId>',
        b"<Envelope><sessionId>only</sessionId></Envelope>",
        b"<broken",
    ],
)
def test_xml_that_is_no_login_answer(raw: Any, connect: Any, xml: bytes) -> None:
    server = raw(answer(200, xml, {"Content-Type": "text/xml"}))
    with pytest.raises(ConfigurationError, match="the answer holds no session"):
        connect(login_url=server.url, **USER).session.login()


@pytest.mark.parametrize(
    ("error", "description"),
    [
        ("invalid_grant", "token request is already being processed"),
        ("server_error", "later"),
        ("unknown_error", ""),
    ],
)
def test_a_passing_refusal_is_tried_again(raw: Any, connect: Any, error: str, description: str) -> None:
    busy = answer(400, {"error": error, "error_description": description})
    server = raw(busy, busy, token_answer("http://127.0.0.1:1"))
    connected = connect(login_url=server.url, **APP)
    connected.session.login()
    assert len(server.received) == 3
    assert connected.waits == [1.0, 2.0]


def test_a_login_host_that_stays_down_is_named(raw: Any, connect: Any) -> None:
    server = raw(answer(503, b"<html>down</html>", {"Content-Type": "text/html"}))
    with pytest.raises(ServerUnavailable, match=r"login was refused.*503.*Tried 3 times"):
        connect(login_url=server.url, max_retries=2, **APP).session.login()
    assert len(server.received) == 3


def test_a_silent_login_host_ends_in_a_clear_error(raw: Any, connect: Any) -> None:
    session = connect(login_url=raw(None).url, timeout=0.2, max_retries=0, **USER).session
    with pytest.raises(ServerUnavailable, match=r"Cannot log in: 127\.0\.0\.1 did not answer within 0\.2 s"):
        session.login()


def test_an_unreachable_host_is_named_with_the_setting(raw: Any, connect: Any) -> None:
    server = raw(None)
    server.close()
    connected = connect(login_url=server.url, max_retries=2, **APP)
    with pytest.raises(ServerUnavailable, match=r"refuses connections.*Check login_url"):
        connected.session.login()
    assert len(connected.waits) == 2


def test_an_unknown_host_name_is_not_tried_for_long(connect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)  # no test asks the network for a name
    connected = connect(login_url="https://no-such-domain.my.salesforce.com", **APP)
    with pytest.raises(
        ServerUnavailable, match=r"host name no-such-domain\.my\.salesforce\.com is not known"
    ):
        connected.session.login()
    assert len(connected.waits) == 1


def test_a_host_that_speaks_no_tls_is_named(raw: Any, connect: Any) -> None:
    server = raw(answer())
    url = server.url.replace("http://", "https://")
    with pytest.raises(ServerUnavailable, match=r"no secure \(TLS\) connection"):
        connect(login_url=url, **APP).session.login()


def test_an_untrusted_certificate_is_refused_at_once(connect: Any, tmp_path: Path) -> None:
    with TlsServer(tmp_path) as port:
        connected = connect(login_url=f"https://127.0.0.1:{port}", **APP)
        with pytest.raises(ServerUnavailable, match=r"certificate of 127\.0\.0\.1 is not trusted"):
            connected.session.login()
    assert connected.waits == []


class TlsServer:
    """Shakes hands with a certificate that nobody has signed."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        now = datetime.now(timezone.utc)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .sign(key, hashes.SHA256())
        )
        form, secrecy = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        file = folder / "server.pem"
        file.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, form, secrecy)
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(file)

    def __enter__(self) -> int:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return int(self._listener.getsockname()[1])

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, contextlib.suppress(OSError):
            self._context.wrap_socket(connection, server_side=True)

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._listener.close()


def test_passwords_in_netrc_and_proxies_do_not_get_between(
    raw: Any, connect: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login eve password stolen\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    proxy = raw(answer(200, {}))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    server = raw(answer(200, {}))
    server.script[:] = [token_answer(server.url), answer(200, {"ok": True})]
    session = connect(login_url=server.url, **APP).session
    assert session.call_json("GET", "limits") == {"ok": True}
    assert "authorization" not in server.received[0].headers
    assert server.received[1].headers["authorization"] == "Bearer 00Dnew!token-of-the-test"
    assert proxy.received == []

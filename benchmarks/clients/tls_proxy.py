"""A way to a plain-http local org for clients that know only ``https://login.salesforce.com`` and its like.

The client is told of the proxy by ``HTTPS_PROXY`` and trusts its throw-away authority by
``REQUESTS_CA_BUNDLE``. The proxy ends TLS for ``*.salesforce.com`` and for the org's own address, and passes
the bytes on to the org. Plain http, which the Salesforce CLI sends through a proxy, too, it passes on as it
is. Every other address is refused: such a client reaches nothing but the org.
"""

from __future__ import annotations

import contextlib
import ipaddress
import select
import socket
import ssl
import threading
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from pathlib import Path

DOMAIN = ".salesforce.com"
CERTIFIED_NAMES = ("*.salesforce.com", "*.my.salesforce.com", "*.sandbox.my.salesforce.com", "localhost")
LONGEST_HEAD = 16_384
LARGEST_PIECE = 65_536
SECONDS_TO_CONNECT = 30
FIRST_BYTE_OF_TLS = b"\x16"


class TlsProxy:
    """Listens on loopback until it is closed.

    Attributes:
        url: Its address, for ``HTTPS_PROXY``.
        authority: The file with the certificate of its authority, for ``REQUESTS_CA_BUNDLE``.
        refused: The addresses that clients asked for in vain.
    """

    def __init__(self, org_url: str, folder: Path) -> None:
        self._org = urlsplit(org_url)
        self.authority = folder / "authority.pem"
        self.refused: list[str] = []
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(_certify(folder, str(self._org.hostname)))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        """Listen no longer."""
        self._listener.close()

    def environment(self) -> dict[str, str]:
        """What a client's process is to be told so that all its traffic comes here."""
        authority = str(self.authority)
        return {
            "HTTPS_PROXY": self.url,
            "https_proxy": self.url,
            "NO_PROXY": "",
            "no_proxy": "",
            "REQUESTS_CA_BUNDLE": authority,
            "SSL_CERT_FILE": authority,
        }

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            client.settimeout(SECONDS_TO_CONNECT)
            with contextlib.suppress(OSError):
                head = _head(client)
                method, target = _target(head)
                if not self._is_ours(target):
                    self.refused.append(target)
                    client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                    return
                address = (str(self._org.hostname), self._org.port or 80)
                with socket.create_connection(address, SECONDS_TO_CONNECT) as org:
                    if method == "CONNECT":
                        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                        self._relay_tunnel(client, org)
                    else:
                        org.sendall(head)
                        _relay(client, org)

    def _relay_tunnel(self, client: socket.socket, org: socket.socket) -> None:
        if client.recv(1, socket.MSG_PEEK) == FIRST_BYTE_OF_TLS:
            with self._tls.wrap_socket(client, server_side=True) as secured:
                _relay(secured, org)
        else:
            _relay(client, org)

    def _is_ours(self, target: str) -> bool:
        return target == self._org.netloc or target.partition(":")[0].endswith(DOMAIN)


def _head(client: socket.socket) -> bytes:
    """The first request's head, and what came with it."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < LONGEST_HEAD:
        piece = client.recv(LARGEST_PIECE)
        if not piece:
            break
        head += piece
    return head


def _target(head: bytes) -> tuple[str, str]:
    """A request's method, and the ``host:port`` it is for."""
    method, _, rest = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
    target = rest.partition(" ")[0]
    return method, target if method == "CONNECT" else urlsplit(target).netloc


def _relay(client: socket.socket, org: socket.socket) -> None:
    """Carry bytes both ways until one side has said its last."""
    client.settimeout(None)
    org.settimeout(None)
    others = {client: org, org: client}
    while True:
        is_waiting = isinstance(client, ssl.SSLSocket) and client.pending()
        ready = [client] if is_waiting else select.select(list(others), [], [])[0]
        for source in ready:
            piece = source.recv(LARGEST_PIECE)
            if not piece:
                return
            others[source].sendall(piece)


def _certify(folder: Path, address: str) -> Path:
    """Write a throw-away authority, and a certificate of it with its key; the latter's file."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Local org, throw-away authority")])
    authority = (
        _certificate(issuer, issuer, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    names = [x509.DNSName(name) for name in CERTIFIED_NAMES]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Local org")])
    certificate = (
        _certificate(subject, issuer, key)
        .add_extension(
            x509.SubjectAlternativeName([*names, x509.IPAddress(ipaddress.ip_address(address))]),
            critical=False,
        )
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    (folder / "authority.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    chain = folder / "certificate.pem"
    chain.touch(mode=0o600)
    chain.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return chain


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )

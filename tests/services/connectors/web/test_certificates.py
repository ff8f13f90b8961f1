"""A site whose certificate is not valid is not read, says why, and loses nothing."""

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from schemas.errors import RequestError
from streams.http import addresses
from tests.services.connectors.web.site import Indexed, Site, crawl, page

_NOW = datetime.now(UTC)
_HERE = x509.IPAddress(ip_address("127.0.0.1"))


class Authority:
    """Signs certificates of servers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of the tests")])
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (x509.BasicConstraints(ca=True, path_length=None), True),
            (usage, True),
        ]
        self.file = self._written("authority", self._signed(self._name, self._key, _NOW, extensions))

    def server(
        self, name: x509.GeneralName = _HERE, until: datetime = _NOW, own: bool = False
    ) -> ssl.SSLContext:
        """Serves a certificate for this name that ends an hour after `until`; `own`: signed by itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
        names: list[tuple[x509.ExtensionType, bool]] = [(x509.SubjectAlternativeName([name]), False)]
        signed = self._signed(subject, key, until, names, own)
        file = self._written("server", signed)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(file.read_bytes() + private)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(file)
        return context

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        until: datetime,
        extensions: list[tuple[x509.ExtensionType, bool]],
        own: bool = False,
    ) -> x509.Certificate:
        builder = x509.CertificateBuilder(
            subject if own else self._name,
            subject,
            key.public_key(),
            x509.random_serial_number(),
            until - timedelta(days=1),
            until + timedelta(hours=1),
        )
        signer = key if own else self._key
        identifiers: list[tuple[x509.ExtensionType, bool]] = [
            (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False),
        ]
        for extension, critical in (*extensions, *identifiers):
            builder = builder.add_extension(extension, critical)
        return builder.sign(signer, hashes.SHA256())

    def _written(self, name: str, certificate: x509.Certificate) -> Path:
        file = self._folder / f"{name}.pem"
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return file


class Server:
    """A site by https, whose certificate can be replaced."""

    def __init__(self, authority: Authority) -> None:
        self.authority, self.site = authority, Site()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.site.answer)
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        self._listening: web.TCPSite | None = None

    async def serve(self, context: ssl.SSLContext) -> None:
        if self._listening is not None:
            await self._listening.stop()
        self._listening = web.TCPSite(self.runner, "127.0.0.1", self.site.port, ssl_context=context)
        await self._listening.start()
        self.site.port, self.site.scheme = self.runner.addresses[0][1], "https"


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    addresses.trusted.cache_clear()
    made = Server(authority)
    await made.runner.setup()
    yield made
    await made.runner.cleanup()
    addresses.trusted.cache_clear()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("expired", "certificate has expired"),
        ("self-signed", "self-signed certificate"),
        ("of another host", "IP address mismatch, certificate is not valid for '127.0.0.1'"),
    ],
)
async def test_a_certificate_that_is_not_valid_fails_the_run_with_the_reason_and_pages_stay(
    server: Server, indexed: Indexed, fault: str, reason: str
) -> None:
    site, authority = server.site, server.authority
    site.pages = {"/": page("start", "/a"), "/a": page("good text")}
    await server.serve(authority.server())
    assert (await crawl(site, indexed)).keys == {"/", "/a"}
    before, asked = dict(indexed.items), len(site.asked)

    faulty = {
        "expired": lambda: authority.server(until=_NOW - timedelta(days=2)),
        "self-signed": lambda: authority.server(own=True),
        "of another host": lambda: authority.server(x509.DNSName("other.example")),
    }
    await server.serve(faulty[fault]())
    with pytest.raises(RequestError, match=f"its certificate is not valid: {reason}"):
        await crawl(site, indexed)
    assert (indexed.items, len(site.asked)) == (before, asked)

    await server.serve(authority.server())
    again = await crawl(site, indexed)
    assert (again.written, again.deleted) == ({}, set())


async def test_a_certificate_that_expires_in_the_middle_keeps_every_page(
    server: Server, indexed: Indexed
) -> None:
    site, authority = server.site, server.authority
    site.pages = {"/": page("start", "/a", "/b"), "/a": page("good text"), "/b": page("better text")}
    await server.serve(authority.server())
    await crawl(site, indexed)

    async def last(request: web.Request) -> web.Response:
        await server.serve(authority.server(until=_NOW - timedelta(days=2)))
        answer = web.Response(text=page("good text"), content_type="text/html")
        answer.force_close()
        return answer

    site.pages["/a"] = last
    again = await crawl(site, indexed)
    assert (again.written, again.deleted, set(again.listing.unreadable)) == ({}, set(), {"/b"})
    assert "certificate has expired" in again.listing.unreadable["/b"]

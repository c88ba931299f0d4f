"""openssl as the judge from outside: it knows nothing of us and is what many clients and administrators use."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.rigs.ports import LOOPBACK
from tests.rigs.presence import require_program


@dataclass(frozen=True, slots=True)
class Verdict:
    """How openssl ended and what it said."""

    status: int
    words: str

    @property
    def accepts(self) -> bool:
        """Whether it found nothing wrong."""
        return self.status == 0


def openssl(*arguments: str | Path) -> Verdict:
    """One run of the command, with an empty standard input."""
    program = require_program("openssl", "openssl")
    done = subprocess.run([program, *arguments], check=False, capture_output=True, text=True, input="", timeout=60)
    return Verdict(done.returncode, done.stdout + done.stderr)


def connect(port: int, host: str, roots: Path | None) -> Verdict:
    """What a strict TLS client says of a server on this machine: chain and name must both be right. None trusts nobody."""
    trusted: tuple[str | Path, ...] = ("-no-CAfile",) if roots is None else ("-CAfile", roots)
    where = ("-connect", f"{LOOPBACK}:{port}", "-servername", host, *trusted, "-no-CApath")
    return openssl("s_client", *where, "-verify_return_error", "-verify_hostname", host)


@dataclass(frozen=True, slots=True)
class StatusClient:
    """A client that fetches CRLs and CA certificates from a status front and lets openssl judge by them."""

    status_url: str
    root: Path
    folder: Path

    def fetch(self, url: str, name: str) -> Path:
        """A file of the status front, kept under this name."""
        answer = httpx2.get(url, timeout=15)
        assert answer.status_code == 200, f"{url}: {answer.status_code}"
        file = self.folder / name
        file.write_bytes(answer.content)
        return file

    def issuing(self) -> Path:
        """The issuing CA's certificate in PEM."""
        return self.fetch(f"{self.status_url}/ca/issuing.pem", "issuing.pem")

    def verify(self, certificate: Path, crl_url: str = "") -> Verdict:
        """``openssl verify -crl_check`` with the full CRL, or the one at ``crl_url``."""
        der = self.fetch(crl_url or f"{self.status_url}/crl/issuing/full.crl", "crl.der")
        pem = self.folder / "crl.pem"
        converted = openssl("crl", "-inform", "DER", "-in", der, "-out", pem)
        assert converted.accepts, converted.words
        return openssl(
            "verify", "-crl_check", "-CRLfile", pem, "-CAfile", self.root, "-no-CApath", "-untrusted", self.issuing(), certificate
        )

    def ocsp(self, certificate: Path) -> str:
        """The status that a verified OCSP answer gives: good, revoked or unknown; AssertionError if it does not verify."""
        url = f"{self.status_url}/ocsp/issuing"
        asked = openssl("ocsp", "-issuer", self.issuing(), "-cert", certificate, "-url", url, "-CAfile", self.root)
        assert "Response verify OK" in asked.words, asked.words
        found = [word for word in ("good", "revoked", "unknown") if f"{certificate}: {word}" in asked.words]
        assert len(found) == 1, asked.words
        return found[0]

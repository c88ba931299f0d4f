"""How a certificate gets onto a server: the exact lines for nginx and Apache httpd, with the names of the attached files.

The private key is not in the letter, cannot be, and the steps say where it is instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_UNUSUAL = re.compile(r"[^a-z0-9.-]")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: a sentence, and lines to copy (commands or configuration) under it."""

    sentence: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InstallGuide:
    """The steps for one server program."""

    program: str
    steps: tuple[Step, ...]


def file_stem(name: str) -> str:
    """Return the file name, without its ending, that stands for a certificate's first name: ``*.a.test`` -> ``wildcard.a.test``."""
    return _UNUSUAL.sub("-", name.lower().replace("*.", "wildcard.", 1)).strip(".-") or "certificate"


def guides(stem: str, platform: str) -> tuple[InstallGuide, ...]:
    """Return the guides, the one for the requester's own platform (as typed in the request) first."""
    first, second = (_nginx(stem, "/etc/nginx/tls"), _apache(stem, "/etc/apache2/tls"))
    return (second, first) if _APACHE.search(platform) else (first, second)


_APACHE: Final = re.compile(r"apache|httpd", re.IGNORECASE)


def key_sentences(stem: str) -> tuple[str, ...]:
    """Return what a requester must know about the private key before the first step."""
    return (
        f"{stem}.key stands for the private key that you made together with the CSR. It never left your computer: nobody else has it.",
        "If you no longer have the key, do not install this certificate. Make a new key and a new CSR and ask for a reissue.",
        "The key file belongs to root and nobody else may read it (mode 0600).",
    )


def _nginx(stem: str, directory: str) -> InstallGuide:
    return InstallGuide(
        "nginx",
        (
            Step(
                f"Copy the attached {stem}.pem and your private key to the server. nginx reads the issuer from the same file.",
                (
                    f"install -d -m 0700 {directory}",
                    f"install -m 0644 {stem}.pem {directory}/{stem}.pem",
                    f"install -m 0600 {stem}.key {directory}/{stem}.key",
                ),
            ),
            Step(
                "Name both files in the server block.",
                (
                    "listen 443 ssl;",
                    f"ssl_certificate {directory}/{stem}.pem;",
                    f"ssl_certificate_key {directory}/{stem}.key;",
                ),
            ),
            Step("Check the configuration and load it. Connections that are open stay open.", ("nginx -t && systemctl reload nginx",)),
        ),
    )


def _apache(stem: str, directory: str) -> InstallGuide:
    return InstallGuide(
        "Apache httpd 2.4.8 or later",
        (
            Step(
                f"Copy the attached {stem}.pem and your private key to the server. Apache reads the issuer from the same file.",
                (
                    f"install -d -m 0700 {directory}",
                    f"install -m 0644 {stem}.pem {directory}/{stem}.pem",
                    f"install -m 0600 {stem}.key {directory}/{stem}.key",
                ),
            ),
            Step(
                "Name both files in the virtual host. SSLCertificateChainFile is not needed any more.",
                (
                    "SSLEngine on",
                    f"SSLCertificateFile {directory}/{stem}.pem",
                    f"SSLCertificateKeyFile {directory}/{stem}.key",
                ),
            ),
            Step("Check the configuration and load it.", ("apachectl configtest && systemctl reload apache2",)),
        ),
    )

"""How a key and a CSR are made: the exact commands for each kind of server, with the names filled in.

Names stand in command lines, so they must be normalized host names (``engine.names``): letters, digits, dots, hyphens and
a leading asterisk. Anything else is refused here with ValueError rather than shown to somebody who copies it into a shell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from privyseal.look.guides.platforms import Platform
from privyseal.look.guides.steps import Step, file_stem
from privyseal.look.words import gettext

MAXIMUM_COMMON_NAME: Final = 64  # RFC 5280 appendix A.1, ub-common-name
_NAME: Final = re.compile(r"(\*\.)?[a-z0-9.-]{1,253}")


def steps_to_make(platform: Platform, names: Sequence[str], *, elliptic: bool = True, day: datetime | None = None) -> tuple[Step, ...]:
    """Return the steps that make a key and a CSR for these names (at least one); ``elliptic`` is P-256, otherwise RSA.

    ``day`` is given for a replacement, see ``file_stem``. No step writes over what an earlier run of it made.
    Raises ValueError for a name that is not a normalized host name.
    """
    if not names or not all(_NAME.fullmatch(name) for name in names):
        message = "commands are written for normalized host names alone"
        raise ValueError(message)
    return _WAYS.get(platform, _openssl)(names, file_stem(names[0], day), elliptic)


def wants_elliptic(platform: Platform, *, p256: bool, rsa: bool) -> bool:
    """Tell whether the commands make a P-256 key, given which kinds may be certified: Exchange is easier to serve with RSA."""
    return p256 and not (rsa and platform is Platform.EXCHANGE)


def _unless_there(file: str) -> str:
    """The line of a shell that keeps the next command from writing over a key, which may be the one in use."""
    return f'[ -e {file} ] && echo "{file} exists already, so nothing was made" || \\'


def _openssl(names: Sequence[str], stem: str, elliptic: bool) -> tuple[Step, ...]:  # noqa: FBT001 - all ways are called alike
    key = "ec -pkeyopt ec_paramgen_curve:P-256" if elliptic else "rsa:3072"
    alternative = ",".join(f"DNS:{name}" for name in names)
    subject = f"/CN={names[0]}" if len(names[0]) <= MAXIMUM_COMMON_NAME else "/"
    return (
        Step(
            gettext("On the server, make the key and the CSR. The key file is for you alone; it never leaves the server."),
            (
                "umask 077",
                _unless_there(f"{stem}.key"),
                "openssl req -new \\",
                f"  -newkey {key} -nodes \\",
                f"  -keyout {stem}.key \\",
                f"  -out {stem}.csr \\",
                f'  -subj "{subject}" \\',
                f'  -addext "subjectAltName={alternative}"',
            ),
        ),
        Step(gettext("Show the CSR, and copy it with its first and last line."), (f"cat {stem}.csr",)),
    )


def _keytool(names: Sequence[str], stem: str, elliptic: bool) -> tuple[Step, ...]:  # noqa: FBT001 - all ways are called alike
    key = "-keyalg EC -groupname secp256r1" if elliptic else "-keyalg RSA -keysize 3072"
    alternative = ",".join(f"dns:{name}" for name in names)
    subject = f"CN={names[0]}" if len(names[0]) <= MAXIMUM_COMMON_NAME else "CN=server"
    return (
        Step(
            gettext("On the server, make the key in a key store. You are asked for a new password of the store; keep it."),
            (
                _unless_there(f"{stem}.p12"),
                "keytool -genkeypair \\",
                f"  -alias {stem} \\",
                f"  {key} \\",
                f'  -dname "{subject}" \\',
                f"  -storetype PKCS12 -keystore {stem}.p12",
            ),
        ),
        Step(
            gettext("Make the CSR from it, and copy it with its first and last line."),
            (
                "keytool -certreq \\",
                f"  -alias {stem} \\",
                f'  -ext "san={alternative}" \\',
                f"  -keystore {stem}.p12 \\",
                f"  -file {stem}.csr",
                f"cat {stem}.csr",
            ),
        ),
    )


def _certreq(names: Sequence[str], stem: str, elliptic: bool) -> tuple[Step, ...]:  # noqa: FBT001 - all ways are called alike
    key = ("KeyAlgorithm = ECDSA_P256", "KeyLength = 256") if elliptic else ("KeyAlgorithm = RSA", "KeyLength = 3072")
    subject = f'Subject = "CN={names[0]}"' if len(names[0]) <= MAXIMUM_COMMON_NAME else 'Subject = ""'
    ends = ["&"] * (len(names) - 1) + [""]
    return (
        Step(
            gettext("On the server, save this as {file}.").format(file=f"{stem}.inf"),
            (
                "[Version]",
                'Signature = "$Windows NT$"',
                "[NewRequest]",
                subject,
                *key,
                "HashAlgorithm = SHA256",
                "MachineKeySet = TRUE",
                "Exportable = FALSE",
                'ProviderName = "Microsoft Software Key Storage Provider"',
                "RequestType = PKCS10",
                "[Extensions]",
                '2.5.29.17 = "{text}"',
                *(f'_continue_ = "dns={name}{end}"' for name, end in zip(names, ends, strict=True)),
            ),
        ),
        Step(
            gettext("In a command window of an administrator, make the key and the CSR. The key stays in the machine's own store."),
            (
                f"if exist {stem}.csr (echo {stem}.csr exists already, so nothing was made) else certreq -new {stem}.inf {stem}.csr",
                f"type {stem}.csr",
            ),
        ),
    )


def _exchange(names: Sequence[str], stem: str, elliptic: bool) -> tuple[Step, ...]:  # noqa: FBT001 - all ways are called alike
    if elliptic:
        # Exchange's own command makes RSA keys alone.
        return _certreq(names, stem, elliptic)
    subject = f'-SubjectName "cn={names[0]}" ' if len(names[0]) <= MAXIMUM_COMMON_NAME else ""
    quoted = ",".join(f'"{name}"' for name in names)
    return (
        Step(
            gettext("In the Exchange Management Shell, make the key and the CSR. The key stays in the server's own store."),
            (
                f'if (Test-Path {stem}.csr) {{ "{stem}.csr exists already, so nothing was made" }} else {{',
                f"$request = New-ExchangeCertificate -GenerateRequest {subject}-DomainName {quoted} `",
                "  -KeySize 4096 -PrivateKeyExportable $false",
                f'[IO.File]::WriteAllText("$PWD\\{stem}.csr", $request)',
                "}",
                f"Get-Content {stem}.csr",
            ),
        ),
    )


_WAYS: Final[dict[Platform, Callable[[Sequence[str], str, bool], tuple[Step, ...]]]] = {
    Platform.TOMCAT: _keytool,
    Platform.IIS: _certreq,
    Platform.EXCHANGE: _exchange,
}

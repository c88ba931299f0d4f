"""Where the service is, which organization is meant and who speaks: from options, environment and the settings file.

An option wins over the environment (``SEAL_SERVICE`` and so on), the environment over the file
``~/.config/seal/config.toml``, which nobody else may read or change. The two dataclasses at the top are the options
that commands share; Cyclopts reads them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cyclopts import Parameter

from privyseal_agent.errors import UsageError
from privyseal_agent.private_files import read_text

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")

CREDENTIALS: Final = ("certificate", "key", "card", "token_file")


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class OutputOptions:
    """What every command takes."""

    json: bool = False
    """Print one JSON object instead of text."""


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceOptions(OutputOptions):
    """What every command takes that talks to the service."""

    service: str | None = None
    """Address of the service, https://HOST[:PORT] (SEAL_SERVICE)."""

    organization: str | None = None
    """Short name of the organization (SEAL_ORGANIZATION)."""

    certificate: Path | None = None
    """Your Administrator ID, a certificate in PEM (SEAL_CERTIFICATE)."""

    key: Path | None = None
    """The private key of your Administrator ID (SEAL_KEY)."""

    passphrase_file: Path | None = None
    """File with the passphrase of an encrypted private key (SEAL_PASSPHRASE_FILE)."""

    card: str | None = None
    """The smart card or token with your Administrator ID instead of a key file, a PKCS #11 URI: pkcs11:token=NAME?module-path=LIBRARY
    (SEAL_CARD)."""

    pin_file: Path | None = None
    """File with the PIN of the card; left out, the PIN is asked for (SEAL_PIN_FILE)."""

    token_file: Path | None = None
    """File with an API token, used where there is no Administrator ID (SEAL_TOKEN_FILE)."""

    root: Path | None = None
    """Certificates in PEM to trust instead of those of the system (SEAL_ROOT)."""


NO_OUTPUT_OPTIONS = OutputOptions()
NO_SERVICE_OPTIONS = ServiceOptions()

_NAMES: Final = tuple(item.name for item in fields(ServiceOptions) if item.name != "json")
_PATHS: Final = frozenset({"certificate", "key", "passphrase_file", "pin_file", "token_file", "root"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What holds for one command. Empty text or None means that nobody said anything."""

    service: str = ""
    organization: str = ""
    certificate: Path | None = None
    key: Path | None = None
    passphrase_file: Path | None = None
    card: str = ""
    pin_file: Path | None = None
    token_file: Path | None = None
    root: Path | None = None

    def require_service(self) -> str:
        """Return the address of the service without a slash at its end; raises UsageError ``service``."""
        if not self.service:
            raise UsageError(
                "service", "Where is the service? Give --service https://HOST, or set SEAL_SERVICE, or write it into the settings file."
            )
        return require_address(self.service)

    def require_organization(self) -> str:
        """Return the short name of the organization; raises UsageError ``organization``."""
        if not self.organization:
            sentence = "Which organization? Give --organization NAME, or set SEAL_ORGANIZATION, or write it into the settings file."
            raise UsageError("organization", sentence)
        if not _SLUG.fullmatch(self.organization):
            sentence = f'"{self.organization}" is not the short name of an organization (lower case letters, digits and hyphens).'
            raise UsageError("organization", sentence)
        return self.organization

    def has_identity(self) -> bool:
        """Tell whether an Administrator ID is given, in files or on a card; raises UsageError ``identity`` when only half of it is."""
        if self.card:
            if self.key is not None:
                raise UsageError("identity", "The key of an Administrator ID lies in a file or on a card. Give --key or --card.")
            return True
        if (self.certificate is None) != (self.key is None):
            raise UsageError("identity", "An Administrator ID is a certificate and its key. Give both --certificate and --key.")
        return self.certificate is not None


def require_address(address: str) -> str:
    """Return an https address without a slash at its end; raises UsageError ``service`` for anything else."""
    text = address.rstrip("/")
    try:
        parts = urlsplit(text)
        usable = (
            parts.scheme == "https" and bool(parts.hostname) and parts.port != 0 and not (parts.query or parts.fragment or parts.username)
        )
    except ValueError:
        usable = False
    if not usable:
        # A48: tokens, phrases and requests never travel unprotected.
        raise UsageError("service", f'"{address}" is not an address of the form https://HOST or https://HOST:PORT.')
    return text


def resolve(options: ServiceOptions, environment: Mapping[str, str]) -> Settings:
    """Return what holds: options before environment before settings file.

    Who speaks is taken from the first of the three that names any credential, so that a token on the command line is
    not passed over for the Administrator ID of the settings file. Raises UsageError ``settings`` for a settings file
    out of form and the refusals of :mod:`privyseal_agent.private_files` for one that others may read.
    """
    layers = (_from_options(options), _from_environment(environment), _from_file(environment))
    merged: dict[str, str | Path] = {}
    for layer in reversed(layers):
        merged |= {name: value for name, value in layer.items() if name not in CREDENTIALS}
    speaking = next((layer for layer in layers if any(name in layer for name in CREDENTIALS)), {})
    merged |= {name: value for name, value in speaking.items() if name in CREDENTIALS}
    return Settings(**merged)  # type: ignore[arg-type]  # The names decide which values are paths.


def settings_file(environment: Mapping[str, str]) -> Path:
    """Return where the settings file is: ``SEAL_CONFIG``, or seal/config.toml in the folder for settings (XDG)."""
    if environment.get("SEAL_CONFIG"):
        return Path(environment["SEAL_CONFIG"])
    home = Path(environment.get("HOME", "/"))
    folder = Path(environment["XDG_CONFIG_HOME"]) if environment.get("XDG_CONFIG_HOME") else home / ".config"
    return folder / "seal" / "config.toml"


def _from_options(options: ServiceOptions) -> dict[str, str | Path]:
    return {name: value for name in _NAMES if (value := getattr(options, name)) is not None}


def _from_environment(environment: Mapping[str, str]) -> dict[str, str | Path]:
    found = {name: environment.get(f"SEAL_{name.upper()}", "") for name in _NAMES}
    return _typed({name: value for name, value in found.items() if value}, Path)


def _from_file(environment: Mapping[str, str]) -> dict[str, str | Path]:
    path = settings_file(environment)
    if not environment.get("SEAL_CONFIG") and not path.exists():
        return {}
    try:
        values = tomllib.loads(read_text(path, "settings", private=True))
    except tomllib.TOMLDecodeError as error:
        raise UsageError("settings", f"The settings file {path} is not TOML: {error}.") from error
    unknown = sorted(values.keys() - set(_NAMES))
    if unknown:
        raise UsageError("settings", f"The settings file {path} has the unknown name {unknown[0]}. Known are {', '.join(_NAMES)}.")
    wrong = [name for name, value in values.items() if not isinstance(value, str) or not value]
    if wrong:
        raise UsageError("settings", f"In the settings file {path}, {wrong[0]} is not a text in quotation marks.")
    # A path in the file means a place beside the file, wherever seal is called.
    return _typed(values, lambda text: path.parent / Path(text).expanduser())


def _typed(values: Mapping[str, str], as_path: Callable[[str], Path]) -> dict[str, str | Path]:
    return {name: as_path(value) if name in _PATHS else value for name, value in values.items()}

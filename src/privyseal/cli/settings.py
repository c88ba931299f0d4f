"""The settings of one service: a TOML file in its data directory, overridden by ``PRIVYSEAL_...`` variables.

Unknown keys are refused. Secrets are never here, only the paths of the files that hold them (docs/secrets.md).
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from privyseal.engine.issue_value import read_issue_value
from privyseal.engine.names import normalize_email
from privyseal.model.errors import Refused
from privyseal.model.request import MAXIMUM_PORT
from privyseal.model.rules import PRIMARY, usual_quorum

FILE_NAME = "privyseal.toml"
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


class Settings(BaseSettings):
    """Everything an operator may set. ``data`` is where the file lies; relative paths are relative to it."""

    model_config = SettingsConfigDict(env_prefix="PRIVYSEAL_", extra="forbid", frozen=True)

    data: Path = Field(description="The data directory; 0700, owned by the service's user.")
    demo: bool = Field(default=False, description="A demonstration: random root named so, loopback only. `serve` needs `--demo` for it.")
    service_id: str = Field(description="Name of this service in every signed statement; never changes.")
    log_host: str = Field(description="Host part of the origins of the audit logs; never changes.")
    database_url: str = Field(
        default="", description="`postgresql://user@host/name`, or empty for the embedded database in the data directory."
    )
    base_url: str = Field(description="https address of portal and REST, without a final slash.")
    administrator_url: str = Field(description="https address that asks for an Administrator ID, without a final slash.")
    status_url: str = Field(description="http address of CRL, OCSP and CA certificates, baked into certificates; never changes.")
    host: str = Field(default="127.0.0.1", description="Address to listen on; `init` takes it from the three URLs.")
    web_port: int = Field(default=8443, description="Port to listen on for `base_url`; `init` takes the one that the URL names.")
    administrator_port: int = Field(default=8444, description="The same for `administrator_url`.")
    status_port: int = Field(default=8080, description="The same for `status_url`.")
    tls_certificate: Path = Field(default=Path("tls/server.pem"), description="Certificate chain of the two https ports, PEM.")
    tls_key: Path = Field(default=Path("tls/server.key"), description="Its key, PEM, 0600.")
    issuer_passphrase: Path = Field(
        default=Path("secrets/issuer.passphrase"), description="File with the passphrase of the CA keys; only the issuer process reads it."
    )
    status_passphrase: Path = Field(
        default=Path("secrets/status.passphrase"),
        description="File with the passphrase of the OCSP keys; only the status process reads it.",
    )
    work_passphrase: Path = Field(
        default=Path("secrets/work.passphrase"),
        description="File with the passphrase of the audit log's key; only the work process reads it.",
    )
    issuer_socket: Path = Field(default=Path("run/issuer.sock"), description="Where the issuer process listens.")
    issuer_socket_group: str = Field(
        default="",
        description="Group that may call the issuer where it runs as a user of its own; empty: only the user of the service itself.",
    )
    log_directory: Path = Field(default=Path("log"), description="Public files of the audit logs.")
    checkpoint_copies: tuple[Path, ...] = Field(
        default=(Path("checkpoints"),), description="Directories on other machines for copies of each checkpoint."
    )
    resolvers: tuple[str, ...] = Field(
        default=(), description="`address:port` of the DNS resolvers for domain validation and CAA; empty: those of the system."
    )
    remote_resolvers: tuple[str, ...] = Field(
        default=(),
        description="`name=address:port` of a resolver elsewhere; each is a further perspective on domain validation and CAA.",
    )
    perspective_quorum: int | None = Field(
        default=None,
        ge=0,
        description="How many of `remote_resolvers` have to see the same; left out: all but one, from six on all but two.",
    )
    caa_name: str = Field(
        default="", description="What CAA records call this provider, such as `ca.example`; empty: the host of `base_url`. Never changes."
    )
    http_validation_port: int = Field(default=80, ge=1, le=65535, description="Port at which HTTP tokens are fetched.")
    allow_private_validation: bool = Field(
        default=False, description="Fetch HTTP tokens from private addresses too (RFC 1918, RFC 4193), never from this machine."
    )
    allow_loopback_validation: bool = Field(
        default=False,
        description="Fetch HTTP tokens from this machine too, and use its OpenID Connect providers: for trying out. "
        "Refused unless `base_url` names this machine itself.",
    )
    sign_on_ports: tuple[Annotated[int, Field(ge=1, le=65535)], ...] = Field(
        default=(443,), min_length=1, description="Ports at which the OpenID Connect providers of organizations may be called."
    )
    allow_private_sign_on: bool = Field(
        default=False, description="Use OpenID Connect providers at private addresses too (RFC 1918, RFC 4193), never on this machine."
    )
    sign_on_anchors: Path | None = Field(
        default=None, description="PEM file with further CAs whose certificates those providers may show, such as a company's own."
    )
    mail_from: str = Field(default="privyseal@localhost", description="Sender of letters.")
    provider_contact: str = Field(
        default="", description="Mail address of the provider's own help, which stands at the foot of every page; empty: none."
    )
    public_trials: bool = Field(
        default=True, description="Let anybody start a trial whose certificates nobody trusts; false: only your own people start one."
    )
    auditor_address: str = Field(
        default="", description="Mail address that gets the provider's checkpoint each day; empty: nobody. Best somebody who is not you."
    )
    checkpoint_mail_hour: int = Field(
        default=6,
        ge=0,
        le=23,
        description="Hour, in UTC, from which on the day's checkpoints are mailed to the organizations and the auditor.",
    )
    maildir: Path | None = Field(default=None, description="Deliver letters into this Maildir instead of by SMTP.")
    smtp_host: str = Field(default="localhost", description="SMTP relay.")
    smtp_port: int = Field(default=25, description="Its port.")
    smtp_security: Literal["none", "starttls", "tls"] = Field(default="none", description="How the connection to the relay is protected.")
    smtp_user: str = Field(default="", description="User name at the relay, or empty.")
    smtp_password_file: Path | None = Field(default=None, description="File with the password of that user.")
    change_quorums: dict[Literal["policy", "role", "price", "authority"], Annotated[int, Field(ge=2, le=5)]] = Field(
        default={},
        description="How many people sign a change of a kind, 2 to 5, such as `{ policy = 3 }`; 2 for a kind that is not named.",
    )
    trusted_proxies: tuple[str, ...] = Field(default=(), description="Addresses of proxies whose Forwarded headers count.")
    front_socket: Path | None = Field(
        default=None, description="Unix socket at which a proxy that ends TLS hands in administrators' calls (RFC 9440); empty: none does."
    )
    front_socket_group: str = Field(default="", description="Group that may open that socket; empty: only the user of the service itself.")
    front_port: int | None = Field(default=None, description="The same as a port with TLS, for a proxy on another machine; not both.")
    front_secret: Path = Field(
        default=Path("secrets/front.secret"), description="File with the secret that this proxy shows, at least 32 characters; 0600."
    )
    crl_life_days: int = Field(default=7, ge=1, le=10, description="nextUpdate of CRLs; they are renewed at half of it.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature; there are no .env files
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature; secrets have paths
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables first, then what the file says."""
        return (env_settings, init_settings, TomlConfigSettingsSource(settings_cls))

    @field_validator("resolvers")
    @classmethod
    def _are_resolvers(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            read_resolver(text)
        return texts

    @field_validator("provider_contact")
    @classmethod
    def _is_mail_address(cls, text: str) -> str:
        try:
            return normalize_email(text) if text else text
        except Refused as refusal:
            raise ValueError(refusal.sentence) from refusal

    @field_validator("caa_name")
    @classmethod
    def _is_issuer_name(cls, text: str) -> str:
        if text and read_issue_value(text).issuer != text:
            message = "a domain name in lower case, as RFC 8659 4.2 has it, such as ca.example"
            raise ValueError(message)
        return text

    @model_validator(mode="after")
    def _can_be_trusted(self) -> Settings:
        """Refuse perspectives that cannot agree, and a way into this machine on a service that others use."""
        named = [text.partition("=")[0] for text in self.remote_resolvers]
        for text in self.remote_resolvers:
            name, _, address = text.partition("=")
            if not name.strip():
                message = f"{text} is not name=address:port"
                raise ValueError(message)
            read_resolver(address)
        if len(set(named)) != len(named) or PRIMARY in named:
            message = f"every remote resolver has a name of its own, and none is {PRIMARY}"
            raise ValueError(message)
        if self.quorum > len(named):
            message = f"perspective_quorum is {self.quorum}, and there are {len(named)} remote_resolvers"
            raise ValueError(message)
        if self.allow_loopback_validation and (urlsplit(self.base_url).hostname or "") not in _THIS_MACHINE:
            message = "allow_loopback_validation is for a service that nobody else can reach; its base_url names this machine"
            raise ValueError(message)
        return self

    @property
    def quorum(self) -> int:
        """How many remote perspectives have to agree."""
        return usual_quorum(len(self.remote_resolvers)) if self.perspective_quorum is None else self.perspective_quorum

    @property
    def database(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{self.data.resolve()}/privyseal.sqlite3"

    def path(self, path: Path) -> Path:
        """Return a path of the settings as an absolute one."""
        return path if path.is_absolute() else self.data.resolve() / path


def read_resolver(text: str) -> tuple[str, int]:
    """Return (address, port) of ``address:port``; raises ValueError for a name, which would need a resolver itself."""
    address, _, port = text.strip().rpartition(":")
    if not port.isascii() or not port.isdecimal() or not 1 <= int(port) <= MAXIMUM_PORT:
        message = f"{text} is not address:port"
        raise ValueError(message)
    return str(ip_address(address.strip("[]"))), int(port)


def read_settings(data: Path) -> Settings:
    """Return the settings of a data directory; raises FileNotFoundError or pydantic's ValidationError."""
    path = data / FILE_NAME
    path.stat()

    class _OfFile(Settings):
        model_config = SettingsConfigDict(toml_file=path)

    load: Callable[..., Settings] = _OfFile  # The rest comes from the file, which a type checker does not see.
    return load(data=data)

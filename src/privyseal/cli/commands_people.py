"""`privyseal administrator` and `privyseal token`: the first people and machines, by the operator on the machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from privyseal.actions.administrator.create_api_token import create_api_token
from privyseal.actions.administrator.invite_administrator import invite_administrator
from privyseal.actions.administrator.invite_with_signature import invite_with_signature
from privyseal.actions.administrator.revoke_credential import revoke_credential
from privyseal.actions.house import About, House, attempt, perform
from privyseal.cli.house_setup import house_for_command
from privyseal.cli.processes import read_passphrase
from privyseal.cli.rooms import Rooms
from privyseal.cli.settings import read_settings
from privyseal.engine.names import normalize_email
from privyseal.engine.recovery import sign_recovery
from privyseal.engine.signers import encrypted_key_file
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.administrator import PERMISSIONS, Permission, Role, TokenScope
from privyseal.model.revocation import RevocationReason

Data = Annotated[Path, Parameter(help="The data directory of the service.")]

OPERATOR = Actor(ActorKind.OPERATOR, "operator", permissions=PERMISSIONS[Role.PROVIDER_ADMINISTRATOR])


def people_commands(program: App, rooms: Rooms) -> None:
    """Add the groups to ``program``."""
    administrator = App(name="administrator", help="One-time links to Administrator IDs, and their revocation.")
    administrator.command(_invite(rooms), name="invite")
    administrator.command(_revoke(rooms), name="revoke")
    token = App(name="token", help="API tokens for machines.")
    token.command(_create(rooms), name="create")
    program.command(administrator)
    program.command(token)


def _invite(rooms: Rooms) -> Callable[..., None]:
    def invite(
        *,
        data: Data,
        name: str,
        email: str,
        organization: str = "",
        role: Role = Role.PROVIDER_ADMINISTRATOR,
        replace_last: bool = False,
        replaces: str = "",
    ) -> None:
        """Invite a person and print the one-time code for `seal administrator enroll`; it is valid for an hour.

        An organization that has had an administrator invites further ones itself. Only when every Administrator ID of
        it is revoked or expired, --replace-last lets one person in again; both logs and a letter tell of it.

        Parameters
        ----------
        data
            The data directory of the service.
        name
            Full name, different from every other administrator's.
        email
            Mail address; it stands in the Administrator ID.
        organization
            Short name of the organization; left out for the provider's own people.
        role
            The person's role.
        replace_last
            Invite a security administrator for an organization that has no administrator left. The key of the
            administrators' CA signs for it, so this needs the issuer's passphrase file.
        replaces
            With --replace-last: SHA-256 of the person's lost Administrator ID. The new one ends on the same day.
        """
        with house_for_command(data, rooms) as house:
            about = About("invite-administrator", organization, "administrator", house.personal_hash(name))
            if replace_last:
                signature = attempt(house, OPERATOR, about, lambda: _sign_recovery(house, data, organization, name, email, replaces))
                invited = perform(house, OPERATOR, about, invite_with_signature, organization, signature)
            else:
                invited = perform(house, OPERATOR, about, invite_administrator, organization, name, email, role)
        print(invited.code)

    return invite


def _sign_recovery(house: House, data: Path, organization: str, name: str, email: str, replaces: str) -> bytes:
    settings = read_settings(data)
    secret = read_passphrase(settings.path(settings.issuer_passphrase))
    return sign_recovery(
        house.administrators_authority,
        encrypted_key_file.load(settings.data / "keys" / "administrators.key", secret),
        service=house.service.service_id,
        organization=organization,
        name=name,
        email=normalize_email(email),
        role=Role.SECURITY_ADMINISTRATOR.value,
        now=house.clock(),
        replaces=replaces or None,
    )


def _revoke(rooms: Rooms) -> Callable[..., None]:
    def revoke(certificate_sha256: str, /, *, data: Data, organization: str = "") -> None:
        """Revoke an Administrator ID: a lost card, a person who left.

        Parameters
        ----------
        certificate_sha256
            Fingerprint of the Administrator ID in hex.
        data
            The data directory of the service.
        organization
            Short name of the organization; left out for the provider's own people.
        """
        about = About("revoke-credential", organization, "credential", certificate_sha256)
        with house_for_command(data, rooms) as house:
            perform(house, OPERATOR, about, revoke_credential, organization, certificate_sha256, RevocationReason.PRIVILEGE_WITHDRAWN)
        print("The Administrator ID is revoked.")

    return revoke


def _create(rooms: Rooms) -> Callable[..., None]:
    def create(*, data: Data, organization: str, name: str, scopes: tuple[TokenScope, ...], days: int = 365) -> None:
        """Make an API token and print it once.

        Parameters
        ----------
        data
            The data directory of the service.
        organization
            Short name of the organization.
        name
            What it is for.
        scopes
            What it may do. Approving and revoking need a signature, which a token cannot give.
        days
            How long it lives.
        """
        about = About("create-api-token", organization, "api-token", "new")
        permissions = [Permission(scope) for scope in scopes]
        with house_for_command(data, rooms) as house:
            print(perform(house, OPERATOR, about, create_api_token, organization, name, permissions, days).text)

    return create

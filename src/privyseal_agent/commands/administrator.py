"""``seal administrator``: get an Administrator ID, invite colleagues, revoke what is lost."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal, TypeAlias

from privyseal_agent import words
from privyseal_agent.changes import side_path
from privyseal_agent.decisions import INVITATION_LIFE, end_of, invitation_of, renewal_of
from privyseal_agent.desk import Desk, Reply
from privyseal_agent.errors import Refused, UsageError
from privyseal_agent.groups import AtDesk, Reason, group, open_service
from privyseal_agent.keys import csr as csrs
from privyseal_agent.keys import private_key
from privyseal_agent.keys.administrator_id import certificate_in, expiry_of
from privyseal_agent.keys.card_uri import new_key_id
from privyseal_agent.places import Places
from privyseal_agent.private_files import read_secret, write_file
from privyseal_agent.rest.client import PROVIDER, Service
from privyseal_agent.rest.documents import Document
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions, Settings, resolve, settings_file

APP = group("administrator", "Administrator IDs: enroll, renew, replace, invite, list, revoke.")

Role: TypeAlias = Literal["security-administrator", "certificate-administrator", "auditor", "read-only", "provider-administrator"]


@APP.command
def enroll(code: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Turn the one-time code from your invitation into your Administrator ID.

    The key is made on this computer and written to --key, the certificate to --certificate; left out, both are written
    beside the settings file. With --passphrase-file the key is encrypted. With --card the key is made on the card, which
    never gives it away, and the certificate is written beside it. Run it again after an error: an unused key is used.

    Parameters
    ----------
    code
        The one-time code from the mail.
    """
    settings = resolve(options, desk.environment)
    if settings.card:
        return _enroll_card(code, settings, desk)
    certificate, key_file = _places(settings, desk)
    passphrase = read_secret(settings.passphrase_file, "a passphrase") if settings.passphrase_file is not None else None
    if certificate.exists():
        raise UsageError("certificate", f"{certificate} exists already. Choose another place with --certificate and --key.")
    key = _own_key(key_file, passphrase, desk)
    with Service(_anonymous(settings), desk) as service:
        answer = service.post("/administrators/enroll", {"code": code, "csr": csrs.make_csr(key, ()).decode()})
    write_file(certificate, answer.text("certificate_pem").encode())
    rows = [("Certificate", str(certificate)), ("Private key", f"{key_file} (readable by you alone)")]
    lines = [f'certificate = "{certificate.absolute()}"', f'key = "{key_file.absolute()}"']
    return _enrolled(answer, rows, lines, {"certificate": str(certificate), "key": str(key_file)}, desk)


def _enroll_card(code: str, settings: Settings, desk: Desk) -> Reply:
    """The certificate goes into a file first, so that a card without room for it loses nothing."""
    certificate = settings.certificate or _beside(desk) / "administrator.pem"
    if certificate.exists():
        raise UsageError("certificate", f"{certificate} exists already. Choose another place for the certificate with --certificate.")
    with Service(settings, desk) as service, Service(_anonymous(settings), desk) as anonymous:
        card = service.card()
        unused = next((key for key in card.own_keys() if key.certificate_der is None), None)
        made = unused or card.make_key(new_key_id(desk.now(), desk.random_bytes))
        answer = anonymous.post("/administrators/enroll", {"code": code, "csr": csrs.make_csr(made.key, ()).decode()})
        write_file(certificate, answer.text("certificate_pem").encode())
        lines = [f'card = "{settings.card}"']
        stays = "it never leaves the card"
        try:
            card.keep_certificate(made.id, certificate_in(answer.text("certificate_pem")))
        except Refused as trouble:
            desk.note(f"{trouble.sentence} The certificate is in {certificate}; name it with --certificate beside --card.")
            lines.append(f'certificate = "{certificate.absolute()}"')
            stays = "the certificate is not on the card, and browsers do not find it"
        rows = [("Certificate", str(certificate)), ("Private key", f"on the card {card.facts.token}: {stays}")]
    return _enrolled(answer, rows, lines, {"certificate": str(certificate), "card": card.facts.token}, desk)


def _enrolled(answer: Document, rows: list[tuple[str, str]], lines: list[str], places: dict[str, str], desk: Desk) -> Reply:
    person = answer.part("administrator")
    facts = [("Administrator", f"{person.text('name')}, {person.text('role')}"), ("Id", person.text("id")), *rows]
    hint = "\n".join((f"To use it always, write into {settings_file(desk.environment)}:", *lines))
    return Reply({**answer.fields, **places}, f"{words.facts(facts)}\n\n{hint}")


@APP.command
def invite(
    name: str,
    email: str,
    /,
    *,
    role: Role | None = None,
    by_provider: bool = False,
    options: ServiceOptions = NO_SERVICE_OPTIONS,
    desk: AtDesk,
) -> Reply:
    """Invite somebody under your signature; the one-time code goes to the address by mail and works for one hour.

    Whoever is invited may read. Every other role is proposed then, and holds when several people have signed it: nobody gives a role
    alone. What is signed is made on this computer: name, address and role as the Administrator ID will carry them. Invite an
    administrator of yours again, with the same name and address, when the Administrator ID is lost (revoke it first) or ends within
    60 days.

    Parameters
    ----------
    name
        Full name of the person.
    email
        Address of the person.
    role
        The role in the Administrator ID. Left out: read-only, or for somebody who is invited again the one of the last time; with
        --by-provider security-administrator.
    by_provider
        Invite the first administrator of an organization as the provider; nothing is signed.
    """
    with open_service(options, desk) as service:
        path = service.path("administrators")
        if by_provider:
            answer = service.post(f"/provider{path}", {"name": name, "email": email, "role": role or "security-administrator"})
        else:
            answer = service.post(path, _signed_invitation(service, desk, name, email, role or _entry_role(service, name, email)))
    return Reply(answer.fields, f"{answer.text('name')} is invited as {answer.text('role')} ({answer.text('id')}). A mail goes to {email}.")


def _entry_role(service: Service, name: str, email: str) -> str:
    """Return the role that somebody comes in with: reading, and for who is invited again that of the Administrator ID he had."""
    wanted = (name.strip(), email.strip().casefold())
    known = (found for found in service.items(service.path("administrators")))
    same = next((found for found in known if (found.text("name"), found.text("email").casefold()) == wanted), None)
    return same.text("role") if same is not None and same.text("state") != "invited" else "read-only"


def _signed_invitation(service: Service, desk: Desk, name: str, email: str, role: str, replaces: str | None = None) -> dict[str, object]:
    identity = service.require_identity()
    invitation = invitation_of(
        name,
        email,
        role,
        service=service.about.text("service"),
        organization=service.settings.require_organization(),
        inviter=service.administrator_id(),
        expires=end_of(desk.now(), INVITATION_LIFE),
        replaces=replaces,
    )
    return {"signature": identity.sign(invitation.to_bytes(), desk.now())}


@APP.command
def renew(*, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Get the next Administrator ID of your own in the last 60 days of the old one, for a new key and a whole new life.

    It is signed with the old one. The new key and certificate take the places of the old files, which are kept beside them;
    with --card both are made on the card. Run it again after an error: it goes on where it stood.
    """
    return _next(options, desk, "renewal")


@APP.command
def replace(administrator: str = "", sha256: str = "", /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Replace an Administrator ID that is damaged, exposed or lost; the new one ends when the old one would have.

    Without arguments your own, signed with the old one. With both, that of a colleague who cannot sign any more: a one-time code
    goes to him by mail. The old one is revoked when the new one is made; revoke it at once if somebody else may have the key.
    No unit is used.

    Parameters
    ----------
    administrator
        Id of the colleague.
    sha256
        SHA-256 of his old Administrator ID, as seal administrator list shows it.
    """
    if not administrator:
        return _next(options, desk, "replacement")
    with open_service(options, desk) as service:
        path = service.path("administrators")
        person = next((found for found in service.items(path) if found.text("id") == administrator), None)
        if person is None:
            raise Refused("administrator-unknown", f"There is no administrator {administrator} here. See: seal administrator list.")
        facts = (person.text("name"), person.text("email"), person.text("role"))
        answer = service.post(path, _signed_invitation(service, desk, *facts, replaces=sha256))
    return Reply(
        answer.fields, f"A one-time code goes to {facts[1]}. The new Administrator ID of {facts[0]} will end when the old one would have."
    )


def _next(options: ServiceOptions, desk: Desk, kind: str) -> Reply:
    with open_service(options, desk) as service:
        places = None if service.settings.card else Places.of(service.settings)
        done = places.finish() if places else False
        if done:
            return Reply({"finished": True}, "The Administrator ID that was made before is in its place now.")
        identity = service.require_identity()
        key = service.card().make_key(new_key_id(desk.now(), desk.random_bytes)) if places is None else None
        made = key.key if key is not None else _own_key(places.next_key, service.passphrase, desk) if places else None
        if made is None:
            raise UsageError("identity", "Give --certificate and --key, or --card.")
        csr = csrs.make_csr(made, ()).decode()
        renewal = renewal_of(
            service=service.about.text("service"),
            organization=service.settings.organization or PROVIDER,
            administrator=identity.person,
            kind=kind,
            replaces=identity.sha256,
            csr_pem=csr,
            expires=end_of(desk.now()),
        )
        answer = service.post("/administrators/renewal", {"csr": csr, "signature": identity.sign(renewal.to_bytes(), desk.now())})
        pem = answer.text("certificate_pem")
        if places is not None:
            write_file(places.next_certificate, pem.encode())
            places.finish()
            where = f"{places.certificate} and {places.key}; the old ones are beside them"
        else:
            where = _keep_on_card(service, key.id if key else b"", pem, desk)
    return Reply(answer.fields, f"Your new Administrator ID is in {where}. It ends on {expiry_of(pem):%Y-%m-%d}.")


def _keep_on_card(service: Service, key_id: bytes, pem: str, desk: Desk) -> str:
    card, der = service.card(), certificate_in(pem)
    certificate = _beside(desk) / f"administrator-{hashlib.sha256(der).hexdigest()[:8]}.pem"
    write_file(certificate, pem.encode())
    card.keep_certificate(key_id, der)
    return f"the card {card.facts.token}, and its certificate in {certificate}"


@APP.command(name="list")
def list_administrators(*, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """List the administrators of the organization and their credentials; without an organization the people of the provider."""
    with open_service(options, desk) as service:
        people = list(service.items(side_path(service, "administrators")))
    rows = [
        _row(person, credential)
        for person in people
        for credential in (*person.parts("credentials"), None)[: len(person.parts("credentials")) or 1]
    ]
    table = words.table(("ADMINISTRATOR", "NAME", "ROLE", "STATE", "CREDENTIAL SHA-256"), rows, empty="There are no administrators.")
    return Reply({"items": [person.fields for person in people]}, table)


@APP.command
def revoke(
    administrator: str, sha256: str, /, *, reason: Reason = "unspecified", options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk
) -> Reply:
    """Revoke an Administrator ID that is lost or no longer needed.

    Parameters
    ----------
    administrator
        Id of the administrator.
    sha256
        SHA-256 of the credential, as seal administrator list shows it.
    reason
        Why.
    """
    with open_service(options, desk) as service:
        answer = service.post(service.path("administrators", administrator, "credentials", sha256, "revocation"), {"reason": reason})
    return Reply(answer.fields, f"The Administrator ID {sha256} is revoked.")


def _row(person: Document, credential: Document | None) -> tuple[str, ...]:
    fingerprint = "" if credential is None else credential.text("sha256")
    if credential is not None and credential.maybe("revoked_at"):
        fingerprint += " (revoked)"
    return person.text("id"), person.text("name"), person.text("role"), person.text("state"), fingerprint


def _places(settings: Settings, desk: Desk) -> tuple[Path, Path]:
    if settings.has_identity() and settings.certificate is not None and settings.key is not None:
        return settings.certificate, settings.key
    folder = _beside(desk)
    return folder / "administrator.pem", folder / "administrator.key"


def _beside(desk: Desk) -> Path:
    """Return the folder of the settings file, which nobody else may read."""
    folder = settings_file(desk.environment).parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _own_key(path: Path, passphrase: str | None, desk: Desk) -> private_key.PrivateKey:
    # The key is on the disk before the code is used up: a certificate without its key would be worth nothing.
    if path.exists():
        return private_key.load(path, passphrase)
    key = private_key.generate("p256")
    private_key.save(path, key, passphrase, desk.random_bytes)
    return key


def _anonymous(settings: Settings) -> Settings:
    return Settings(service=settings.service, organization=settings.organization, root=settings.root)

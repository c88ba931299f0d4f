"""People whose credential is a passkey, in a whole service: enrolled by link, or added under another credential."""

from __future__ import annotations

from dataclasses import dataclass, field

from privyseal.actions.administrator.invite_with_signature import invite_with_signature
from privyseal.actions.house import About, perform
from privyseal.actions.passkey.add_passkey import add_passkey
from privyseal.actions.passkey.draft_passkey import draft_passkey
from privyseal.actions.passkey.enroll_passkey import enroll_passkey
from privyseal.actions.passkey.offer_passkey import offer_passkey
from privyseal.actions.passkey.offer_passkey_enrollment import offer_passkey_enrollment
from privyseal.engine.passkeys import assertion_options
from privyseal.issuer.desk import complete_batch
from privyseal.model.actor import ANONYMOUS, Actor, administrator_actor
from privyseal.model.administrator import Administrator, Role
from privyseal.model.identifiers import IntentId
from privyseal.model.request import Request
from privyseal.store import administrators, passkeys
from privyseal_wire.passkey import Assertion, PasskeySigned, Signature, statement_challenge
from tests.rigs.authenticator import TRUTH, Authenticator, Wrong
from tests.rigs.service import AdministratorRig, ServiceRig

ABOUT = About("set-up", "", "administrator", "passkey")


@dataclass(slots=True)
class PasskeyHolder:
    """A person with one authenticator, in which there is a passkey of his."""

    service: ServiceRig
    administrator: Administrator
    organization: str
    device: Authenticator = field(default_factory=Authenticator)

    @property
    def actor(self) -> Actor:
        """The person as an entrance would know him."""
        return administrator_actor(self.administrator, self.certificate_sha256, "")

    @property
    def passkey_id(self) -> str:
        """The id of the last passkey of the device."""
        return list(self.device.keys)[-1]

    @property
    def certificate_sha256(self) -> str:
        """The fingerprint of its certificate."""
        with self.service.house.database.read(self.service.clock()) as tx:
            found = passkeys.credential_of(tx, self.passkey_id)
        assert found is not None
        return found

    def sign(self, content: bytes, wrong: Wrong = TRUTH) -> PasskeySigned:
        """What the page sends after the person touched the authenticator."""
        with self.service.house.database.read(self.service.clock()) as tx:
            allowed = passkeys.usable_of(tx, self.administrator.id)
        options = assertion_options(self.service.house.relying_party, statement_challenge(content), allowed)
        return PasskeySigned(content, Assertion.from_browser(self.device.get(options, wrong)).to_bytes())

    def approval(self, request: Request) -> bytes:
        """The bytes that this person signs to approve."""
        # The content asks only for the person and the organization.
        return self.service.approval_content(
            request, AdministratorRig(self.administrator, b"", self.service.log_key.key, self.organization)
        )


def invite(
    service: ServiceRig, slug: str, name: str, role: Role = Role.SECURITY_ADMINISTRATOR, by: PasskeyHolder | AdministratorRig | None = None
) -> str:
    """The one-time code of a new person; ``by`` signs for everybody but the first, with the passkey that he has."""
    if not isinstance(by, PasskeyHolder):
        return service.invite(slug, name, role, by=by).code
    # The content asks only for the person and the organization.
    inviter = AdministratorRig(by.administrator, b"", service.log_key.key, by.organization)
    signed = by.sign(service.invitation_content(inviter, name, Role.READ_ONLY))
    invited = perform(service.house, by.actor, ABOUT, invite_with_signature, slug, signed)
    if role is not Role.READ_ONLY:
        service.give(invited.administrator, role, by=by.administrator, slug=slug)
    return invited.code


def enroll(service: ServiceRig, slug: str, code: str, device: Authenticator, wrong: Wrong = TRUTH) -> PasskeyHolder:
    """Use a one-time code for a passkey of this device."""
    options = perform(service.house, ANONYMOUS, ABOUT, offer_passkey_enrollment, code)
    intent_id = perform(service.house, ANONYMOUS, ABOUT, enroll_passkey, code, device.create(options, wrong), "Laptop")
    complete(service, intent_id)
    with service.house.database.read(service.clock()) as tx:
        found = passkeys.by_signer(tx, "", list(device.keys)[-1])
    assert found is not None
    enrolled = PasskeyHolder(service, found[0], slug, device)
    service.signers[found[0].id] = enrolled.sign
    return enrolled


def holder(
    service: ServiceRig,
    slug: str,
    name: str = "Paula Passkey",
    role: Role = Role.SECURITY_ADMINISTRATOR,
    *,
    by: PasskeyHolder | AdministratorRig | None = None,
) -> PasskeyHolder:
    """A new person of an organization whose first credential is a passkey; ``by`` invites everybody but the first."""
    return enroll(service, slug, invite(service, slug, name, role, by), Authenticator())


def draft(service: ServiceRig, actor: Actor, slug: str, device: Authenticator) -> tuple[str, bytes]:
    """What the browser answers for a new passkey, and what has to be signed to add it."""
    registration = device.create(perform(service.house, actor, ABOUT, offer_passkey, slug))
    return registration, perform(service.house, actor, ABOUT, draft_passkey, slug, registration)


def add(service: ServiceRig, actor: Actor, slug: str, registration: str, signature: Signature) -> IntentId:
    """Hand in a registration and the signature over its statement."""
    return perform(service.house, actor, ABOUT, add_passkey, slug, registration, "Key ring", signature)


def complete(service: ServiceRig, intent_id: IntentId) -> None:
    """What the issuer does; it must not refuse."""
    [done] = complete_batch(service.house, service.keys, [intent_id]).values()
    assert done.ok, done


def by_certificate(service: ServiceRig, admin: AdministratorRig, device: Authenticator) -> PasskeyHolder:
    """An administrator with an Administrator ID adds a passkey."""
    registration, content = draft(service, admin.actor, admin.organization, device)
    complete(service, add(service, admin.actor, admin.organization, registration, service.sign(content, admin)))
    with service.house.database.read(service.clock()) as tx:
        person = administrators.get(tx, admin.administrator.id)
    assert person is not None
    return PasskeyHolder(service, person, admin.organization, device)

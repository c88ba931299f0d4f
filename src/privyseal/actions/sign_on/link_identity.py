"""Link an administrator, who has signed in with a credential, with the account that the provider has just vouched for."""

from __future__ import annotations

from privyseal.actions.house import House, announce, record
from privyseal.actions.linking import end_links, subject_hash
from privyseal.model.actor import Actor, require_credential
from privyseal.model.administrator import AdministratorState
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict, NotFound, NotPermitted
from privyseal.model.fact import FactKind
from privyseal.model.identifiers import AdministratorId, SignOnLinkId
from privyseal.model.session import Session
from privyseal.model.sign_on import LinkEnd, SignOnLink, Vouched
from privyseal.store import administrators, organizations, sign_ons, throttles
from privyseal.store.database import Transaction


def link_identity(house: House, tx: Transaction, actor: Actor, slug: str, session: Session, vouched: Vouched) -> SignOnLink:
    """Make the link, in place of the one that this person had; it was begun in ``session``. The same one again is the first one.

    Raises NotPermitted ``reading-only`` and ``other-person``, NotFound ``sign-on``, Conflict ``sign-on-taken`` where the account is linked
    with somebody else.
    """
    require_credential(actor)
    attempt, sign_on = vouched.attempt, vouched.sign_on
    organization = organizations.require(tx, slug)
    if (attempt.administrator_id, attempt.session_id) != (session.administrator_id, session.id) or session.audience != slug:
        raise NotPermitted("other-person", "This was begun by somebody else, or in another session. Start again from your account.")
    known = sign_ons.in_force(tx, organization.id, hold=True)
    if known is None or known.id != sign_on.id:
        raise NotFound("sign-on", "The sign-on of this organization was changed meanwhile. Start again from your account.")
    administrators.hold(tx, AdministratorId(actor.id))
    hashed = subject_hash(house, sign_on.settings, vouched.subject)
    before = sign_ons.link_of_subject(tx, organization.id, hashed)
    if before is not None and before.administrator_id == actor.id:
        return before
    if before is not None:
        holder = administrators.get(tx, before.administrator_id)
        if holder is not None and holder.state is not AdministratorState.REMOVED:
            raise _taken()
        end_links(house, tx, actor, organization, LinkEnd.REMOVED, before.administrator_id)
    end_links(house, tx, actor, organization, LinkEnd.REPLACED, session.administrator_id)
    link_id = SignOnLinkId(house.id("snl", tx.now))
    link = SignOnLink(link_id, organization.id, session.administrator_id, hashed, tx.now, session.credential_sha256)
    if not sign_ons.insert_link(tx, link):
        raise _taken()
    throttles.clear_sign_in(tx, "", actor.source)
    event = AuditEvent("link-identity", Outcome.DONE, "administrator", session.administrator_id, evidence=(hashed,))
    announce(house, tx, FactKind.IDENTITY_LINKED, {"organization": slug, "administrator": link.administrator_id, "sign_on": sign_on.id})
    record(house, tx, actor, slug, event)
    return link


def _taken() -> Conflict:
    return Conflict("sign-on-taken", "This account of your organization's sign-on is linked with another administrator already.")

"""Every letter that there is, composed after what it tells of has really happened; a new letter without its line here fails."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Final

import pytest
from starlette.routing import compile_path

from privyseal.actions.access_review.follow_access_reviews import follow_access_reviews
from privyseal.actions.access_review.make_access_reviews import make_access_reviews
from privyseal.actions.administrator.invite_with_signature import invite_with_signature
from privyseal.actions.administrator.remind_of_endings import remind_of_endings
from privyseal.actions.administrator.revoke_credentials import revoke_credentials
from privyseal.actions.audit.choose_checkpoints import choose_checkpoints
from privyseal.actions.certificate.prepare_certificates import prepare_certificates
from privyseal.actions.certificate.revoke_certificate import BySubscriber, revoke_certificate
from privyseal.actions.contact.propose_contact import propose_contact
from privyseal.actions.contact.withdraw_contact import withdraw_contact
from privyseal.actions.domain.remind_of_domain import remind_of_domain
from privyseal.actions.domain.remove_domain import remove_domain
from privyseal.actions.domain.send_domain_letter import send_domain_letter
from privyseal.actions.lost_card.confirm_lost_card import confirm_lost_card
from privyseal.actions.lost_card.report_lost_card import report_lost_card
from privyseal.actions.organization.confirm_application import confirm_application
from privyseal.actions.organization.reject_application import reject_application
from privyseal.actions.organization.remind_of_vettings import remind_of_vettings
from privyseal.actions.organization.submit_application import submit_application
from privyseal.actions.organization.suspend_organization import suspend_organization
from privyseal.actions.request.answer_question import answer_question
from privyseal.actions.request.hold_request import hold_request
from privyseal.actions.request.prove_phrase import prove_phrase
from privyseal.actions.request.reject_request import reject_request
from privyseal.actions.request.withdraw_request import withdraw_request
from privyseal.actions.session.start_session import start_session
from privyseal.actions.sign_on.link_identity import link_identity
from privyseal.actions.sign_on.set_sign_on import set_sign_on
from privyseal.actions.trial.ask_trial import ask_trial
from privyseal.actions.trial.end_trials import end_trials
from privyseal.app import discover
from privyseal.features import notices
from privyseal.features.notices import NOTICES
from privyseal.features.notices.desk import Desk
from privyseal.model.access_review import REMINDERS
from privyseal.model.actor import ANONYMOUS, SYSTEM, Actor, ActorKind
from privyseal.model.administrator import Role
from privyseal.model.application import Application, ContactKind
from privyseal.model.contact_change import ContactChange
from privyseal.model.domain import DomainEnd
from privyseal.model.errors import Refused
from privyseal.model.fact import FactKind
from privyseal.model.organization import vetted_until
from privyseal.model.policy_draft import PolicyDraft
from privyseal.model.proof import FREE_MISSES
from privyseal.model.refused_names import REFUSALS
from privyseal.model.revocation import RevocationReason
from privyseal.model.rules import Tier
from privyseal.model.session import IdentityProof
from privyseal.model.sign_on import SignOn, SignOnAttempt, SignOnSettings, Vouched
from privyseal.model.statement import utc_text
from privyseal.model.trial import TRIAL_LIFE
from privyseal.reception.site import Method
from privyseal.store import administrators, organizations, outbox
from privyseal_wire.statements import Rejection
from tests.actions.certificate.test_shown_private_key import show
from tests.actions.organization.test_application import FORM
from tests.actions.trial.test_trials import FORM as TRIAL
from tests.features.notices.town.town import NAME, ORG, ZONE, Town
from tests.rigs.changes import policy_change, propose
from tests.rigs.recovery import recovery_of
from tests.rigs.service import OPERATOR, PHRASE, hashes_hex, mail_of, make_csr, make_key
from tests.rigs.trials import begin_trial

OTHER = "hoffman-brandt"
STRANGER = Actor(ActorKind.REQUESTER, "anonymous", source="a" * 32)
TEMPLATES: Final = Path(notices.__file__).parent / "templates"
PARTS: Final = {"letter", "facts_of_certificate", "facts_of_request"}
"""Templates of which letters are made."""


# -------------------------------------------------------------------------------------------------------- requests, certificates


def a_request(town: Town) -> None:
    town.request()


def a_question(town: Town) -> None:
    town.do(town.fox.actor, hold_request, ORG, town.request().id, "Is the second server in place?")


def a_rejection(town: Town) -> None:
    request, service = town.request(), town.service
    expires = utc_text(service.clock() + timedelta(minutes=10))
    signed = Rejection(
        service=service.settings.service_id,
        organization=ORG,
        expires=expires,
        request=request.id,
        approver=town.fox.administrator.id,
        reason="The shop moves",
    )
    town.do(town.fox.actor, reject_request, ORG, request.id, service.sign(signed.to_bytes(), town.fox))


def a_withdrawal(town: Town) -> None:
    town.do(STRANGER, withdraw_request, ORG, prove_phrase(town.service.house, STRANGER, ORG, town.request().id, PHRASE))


def a_failure(town: Town) -> None:
    request = town.request()
    town.service.approve(request, town.fox)
    town.do(town.fox.actor, remove_domain, ORG, ZONE, DomainEnd.GIVEN_UP)
    prepared = town.do(SYSTEM, prepare_certificates, [request.id])
    assert prepared.failures


def a_certificate(town: Town) -> None:
    town.service.issue(ORG, town.fox, [NAME])


def a_revocation(town: Town) -> None:
    issued = town.service.issue(ORG, town.fox, [NAME])
    assert issued.request_id is not None
    proof = prove_phrase(town.service.house, STRANGER, ORG, issued.request_id, PHRASE)
    town.do(STRANGER, revoke_certificate, ORG, issued.serial_hex, BySubscriber(proof, "superseded"))


def a_shown_key(town: Town) -> None:
    key = make_key()
    town.service.issue(ORG, town.fox, [NAME], key)
    show(town.service, key)


def guesses(town: Town) -> None:
    request = town.request()
    for number in range(FREE_MISSES):
        with pytest.raises(Refused):
            prove_phrase(town.service.house, STRANGER, ORG, request.id, f"wrong {number}")


def names_of_others(town: Town) -> None:
    for number in range(REFUSALS):
        with pytest.raises(Refused):
            town.service.submit(ORG, make_csr([f"www{number}.famous.test"], make_key()), actor=STRANGER)


# ------------------------------------------------------------------------------------------------------------- administrators


def a_colleague(town: Town) -> None:
    town.service.administrator(ORG, "Dana Scully", by=town.fox)


def an_invitation(town: Town) -> None:
    town.service.invite(ORG, "Dana Scully", Role.READ_ONLY, by=town.fox)


def revoked_credentials(town: Town) -> None:
    dana = town.service.administrator(ORG, "Dana Scully", Role.READ_ONLY, by=town.fox)
    town.do(town.fox.actor, revoke_credentials, ORG, dana.administrator.id, RevocationReason.KEY_COMPROMISE)


def the_end_of_a_card(town: Town) -> None:
    with town.service.house.database.read(town.service.clock()) as tx:
        [credential] = administrators.credentials_of(tx, town.fox.administrator.id)
    town.service.clock.advance(credential.not_after - timedelta(days=29) - town.service.clock())
    town.do(SYSTEM, remind_of_endings)


def a_lost_card(town: Town) -> None:
    town.do(STRANGER, report_lost_card, ORG, "fox mulder")


def a_confirmed_loss(town: Town) -> None:
    a_lost_card(town)
    town.do(STRANGER, confirm_lost_card, ORG, town.code(FactKind.LOST_CARD_REPORTED))


def a_recovery(town: Town) -> None:
    service = town.service
    town.do(OPERATOR, revoke_credentials, ORG, town.fox.administrator.id, RevocationReason.KEY_COMPROMISE)
    service.integrate()
    signature = recovery_of(service, ORG, "Dana Scully")
    town.do(OPERATOR, invite_with_signature, ORG, signature)


def a_removal(town: Town) -> None:
    town.service.remove(town.service.administrator(ORG, "Dana Scully", Role.READ_ONLY, by=town.fox), by=town.fox)


def a_sign_on(town: Town) -> SignOn:
    settings = SignOnSettings("https://sign-on.test", "privyseal")
    return town.do(town.fox.actor, set_sign_on, ORG, settings)


def a_linked_account(town: Town) -> None:
    sign_on, house, owner = a_sign_on(town), town.service.house, town.fox.administrator.id
    proof = IdentityProof(ORG, owner, hashes_hex(town.fox.certificate_der))
    session = town.do(ANONYMOUS, start_session, proof, "").session
    digest = hashes_hex(owner.encode())
    attempt = SignOnAttempt(digest, sign_on.id, ORG, digest, house.clock() + timedelta(minutes=5), owner, session.id)
    town.do(town.fox.actor, link_identity, ORG, session, Vouched(attempt, sign_on, owner))


def a_review(town: Town) -> None:
    town.wait(92)
    town.do(SYSTEM, make_access_reviews)


def a_review_that_waits(town: Town) -> None:
    a_review(town)
    town.wait(REMINDERS[0].days + 1)
    town.do(SYSTEM, follow_access_reviews)


# --------------------------------------------------------------------------------------------------------- changes, domains, log


def a_contact(town: Town) -> ContactChange:
    wanted = (ORG, ContactKind.CORPORATE, "Dana Scully", mail_of("Dana Scully", ORG))
    return town.do(town.fox.actor, propose_contact, *wanted)


def a_withdrawn_contact(town: Town) -> None:
    town.do(town.fox.actor, withdraw_contact, ORG, a_contact(town).id)


def a_policy(town: Town) -> None:
    """Fox alone holds the right, so it holds at once."""
    propose(town.service, policy_change(town.service, ORG, PolicyDraft(lifetimes_days=(30, 90))), town.fox)


def a_policy_of_two(town: Town) -> None:
    a_colleague(town)
    a_policy(town)


def a_question_by_mail(town: Town) -> None:
    town.do(town.vera.actor, send_domain_letter, ORG, ZONE, f"hostmaster@{ZONE}")


def the_end_of_a_validation(town: Town) -> None:
    until = town.domain().valid_until(Tier.PRIVATE)
    assert until is not None
    town.service.clock.advance(until - timedelta(days=6) - town.service.clock())
    town.do(SYSTEM, remind_of_domain, town.domain())


def a_removed_domain(town: Town) -> None:
    town.do(town.fox.actor, remove_domain, ORG, ZONE, DomainEnd.NOT_NEEDED)


def a_checkpoint(town: Town) -> None:
    town.service.integrate()
    house = town.service.house
    with house.database.write(house.clock()) as tx:
        assert choose_checkpoints(house, tx, SYSTEM, tx.now, with_provider=False)


# ------------------------------------------------------------------------------------------------------------------- accounts


def an_application(town: Town) -> Application:
    return town.do(STRANGER, submit_application, FORM)


def a_confirmed_application(town: Town) -> Application:
    application = an_application(town)
    return town.do(STRANGER, confirm_application, application.id, town.code(FactKind.APPLICATION_RECEIVED))


def a_rejected_application(town: Town) -> None:
    town.do(town.vera.actor, reject_application, a_confirmed_application(town).id, "No such company")


def a_wish_to_try(town: Town) -> None:
    town.do(STRANGER, ask_trial, TRIAL)


def the_end_of_a_trial(town: Town) -> None:
    begin_trial(town.service)
    town.wait(TRIAL_LIFE.days - 6)
    town.do(SYSTEM, end_trials)


def an_active_organization(town: Town) -> None:
    town.service.create_organization(OTHER, name="Hoffman & Brandt", domains=(f"{OTHER}.test",))


def the_end_of_a_vetting(town: Town) -> None:
    with town.service.house.database.read(town.service.clock()) as tx:
        end = vetted_until(organizations.require(tx, ORG), Tier.PUBLIC)
    assert end is not None
    town.service.clock.advance(end - timedelta(days=29) - town.service.clock())
    town.do(SYSTEM, remind_of_vettings)


def a_suspension(town: Town) -> None:
    town.do(OPERATOR, suspend_organization, ORG, "Its bills are not paid")


def an_answer(town: Town) -> None:
    request = town.request()
    town.do(town.fox.actor, hold_request, ORG, request.id, "Is the second server in place?")
    proof = prove_phrase(town.service.house, STRANGER, ORG, request.id, PHRASE)
    town.do(STRANGER, answer_question, ORG, proof, "Since Monday")


OCCASIONS: Final[dict[str, tuple[str, Callable[[Town], object]]]] = {
    "notices.received": ("received", a_request),
    "notices.pending": ("pending", an_answer),
    "notices.held": ("held", a_question),
    "notices.rejected": ("rejected", a_rejection),
    "notices.withdrawn": ("withdrawn", a_withdrawal),
    "notices.failed": ("failed", a_failure),
    "notices.issued": ("issued", a_certificate),
    "notices.revoked": ("revoked", a_revocation),
    "notices.key-disclosed": ("key_disclosed", a_shown_key),
    "notices.invitation": ("invitation", an_invitation),
    "notices.credential-added": ("credential_added", a_colleague),
    "notices.credential-revoked": ("credential_revoked", revoked_credentials),
    "notices.credential-ending": ("credential_ending", the_end_of_a_card),
    "notices.lost-card-code": ("lost_card_code", a_lost_card),
    "notices.lost-card": ("lost_card", a_confirmed_loss),
    "notices.last-replaced": ("last_replaced", a_recovery),
    "notices.phrase-guessed": ("phrase_guessed", guesses),
    "notices.names-refused": ("names_refused", names_of_others),
    "notices.sign-on-changed": ("sign_on_changed", a_sign_on),
    "notices.identity-linked": ("identity_linked", a_linked_account),
    "notices.role-changed": ("role_changed", a_colleague),
    "notices.administrator-removed": ("administrator_removed", a_removal),
    "notices.access-review": ("access_review", a_review),
    "notices.access-review-waits": ("access_review", a_review_that_waits),
    "notices.contact-asked": ("contact_asked", a_contact),
    "notices.contact-proposed": ("contact_proposed", a_contact),
    "notices.contact-closed": ("contact_closed", a_withdrawn_contact),
    "notices.change-waiting": ("change_waiting", a_policy_of_two),
    "notices.change-closed": ("change_closed", a_policy),
    "notices.domain-control": ("domain_control", a_question_by_mail),
    "notices.domain-expiring": ("domain_expiring", the_end_of_a_validation),
    "notices.domain-removed": ("domain_removed", a_removed_domain),
    "notices.checkpoint": ("checkpoint", a_checkpoint),
    "notices.application-code": ("application_code", an_application),
    "notices.application-waits": ("application_waits", a_confirmed_application),
    "notices.application-rejected": ("application_rejected", a_rejected_application),
    "notices.trial-code": ("trial_code", a_wish_to_try),
    "notices.trial-ends": ("trial_ends", the_end_of_a_trial),
    "notices.kit": ("kit", an_active_organization),
    "notices.vetting-ends": ("vetting_ends", the_end_of_a_vetting),
    "notices.organization-moved": ("organization_moved", a_suspension),
}
"""Each letter's listener: its template, and what has to happen for it."""


def heard(town: Town, letter: EmailMessage) -> tuple[outbox.OutboxRow, str]:
    """The fact that a letter was made of, and the name of its template."""
    row_id = str(letter["Message-ID"]).strip("<>").partition("@")[0]
    house = town.service.house
    with house.database.read(house.clock()) as tx:
        row = outbox.get(tx, row_id)
        assert row is not None
        composed = NOTICES[row.listener].compose(Desk(house, tx, row, str(row.payload.get("recipient", ""))))
    assert composed is not None
    return row, composed.template


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", sorted(NOTICES))
def test_every_letter_is_composed_of_what_really_happened(town: Town, name: str) -> None:
    assert name in OCCASIONS, "a letter that no test has composed: give it its line"
    template, happen = OCCASIONS[name]
    assert town.box.new() == []
    happen(town)
    letters = [(letter, used) for letter in town.box.new() for row, used in [heard(town, letter)] if row.listener == name]
    assert letters, "nobody got it"
    for letter, used in letters:
        assert used == template
        for kind in ("plain", "html"):
            body = letter.get_body((kind,))
            assert body is not None
            text = str(body.get_content())
            assert len(text.split()) > 20, text
            assert not any(left in text for left in ("{{", "{%", "None", "Undefined")), text
            require_pages(town, text)


def require_pages(town: Town, text: str) -> None:
    """Every address of the service in a letter is one of its pages."""
    base = re.escape(town.service.house.service.base_url)
    paths = {html.unescape(path) for path in re.findall(rf"{base}(/[^\s?#\"<>]*)", text)}
    known = [compile_path(page.path)[0] for site in discover().sites for page in site.pages if page.method is Method.GET]
    assert [path for path in paths if not any(form.match(path) for form in known)] == []


def test_every_template_belongs_to_a_letter() -> None:
    made = {path.name.split(".", maxsplit=1)[0] for path in TEMPLATES.iterdir()}
    assert made == {template for template, _ in OCCASIONS.values()} | PARTS
    assert OCCASIONS.keys() == NOTICES.keys()

"""``seal contact``: the contacts of an organization, and changing one with the yes of two addresses."""

from __future__ import annotations

from typing import Literal, TypeAlias

from privyseal_agent import words
from privyseal_agent.desk import Reply
from privyseal_agent.groups import AtDesk, group, open_anonymously, open_service
from privyseal_agent.rest.documents import Document
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions

APP = group("contact", "The contacts of your organization: list, change, answer, withdraw. For the provider also call.")

Kind: TypeAlias = Literal["corporate", "technical", "billing", "alert"]


def _told(change: Document) -> str:
    rows = [
        ("Change", change.text("id")),
        ("Contact", change.text("kind")),
        ("New", f"{change.text('name')}, {change.text('email')}"),
        ("Asked", change.text("asked") or "nobody is known"),
        ("Old agrees", words.moment(change.maybe("agreed_at")) or words.moment(change.maybe("called_at")) or "not yet"),
        ("New agrees", words.moment(change.maybe("confirmed_at")) or "not yet"),
        ("Until", words.moment(change.text("expires_at"))),
        ("State", change.maybe("end") or "open"),
    ]
    return words.facts(rows)


def _path(organization: str, *, provider: bool) -> str:
    return f"/provider{organization}" if provider else organization


@APP.command(name="list")
def list_contacts(*, provider: bool = False, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """List who is what contact, and the newest changes.

    Parameters
    ----------
    provider
        Whether you are of the provider.
    """
    with open_service(options, desk) as service:
        answer = service.get(_path(service.path("contacts"), provider=provider))
    contacts = [(item.text("kind"), item.maybe("name") or "-", item.text("email")) for item in answer.parts("contacts")]
    changes = [
        (item.text("id"), item.text("kind"), item.text("email"), item.maybe("end") or f"open until {words.moment(item.text('expires_at'))}")
        for item in answer.parts("changes")
    ]
    known = words.table(("CONTACT", "NAME", "ADDRESS"), contacts, empty="There are no contacts.")
    waiting = words.table(("CHANGE", "CONTACT", "ADDRESS", "STATE"), changes, empty="No contact was ever changed.")
    return Reply(answer.fields, f"{known}\n\n{waiting}")


@APP.command
def change(
    kind: Kind,
    name: str,
    email: str,
    /,
    *,
    provider: bool = False,
    options: ServiceOptions = NO_SERVICE_OPTIONS,
    desk: AtDesk,
) -> Reply:
    """Propose another contact. The old address and the new one get a letter each; both have to say yes within ten days.

    Parameters
    ----------
    kind
        corporate, technical, billing or alert.
    name
        Name of the person.
    email
        The new address.
    provider
        Whether you propose it for the provider.
    """
    with open_service(options, desk) as service:
        path = _path(service.path("contact-changes"), provider=provider)
        answer = service.post(path, {"kind": kind, "name": name, "email": email})
    return Reply(answer.fields, _told(answer))


@APP.command(name="answer")
def give_answer(
    contact_change: str, code: str, answer: Literal["yes", "no"], /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk
) -> Reply:
    """Answer for the address that got the letter. One no ends the change at once.

    Parameters
    ----------
    contact_change
        The id of the change, the last part of the letter's link before the question mark.
    code
        The code in the letter.
    answer
        yes or no.
    """
    with open_anonymously(options, desk) as service:
        found = service.post(service.path("contact-changes", contact_change, "answer"), {"code": code, "answer": answer})
    end = found.maybe("end")
    told = {"applied": "The contact is changed.", "": "Your yes is noted. The other side has not answered yet."}
    return Reply(found.fields, told.get(end, "The change has ended. Nothing was changed."))


@APP.command
def withdraw(contact_change: str, /, *, provider: bool = False, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Withdraw a change of a contact, whoever proposed it.

    Parameters
    ----------
    contact_change
        The id of the change.
    provider
        Whether you withdraw it for the provider.
    """
    with open_service(options, desk) as service:
        path = _path(service.path("contact-changes", contact_change, "withdrawal"), provider=provider)
        answer = service.post(path, {})
    return Reply(answer.fields, _told(answer))


@APP.command
def call(contact_change: str, /, *, telephone: str, note: str, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Record a call that stands for the old address, which does not answer. For the provider; never by who proposed the change.

    Parameters
    ----------
    contact_change
        The id of the change.
    telephone
        The number that was called, from the vetting.
    note
        Whom it reached, where the number is from, and what was said.
    """
    with open_service(options, desk) as service:
        path = f"/provider{service.path('contact-changes', contact_change, 'call')}"
        answer = service.post(path, {"telephone": telephone, "note": note})
    return Reply(answer.fields, _told(answer))

"""``seal sign-on``: the organization's own OpenID Connect provider, through which administrators come in for reading."""

from __future__ import annotations

from pathlib import Path

from privyseal_agent import words
from privyseal_agent.desk import Reply
from privyseal_agent.groups import AtDesk, group, open_service
from privyseal_agent.private_files import read_secret
from privyseal_agent.rest.documents import Document
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions

APP = group("sign-on", "Your own OpenID Connect provider: signing in for reading only.")


def _told(answer: Document) -> str:
    linked = answer.parts("linked")
    facts = [
        ("Issuer", answer.text("issuer")),
        ("Client id", answer.text("client_id")),
        ("Secret", "known" if answer.fields.get("has_secret") is True else "none"),
        ("Claim", answer.text("claim")),
        ("Redirect address", answer.text("redirect_uri")),
        ("Set", answer.text("set_at")),
    ]
    rows = [(item.text("administrator"), item.text("linked_at")) for item in linked]
    return f"{words.facts(facts)}\n\n{words.table(('ADMINISTRATOR', 'LINKED'), rows, empty='Nobody is linked.')}"


@APP.command
def show(*, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Show the provider that is set, and who is linked with it."""
    with open_service(options, desk) as service:
        answer = service.get(service.path("sign-on"))
    return Reply(answer.fields, _told(answer))


@APP.command(name="set")
def set_up(
    issuer: str,
    client_id: str,
    /,
    *,
    secret_file: Path | None = None,
    claim: str = "sub",
    options: ServiceOptions = NO_SERVICE_OPTIONS,
    desk: AtDesk,
) -> Reply:
    """Set your OpenID Connect provider; its own document is read first. With another issuer, client or claim every link ends.

    Parameters
    ----------
    issuer
        The issuer, exactly as the provider writes it.
    client_id
        What the provider calls this service.
    secret_file
        File with the client secret; left out, the one that is known for this client stays, or there is none.
    claim
        The claim that says who somebody is; sub when left out.
    """
    body = {"issuer": issuer, "client_id": client_id, "claim": claim}
    if secret_file is not None:
        body["client_secret"] = read_secret(secret_file, "the client secret")
    with open_service(options, desk) as service:
        answer = service.post(service.path("sign-on"), body)
    return Reply(answer.fields, _told(answer))


@APP.command
def remove(*, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Remove it: every link ends, and whoever came in through one is signed out."""
    with open_service(options, desk) as service:
        service.delete(service.path("sign-on"))
    return Reply({"removed": True}, "The sign-on is removed. Credentials work as before.")


@APP.command
def unlink(administrator: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """End the link of an administrator with the provider: your own, or anybody's if you manage administrators.

    Parameters
    ----------
    administrator
        Id of the administrator, as seal administrator list shows it.
    """
    with open_service(options, desk) as service:
        service.delete(service.path("administrators", administrator, "sign-on"))
    return Reply({"administrator": administrator, "linked": False}, f"{administrator} is not linked with your sign-on any more.")

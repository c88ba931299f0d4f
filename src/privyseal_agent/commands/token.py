"""``seal token``: API tokens of the organization."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

from privyseal_agent import words
from privyseal_agent.desk import Reply
from privyseal_agent.errors import UsageError
from privyseal_agent.groups import AtDesk, group, open_service
from privyseal_agent.private_files import PRIVATE_MODE, write_file
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions

APP = group("token", "API tokens for programs.")

Scope: TypeAlias = Literal["read", "submit", "read-audit"]


@APP.command
def create(
    name: str,
    /,
    *,
    scope: list[Scope],
    days: int = 90,
    out: Path | None = None,
    options: ServiceOptions = NO_SERVICE_OPTIONS,
    desk: AtDesk,
) -> Reply:
    """Create a token; it is shown or written once and never again.

    Parameters
    ----------
    name
        What the token is for.
    scope
        What it may do: read, submit or read-audit; may be given several times. Approving needs a signature, never a token.
    days
        How long it works; 90 when left out.
    out
        File to write it to, readable by you alone; standard output when left out.
    """
    if out is not None and out.exists():
        raise UsageError("out", f"{out} exists already and is not overwritten. Nothing was created.")
    with open_service(options, desk) as service:
        answer = service.post(service.path("tokens"), {"name": name, "scopes": scope, "days": days})
    token = answer.text("token")
    if out is None:
        return Reply(answer.fields, words.facts([("Id", answer.text("id")), ("Token", token)]))
    write_file(out, f"{token}\n".encode(), mode=PRIVATE_MODE)
    kept = {key: value for key, value in answer.fields.items() if key != "token"}
    return Reply({**kept, "file": str(out)}, words.facts([("Id", answer.text("id")), ("Token", f"{out} (readable by you alone)")]))


@APP.command
def revoke(token: str, /, *, options: ServiceOptions = NO_SERVICE_OPTIONS, desk: AtDesk) -> Reply:
    """Revoke a token at once.

    Parameters
    ----------
    token
        Id of the token, not the token itself.
    """
    with open_service(options, desk) as service:
        service.delete(service.path("tokens", token))
    return Reply({"id": token, "revoked": True}, f"The token {token} no longer works.")

"""How a page has a statement signed: what it shows and offers, and how it reads the signature that comes back.

The page makes the bytes; the passkey signs their SHA-256, or the person takes them to a computer of his own and brings a
CMS message back. Which bytes count is asked again by the action, from what it reads itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from starlette.responses import Response

from privyseal.engine.passkeys import assertion_options
from privyseal.look.words import gettext
from privyseal.model.errors import BadRequest
from privyseal.model.session import PROVIDER_AUDIENCE
from privyseal.model.statement import utc_text
from privyseal.reception.signatures import read_message, read_passkey
from privyseal.reception.site import Visit
from privyseal.store import administrators, passkeys
from privyseal_wire.errors import WireError
from privyseal_wire.passkey import Signature, statement_challenge
from privyseal_wire.statements import Statement, parse_statement, statement_fingerprint

STATEMENT_LIFE: Final = timedelta(hours=1)
"""How long what a page offers to sign is good for: to read it in peace, and to fetch a card."""

MAXIMUM_CONTENT: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class SignedText:
    """What is signed, as a page shows it; ``expires`` is the statement's own."""

    content: str
    fingerprint: str
    expires: str

    @property
    def ends(self) -> datetime:
        """Until when the content is good."""
        return datetime.fromisoformat(self.expires)

    @property
    def fields(self) -> dict[str, Any]:
        """What stands in it, by name."""
        found: dict[str, Any] = json.loads(self.content)
        return found

    @property
    def readable(self) -> str:
        """The same content with one field on each line, for reading."""
        return json.dumps(self.fields, indent=2, ensure_ascii=False)


def shown(content: bytes) -> SignedText:
    """Return the bytes of a statement as a page shows them."""
    text = content.decode()
    return SignedText(text, statement_fingerprint(content), json.loads(text)["expires"])


@dataclass(frozen=True, slots=True)
class Signing(SignedText):
    """What is offered to be signed. ``options`` asks for a passkey, empty when the person has none.

    ``action`` is where the signature goes, ``download`` where the bytes come from, ``account`` where passkeys are added;
    ``command`` is what ``seal`` would do, for which the person has an Administrator ID or not.
    """

    options: str
    action: str
    download: str
    account: str
    file_name: str
    command: str
    has_administrator_id: bool
    kept: Mapping[str, str]

    @property
    def openssl_line(self) -> str:
        """The command that signs the downloaded file."""
        signed = self.file_name.removesuffix(".json") + ".p7m"
        options = (
            "-binary -nodetach -md sha256 -outform DER",
            "-signer administrator.pem",
            "-inkey administrator.key",
            f"-in {self.file_name}",
            f"-out {signed}",
        )
        return " \\\n  ".join(("openssl cms -sign", *options))


def desk_of(visit: Visit) -> str:
    """Return where whoever decides is at home, without a slash at its end: a control center, or the provider's console."""
    return f"/o/{visit.slug}/console" if visit.slug else "/provider"


def named(visit: Visit) -> str:
    """Return what statements name as their organization."""
    return visit.slug or PROVIDER_AUDIENCE


def end_of_statement(visit: Visit) -> str:
    """Return when a statement that is offered now ends."""
    return utc_text(visit.now + STATEMENT_LIFE)


def offer(visit: Visit, content: bytes, *, action: str, command: str, kept: Mapping[str, str] | None = None) -> Signing:
    """Return what a page needs to have these bytes signed by whoever is signed in; ``kept`` travels along with the signature."""
    with visit.house.database.read(visit.now) as tx:
        allowed = passkeys.usable_of(tx, visit.person.id)
        certified = passkeys.every_of(tx, visit.person.id)
        held = administrators.credentials_of(tx, visit.person.id)
    text = shown(content)
    return Signing(
        content=text.content,
        fingerprint=text.fingerprint,
        expires=text.expires,
        options=assertion_options(visit.house.relying_party, statement_challenge(content), allowed) if allowed else "",
        action=action,
        download=f"{desk_of(visit)}/statement",
        account=f"/o/{visit.slug}/account" if visit.slug else "/provider/account",
        file_name=_file_name(parse_statement(content)),
        command=command,
        has_administrator_id=any(item.is_usable(visit.now) and item.certificate_sha256 not in certified for item in held),
        kept={"content": text.content, **(kept or {})},
    )


def _file_name(statement: Statement) -> str:
    return f"{statement.TYPE.split('.')[1]}.json"


def download_statement(visit: Visit) -> Response:
    """Return the bytes that a page offered to be signed as a file; raises BadRequest for what is no statement of this organization."""
    content = visit.form.value("content").encode()
    try:
        statement = parse_statement(content)
    except WireError as error:
        raise BadRequest("statement", error.sentence) from error
    if statement.organization != named(visit):
        raise BadRequest("statement", gettext("This is not a statement of this organization. Open the page again."))
    headers = {"Content-Disposition": f'attachment; filename="{_file_name(statement)}"'}
    return Response(content, media_type="application/json", headers=headers)


def read_signature(visit: Visit) -> Signature:
    """Return the signature that a form brought: a file, or the answer of a passkey; raises BadRequest ``signature``."""
    file = visit.files.get("signed", b"")
    if file:
        return read_message(file, "signed")
    content, answer = visit.form.value("content"), visit.form.value("answer")
    if not content or not answer or len(content) > MAXIMUM_CONTENT:
        raise BadRequest(
            "signature", gettext("Nothing was signed. Use your passkey, or choose the file that openssl made."), field="signed"
        )
    return read_passkey(content, answer, "signed")


def shell_word(text: str) -> str:
    """Return a text in quotes as a shell takes it."""
    return "'" + text.replace("'", "'\\''") + "'"

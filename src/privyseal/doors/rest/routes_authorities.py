"""The CAs of the service as the provider's people and programs see them, with which of them are paused."""

from __future__ import annotations

from fastapi import APIRouter

from privyseal.actions.house import About, sha256_hex
from privyseal.doors.rest.access import described, provider
from privyseal.doors.rest.authentication import CallerOf, Context
from privyseal.doors.rest.documents import AuthorityDocument, AuthorityList
from privyseal.doors.rest.reading import read_of_provider
from privyseal.model.administrator import Permission
from privyseal.model.authority_state import PAUSABLE, AuthorityState
from privyseal.model.statement import utc_text
from privyseal.store import authorities, authority_states
from privyseal.store.authorities import StoredAuthority
from privyseal.store.database import Transaction

router = APIRouter(prefix="/provider", tags=["Provider"])


@router.get("/authorities", **described(provider(Permission.READ), 403))
def list_authorities(context: Context, caller: CallerOf) -> AuthorityList:
    """List the CAs by short name, with whether each issues now.

    A CA is paused, and goes on, by a change of the kind `authority` under `/provider/changes`: its value says `authority`,
    `version`, `issues` and `reason`, and its `base` is the `version` shown here.
    """

    def work(tx: Transaction) -> AuthorityList:
        newest = authority_states.newest_of_each(tx)
        return AuthorityList(items=[_document(item, newest.get(item.slug)) for item in authorities.every(tx)])

    return read_of_provider(context, caller, About("list-authorities", "", "service", "authorities"), Permission.READ, work)


def _document(authority: StoredAuthority, decided: AuthorityState | None) -> AuthorityDocument:
    return AuthorityDocument(
        slug=authority.slug,
        certificate_sha256=sha256_hex(authority.certificate),
        pausable=authority.kind in PAUSABLE,
        issues=decided is None or decided.issues,
        version=decided.version if decided else 0,
        reason=decided.reason if decided else "",
        since=utc_text(decided.at) if decided else None,
    )

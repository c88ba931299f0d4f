"""Publish the CRL of one scope: a shard, or the full one (architecture section 3 step 10, I24).

1. the next number of the scope is taken, conditionally: whoever comes second signs nothing (F16)
2. revocations that stand in no page yet are packed into pages when they are many
3. the frame is signed over the stored pages and the tail
4. the CRL and its audit entry are written, the generation of the status fronts rises, and all is committed
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from privyseal.actions.house import House, record
from privyseal.engine.authority import Authority
from privyseal.engine.crl import MIN_PAGE_ENTRIES, CrlContent, CrlFrame, pack_pages, sign_crl
from privyseal.engine.signers import SigningKey
from privyseal.model.actor import Actor
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.identifiers import AuthorityId
from privyseal.store import revocations
from privyseal.store.database import Transaction
from privyseal.store.failpoints import failpoint
from privyseal.store.revocations import FULL, DueScope, StoredCrl

CRL_LIFE = timedelta(days=7)  # BR 4.9.7 and S/MIME BR: a new CRL at least every 7 days.
KEEP = 3
"""So many CRLs of a scope stay stored; a front may still be sending the last but one."""


@dataclass(frozen=True, slots=True)
class _Entries:
    page_ids: tuple[str, ...]
    tail: bytes
    length: int


def publish_crl(
    house: House, tx: Transaction, actor: Actor, keys: Mapping[AuthorityId, SigningKey], due: DueScope, life: timedelta = CRL_LIFE
) -> StoredCrl | None:
    """Sign and store the CRL of a scope; None when another process was first or this one has not that CA's key."""
    key = keys.get(due.ca_id)
    if key is None:
        return None
    this_update = tx.now.replace(microsecond=0)
    next_update = this_update + life
    if not revocations.claim_number(tx, due, tx.now, next_update):
        return None
    authority = house.authority_of(due.ca_id)
    entries = _entries(house, tx, due)
    uri = None if due.scope == FULL else authority.issuer.crl_url(int(due.scope))
    content = CrlContent(due.number + 1, this_update, next_update, uri)
    frame = _sign(tx, authority, key, content, entries)
    # Of the signed part: the digest of the whole file would cost a second pass over a million entries (E4).
    digest = frame.tbs_sha256
    crl = StoredCrl(
        id=house.id("crl", tx.now),
        ca_id=due.ca_id,
        scope=due.scope,
        number=content.number,
        this_update=this_update,
        next_update=next_update,
        prefix=frame.prefix,
        suffix=frame.suffix,
        page_ids=entries.page_ids,
        tail=entries.tail,
        sha256=digest,
        byte_length=frame.byte_length,
    )
    revocations.insert_crl(tx, crl)
    revocations.prune_crls(tx, due.ca_id, due.scope, content.number - KEEP + 1)
    if entries.length:
        # An empty CRL decides nothing; the log would only repeat the calendar 128 times over.
        name = f"{authority.slug}/{due.scope}"
        record(house, tx, actor, "", AuditEvent("publish-crl", Outcome.DONE, "crl", name, digest, f"number {content.number}"))
    failpoint("publish.before-commit")
    return crl


def _entries(house: House, tx: Transaction, due: DueScope) -> _Entries:
    waiting = revocations.unpaged_entries(tx, due.ca_id, due.scope)
    # The full CRL packs no pages: they belong to one shard each.
    is_long = due.scope != FULL and len(waiting) >= MIN_PAGE_ENTRIES
    tail = _pack(house, tx, due) if is_long else b"".join(waiting)
    stored = revocations.pages_of(tx, due)
    return _Entries(tuple(page_id for page_id, _ in stored), tail, sum(size for _, size in stored) + len(tail))


def _pack(house: House, tx: Transaction, due: DueScope) -> bytes:
    """Move what waits in a shard into pages; return the entries of the rest."""
    waiting = revocations.unpaged(tx, due.ca_id, due.scope)
    pages, tail = pack_pages([entry for _, _, entry in waiting])
    start = 0
    for page in pages:
        serials = [serial for serial, _, _ in waiting[start : start + page.count]]
        revocations.add_page(tx, house.id("pag", tx.now), due.ca_id, int(due.scope), serials, page.entries)
        start += page.count
    return tail


def _sign(tx: Transaction, authority: Authority, key: SigningKey, content: CrlContent, entries: _Entries) -> CrlFrame:
    # One page after the other, so that a million entries are never held at once.
    stream = itertools.chain((revocations.page_entries(tx, page_id) for page_id in entries.page_ids), (entries.tail,))
    return sign_crl(authority.issuer, key, content, entries.length, stream)

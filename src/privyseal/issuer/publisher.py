"""Keeps every CRL fresh: changed scopes within a second, the others at half of their life (I24)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import structlog

from privyseal.actions.certificate.certify_responder import RENEW_BEFORE, certify_responder
from privyseal.actions.certificate.publish_crl import CRL_LIFE, publish_crl
from privyseal.actions.failing import Failures
from privyseal.actions.house import House
from privyseal.engine.signers import SigningKey
from privyseal.engine.spki import public_key_of
from privyseal.issuer.desk import ISSUER
from privyseal.model.errors import PrivysealError
from privyseal.model.identifiers import AuthorityId
from privyseal.store import authorities, revocations
from privyseal.store.failpoints import failpoint

PERIOD_SECONDS = 1.0
TASK: Final = "publish-crls"
"""Its name among the periodic work of the service."""

_log = structlog.get_logger("privyseal.issuer")


def publish_due(house: House, keys: Mapping[AuthorityId, SigningKey], life: timedelta = CRL_LIFE) -> int:
    """Publish every due scope whose key is here, each in its own transaction; return how many were published."""
    now = house.clock()
    with house.database.read(now) as tx:
        due = [scope for scope in revocations.due_scopes(tx, now - life / 2) if scope.ca_id in keys]
    published = 0
    for scope in due:
        with house.database.write(house.clock()) as tx:
            published += publish_crl(house, tx, ISSUER, keys, scope, life) is not None
        failpoint("publish.after-commit")
    return published


def renew_responders(house: House, keys: Mapping[AuthorityId, SigningKey]) -> int:
    """Certify again every OCSP responder whose certificate is past half of its life; return how many.

    The public key is taken from the certificate that ends; the private one stays with the status process.
    """
    renewed = 0
    for authority in house.authorities.values():
        if authority.id not in keys:
            continue
        with house.database.read(house.clock()) as tx:
            newest = authorities.newest_responder(tx, authority.id)
        if newest is None or newest[1] - house.clock() > RENEW_BEFORE:
            continue
        with house.database.write(house.clock()) as tx:
            certify_responder(house, tx, ISSUER, authority, keys[authority.id], public_key_of(newest[0]))
        renewed += 1
    return renewed


class Publisher:
    """Publishes in a thread of its own until stopped; trouble is logged, kept for the provider's console, and tried again a second later.

    ``may_sign`` raises Unavailable while nothing may be signed: a CRL from a cut database would lack what was revoked since.
    """

    def __init__(
        self, house: House, keys: Mapping[AuthorityId, SigningKey], may_sign: Callable[[], None], life: timedelta = CRL_LIFE
    ) -> None:
        self._house = house
        self._keys = keys
        self._may_sign = may_sign
        self._life = life
        self._failures = Failures(house)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def stop(self) -> None:
        """End after the CRL at hand."""
        self._stop.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._may_sign()
                publish_due(self._house, self._keys, self._life)
                renew_responders(self._house, self._keys)
            except PrivysealError as error:
                _log.warning("publish.failed", kind=error.kind, sentence=error.sentence)
                self._failures.failed(TASK, error)
            except Exception as error:  # noqa: BLE001 - a stopped publisher would let every CRL grow old
                _log.exception("publish.failed")
                self._failures.failed(TASK, error)
            else:
                self._failures.worked(TASK)
            self._stop.wait(PERIOD_SECONDS)

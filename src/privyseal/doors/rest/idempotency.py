"""Idempotency keys: the same call sent twice is done once and answered twice alike (F8).

The key is claimed in the database before the call is passed on, so that two at once do not both run. An answer of
503, 429, 401 or 5xx did nothing and releases the key. Of key and body only hashes are kept, and the body's hash is
salted with the key: a body may hold a challenge phrase, which must not be guessable from the database. An answer that
is shown once (a new API token) is not kept either; a second call is told so.
"""

from __future__ import annotations

import re
from datetime import timedelta

from fastapi.responses import JSONResponse, Response

from privyseal.actions.house import House, sha256_hex
from privyseal.model.errors import Conflict, Refused, Unavailable
from privyseal.reception.problems import MEDIA_TYPE, problem, problem_of
from privyseal.store import throttles

_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_DID_NOTHING = frozenset({401, 408, 413, 429})
GIVEN_UP_AFTER = timedelta(minutes=2)
"""No call takes so long: the process that claimed the key died."""


class IdempotentCall:
    """One call under its key. ``caller`` is Caller.key(), ``call`` the method and the path."""

    def __init__(self, house: House, caller: str, key: str, call: str, body: bytes) -> None:
        if not _KEY.fullmatch(key):
            raise Refused("idempotency-key", "An idempotency key has 1 to 128 visible ASCII characters.")
        self._house = house
        self._caller = caller
        self._key = sha256_hex(key.encode())
        self._digest = sha256_hex(f"{key}\n{call}\n".encode("utf-8", "replace") + body)

    def claim(self) -> Response | None:
        """Claim the key and return None, or return the answer to give instead; raises Refused, Unavailable."""
        now = self._house.clock()
        with self._house.database.write(now) as tx:
            if throttles.claim_key(tx, self._caller, self._key, self._digest):
                return None
            kept = throttles.kept_answer(tx, self._caller, self._key)
            if kept is not None and kept.status == 0 and kept.created_at < now - GIVEN_UP_AFTER:
                throttles.release_key(tx, self._caller, self._key)
                if throttles.claim_key(tx, self._caller, self._key, self._digest):
                    return None
        if kept is None:
            raise Unavailable("idempotency-key", "The first call with this key just ended. Send it again.", retry_after_seconds=1)
        if kept.request_sha256 != self._digest:
            raise Refused("idempotency-key", "This idempotency key was used for another call. Use a new key for a new call.")
        if kept.status == 0:
            sentence = "The first call with this key is still under way. Ask again in a moment."
            return problem(409, "Conflict", "idempotency-key", sentence, headers={"Retry-After": "1"})
        return Response(kept.body, kept.status, {"Idempotency-Replayed": "true"}, kept.media_type)

    def keep(self, status: int, media_type: str, body: bytes, *, shown_once: bool) -> None:
        """Keep the answer, or release the key when the call did nothing."""
        if shown_once and status < 300:
            answer = _shown_once()
            status, media_type, body = answer.status_code, MEDIA_TYPE, bytes(answer.body)
        try:
            with self._house.database.write(self._house.clock()) as tx:
                if status == 0 or status >= 500 or status in _DID_NOTHING:
                    throttles.release_key(tx, self._caller, self._key)
                else:
                    throttles.keep_answer(tx, self._caller, self._key, status, body, media_type)
        except Unavailable:
            # The claim stays; a repeated call is told that the first one is under way, and is not done twice.
            return


def _shown_once() -> JSONResponse:
    sentence = (
        "The first call with this key succeeded, and its answer held a secret that is shown once. Revoke what it made and make a new one."
    )
    return problem_of(Conflict("shown-once", sentence))

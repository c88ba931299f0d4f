"""What goes over the issuer's socket: one JSON line there, one JSON line back; ids and verdicts only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from privyseal.model.errors import BadRequest
from privyseal.model.identifiers import IntentId

MAXIMUM_LINE = 1024 * 1024
MAXIMUM_INTENTS = 5000


@dataclass(frozen=True, slots=True)
class CompletedIntent:
    """What became of one intent; ``kind`` and ``sentence`` tell why not."""

    intent_id: IntentId
    ok: bool
    kind: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Standstill:
    """Why the issuer did nothing at all, and when to try again."""

    kind: str
    sentence: str
    retry_after_seconds: int


def encode_call(operation: str, intent_ids: Sequence[IntentId]) -> bytes:
    """Return the line of a call."""
    return json.dumps({"op": operation, "intents": list(intent_ids)}).encode() + b"\n"


def decode_call(line: bytes) -> tuple[str, list[IntentId]]:
    """Return operation and intents of a line; raises BadRequest."""
    try:
        call = json.loads(line)
        operation, intents = call["op"], call["intents"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadRequest("issuer-call", "This is not a call of the issuer's protocol.") from error
    if not isinstance(operation, str) or not isinstance(intents, list) or not all(isinstance(item, str) for item in intents):
        raise BadRequest("issuer-call", "This is not a call of the issuer's protocol.")
    if len(intents) > MAXIMUM_INTENTS:
        raise BadRequest("issuer-call", f"One call completes at most {MAXIMUM_INTENTS} intents.")
    return operation, [IntentId(item) for item in intents]


def encode_answer(results: Sequence[CompletedIntent], *, unavailable: tuple[str, str, int] | None = None) -> bytes:
    """Return the line of an answer; ``unavailable`` is (kind, sentence, seconds) when nothing was done."""
    answer: dict[str, object] = {"results": [[item.intent_id, item.ok, item.kind, item.sentence] for item in results]}
    if unavailable:
        answer["unavailable"] = list(unavailable)
    return json.dumps(answer).encode() + b"\n"


def decode_answer(line: bytes) -> tuple[list[CompletedIntent], Standstill | None]:
    """Return the results of an answer line, and why nothing was done if so; raises BadRequest."""
    try:
        answer = json.loads(line)
        results = [CompletedIntent(IntentId(item[0]), bool(item[1]), str(item[2]), str(item[3])) for item in answer["results"]]
        refusal = answer.get("unavailable")
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise BadRequest("issuer-answer", "The issuer's answer cannot be read.") from error
    return results, Standstill(str(refusal[0]), str(refusal[1]), int(refusal[2])) if refusal else None

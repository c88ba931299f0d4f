"""From an HTTP answer to an error with a sentence (RFC 9457 problem documents), or to nothing when all is well."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator

import httpx2

from privyseal_agent.errors import Refused, SealError, Unreachable, UsageError

_UNAVAILABLE = 503
_MAX_SENTENCE = 2_000

_OUR_CERTIFICATE = (
    "CERTIFICATE_REQUIRED",
    "CERTIFICATE_UNKNOWN",
    "CERTIFICATE_EXPIRED",
    "CERTIFICATE_REVOKED",
    "BAD_CERTIFICATE",
    "UNKNOWN_CA",
)
# TLS alerts (RFC 8446 6.2) with which a server turns a client certificate down.


def problem_of(response: httpx2.Response) -> SealError | None:
    """Return the error that an answer is, or None when it succeeded. The body has been read.

    503 and answers that do not come from a Privyseal service are Unreachable, every other problem is Refused with the
    kind and sentence of the service.
    """
    if response.is_success:
        return None
    document = _problem_document(response)
    if document is None:
        return _foreign(response)
    kind = document.get("kind")
    sentence = document.get("detail") or document.get("title")
    field = document.get("field")
    name = kind if isinstance(kind, str) and kind else "problem"
    text = sentence[:_MAX_SENTENCE] if isinstance(sentence, str) and sentence else f"The service refused ({response.status_code})."
    if response.status_code == _UNAVAILABLE:
        return Unreachable(name, text)
    return Refused(name, text, field=field if isinstance(field, str) else "")


def transport_problem(error: httpx2.HTTPError | httpx2.InvalidURL, address: str) -> SealError:
    """Return the error for a conversation with ``address`` that failed before an answer was complete."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            sentence = (
                f"The certificate of {address} is not trusted: {cause.verify_message}. If it has a private root, give it with --root FILE."
            )
            return Unreachable("service-not-trusted", sentence)
        if isinstance(cause, ssl.SSLError) and any(word in (cause.reason or "") for word in _OUR_CERTIFICATE):
            sentence = (
                f"{address} does not accept your Administrator ID ({_alert(cause)}). It may be expired, revoked, or of another service."
            )
            return Refused("administrator-id-refused", sentence)
    if isinstance(error, httpx2.InvalidURL):
        return UsageError("service", f'"{address}" is not an address ({_reason(error)}).')
    if isinstance(error, httpx2.TimeoutException):
        return Unreachable("timeout", f"{address} did not answer in time. Try again later.")
    if isinstance(error, httpx2.ConnectError):
        return Unreachable("unreachable", f"{address} cannot be reached ({_reason(error)}). Check the address and the network.")
    return Unreachable("connection-lost", f"The connection to {address} ended before the answer was complete ({_reason(error)}).")


def _problem_document(response: httpx2.Response) -> dict[str, object] | None:
    if response.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/problem+json":
        return None
    try:
        value = json.loads(response.content)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _foreign(response: httpx2.Response) -> Unreachable:
    # A proxy, a wrong address or a broken service: whatever speaks here is not the REST API of contract.md.
    sentence = (
        f"{response.url.host} answered {response.status_code} without saying why in the way of the service. Check the address --service."
    )
    return Unreachable("not-the-service", sentence)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _alert(error: ssl.SSLError) -> str:
    return (error.reason or "TLS alert").replace("_", " ").lower()


def _reason(error: BaseException) -> str:
    return str(error).rstrip(".") or type(error).__name__

"""Verify a certificate: what it is in words, who vouches for it, whether it is valid now (requirements A60, A68)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from privyseal.actions.house import TEST_ISSUING, TEST_ROOT, attempt
from privyseal.engine.foreign_certificate import ForeignCertificate, read_certificate
from privyseal.engine.served_certificate import fetch_certificate, read_server
from privyseal.look.certificate_words import key_words, reason_text
from privyseal.look.rendering import moment_words
from privyseal.look.words import gettext
from privyseal.model.certificate import Certificate, CertificateState
from privyseal.model.errors import BadRequest, Refused, Unavailable
from privyseal.reception.site import Visit
from privyseal.store import certificates, revocations

FORM = "public/verify.html"
Verdict = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """What the page shows; ``verdicts`` are (kind, sentence, evidence)."""

    title: str
    state: str
    state_words: str
    answer: str
    names: tuple[str, ...]
    holder: str
    issuer: str
    not_before: datetime
    not_after: datetime
    key: str
    serial: str
    sha256: str
    verdicts: list[Verdict]


def show_verify(visit: Visit) -> Response:
    """Show the form; ``?server=`` fills it."""
    if server := visit.query("server"):
        visit.form.values = {"server": [server]}
    return visit.show(FORM)


def verify(visit: Visit) -> Response:
    """Read what was pasted, sent or fetched, and tell it in words. Nothing is kept."""
    about = visit.about("verify-certificate", "certificate", "pasted")
    try:
        certificate, server = attempt(visit.house, visit.actor, about, lambda: _certificate(visit))
    except (BadRequest, Refused) as error:
        visit.form.refuse(error.field or "certificate", error.sentence)
        return visit.show(FORM, status=422)
    except Unavailable as error:
        visit.form.refuse("server", error.sentence)
        answer = visit.show(FORM, status=503)
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
        return answer
    with visit.house.database.read(visit.now) as tx:
        ours = certificates.by_sha256(tx, None, certificate.sha256)
        is_key_known = revocations.blocked_reason(tx, certificate.spki_sha256) is not None
    return visit.show("public/verified.html", {"found": tell(certificate, ours, server, visit.now, is_key_known=is_key_known)})


def _certificate(visit: Visit) -> tuple[ForeignCertificate, str]:
    """Return the certificate and the host that showed it, or "" when it was sent."""
    entrance = visit.context.entrance
    pasted, file, server = visit.form.value("certificate"), visit.files.get("file", b""), visit.form.value("server")
    if not pasted and not file and not server:
        raise BadRequest("certificate-form", gettext("Name a server, or paste a certificate, or choose a file."), field="server")
    authorities = [(authority.slug, authority.issuer.certificate_der) for authority in visit.house.authorities.values()]
    if pasted or file:
        return read_certificate(file or pasted.encode(), authorities), ""
    asked = read_server(server)
    return read_certificate(fetch_certificate(asked, entrance.world.lookup, entrance.world.fetch_policy), authorities), asked.host


def tell(certificate: ForeignCertificate, ours: Certificate | None, host: str, now: datetime, *, is_key_known: bool) -> Found:
    """Return the certificate in words, with the verdicts on it at ``now``; ``host`` is the server that showed it, or "".

    ``is_key_known`` tells whether somebody else may have its private key.
    """
    verdicts = [_vouching(certificate, ours), _dates(certificate, now)]
    if certificate.vouched_by in {TEST_ROOT, TEST_ISSUING}:
        # First, so that it is the answer: whatever else holds, the certificate shows nothing about its holder.
        evidence = gettext("It was made in a trial. Nobody looked up who its holder is, and no computer knows its CA.")
        verdicts.insert(0, ("bad", gettext("It is a test certificate, and nobody trusts it."), evidence))
    if ours is not None:
        verdicts.append(_revocation(ours))
    if is_key_known:
        evidence = gettext("Whoever has the key can pass for the holder of the certificate.")
        verdicts.append(("bad", gettext("Its key is known to others."), evidence))
    if host:
        verdicts.append(_naming(certificate, host))
    is_bad = any(kind == "bad" for kind, _, _ in verdicts)
    if is_bad:
        state, state_words = "bad", gettext("Do not rely on it")
        answer = next(sentence for kind, sentence, _ in verdicts if kind == "bad")
    elif ours is not None:
        state, state_words = "good", gettext("Valid")
        answer = _origin(ours)
    elif certificate.vouched_by:
        state, state_words = "waiting", gettext("Not in the record")
        answer = next(sentence for _, sentence, _ in verdicts)
    else:
        state, state_words = "waiting", gettext("Not of this service")
        answer = gettext("Somebody else issued this certificate. This service cannot say whether it was revoked.")
    title = certificate.holder if certificate.is_ca or not certificate.names else certificate.names[0]
    return Found(
        title=title or gettext("A certificate without a name"),
        state=state,
        state_words=state_words,
        answer=answer,
        names=certificate.names,
        holder=certificate.holder,
        issuer=certificate.issuer or gettext("not named"),
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        key=key_words(certificate.key_algorithm, certificate.key_bits) or gettext("of an unknown kind"),
        serial=certificate.serial_hex,
        sha256=certificate.sha256,
        verdicts=verdicts,
    )


def _origin(ours: Certificate) -> str:
    if ours.organization_id is None:
        # The certificate of the service's own ports is recorded as all are, and nobody's approval stands behind it.
        return gettext("This service made this certificate for itself. No organization asked for it.")
    return gettext("This service issued the certificate after its organization approved it, and it is valid now.")


def _vouching(certificate: ForeignCertificate, ours: Certificate | None) -> Verdict:
    if ours is not None:
        return "good", gettext("This service issued it, and its record of it is the same."), gettext("Compared by SHA-256.")
    if certificate.vouched_by:
        evidence = gettext("Signature checked with the key of the CA %(name)s.") % {"name": certificate.vouched_by}
        if certificate.is_ca:
            return "good", gettext("A CA of this service signed it, as a part of the service itself."), evidence
        # The operator's own certificates are such, and so is whatever somebody signs who took the key: this page cannot tell.
        sentence = gettext("A CA of this service signed it, but no organization asked for it and approved it here.")
        return "waiting", sentence, evidence
    return "waiting", gettext("No CA of this service vouches for it."), ""


def _dates(certificate: ForeignCertificate, now: datetime) -> Verdict:
    if now < certificate.not_before:
        return "bad", gettext("It is not valid yet."), ""
    if now > certificate.not_after:
        return "bad", gettext("It has expired."), ""
    return "good", gettext("Its dates include today."), ""


def _revocation(ours: Certificate) -> Verdict:
    if ours.state is CertificateState.REVOKED and ours.revoked_at is not None:
        values = {"moment": moment_words(ours.revoked_at), "reason": reason_text(ours.revocation_reason)}
        evidence = gettext("On %(moment)s. Reason: %(reason)s.") % values
        return "bad", gettext("It was revoked."), evidence
    return "good", gettext("It was not revoked."), gettext("Looked up in the service's own record, a moment ago.")


def _naming(certificate: ForeignCertificate, host: str) -> Verdict:
    parent = host.partition(".")[2]
    names = {name.lower() for name in certificate.names}
    if host in names or (parent and f"*.{parent}" in names):
        return "good", gettext("It names the server %(host)s.") % {"host": host}, ""
    return "bad", gettext("It does not name the server %(host)s.") % {"host": host}, ""

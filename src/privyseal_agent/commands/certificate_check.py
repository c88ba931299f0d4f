"""``seal certificate check``: whether the certificate is really served, and whether a stranger would accept it."""

from __future__ import annotations

from pathlib import Path

from privyseal_agent import words
from privyseal_agent.check.connection import is_address, parse_endpoint
from privyseal_agent.check.fetch import fetch
from privyseal_agent.check.inspection import check_endpoint, read_expected
from privyseal_agent.check.roots import Roots, read_roots, system_roots
from privyseal_agent.check.sentences import minute
from privyseal_agent.check.verdict import Report, Verdict
from privyseal_agent.desk import Reply
from privyseal_agent.groups import AtDesk, open_service
from privyseal_agent.keys.csr import host_name
from privyseal_agent.settings import NO_SERVICE_OPTIONS, ServiceOptions, resolve


def check(
    server: str,
    /,
    *,
    name: str | None = None,
    expect: Path | None = None,
    record: bool = False,
    options: ServiceOptions = NO_SERVICE_OPTIONS,
    desk: AtDesk,
) -> Reply:
    """Connect to a server as its clients do, and tell whether its certificate is good.

    Verdicts: ok, revoked, expired, not yet valid, untrusted issuer, name mismatch, other certificate, revocation unknown.
    The roots are those of --root, else of the system. Every verdict but ok is exit status 1.

    Parameters
    ----------
    server
        HOST, HOST:PORT or [IPV6]:PORT; the port is 443 when left out.
    name
        The name that clients ask for, when it is not HOST.
    expect
        File with the certificate that should be served, such as the one just picked up.
    record
        Tell the service, which writes the verdict into the organization's audit log.
    """
    endpoint = parse_endpoint(server)
    asked = name or endpoint.host
    asked = asked if is_address(asked) else host_name(asked)
    expected = read_expected(expect) if expect is not None else None
    roots = _roots(options, desk)
    report = check_endpoint(endpoint, asked, roots, now=desk.now(), fetch=fetch, expected=expected)
    document = report_document(report)
    if record:
        body = {"endpoint": report.endpoint, "verdict": report.verdict.value, "handshake_ms": report.handshake_ms}
        with open_service(options, desk) as service:
            service.post(service.path("certificates", report.serial_hex, "checks"), body)
        document["recorded"] = True
    return Reply(document, _text(report, recorded=record), _refusal(report))


def report_document(report: Report) -> dict[str, object]:
    """Return the JSON object of a report; ``verdict`` is one of the kebab-case words of :class:`Verdict`."""
    return {
        "endpoint": report.endpoint,
        "name": report.name,
        "verdict": report.verdict.value,
        "findings": [{"verdict": item.verdict.value, "sentence": item.sentence, "fix": item.fix} for item in report.findings],
        "handshake_ms": report.handshake_ms,
        "protocol": report.protocol,
        "serial": report.serial_hex,
        "sha256": report.sha256,
        "subject": report.subject,
        "issuer": report.issuer,
        "names": list(report.names),
        "not_before": f"{report.not_before:%Y-%m-%dT%H:%M:%SZ}",
        "not_after": f"{report.not_after:%Y-%m-%dT%H:%M:%SZ}",
        "chain": list(report.chain),
        "revocation": report.revocation,
        "checked_at": f"{report.checked_at:%Y-%m-%dT%H:%M:%SZ}",
        "recorded": False,
    }


def _roots(options: ServiceOptions, desk: AtDesk) -> Roots:
    path = resolve(options, desk.environment).root
    return read_roots(path) if path is not None else system_roots()


def _text(report: Report, *, recorded: bool) -> str:
    return words.facts(
        [
            ("Server", report.endpoint),
            ("Verdict", report.verdict.words),
            ("Name", report.name),
            ("Certificate", ", ".join(report.names) or report.subject),
            ("Issuer", report.issuer),
            ("Valid from", minute(report.not_before)),
            ("Valid until", minute(report.not_after)),
            ("Serial", report.serial_hex),
            ("Chain sent", words.count(len(report.chain), "certificate")),
            ("Revocation", report.revocation),
            ("Handshake", f"{report.handshake_ms} ms, {report.protocol}"),
            ("Recorded", "yes, in the audit log" if recorded else ""),
        ]
    )


def _refusal(report: Report) -> str:
    if report.verdict is Verdict.OK:
        return ""
    return "\n".join(f"{item.verdict.words}: {item.sentence} {item.fix}" for item in report.findings)

"""An approval counts for exactly the request, policy version and approver that its signed bytes name (I14)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privyseal.engine.approval_content import FIELDS, require_approved
from privyseal.model import rules
from privyseal.model.errors import Refused
from privyseal.model.identifiers import CertificateId, OrganizationId, PolicyId, RequestId
from privyseal.model.policy import Lint, Policy
from privyseal.model.profile import TLS_SERVER, KeyAlgorithm, NameKind, SubjectField
from privyseal.model.request import Endpoint, Request, RequestKind, RequestState, ServerKind
from privyseal.model.statement import approval_fields
from privyseal.model.unit import UnitTier
from privyseal_wire.canonical import canonical_bytes
from privyseal_wire.errors import WireError
from privyseal_wire.statements import Rejection

END = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
EXPIRES = "2026-11-22T01:02:03Z"
PARTIES = {"service": "privyseal.localhost", "organization": "resource-marketing", "approver": "adm-" + "3" * 32}
POLICY = Policy(
    id=PolicyId("pol-" + "1" * 32),
    organization_id=OrganizationId("org-" + "1" * 32),
    name="tls-server",
    version=3,
    profile_id=TLS_SERVER.id,
    profile_version=TLS_SERVER.version,
    tier=rules.Tier.PRIVATE,
    unit_tier=UnitTier.STANDARD,
    key_algorithms=(KeyAlgorithm.P256,),
    lifetimes_days=(365,),
    approvals=1,
    lint=Lint.TEMPLATE,
    max_endpoints=20,
    sha256="a" * 64,
    created_at=END,
)
REQUEST = Request(
    id=RequestId("req-" + "2" * 32),
    organization_id=POLICY.organization_id,
    kind=RequestKind.NEW,
    replaces=None,
    replaces_serial_hex="",
    state=RequestState.PENDING,
    state_reason="",
    policy_id=POLICY.id,
    policy_version=POLICY.version,
    csr_der=b"",
    spki_der=b"",
    spki_sha256="b" * 64,
    key_algorithm="p256",
    key_bits=256,
    subject=((SubjectField.COUNTRY, "US"), (SubjectField.COMMON_NAME, "www.two-eyes.test")),
    names=((NameKind.DNS, "www.two-eyes.test"), (NameKind.DNS, "two-eyes.test")),
    lifetime_days=365,
    endpoints=(Endpoint(ServerKind.WEB_SERVER, "www"),),
    unit_tier="standard",
    contact_name="Dana Scully",
    contact_email="dana@two-eyes.test",
    server_platform="",
    comment="",
    phrase_hash="",
    requester_kind="api-token",
    requester_id="tok-1",
    warnings=(),
    created_at=END,
    changed_at=END,
)
OTHERS: dict[str, Request] = {
    "request": replace(REQUEST, id=RequestId("req-" + "4" * 32)),
    "subject": replace(REQUEST, subject=REQUEST.subject[:1]),
    "names": replace(REQUEST, names=REQUEST.names[:1]),
    "spki_sha256": replace(REQUEST, spki_sha256="c" * 64),
    "lifetime_days": replace(REQUEST, lifetime_days=90),
    "endpoints": replace(REQUEST, endpoints=(Endpoint(ServerKind.WEB_SERVER, "mail"),)),
    "unit_tier": replace(REQUEST, unit_tier="premium"),
    "contact": replace(REQUEST, contact_email="fox@two-eyes.test"),
    "replaces": replace(REQUEST, replaces=CertificateId("crt-1"), replaces_serial_hex="51ab"),
}


def fields(request: Request = REQUEST, policy: Policy = POLICY) -> dict[str, Any]:
    return approval_fields(request, policy, expires=EXPIRES, **PARTIES)


def test_the_approval_of_this_request_tells_its_end() -> None:
    assert require_approved(canonical_bytes(fields()), REQUEST, POLICY, **PARTIES) == END


@pytest.mark.parametrize("field", OTHERS)
def test_another_request_is_told_by_the_field(field: str) -> None:
    for signed, stored in ((OTHERS[field], REQUEST), (REQUEST, OTHERS[field])):
        with pytest.raises(Refused, match=rf"not this request: {FIELDS[field]} differ") as caught:
            require_approved(canonical_bytes(fields(signed)), stored, POLICY, **PARTIES)
        assert caught.value.kind == "approval-content"


@pytest.mark.parametrize("change", [{"version": 4}, {"sha256": "d" * 64}, {"id": "pol-" + "5" * 32}])
def test_another_version_of_the_policy_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="the policy differ"):
        require_approved(canonical_bytes(fields(policy=replace(POLICY, **change))), REQUEST, POLICY, **PARTIES)


@pytest.mark.parametrize("party", PARTIES)
def test_other_parties_are_refused(party: str) -> None:
    other = {"service": "other.localhost", "organization": "four-eyes", "approver": "adm-" + "6" * 32}[party]
    with pytest.raises(Refused, match=f"{FIELDS[party]} differ"):
        require_approved(canonical_bytes(fields() | {party: other}), REQUEST, POLICY, **PARTIES)


@pytest.mark.parametrize("end", ["", "2026-11-22", "2026-11-22T01:02:03+00:00", "2026-02-30T01:02:03Z", "2026-11-22T01:02:03.000Z"])
def test_an_end_of_another_form_is_refused_although_all_else_is_the_same(end: str) -> None:
    with pytest.raises(WireError) as caught:
        require_approved(canonical_bytes(fields() | {"expires": end}), REQUEST, POLICY, **PARTIES)
    assert caught.value.kind == "statement-expires"


NO_APPROVALS = {
    "no JSON": b"approved",
    "a list": b"[]",
    "spaces": json.dumps(fields()).encode(),
    "an end that is a number": canonical_bytes(fields() | {"expires": 7}),
    "no end": canonical_bytes({name: value for name, value in fields().items() if name != "expires"}),
    "a field more": canonical_bytes(fields() | {"comment": "yes"}),
    "another decision": canonical_bytes(fields() | {"decision": "reject"}),
    "another type": canonical_bytes(fields() | {"type": "privyseal.approval.v2"}),
    "a rejection": Rejection(request=REQUEST.id, reason="No", expires=EXPIRES, **PARTIES).to_bytes(),
}


@pytest.mark.parametrize("what", NO_APPROVALS)
def test_what_is_no_approval_is_refused(what: str) -> None:
    with pytest.raises(WireError):
        require_approved(NO_APPROVALS[what], REQUEST, POLICY, **PARTIES)


@given(st.data())
def test_no_other_bytes_are_taken_for_it(data: st.DataObject) -> None:
    content = canonical_bytes(fields())
    position = data.draw(st.integers(0, len(content) - 1))
    changed = content[:position] + data.draw(st.binary(max_size=3)) + content[position + 1 :]
    if changed == content:
        return
    try:
        end = require_approved(changed, REQUEST, POLICY, **PARTIES)
    except (Refused, WireError):
        return
    assert canonical_bytes(fields() | {"expires": end.strftime("%Y-%m-%dT%H:%M:%SZ")}) == changed, "only the end is the signer's choice"


def test_an_end_that_stands_elsewhere_is_not_the_end() -> None:
    """The end is looked for in the bytes; where it stands decides all the same, because all bytes are compared."""
    other = "2026-11-23T01:02:03Z"
    content = canonical_bytes(fields())
    for changed in (
        content.replace(b'{"approver"', b'{"a":{"expires":"%s"},"approver"' % other.encode()),
        content.replace(b'{"approver"', b'{"a":{"expires":"%s"},"approver"' % EXPIRES.encode()),
        content.replace(b'"expires":"' + EXPIRES.encode(), b'"expires":"' + other.encode() + b'","expires":"' + EXPIRES.encode()),
        b'"expires":"%s"' % EXPIRES.encode(),
    ):
        assert changed != content
        with pytest.raises((Refused, WireError)):
            require_approved(changed, REQUEST, POLICY, **PARTIES)

"""Makes tests/vectors/statements_v1.json: statements with the bytes that are signed, and texts that must be refused.

Run from the repository root: ``python -m tests.vectors.make_statements``. Once released, a vector never changes: an
administrator's program of years ago must mean the same bytes. The canonical form is written here by hand-sorted
json.dumps, not by our encoder; all keys are ASCII, where both sort alike.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

FILE = Path(__file__).with_name("statements_v1.json")

REQUEST = "req-019a00000001aaaaaaaaaaaaaaaaaaaa"
ADMINISTRATOR = "adm-019a00000002bbbbbbbbbbbbbbbbbbbb"
POLICY = {"id": "pol-019a00000003cccccccccccccccccccc", "version": 3, "sha256": "5e" * 32}
FRAME = {"service": "privyseal.localhost", "organization": "resource-marketing", "expires": "2026-11-22T01:02:03Z"}

APPROVAL = {
    **FRAME,
    "type": "privyseal.approval.v1",
    "request": REQUEST,
    "decision": "approve",
    "approver": ADMINISTRATOR,
    "policy": POLICY,
    "subject": [
        ["2.5.4.6", "US"],
        ["2.5.4.8", "Kentucky"],
        ["2.5.4.7", "Fort Thomas"],
        ["2.5.4.10", "Resource Marketing, Inc."],
        ["2.5.4.3", "webtrust.resource-marketing.test"],
    ],
    "names": ["dns:webtrust.resource-marketing.test"],
    "spki_sha256": "a1" * 32,
    "lifetime_days": 365,
    "endpoints": ["web-server:webtrust.resource-marketing.test:8443"],
    "unit_tier": "standard",
    "contact": "dana@resource-marketing.test",
}
REISSUE = {
    **APPROVAL,
    "replaces": "01" + "9f" * 17,
    "subject": [["2.5.4.6", "CH"], ["2.5.4.10", 'Zürcher "Käse" \\ Söhne 😀'], ["1.3.6.1.4.1.311.60.2.1.3", "CH"]],
    "names": ["dns:*.xn--zrcher-3ya.test", "dns:a.test", "email:Hans.Muster+pki@xn--zrcher-3ya.test"],
    "endpoints": ["load-balancer:[2001:db8::1]:443", "mail-server:mx_1.a.test"],
    "unit_tier": "none",
    "contact": "",
}
REJECTION = {
    **FRAME,
    "type": "privyseal.rejection.v1",
    "request": REQUEST,
    "decision": "reject",
    "approver": ADMINISTRATOR,
    "reason": 'Wrong department:\nask "IT/Web" — naïve 😀 </script>',
}
REVOCATION = {
    **FRAME,
    "type": "privyseal.revocation.v1",
    "ca": "issuing-1",
    "serial": "01" + "00" * 17,
    "reason": "keyCompromise",
    "comment": "",
    "revoker": ADMINISTRATOR,
}
PASSKEY = {
    **FRAME,
    "type": "privyseal.passkey-registration.v1",
    "administrator": ADMINISTRATOR,
    "spki_sha256": "a1" * 32,
    "passkey_sha256": "b2" * 32,
}
INVITATION = {
    **FRAME,
    "type": "privyseal.invitation.v1",
    "name": "Zoë Müller-Łukasz",
    "email": "Zoe.Mueller@resource-marketing.test",
    "role": "certificate-administrator",
    "inviter": ADMINISTRATOR,
}
RECOVERY = {**INVITATION, "role": "security-administrator", "inviter": "operator"}
CHANGE = {
    **FRAME,
    "type": "privyseal.change.v1",
    "change": "chg-019a00000004dddddddddddddddddddd",
    "kind": "policy",
    "content_sha256": "c3" * 32,
    "signer": ADMINISTRATOR,
    "decision": "sign",
    "reason": "",
}
REFUSED_CHANGE = {**CHANGE, "organization": "provider", "kind": "price", "decision": "refuse", "reason": "Zu hoch:\n20 % statt 2 %"}
ACCEPTED = {
    "approval": APPROVAL,
    "approval of a reissue": REISSUE,
    "approval with fields of the organization's own": {**APPROVAL, "custom_fields": [["cost-center", "4711"], ["note", "für Käse 😀"]]},
    "rejection": REJECTION,
    "revocation": REVOCATION,
    "registration of a passkey": PASSKEY,
    "invitation": INVITATION,
    "invitation by the operator": RECOVERY,
    "change, signed": CHANGE,
    "change, refused": REFUSED_CHANGE,
    "change, withdrawn": {**CHANGE, "kind": "role", "decision": "withdraw", "reason": "Proposed by mistake"},
}

CHANGES: dict[str, tuple[dict[str, object], str]] = {
    "another type": ({**APPROVAL, "type": "privyseal.approval.v2"}, "statement-type"),
    "no type": ({key: value for key, value in APPROVAL.items() if key != "type"}, "statement-type"),
    "type is a number": ({**APPROVAL, "type": 1}, "statement-type"),
    "field missing": ({key: value for key, value in APPROVAL.items() if key != "contact"}, "statement-fields"),
    "own fields are null": ({**APPROVAL, "custom_fields": None}, "statement-custom-fields"),
    "no own fields": ({**APPROVAL, "custom_fields": []}, "statement-custom-fields"),
    "own fields as an object": ({**APPROVAL, "custom_fields": {"a": "b"}}, "statement-custom-fields"),
    "an own field of three": ({**APPROVAL, "custom_fields": [["a", "b", "c"]]}, "statement-custom-fields"),
    "an own field twice": ({**APPROVAL, "custom_fields": [["a", "b"], ["a", "b"]]}, "statement-custom-fields"),
    "an own field with a label": ({**APPROVAL, "custom_fields": [["Cost center", "b"]]}, "statement-custom-fields"),
    "an own field with blanks": ({**APPROVAL, "custom_fields": [["a", " b"]]}, "statement-custom-fields"),
    "an own field that is empty": ({**APPROVAL, "custom_fields": [["a", ""]]}, "statement-custom-fields"),
    "an own field that is a number": ({**APPROVAL, "custom_fields": [["a", 1]]}, "statement-custom-fields"),
    "eleven own fields": ({**APPROVAL, "custom_fields": [[f"a{n}", "b"] for n in range(11)]}, "statement-custom-fields"),
    "own fields of a rejection": ({**REJECTION, "custom_fields": [["a", "b"]]}, "statement-fields"),
    "field unknown": ({**APPROVAL, "note": "x"}, "statement-fields"),
    "revocation with a decision": ({**REVOCATION, "decision": "revoke"}, "statement-fields"),
    "rejection that approves": ({**REJECTION, "decision": "approve"}, "statement-decision"),
    "decision is null": ({**APPROVAL, "decision": None}, "statement-decision"),
    "service with capitals": ({**APPROVAL, "service": "Privyseal.localhost"}, "statement-service"),
    "service is null": ({**APPROVAL, "service": None}, "statement-service"),
    "organization with a slash": ({**APPROVAL, "organization": "a/b"}, "statement-organization"),
    "request of another prefix": ({**APPROVAL, "request": "crt-" + REQUEST[4:]}, "statement-request"),
    "request too long": ({**APPROVAL, "request": REQUEST + "0"}, "statement-request"),
    "approver in capitals": ({**APPROVAL, "approver": ADMINISTRATOR.upper()}, "statement-approver"),
    "policy without a checksum": ({**APPROVAL, "policy": {"id": POLICY["id"], "version": 3}}, "statement-policy"),
    "policy is a list": ({**APPROVAL, "policy": []}, "statement-policy"),
    "policy version zero": ({**APPROVAL, "policy": {**POLICY, "version": 0}}, "statement-policy-version"),
    "policy version true": ({**APPROVAL, "policy": {**POLICY, "version": True}}, "statement-policy-version"),
    "policy checksum short": ({**APPROVAL, "policy": {**POLICY, "sha256": "5e"}}, "statement-policy-sha256"),
    "subject is an object": ({**APPROVAL, "subject": {}}, "statement-subject"),
    "subject of single texts": ({**APPROVAL, "subject": ["2.5.4.6"]}, "statement-subject"),
    "subject of triples": ({**APPROVAL, "subject": [["2.5.4.6", "US", "x"]]}, "statement-subject"),
    "subject with a name for an OID": ({**APPROVAL, "subject": [["C", "US"]]}, "statement-subject"),
    "subject with a line break": ({**APPROVAL, "subject": [["2.5.4.3", "a\nb"]]}, "statement-subject"),
    "subject with an empty value": ({**APPROVAL, "subject": [["2.5.4.3", ""]]}, "statement-subject"),
    "seventeen subject fields": ({**APPROVAL, "subject": [["2.5.4.11", "x"]] * 17}, "statement-subject"),
    "no names": ({**APPROVAL, "names": []}, "statement-names"),
    "names not sorted": ({**APPROVAL, "names": ["dns:b.test", "dns:a.test"]}, "statement-names"),
    "a name twice": ({**APPROVAL, "names": ["dns:a.test", "dns:a.test"]}, "statement-names"),
    "a name without its kind": ({**APPROVAL, "names": ["a.test"]}, "statement-names"),
    "a name of another kind": ({**APPROVAL, "names": ["ip:192.0.2.1"]}, "statement-names"),
    "a name with capitals": ({**APPROVAL, "names": ["dns:A.test"]}, "statement-names"),
    "a name in letters beyond ASCII": ({**APPROVAL, "names": ["dns:zürcher.test"]}, "statement-names"),
    "a name with a final dot": ({**APPROVAL, "names": ["dns:a.test."]}, "statement-names"),
    "a name with an underscore": ({**APPROVAL, "names": ["dns:_a.test"]}, "statement-names"),
    "a wildcard inside": ({**APPROVAL, "names": ["dns:a.*.test"]}, "statement-names"),
    "a wildcard with letters": ({**APPROVAL, "names": ["dns:w*.a.test"]}, "statement-names"),
    "two wildcards": ({**APPROVAL, "names": ["dns:*.*.test"]}, "statement-names"),
    "a label of 64 characters": ({**APPROVAL, "names": [f"dns:{'a' * 64}.test"]}, "statement-names"),
    "a name of 254 characters": ({**APPROVAL, "names": ["dns:" + ".".join(["a" * 62] * 4) + ".bb"]}, "statement-names"),
    "an address without a domain": ({**APPROVAL, "names": ["email:dana"]}, "statement-names"),
    "a hundred and one names": ({**APPROVAL, "names": [f"dns:a{number:03}.test" for number in range(101)]}, "statement-names"),
    "key digest in capitals": ({**APPROVAL, "spki_sha256": "A1" * 32}, "statement-spki-sha256"),
    "life of no day": ({**APPROVAL, "lifetime_days": 0}, "statement-lifetime-days"),
    "life as text": ({**APPROVAL, "lifetime_days": "365"}, "statement-lifetime-days"),
    "no endpoint": ({**APPROVAL, "endpoints": []}, "statement-endpoints"),
    "an endpoint twice": ({**APPROVAL, "endpoints": ["web-server:a.test"] * 2}, "statement-endpoints"),
    "an endpoint without its kind": ({**APPROVAL, "endpoints": ["a.test"]}, "statement-endpoints"),
    "twenty-one endpoints": ({**APPROVAL, "endpoints": [f"web-server:a{number}.test" for number in range(21)]}, "statement-endpoints"),
    "another tier": ({**APPROVAL, "unit_tier": "gold"}, "statement-unit-tier"),
    "contact without an at sign": ({**APPROVAL, "contact": "dana"}, "statement-contact"),
    "contact with a line break": ({**APPROVAL, "contact": "dana@a.test\nBcc: x@b.test"}, "statement-contact"),
    "replaces null": ({**APPROVAL, "replaces": None}, "statement-replaces"),
    "replaces empty": ({**APPROVAL, "replaces": ""}, "statement-replaces"),
    "replaces with a zero byte first": ({**APPROVAL, "replaces": "00ff"}, "statement-replaces"),
    "rejection without a reason": ({**REJECTION, "reason": " "}, "statement-reason"),
    "rejection with a bell": ({**REJECTION, "reason": "a\u0007"}, "statement-reason"),
    "rejection of 1,001 characters": ({**REJECTION, "reason": "x" * 1001}, "statement-reason"),
    "revocation for a reason of the authority": ({**REVOCATION, "reason": "cACompromise"}, "statement-reason"),
    "revocation of a serial of 21 bytes": ({**REVOCATION, "serial": "01" * 21}, "statement-serial"),
    "revocation of half a byte": ({**REVOCATION, "serial": "1"}, "statement-serial"),
    "revocation of an authority by its name": ({**REVOCATION, "ca": "Issuing CA 1"}, "statement-ca"),
    "revocation by a program": ({**REVOCATION, "revoker": "tok-" + ADMINISTRATOR[4:]}, "statement-revoker"),
    "revocation with a comment that is null": ({**REVOCATION, "comment": None}, "statement-comment"),
    "passkey of a request": ({**PASSKEY, "administrator": REQUEST}, "statement-administrator"),
    "passkey without its key": ({key: value for key, value in PASSKEY.items() if key != "spki_sha256"}, "statement-fields"),
    "passkey id in clear": ({**PASSKEY, "passkey_sha256": "b25lIHBhc3NrZXk"}, "statement-passkey-sha256"),
    "passkey with a decision": ({**PASSKEY, "decision": "approve"}, "statement-fields"),
    "invitation of nobody": ({**INVITATION, "name": ""}, "statement-name"),
    "invitation of a name with a blank before it": ({**INVITATION, "name": " Zoe"}, "statement-name"),
    "invitation of a name of two lines": ({**INVITATION, "name": "Zoe\nMueller"}, "statement-name"),
    "invitation of a name of 65 characters": ({**INVITATION, "name": "x" * 65}, "statement-name"),
    "invitation of a number": ({**INVITATION, "name": 1}, "statement-name"),
    "invitation without an address": ({**INVITATION, "email": ""}, "statement-email"),
    "invitation to an address in capitals": ({**INVITATION, "email": "zoe@A.test"}, "statement-email"),
    "invitation to several addresses": ({**INVITATION, "email": ["zoe@a.test"]}, "statement-email"),
    "invitation to a role of the provider": ({**INVITATION, "role": "provider-administrator"}, "statement-role"),
    "invitation to several roles": ({**INVITATION, "role": ["auditor"]}, "statement-role"),
    "invitation by a token": ({**INVITATION, "inviter": "tok-" + ADMINISTRATOR[4:]}, "statement-inviter"),
    "invitation with a decision": ({**INVITATION, "decision": "invite"}, "statement-fields"),
    "invitation without a role": ({key: value for key, value in INVITATION.items() if key != "role"}, "statement-fields"),
    "change of another prefix": ({**CHANGE, "change": "req-" + str(CHANGE["change"])[4:]}, "statement-change"),
    "change of an unknown kind": ({**CHANGE, "kind": "everything"}, "statement-kind"),
    "change with a short digest": ({**CHANGE, "content_sha256": "c3"}, "statement-content-sha256"),
    "change signed by a token": ({**CHANGE, "signer": "tok-" + ADMINISTRATOR[4:]}, "statement-signer"),
    "change approved": ({**CHANGE, "decision": "approve"}, "statement-decision"),
    "change with a decision that is null": ({**CHANGE, "decision": None}, "statement-decision"),
    "change signed with a reason": ({**CHANGE, "reason": "because"}, "statement-reason"),
    "change refused without a reason": ({**REFUSED_CHANGE, "reason": " "}, "statement-reason"),
    "change without a decision": ({key: value for key, value in CHANGE.items() if key != "decision"}, "statement-fields"),
    "change with two contents": ({**CHANGE, "content": "{}"}, "statement-fields"),
    "end in local time": ({**APPROVAL, "expires": "2026-11-22T01:02:03+01:00"}, "statement-expires"),
    "end with a fraction": ({**APPROVAL, "expires": "2026-11-22T01:02:03.5Z"}, "statement-expires"),
    "end on February 30": ({**APPROVAL, "expires": "2026-02-30T01:02:03Z"}, "statement-expires"),
    "end in Arabic digits": ({**APPROVAL, "expires": "٢026-11-22T01:02:03Z"}, "statement-expires"),
}

TEXTS = {
    "a blank after a colon": ('{"type": "privyseal.rejection.v1"}', "canonical-form"),
    "keys not sorted": ('{"b":1,"a":2}', "canonical-form"),
    "an escape that need not be": ('{"a":"\\u0041"}', "canonical-form"),
    "an upper case escape": ('{"a":"\\u001F"}', "canonical-form"),
    "a minus zero": ('{"a":-0}', "canonical-form"),
    "a line break at the end": ('{"a":1}\n', "canonical-form"),
    "a byte order mark": ('\ufeff{"a":1}', "canonical-json"),
    "a list": ("[]", "canonical-json"),
    "a key twice": ('{"a":1,"a":1}', "canonical-duplicate"),
    "a float": ('{"a":1.0}', "canonical-float"),
    "an exponent": ('{"a":1e2}', "canonical-float"),
    "not a number": ('{"a":NaN}', "canonical-float"),
    "two to the power of 53": ('{"a":9007199254740992}', "canonical-integer"),
    "a number of 5,000 digits": ('{"a":' + "9" * 5000 + "}", "canonical-integer"),
    "half a surrogate pair": ('{"a":"\\ud800"}', "canonical-text"),
    "half a surrogate pair in a key": ('{"\\ud800":1}', "canonical-text"),
    "seventeen levels": ('{"a":' * 17 + "1" + "}" * 17, "canonical-depth"),
    "thirty thousand levels": ('{"a":' + "[" * 30_000 + "]" * 30_000 + "}", "canonical-depth"),
    "65,536 bytes": ('{"a":"' + "x" * 65_528 + '"}', "canonical-size"),
    "nothing": ("", "canonical-json"),
    "two objects": ("{}{}", "canonical-json"),
    "no object at all": ("approve", "canonical-json"),
}


def canonical(fields: object) -> str:
    """The RFC 8785 form of values whose keys are ASCII and that have no floats."""
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def vectors() -> dict[str, list[dict[str, object]]]:
    """The content of the file."""
    accepted: list[dict[str, object]] = []
    for name, fields in ACCEPTED.items():
        text = canonical(fields)
        digest = hashlib.sha256(text.encode()).hexdigest()
        short = " ".join(digest[start : start + 4] for start in range(0, 20, 4))
        accepted.append({"name": name, "fields": fields, "canonical": text, "sha256": digest, "fingerprint": short})
    refused: list[dict[str, object]] = [{"name": name, "text": canonical(fields), "kind": kind} for name, (fields, kind) in CHANGES.items()]
    refused += [{"name": name, "text": text, "kind": kind} for name, (text, kind) in TEXTS.items()]
    return {"accepted": accepted, "refused": refused}


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), indent=1) + "\n", encoding="utf-8")

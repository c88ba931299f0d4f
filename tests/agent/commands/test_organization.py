"""``seal organization`` and ``seal domain``."""

from __future__ import annotations

from tests.agent.conftest import Rig

DOMAIN = {
    "name": "acme.test",
    "token": "t0k3n",
    "dns_record": {"name": "_privyseal.acme.test", "type": "TXT", "value": "privyseal=t0k3n"},
    "http": {"url": "http://acme.test/.well-known/privyseal/t0k3n", "body": "t0k3n"},
    "dns_persistent": {"name": "_validation-persist.acme.test", "type": "TXT", "value": "ca.test; accounturi=x; policy=wildcard"},
    "mail": ["admin@acme.test", "hostmaster@acme.test"],
    "caa_record": '0 issue "ca.test"',
    "validated_at": None,
    "expires_at": None,
}


def test_create_move_list_and_show(rig: Rig) -> None:
    rig.service.on("POST", "/provider/organizations", {"slug": "acme", "name": "Acme Rockets", "state": "applied"})
    words = ("--name", "Acme Rockets", "--country", "US", "--state", "Nevada", "--locality", "Reno", "--contact-email", "pki@acme.test")
    assert rig.seal("organization", "create", "acme", *words, *rig.identity).out == "Acme Rockets (acme) is applied.\n"
    assert rig.service.seen[-1].json == {
        "slug": "acme",
        "name": "Acme Rockets",
        "country": "US",
        "state_or_province": "Nevada",
        "locality": "Reno",
        "contact_email": "pki@acme.test",
    }
    for step, state in (("suspend", "suspended"), ("resume", "active"), ("reject", "closed")):
        path = {"suspend": "suspension", "resume": "resumption", "reject": "rejection"}[step]
        rig.service.on("POST", f"/provider/organizations/acme/{path}", {"slug": "acme", "name": "Acme Rockets", "state": state})
        assert rig.seal("organization", step, "acme", "--reason", "As asked").out == f"Acme Rockets (acme) is {state}.\n"
        assert rig.service.seen[-1].json == {"reason": "As asked"}
    rig.service.on("POST", "/provider/organizations/acme/closure", {"slug": "acme", "name": "Acme Rockets", "state": "closed"})
    closed = rig.seal("organization", "close", "acme", "--reason", "As asked", "--valid-certificates", "3")
    assert closed.out == "Acme Rockets (acme) is closed.\n"
    assert rig.service.seen[-1].json == {"reason": "As asked", "valid_certificates": 3}
    rig.service.on("GET", "/provider/organizations", {"items": [{"slug": "acme", "name": "Acme Rockets", "state": "active"}], "next": ""})
    assert rig.seal("organization", "list").out == "ORGANIZATION  STATE   NAME\nacme          active  Acme Rockets\n"
    public = {"slug": "acme", "name": "Acme Rockets", "domains": ["acme.test"], "policies": [], "contact": "pki@acme.test"}
    rig.service.on("GET", "/organizations/acme", public)
    assert rig.seal("organization", "show").out.startswith("Organization  Acme Rockets (acme)\nDomains       acme.test\n")


def test_domains(rig: Rig) -> None:
    rig.service.on("POST", "/provider/organizations/acme/domains", DOMAIN)
    told = rig.seal("domain", "add", "ACME.test", *rig.identity)
    assert rig.service.seen[-1].json == {"name": "acme.test"}
    assert 'DNS record         _privyseal.acme.test TXT "privyseal=t0k3n"\n' in told.out
    assert '_validation-persist.acme.test TXT "ca.test; accounturi=x; policy=wildcard"\n' in told.out
    assert "then run           seal domain validate acme.test\n" in told.out
    assert "seal domain validate acme.test --method dns-persistent\n" in told.out
    assert told.out.endswith('acme.test CAA 0 issue "ca.test"\n')
    validated = {**DOMAIN, "validated_at": "2026-11-22T01:02:03Z", "expires_at": "2027-12-25T01:02:03Z"}
    rig.service.on("POST", "/provider/organizations/acme/domains/acme.test/validation", validated)
    told = rig.seal("domain", "validate", "acme.test", "--method", "http-token")
    assert told.out == "acme.test is validated until 2027-12-25 01:02 UTC.\n"
    assert rig.service.seen[-1].json == {"method": "http-token"}
    rig.service.on("GET", "/organizations/acme/domains", {"items": [DOMAIN, validated], "next": ""})
    assert rig.seal("domain", "list").out.splitlines()[1:] == [
        "acme.test  -                     -",
        "acme.test  2026-11-22 01:02 UTC  2027-12-25 01:02 UTC",
    ]


def test_applications_and_trials(rig: Rig) -> None:
    written = {
        **dict.fromkeys(("registration_number", "address", "telephone", "website", "reason", "state_or_province"), "x"),
        **dict.fromkeys(("corporate_name", "corporate_email", "administrator_name", "administrator_email"), "y"),
        "id": "apl-1",
        "state": "applied",
        "name": "Acme Rockets",
        "country": "US",
        "locality": "Reno",
        "slug": "acme",
        "domains": ["acme.test"],
        "created_at": "2026-11-22T15:00:00Z",
    }
    rig.service.on("GET", "/provider/applications", {"items": [written], "next": ""})
    assert "apl-1" in rig.seal("application", "list", *rig.identity).out
    rig.service.on("GET", "/provider/applications/apl-1", written)
    assert "apl-1 (applied)" in rig.seal("application", "show", "apl-1").out
    rig.service.on("POST", "/provider/applications/apl-1/take-up", {"slug": "acme", "name": "Acme Rockets", "state": "vetting"})
    assert rig.seal("application", "take-up", "apl-1", "acme").out == "Acme Rockets (acme) is vetting.\n"
    rig.service.on("POST", "/provider/applications/apl-1/rejection", written | {"state": "rejected"})
    assert rig.seal("application", "reject", "apl-1", "--reason", "No").out == "The application of Acme Rockets is rejected.\n"
    made = {"slug": "test-acme", "name": "TEST Acme", "trial_until": "2026-12-22T15:00:00Z"}
    rig.service.on("POST", "/provider/trials", made)
    told = rig.seal("organization", "trial", "acme", "--name", "Acme", "--person", "Ann", "--email", "ann@acme.test")
    assert told.out.startswith("TEST Acme (test-acme) goes on until ")

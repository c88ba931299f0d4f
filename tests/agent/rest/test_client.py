"""The conversation with the service over real TLS: who speaks, what is repeated, what is told when it fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from privyseal_agent.keys import private_key
from tests.agent import authority
from tests.agent.authority import DAY
from tests.agent.conftest import Rig
from tests.agent.rest_service import Answer, Reply, Seen, problem
from tests.agent.servers import LOOPBACK, listening

UNITS = "/organizations/acme/units"
TOKENS = "/organizations/acme/tokens"
BALANCE = {
    "standard": {"bought": 10, "reserved": 1, "used": 2, "available": 7},
    "premium": {"bought": 0, "reserved": 0, "used": 0, "available": 0},
}
CREATED = {"id": "tok-1", "token": "pst_secret"}


def test_as_nobody(rig: Rig) -> None:
    rig.service.on("GET", UNITS, BALANCE)
    assert rig.seal("unit", "show", "--json").json == BALANCE
    seen = rig.service.asked("GET", UNITS)[0]
    assert seen.person == ""
    assert "authorization" not in seen.headers
    assert seen.headers["user-agent"].startswith("seal/")


def test_as_an_administrator_over_mtls(rig: Rig) -> None:
    rig.service.on("GET", UNITS, BALANCE)
    assert rig.seal("unit", "show", *rig.identity).status == 0
    seen = rig.service.asked("GET", UNITS)[0]
    assert seen.person == "Ada Example"
    assert seen.headers["host"] == rig.service.administrator_url.removeprefix("https://")
    assert rig.service.asked("GET", "/service")[0].person == ""


def test_with_an_encrypted_key(rig: Rig) -> None:
    rig.service.on("GET", UNITS, BALANCE)
    key, passphrase = rig.folder / "encrypted.key", rig.folder / "passphrase"
    private_key.save(key, rig.ada.key, "correct horse battery", lambda count: b"7" * count)
    passphrase.touch(mode=0o600)
    passphrase.write_text("correct horse battery\n")
    options = ("--certificate", str(rig.folder / "ada.pem"), "--key", str(key))
    assert rig.seal("unit", "show", *options, "--passphrase-file", str(passphrase)).status == 0
    assert rig.service.asked("GET", UNITS)[0].person == "Ada Example"
    refused = rig.seal("unit", "show", *options)
    assert refused.status == 1
    assert "is encrypted. Give its passphrase with --passphrase-file." in refused.err


def token_file(folder: Path, content: str = "pst_secret\n", mode: int = 0o600) -> tuple[str, str]:
    path = folder / "token"
    path.touch(mode=mode)
    path.write_text(content)
    return "--token-file", str(path)


def test_with_a_token(rig: Rig) -> None:
    rig.service.on("GET", UNITS, BALANCE)
    assert rig.seal("unit", "show", *token_file(rig.folder)).status == 0
    seen = rig.service.asked("GET", UNITS)[0]
    assert seen.headers["authorization"] == "Bearer pst_secret"
    assert seen.headers["host"] == rig.service.base_url.removeprefix("https://")


def test_a_token_that_is_none_or_not_private_is_not_sent(rig: Rig) -> None:
    assert "does not hold an API token" in rig.seal("unit", "show", *token_file(rig.folder, "two words")).err
    (rig.folder / "token").unlink()
    assert "chmod 600" in rig.seal("unit", "show", *token_file(rig.folder, mode=0o644)).err
    assert not rig.service.seen


def test_an_administrator_id_of_somebody_else_is_refused(rig: Rig) -> None:
    rig.service.on("GET", UNITS, BALANCE)
    authority.write_files(
        rig.folder, authority.make_server(authority.make_root("Elsewhere"), ("Eve",), purpose=authority.CLIENT_AUTH), "eve"
    )
    told = rig.seal("unit", "show", "--certificate", str(rig.folder / "eve.pem"), "--key", str(rig.folder / "eve.key"), "--json")
    assert told.status == 1
    assert told.json["error"]["kind"] == "administrator-id-refused"
    assert "does not accept your Administrator ID" in told.err
    assert not rig.service.asked("GET", UNITS)


def test_an_expired_administrator_id_is_refused(rig: Rig) -> None:
    old = authority.make_server(rig.service.administrators_ca, ("Ada Example",), life=(-30 * DAY, -DAY), purpose=authority.CLIENT_AUTH)
    authority.write_files(rig.folder, old, "old")
    told = rig.seal("unit", "show", "--certificate", str(rig.folder / "old.pem"), "--key", str(rig.folder / "old.key"))
    assert told.status == 1
    assert "certificate expired" in told.err


def test_a_service_that_is_not_trusted_is_not_talked_to(rig: Rig) -> None:
    other = rig.folder / "other.pem"
    other.write_bytes(authority.make_root("Other", key=authority.key_number(9)).pem)
    told = rig.seal("unit", "show", "--root", str(other))
    assert told.status == 3
    assert told.err.startswith(f"The certificate of {rig.service.base_url} is not trusted: ")
    assert "--root FILE" in told.err
    assert not rig.service.seen


def test_a_root_file_without_certificates(rig: Rig) -> None:
    empty = rig.folder / "empty.pem"
    empty.write_text("nothing\n")
    told = rig.seal("unit", "show", "--root", str(empty))
    assert told.status == 1
    assert "holds no certificates in PEM" in told.err


def test_nobody_answers(rig: Rig) -> None:
    rig.service.stop()
    told = rig.seal("unit", "show", "--json")
    assert told.status == 3
    assert told.json["error"]["kind"] == "unreachable"
    assert "cannot be reached" in told.err
    assert rig.slept == []


def test_something_else_answers(rig: Rig) -> None:
    for reply in (Answer(502, b"<html>Bad Gateway</html>"), Answer(302, b"", {"Location": "https://elsewhere.test/"}), Answer(404, b"")):
        rig.service.on("GET", UNITS, reply)
        told = rig.seal("unit", "show")
        assert told.status == 3
        assert f"answered {reply.status} without saying why" in told.err
    with listening(lambda connection: connection.sendall(b"220 mail.acme.test ESMTP\r\n")) as port:
        assert rig.seal("unit", "show", "--service", f"https://{LOOPBACK}:{port}").status == 3


def test_answers_that_make_no_sense(rig: Rig) -> None:
    for reply, sentence in (
        (b"<html>", "is not JSON"),
        (b"[]", "is not a JSON object"),
        ({"standard": {}}, "has no integer bought"),
        ({"standard": 7}, "is not a JSON object"),
    ):
        rig.service.on("GET", UNITS, reply)
        told = rig.seal("unit", "show", "--json")
        assert told.status == 1
        assert sentence in told.err


def test_a_refusal_is_the_sentence_of_the_service(rig: Rig) -> None:
    rig.service.on("POST", TOKENS, problem(403, "role", "The role auditor of Ada Example does not include the right to manage tokens."))
    told = rig.seal("token", "create", "ci", "--scope", "read", "--json")
    assert told.status == 1
    assert told.err == "The role auditor of Ada Example does not include the right to manage tokens.\n"
    assert told.json == {"error": {"kind": "role", "sentence": told.err.strip()}}


def test_the_field_of_a_refusal_is_told_to_programs(rig: Rig) -> None:
    body = json.dumps(
        {"title": "No", "status": 422, "detail": "The life is too long.", "kind": "lifetime", "field": "lifetime_days"}
    ).encode()
    rig.service.on("POST", TOKENS, Answer(422, body, {"Content-Type": "application/problem+json; charset=utf-8"}))
    told = rig.seal("token", "create", "ci", "--scope", "read", "--json")
    assert told.json["error"] == {"kind": "lifetime", "sentence": "The life is too long.", "field": "lifetime_days"}


def test_what_others_wrote_cannot_steer_the_terminal(rig: Rig) -> None:
    rig.service.on("POST", TOKENS, problem(422, "text", "\x1b[2J\x1b[31mApproved\x07\u202e"))
    told = rig.seal("token", "create", "ci", "--scope", "read")
    assert told.err == "\\x1b[2J\\x1b[31mApproved\\x07\\u202e\n"


def test_a_service_that_asks_for_patience_gets_the_same_request_again(rig: Rig) -> None:
    busy = problem(503, "database", "The database is away for a moment.", Retry_After="3")
    rig.service.on("POST", TOKENS, [busy, busy, CREATED])
    assert rig.seal("token", "create", "ci", "--scope", "read").status == 0
    seen = rig.service.asked("POST", TOKENS)
    assert len(seen) == 3
    assert len({item.headers["idempotency-key"] for item in seen}) == 1
    assert len({item.body for item in seen}) == 1
    assert rig.slept == [3.0, 3.0]


def test_patience_ends(rig: Rig) -> None:
    rig.service.on("POST", TOKENS, problem(503, "database", "The database is away.", Retry_After="60"))
    told = rig.seal("token", "create", "ci", "--scope", "read")
    assert told.status == 3
    assert told.err == "The database is away.\n"
    assert rig.slept == [10.0] * 4


def test_a_pause_that_lasts_is_told_at_once(rig: Rig) -> None:
    rig.service.on("POST", TOKENS, problem(503, "authority-paused", "The provider has paused the CA.", Retry_After="600"))
    told = rig.seal("token", "create", "ci", "--scope", "read")
    assert (told.status, told.err) == (3, "The provider has paused the CA.\n")
    assert (len(rig.service.asked("POST", TOKENS)), rig.slept) == (1, [])


def test_a_first_request_still_under_way_is_waited_for(rig: Rig) -> None:
    rig.service.on("POST", TOKENS, [problem(409, "idempotency-key", "Still under way.", Retry_After="1"), CREATED])
    assert rig.seal("token", "create", "ci", "--scope", "read").status == 0
    rig.service.on("POST", TOKENS, problem(409, "request-state", "Somebody was faster."))
    assert rig.seal("token", "create", "ci", "--scope", "read").err == "Somebody was faster.\n"
    assert rig.slept == [1.0]


def test_every_command_has_a_key_of_its_own(rig: Rig) -> None:
    rig.service.on("POST", TOKENS, CREATED)
    for _ in range(2):
        rig.seal("token", "create", "ci", "--scope", "read")
    first, second = (item.headers["idempotency-key"] for item in rig.service.asked("POST", TOKENS))
    assert first != second


def cut(seen: Seen) -> Reply:
    """An answer that breaks off."""
    del seen
    return Answer(201, iter((b"{",)), {"Content-Length": "50", "Content-Type": "application/json"})


def test_a_lost_answer_is_asked_for_again_under_the_same_key(rig: Rig) -> None:
    tries: list[Seen] = []

    def third_time_lucky(seen: Seen) -> Reply:
        tries.append(seen)
        return CREATED if len(tries) == 3 else cut(seen)

    rig.service.on("POST", TOKENS, third_time_lucky)
    assert rig.seal("token", "create", "ci", "--scope", "read").status == 0
    seen = rig.service.asked("POST", TOKENS)
    assert len(seen) == 3
    assert len({item.headers["idempotency-key"] for item in seen}) == 1


def test_when_the_answer_stays_lost_the_doubt_is_told(rig: Rig) -> None:
    rig.service.on("POST", TOKENS, cut)
    told = rig.seal("token", "create", "ci", "--scope", "read")
    assert told.status == 3
    assert "The service may have done it all the same: look before you repeat it." in told.err
    assert len(rig.service.asked("POST", TOKENS)) == 3


def test_deleting_is_not_repeated(rig: Rig) -> None:
    rig.service.on("DELETE", f"{TOKENS}/tok-1", cut)
    assert rig.seal("token", "revoke", "tok-1").status == 3
    assert len(rig.service.asked("DELETE", f"{TOKENS}/tok-1")) == 1


def test_lists_are_read_to_their_end(rig: Rig) -> None:
    def page(seen: Seen) -> Reply:
        start = int(seen.query.get("after", ["0"])[0])
        items = [{"slug": f"o{number}", "name": f"Organization {number}", "state": "active"} for number in range(start, start + 2)]
        return {"items": items, "next": str(start + 2) if start < 4 else ""}

    rig.service.on("GET", "/provider/organizations", page)
    told = rig.seal("organization", "list", "--json")
    assert [item["slug"] for item in told.json["items"]] == ["o0", "o1", "o2", "o3", "o4", "o5"]


def test_a_list_that_never_ends_is_not_read_for_ever(rig: Rig) -> None:
    rig.service.on("GET", "/provider/organizations", {"items": [], "next": "same"})
    assert rig.seal("organization", "list").status == 0
    assert len(rig.service.asked("GET", "/provider/organizations")) == 2


@pytest.mark.parametrize("url", ["http://localhost:1", "ftp://x", "not an address"])
def test_an_administrator_address_out_of_form_is_not_used(rig: Rig, url: str) -> None:
    rig.service.on("GET", "/service", {"service": "pki.test", "administrator_url": url})
    assert rig.seal("unit", "show", *rig.identity).status == 2


@pytest.mark.parametrize(
    "address", ["https://a b", "https://-", "https://xn--", "https://[v1.x]", "https://a\u202eb.test", "https://\u3002"]
)
def test_addresses_that_pass_the_first_look_only(rig: Rig, address: str) -> None:
    told = rig.seal("service", "show", "--service", address)
    assert told.status in (2, 3)
    assert told.err

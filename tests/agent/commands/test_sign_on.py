"""``seal sign-on``."""

from __future__ import annotations

from tests.agent.conftest import ADMINISTRATOR_ID, Rig
from tests.agent.rest_service import problem

PLACE = "/organizations/acme/sign-on"
SET = {
    "issuer": "https://login.acme.test/realms/staff",
    "client_id": "privyseal",
    "has_secret": True,
    "claim": "sub",
    "redirect_uri": "https://pki.acme.test/o/acme/sign-in/provider/finish",
    "set_at": "2026-11-22T14:05:00Z",
    "set_by": ADMINISTRATOR_ID,
    "linked": [{"administrator": ADMINISTRATOR_ID, "linked_at": "2026-11-22T15:00:00Z"}],
}


def test_show(rig: Rig) -> None:
    rig.service.on("GET", PLACE, SET)
    told = rig.seal("sign-on", "show")
    assert told.status == 0, told.err
    assert "https://login.acme.test/realms/staff" in told.out
    assert "https://pki.acme.test/o/acme/sign-in/provider/finish" in told.out
    assert "known" in told.out
    assert ADMINISTRATOR_ID in told.out
    assert rig.seal("sign-on", "show", "--json").json == SET


def test_show_where_nobody_is_linked_and_where_nothing_is_set(rig: Rig) -> None:
    rig.service.on("GET", PLACE, SET | {"has_secret": False, "linked": []})
    told = rig.seal("sign-on", "show").out
    assert "none" in told
    assert "Nobody is linked." in told
    rig.service.on("GET", PLACE, problem(404, "sign-on", "This organization has no sign-on of its own here."))
    refused = rig.seal("sign-on", "show")
    assert refused.status == 1
    assert "no sign-on of its own" in refused.err


def test_the_secret_comes_from_a_file_and_is_shown_nowhere(rig: Rig) -> None:
    rig.service.on("POST", PLACE, SET)
    secret = rig.folder / "secret.txt"
    secret.write_text("s3cret-of-the-client\n", encoding="ascii")
    secret.chmod(0o600)
    told = rig.seal("sign-on", "set", str(SET["issuer"]), "privyseal", "--secret-file", str(secret))
    assert told.status == 0, told.err
    assert "s3cret" not in told.out + told.err
    sent = {"issuer": SET["issuer"], "client_id": "privyseal", "claim": "sub", "client_secret": "s3cret-of-the-client"}
    assert rig.service.seen[-1].json == sent
    assert rig.seal("sign-on", "set", str(SET["issuer"]), "privyseal", "--claim", "oid").status == 0
    assert rig.service.seen[-1].json == {"issuer": SET["issuer"], "client_id": "privyseal", "claim": "oid"}


def test_a_secret_file_that_is_not_there_sends_nothing(rig: Rig) -> None:
    told = rig.seal("sign-on", "set", str(SET["issuer"]), "privyseal", "--secret-file", str(rig.folder / "nothing"))
    assert told.status == 1, told.err
    assert rig.service.asked("POST", PLACE) == []


def test_remove_and_unlink(rig: Rig) -> None:
    rig.service.on("DELETE", PLACE, b"")
    assert rig.seal("sign-on", "remove").out == "The sign-on is removed. Credentials work as before.\n"
    rig.service.on("DELETE", f"/organizations/acme/administrators/{ADMINISTRATOR_ID}/sign-on", b"")
    told = rig.seal("sign-on", "unlink", ADMINISTRATOR_ID)
    assert told.out == f"{ADMINISTRATOR_ID} is not linked with your sign-on any more.\n"
    assert rig.seal("sign-on", "unlink", "adm-2").status == 1

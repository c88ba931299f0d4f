"""``seal token``."""

from __future__ import annotations

import stat

from tests.agent.conftest import Rig

TOKENS = "/organizations/acme/tokens"


def test_a_token_is_shown_or_written_once(rig: Rig) -> None:
    rig.service.on("POST", TOKENS, {"id": "tok-1", "token": "pst_secret"})
    told = rig.seal("token", "create", "ci", "--scope", "read", "--scope", "submit", "--days", "30")
    assert told.out == "Id     tok-1\nToken  pst_secret\n"
    assert rig.service.seen[-1].json == {"name": "ci", "scopes": ["read", "submit"], "days": 30}
    out = rig.folder / "ci.token"
    told = rig.seal("token", "create", "ci", "--scope", "read", "--out", str(out), "--json")
    assert told.json == {"id": "tok-1", "file": str(out)}
    assert out.read_text() == "pst_secret\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert rig.seal("token", "create", "ci", "--scope", "read", "--out", str(out)).status == 2
    assert len(rig.service.asked("POST", TOKENS)) == 2
    assert rig.seal("token", "create", "ci", "--scope", "approve").status == 2


def test_revoke(rig: Rig) -> None:
    rig.service.on("DELETE", f"{TOKENS}/tok-1", b"")
    assert rig.seal("token", "revoke", "tok-1").out == "The token tok-1 no longer works.\n"
    assert rig.seal("token", "revoke", "tok-2").status == 1

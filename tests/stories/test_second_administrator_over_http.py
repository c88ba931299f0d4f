"""A second administrator with ``seal`` and real processes: invited under a signature, told to everybody, able to decide."""

from __future__ import annotations

from tests.rigs.live_people import run_seal
from tests.rigs.live_service import text_of
from tests.rigs.service import make_csr, make_key
from tests.stories.conftest import World


def test_a_colleague_comes_under_a_signature_and_decides(world: World) -> None:
    bookshop = world.provider.found("second-hand", "Second Hand Ltd.", "second-hand.test", units=5)
    alex = bookshop.admin.at_a_shell("second-hand")
    email = "robin@second-hand.test"
    status, person, told = run_seal(alex, "administrator", "invite", "Robin Reader", email, "--role", "certificate-administrator")
    assert (status, "An invitation lets somebody in for reading alone" in told) == (1, True), told
    status, person, told = run_seal(alex, "administrator", "invite", "Robin Reader", email)
    assert status == 0, told
    assert (person["state"], person["role"]) == ("invited", "read-only")
    robin = world.provider.let_in(email)
    assert robin.id == person["id"]
    letter = text_of(world.service.wait_for_letter("contact@second-hand.test", "Robin Reader", seconds=30))
    assert "Robin Reader, read only at Second Hand Ltd.," in letter
    assert "Robin Reader, read only" in text_of(world.service.wait_for_letter("alex@second-hand.test", "Robin", seconds=30))
    # Robin cannot take what nobody gave, and while Alex is the only one who gives roles, one signature is enough.
    own = run_seal(robin.at_a_shell("second-hand"), "administrator", "give", robin.id, "certificate-administrator")
    assert (own[0], "No role of Robin Reader includes the right to assign roles" in own[2]) == (1, True), own
    own = run_seal(alex, "administrator", "give", bookshop.admin.id, "auditor")
    assert (own[0], "Nobody gives a role to himself" in own[2]) == (1, True), own
    status, change, told = run_seal(alex, "administrator", "give", robin.id, "certificate-administrator")
    assert (status, change["state"]) == (0, "applied"), told
    request = bookshop.submit(make_csr(["www.second-hand.test"], make_key()))
    status, answer, told = run_seal(robin.at_a_shell("second-hand"), "request", "approve", request["id"], "--yes")
    assert (status, answer["request"]["state"]) == (0, "issued"), told
    status, _, told = run_seal(robin.at_a_shell("second-hand"), "administrator", "invite", "Mal Mole", "mal@second-hand.test")
    assert status == 1
    assert "No role of Robin Reader includes the right to manage administrators" in told

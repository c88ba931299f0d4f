"""An Administrator ID on a card, over real TLS: enrolled, signed in, deciding, revoked."""

from __future__ import annotations

import base64
import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from privyseal.actions.administrator.revoke_credential import revoke_credential
from privyseal.actions.house import About, perform
from privyseal.model.administrator import Role
from privyseal.model.revocation import RevocationReason
from privyseal_agent.application import run
from privyseal_agent.desk import Desk
from tests.doors.rest.rest_rig import ORG, RestRig
from tests.doors.rest.served import Served, serving
from tests.rigs.service import OPERATOR, AdministratorRig, ServiceRig, ServiceTemplate, make_csr, make_key
from tests.rigs.softhsm import PIN, SoftHsm


class Terminal(io.StringIO):
    """Standard input of a person."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Shell:
    """A person at a shell: what is typed at prompts, and what the command says."""

    environment: dict[str, str]
    typed: str = PIN

    def seal(self, *words: str) -> tuple[int, str]:
        said = io.StringIO()
        asked: list[str] = []

        def answer(prompt: str) -> str:
            asked.append(prompt)
            return self.typed

        desk = Desk(
            clock=lambda: datetime.now(UTC),
            random_bytes=os.urandom,
            sleep=lambda _: None,
            ask_secret=answer,
            stdin=Terminal("y\n"),
            stdout=said,
            stderr=said,
            environment=self.environment,
        )
        status = run(words, desk)
        return status, said.getvalue()


@pytest.fixture
def service(tmp_path: Path, sqlite_template: ServiceTemplate) -> Iterator[ServiceRig]:
    """On the embedded database alone: signing in is asked of both in test_sign_in_by_signature."""
    rig = ServiceRig(tmp_path, template=sqlite_template)
    rig.create_organization()
    yield rig
    rig.close()


@pytest.fixture
def served(rest: RestRig, tmp_path: Path) -> Iterator[Served]:
    with serving(rest, tmp_path) as running:
        yield running


@pytest.fixture
def hsm(tmp_path: Path) -> Iterator[SoftHsm]:
    made = SoftHsm(tmp_path / "softhsm")
    yield made
    made.close()


def shell(served: Served, folder: Path, card: str) -> Shell:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return Shell(
        {
            "HOME": str(home),
            "SEAL_SERVICE": f"https://localhost:{served.server.web_port}",
            "SEAL_ROOT": str(served.directory / "server.pem"),
            "SEAL_ORGANIZATION": ORG,
            "SEAL_CARD": card,
        }
    )


def test_from_the_invitation_to_an_approved_certificate(
    served: Served, rest: RestRig, fox: AdministratorRig, hsm: SoftHsm, tmp_path: Path
) -> None:
    card = hsm.token("Dana")
    dana = shell(served, tmp_path, card)
    code = rest.service.invite(ORG, "Dana Scully", Role.SECURITY_ADMINISTRATOR, by=fox).code
    status, said = dana.seal("administrator", "enroll", code)
    assert status == 0, said
    assert "on the card Dana: it never leaves the card" in said
    assert not list((tmp_path / "home").rglob("*.key"))
    assert "Certificate Object; type = X.509 cert" in hsm.objects("Dana", "cert")
    assert "DN: " in hsm.objects("Dana", "cert")
    request = rest.service.submit(ORG, make_csr(["www.resource-marketing.test"], make_key()))
    status, said = dana.seal("request", "approve", request.id, "--yes")
    assert status == 0, said
    assert "Dana Scully" in said
    status, said = dana.seal("administrator", "invite", "John Doggett", "john@resource-marketing.test")
    assert status == 0, said
    with_wrong_pin = Shell(dana.environment, typed="999999")
    status, said = with_wrong_pin.seal("request", "list")
    assert (status, "The PIN of the card Dana is wrong" in said) == (1, True)
    perform(
        rest.service.house,
        OPERATOR,
        About("revoke-credential", ORG, "credential", "card"),
        revoke_credential,
        ORG,
        _fingerprint(tmp_path),
        RevocationReason.KEY_COMPROMISE,
    )
    status, said = dana.seal("request", "list")
    assert (status, "revoked or has expired" in said) == (1, True), said


def test_an_administrator_id_on_a_card_is_replaced_on_it(
    served: Served, rest: RestRig, fox: AdministratorRig, hsm: SoftHsm, tmp_path: Path
) -> None:
    dana = shell(served, tmp_path, hsm.token("Dana"))
    assert dana.seal("administrator", "enroll", rest.service.invite(ORG, "Dana Scully", Role.AUDITOR, by=fox).code)[0] == 0
    status, said = dana.seal("administrator", "replace")
    assert status == 0, said
    assert hsm.objects("Dana", "cert").count("Certificate Object") == 2
    status, said = dana.seal("administrator", "list")
    assert (status, said.count("(revoked)")) == (0, 1), said
    status, said = dana.seal("administrator", "renew")
    assert (status, "in the last 60 days" in said) == (1, True), said


def test_the_next_administrator_id_takes_the_places_of_the_old_files(
    served: Served, rest: RestRig, fox: AdministratorRig, tmp_path: Path
) -> None:
    base = shell(served, tmp_path, "").environment
    folder = tmp_path / "home/.config/seal"
    files = {"SEAL_CERTIFICATE": str(folder / "administrator.pem"), "SEAL_KEY": str(folder / "administrator.key")}
    dana = Shell({name: value for name, value in {**base, **files}.items() if name != "SEAL_CARD"})
    folder.mkdir(parents=True)
    assert dana.seal("administrator", "enroll", rest.service.invite(ORG, "Dana Scully", Role.AUDITOR, by=fox).code)[0] == 0
    # The rig's own pages name another port than the one it serves at; a person's service names its own.
    object.__setattr__(rest.service.house.service, "base_url", base["SEAL_SERVICE"])
    object.__setattr__(rest.service.house.service, "administrator_url", f"https://localhost:{served.server.administrator_port}")
    old = (folder / "administrator.pem").read_bytes()
    status, said = dana.seal("administrator", "replace")
    assert status == 0, said
    assert (folder / "administrator.pem").read_bytes() != old
    [kept] = folder.glob("administrator.pem.*")
    assert kept.read_bytes() == old
    assert len(list(folder.iterdir())) == 4
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.glob("administrator.key*"))
    status, said = dana.seal("administrator", "list")
    assert (status, said.count("(revoked)")) == (0, 1), said


def test_a_card_without_an_administrator_id_says_how_to_get_one(served: Served, hsm: SoftHsm, tmp_path: Path) -> None:
    status, said = shell(served, tmp_path, hsm.token("Empty")).seal("request", "list")
    assert (status, "holds no Administrator ID" in said) == (1, True), said
    status, said = shell(served, tmp_path, "").seal("card", "list", "/usr/lib/softhsm/libsofthsm2.so")
    assert (status, "Empty" in said) == (0, True), said


def test_an_unused_key_is_used_again_after_an_error(
    served: Served, rest: RestRig, fox: AdministratorRig, hsm: SoftHsm, tmp_path: Path
) -> None:
    dana = shell(served, tmp_path, hsm.token("Dana"))
    status, _ = dana.seal("administrator", "enroll", "a" * 52)
    assert status == 1
    code = rest.service.invite(ORG, "Dana Scully", Role.AUDITOR, by=fox).code
    assert dana.seal("administrator", "enroll", code)[0] == 0
    assert hsm.objects("Dana", "privkey").count("Private Key Object") == 1


def _fingerprint(folder: Path) -> str:
    [certificate] = (folder / "home").rglob("administrator.pem")
    der = base64.b64decode("".join(certificate.read_text().splitlines()[1:-1]))
    return hashlib.sha256(der).hexdigest()

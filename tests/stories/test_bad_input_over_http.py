"""What people send by mistake, over HTTP against real processes: a clear sentence, the right status, nothing lost.

The forms of CSRs, private keys where they do not belong, limits, names of others. tests/rigs/live_people.py fails a test at any
5xx but 503, wherever it comes up.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7

from tests.rigs.live_people import LiveOrganization
from tests.rigs.service import SubjectKey, make_csr, make_key
from tests.stories.conftest import World

HOST = "www.untidy.test"

on_sqlite = pytest.mark.parametrize("world", ["sqlite"], indirect=True, scope="session")


@pytest.fixture(scope="module")
def untidy(world: World) -> LiveOrganization:
    """An organization whose people send all of this."""
    return world.provider.found("untidy", "Untidy Ltd.", "untidy.test", units=50)


def pem_of(key: SubjectKey, form: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8) -> str:
    """A private key as tools write it."""
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def refused_requests(company: LiveOrganization, body: dict[str, object], kind: str, *, status: int = 422) -> str:
    """Send a request that must be refused for this kind of reason and leave no trace; its sentence."""
    before = company.token.get(f"{company.path}/requests")["items"]
    problem = company.token.refused(f"{company.path}/requests", body, status=status)
    assert problem["kind"] == kind, problem
    assert company.token.get(f"{company.path}/requests")["items"] == before
    assert company.units()[:2] == (0, 0)
    return str(problem["detail"])


@on_sqlite
def test_what_is_no_csr_is_told_by_its_name(untidy: LiveOrganization, subtests: pytest.Subtests) -> None:
    issuing = untidy.admin.rest.get("/service")["issuing_pem"]
    certificate = x509.load_pem_x509_certificate(issuing.encode())
    archive = pkcs7.serialize_certificates([certificate], serialization.Encoding.PEM).decode()
    csr = make_csr([HOST], make_key())
    wrong = {
        "a certificate": (issuing, "csr-is-certificate"),
        "PKCS#7": (archive, "csr-is-pkcs7"),
        "two requests": (csr + make_csr([HOST], make_key()), "csr-several"),
        "UTF-16": (csr.encode("utf-16").decode("latin-1"), "csr-utf-16"),
        "nothing": ("", "csr-empty"),
        "cut off": (csr[: len(csr) // 2], "csr-cut-off"),
        "a word": ("certificate please", "csr-not-a-request"),
    }
    for what, (text, kind) in wrong.items():
        with subtests.test(what):
            sentence = refused_requests(untidy, untidy.form(text), kind, status=400)
            assert len(sentence) > 30


@on_sqlite
def test_what_only_looks_odd_is_taken(untidy: LiveOrganization, subtests: pytest.Subtests) -> None:
    odd: dict[str, Callable[[str], str]] = {
        "CRLF": lambda text: text.replace("\n", "\r\n"),
        "trailing blanks": lambda text: "".join(f"{line}  \t\n" for line in text.splitlines()) + "\n \n",
        "text before and after": lambda text: f"Certificate Request:\n    Data: ...\n{text}\nBest regards\n",
        "a byte order mark": lambda text: "\ufeff" + text,
        "an old begin line": lambda text: text.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"),
    }
    for what, change in odd.items():
        with subtests.test(what):
            request = untidy.submit(change(make_csr([HOST], make_key())))
            assert (request["state"], request["names"]) == ("pending", [f"dns:{HOST}"])
            untidy.token.post(f"{untidy.path}/requests/{request['id']}/withdrawal", {"phrase": "blue kettle 9"})


@on_sqlite
def test_too_many_servers_or_names(untidy: LiveOrganization) -> None:
    csr = make_csr([HOST], make_key())
    servers = [f"web-server:w{number}.untidy.test" for number in range(21)]
    sentence = refused_requests(untidy, untidy.form(csr, endpoints=servers), "too-many-endpoints")
    assert "20" in sentence
    names = [f"n{number}.untidy.test" for number in range(101)]
    sentence = refused_requests(untidy, untidy.form(make_csr(names, make_key())), "too-many-names")
    assert "100" in sentence
    request = untidy.submit(make_csr(names[:100], make_key()), endpoints=servers[:20])
    assert (len(request["names"]), len(request["endpoints"])) == (100, 20)


@on_sqlite
def test_each_name_outside_is_named(untidy: LiveOrganization) -> None:
    outside = ["www.bank.test", "untidy.test.evil.test", "eviluntidy.test"]
    sentence = refused_requests(untidy, untidy.form(make_csr([HOST, *outside], make_key())), "name-not-validated")
    for name in outside:
        assert name in sentence
    assert HOST not in sentence


@on_sqlite
def test_a_private_key_is_refused_forgotten_and_never_certified(world: World, untidy: LiveOrganization, subtests: pytest.Subtests) -> None:
    keys = {place: make_key() for place in ("instead", "beside", "comment", "contact_name", "server_platform", "traditional")}
    csrs = {place: make_csr([HOST], key) for place, key in keys.items()}
    forms = {
        "instead": untidy.form(pem_of(keys["instead"])),
        "beside": untidy.form(csrs["beside"] + pem_of(keys["beside"])),
        "traditional": untidy.form(pem_of(keys["traditional"], serialization.PrivateFormat.TraditionalOpenSSL) + csrs["traditional"]),
        **{field: untidy.form(csrs[field], **{field: pem_of(keys[field])}) for field in ("comment", "contact_name", "server_platform")},
    }
    for place, form in forms.items():
        with subtests.test(place):
            sentence = refused_requests(untidy, form, "private-key-found")
            assert "replace it" in sentence
            assert "BEGIN" not in sentence
    for place, csr in csrs.items():
        with subtests.test(f"a later CSR of the key sent as {place}"):
            refused_requests(untidy, untidy.form(csr), "key-blocked")
    for key in keys.values():
        require_nowhere(world, key)


def require_nowhere(world: World, key: SubjectKey) -> None:
    """Neither a file of the service (database, log, audit) nor anything that it wrote out has any part of the key."""
    lines = [line for line in pem_of(key).splitlines() if not line.startswith("-----")]
    number = key.private_numbers().private_value.to_bytes(32)  # type: ignore[union-attr] # all of these are P-256
    parts = [lines[0].encode()[-40:], lines[1].encode()[:40], number, number.hex().encode()]
    kept = {"output": world.service.output.encode()}
    for path in world.service.settings.data.rglob("*"):
        # A file that is just being replaced may be gone again.
        with suppress(FileNotFoundError):
            if path.is_file():
                kept[str(path)] = path.read_bytes()
    assert any(b"Untidy Ltd." in content for content in kept.values()), "the database is among what was searched"
    assert [place for place, content in kept.items() if any(part in content for part in parts)] == []

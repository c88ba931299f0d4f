"""Private keys are found in every form in which people paste them, and never where there are none."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import time
from pathlib import Path

import cryptography_vectors
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from hypothesis import given
from hypothesis import strategies as st

from privyseal.engine.lax_csr import element
from privyseal.engine.private_keys import FoundPrivateKey, PrivateKeyFound, find_private_keys, refuse_private_keys
from tests.engine.sample_csrs import SEQUENCE, SigningKey, ed25519_key, integer, p256_key, request_der, request_pem, rsa_key, spki_of

VECTORS = Path(cryptography_vectors.__file__).parent

KEYS: dict[str, SigningKey] = {"rsa": rsa_key(), "p256": p256_key(), "ed25519": ed25519_key()}
CLEAR_FORMS = [
    (name, form)
    for name in KEYS
    for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL, PrivateFormat.OpenSSH)
    if (name, form) != ("ed25519", PrivateFormat.TraditionalOpenSSL)
]


def _pem(key: SigningKey, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def _digest(key: SigningKey) -> bytes:
    return hashlib.sha256(spki_of(key)).digest()


def _bare(pem: str) -> str:
    return "\n".join(line for line in pem.splitlines() if not line.startswith("-----"))


@pytest.mark.parametrize(("name", "form"), CLEAR_FORMS, ids=lambda value: str(getattr(value, "name", value)))
def test_a_key_in_pem_is_found_with_its_hash(name: str, form: PrivateFormat) -> None:
    key = KEYS[name]
    pem = _pem(key, form)
    found = (FoundPrivateKey(_digest(key)),)
    assert find_private_keys(pem) == found
    assert find_private_keys(pem.encode()) == found


@pytest.mark.parametrize("name", KEYS)
def test_a_key_survives_what_mails_forms_and_editors_do_to_it(name: str) -> None:
    key = KEYS[name]
    pem = _pem(key)
    found = (FoundPrivateKey(_digest(key)),)
    changed = {
        "CRLF": pem.replace("\n", "\r\n"),
        "one line": pem.replace("\n", " "),
        "JSON": json.dumps({"key": pem}),
        "quoted mail": "> " + pem.replace("\n", "\n> "),
        "indented": "    " + pem.replace("\n", "\n    "),
        "pretty dashes": pem.replace("-----", "—–"),
        "lower case": pem.replace("BEGIN PRIVATE KEY", "begin private key"),
        "no end": pem[: pem.index("-----END")],
        "comment around it": "Hello, here is my key:\n" + pem + "Thanks, Anna",
        "beside a request": request_pem(p256_key()).decode() + pem,
        "headers": pem.replace("KEY-----\n", "KEY-----\nComment: server key\n\n", 1),
        "no lines around it": "my key is\n" + _bare(pem) + "\nthanks",
        "no line breaks at all": _bare(pem).replace("\n", ""),
        "labelled as a request": "-----BEGIN CERTIFICATE REQUEST-----\n" + _bare(pem) + "\n-----END CERTIFICATE REQUEST-----\n",
        "with NULs": pem.replace("K", "K\0"),
    }
    for what, text in changed.items():
        assert find_private_keys(text) == found, what
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"):
        assert find_private_keys(pem.encode(encoding)) == found, encoding


@pytest.mark.parametrize("name", KEYS)
def test_a_key_in_der_is_found_with_its_hash(name: str) -> None:
    key = KEYS[name]
    data = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert find_private_keys(data) == (FoundPrivateKey(_digest(key)),)
    assert find_private_keys(data + b"\n") == (FoundPrivateKey(_digest(key)),)


def test_encrypted_keys_are_found_without_a_hash() -> None:
    secret = BestAvailableEncryption(b"secret")
    unknown = (FoundPrivateKey(None),)
    for key in (p256_key(), rsa_key()):
        assert find_private_keys(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret)) == unknown
        assert find_private_keys(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, secret)) == unknown
        assert find_private_keys(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, secret)) == unknown
    archive = pkcs12.serialize_key_and_certificates(b"server", p256_key(), None, None, secret)
    assert find_private_keys(archive) == unknown
    assert find_private_keys("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n") == unknown
    assert find_private_keys("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ==\n-----END PGP PRIVATE KEY BLOCK-----\n") == unknown


def test_keys_by_the_tools_of_a_server(tmp_path: Path) -> None:
    commands = [
        ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "rsa"],
        ["openssl", "genrsa", "-traditional", "-out", "traditional", "2048"],
        ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-out", "ec"],
        ["openssl", "genpkey", "-algorithm", "ed25519", "-out", "ed"],
        ["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-C", "", "-f", "ssh"],
    ]
    for command in commands:
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
        path = tmp_path / command[-2 if command[-1] == "2048" else -1]
        found = find_private_keys(path.read_text())
        assert len(found) == 1
        if path.name == "ssh":
            assert found[0].spki_sha256 is not None
        else:
            spki = subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
            assert found[0].spki_sha256 == hashlib.sha256(spki).digest()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", "locked"], cwd=tmp_path, check=True, capture_output=True)
    assert find_private_keys((tmp_path / "locked").read_text()) == (FoundPrivateKey(None),)


@pytest.mark.filterwarnings("ignore")  # The library warns about some of the old kinds of keys.
def test_all_private_keys_of_the_corpus_are_found() -> None:
    """Every file of cryptography_vectors that has a begin line of a private key, 150 and more of them."""
    count = 0
    for path in sorted((VECTORS / "asymmetric").rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        if b"-----BEGIN" in data and b"PRIVATE KEY-----" in data:
            count += 1
            assert find_private_keys(data), path
            assert find_private_keys(data.decode("latin-1")), path
    assert count > 100


def test_several_keys_are_all_found() -> None:
    text = "".join(_pem(key) for key in KEYS.values())
    assert {key.spki_sha256 for key in find_private_keys(text)} == {_digest(key) for key in KEYS.values()}
    assert len(find_private_keys(_pem(p256_key()) * 100)) == 1


def test_nobody_can_block_the_key_of_somebody_else() -> None:
    """The public half of a victim in the shape of a private key gives no hash of the victim's key."""
    victim = rsa_key().public_key().public_numbers()
    own = rsa.generate_private_key(65537, 1024).private_numbers()
    for factors in ((own.p, own.q), (1, victim.n), (victim.n, 1), (0, 0), (victim.n + 1, 1)):
        numbers = (0, victim.n, victim.e, own.d, *factors, own.dmp1, own.dmq1, own.iqmp)
        forged = element(SEQUENCE, b"".join(map(integer, numbers)))
        assert find_private_keys(forged) == (FoundPrivateKey(None),)
    pem = _pem(p256_key(), PrivateFormat.TraditionalOpenSSL)
    mine = bytearray(base64.b64decode(_bare(pem)))
    mine[-64:] = spki_of(ec.generate_private_key(ec.SECP256R1()))[-64:]
    assert find_private_keys(bytes(mine)) == (FoundPrivateKey(None),)


def test_the_refusal_says_what_to_do_and_nothing_of_the_key() -> None:
    pem = _pem(p256_key())
    with pytest.raises(PrivateKeyFound) as refusal:
        refuse_private_keys("a comment\n" + pem, field="comment")
    assert refusal.value.kind == "private-key-found"
    assert refusal.value.field == "comment"
    assert refusal.value.spki_sha256 == (_digest(p256_key()),)
    assert "Make a new key" in refusal.value.sentence
    for line in _bare(pem).splitlines():
        assert line not in str(refusal.value) + repr(refusal.value.args)


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_requests_certificates_and_public_keys_are_no_private_keys(key: SigningKey) -> None:
    refuse_private_keys(request_pem(key))
    refuse_private_keys(request_der(key))
    refuse_private_keys(spki_of(key))
    refuse_private_keys(base64.b64encode(spki_of(key)).decode())


def test_ordinary_text_is_no_private_key() -> None:
    for text in (
        "",
        "Where do I find my private key?",
        "Please begin. PRIVATE KEY ceremony is on Monday -- bring the KEY",
        "MIIB is how a request begins",
        "MHcCAQEE but not more",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "Marketing, MIT 4.02, room MC4CAQAw",
    ):
        assert find_private_keys(text) == ()
        refuse_private_keys(text.encode())


def test_public_files_of_the_corpus_are_no_private_keys() -> None:
    count = 0
    for path in sorted((VECTORS / "x509").rglob("*")):
        data = path.read_bytes() if path.is_file() else b""
        if path.suffix in {".pem", ".der", ".crt", ".crl"} and b"PRIVATE" not in data:
            count += 1
            assert find_private_keys(data) == (), path
    assert count > 700


@given(st.binary(max_size=400) | st.text(max_size=400))
def test_any_content_is_searched_without_an_error(content: bytes | str) -> None:
    find_private_keys(content)


@given(st.sampled_from(CLEAR_FORMS), st.integers(0), st.integers(1, 255))
def test_a_damaged_key_is_still_a_key(name_and_form: tuple[str, PrivateFormat], at: int, change: int) -> None:
    name, form = name_and_form
    pem = _pem(KEYS[name], form)
    body = bytearray(base64.b64decode(_bare(pem)))
    body[at % len(body)] ^= change
    first, last = pem.splitlines()[0], pem.splitlines()[-1]
    assert find_private_keys(f"{first}\n{base64.encodebytes(bytes(body)).decode()}{last}\n")
    find_private_keys(bytes(body))


def test_hostile_text_costs_little() -> None:
    """Begin lines, dashes, prefixes and keys by the thousand in 64 KiB, and 1 MB of free text: each well below 0.25 s."""
    key = _pem(ec.generate_private_key(ec.SECP521R1()))
    rsa_pem = _pem(rsa_key())
    begin = "-----BEGIN PRIVATE KEY-----"
    for text in (
        "-" * 65536,
        begin * 2400,
        "- BEGIN " * 8000,
        "MIIEvAIBAD" * 6500,
        "M" * 65536,
        key * 80,
        rsa_pem * 40,
        "-----BEGIN " + "A " * 30000,
        "x" * 10**6,
    ):
        assert min(_cost(text) for _ in range(3)) < 0.25


def _cost(text: str) -> float:
    start = time.process_time()
    find_private_keys(text)
    return time.process_time() - start

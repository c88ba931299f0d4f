"""The Administrator ID: loaded, refused, and signing what openssl verifies."""

from __future__ import annotations

import base64
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from privyseal_agent.errors import Refused
from privyseal_agent.keys import private_key
from privyseal_agent.keys.administrator_id import load
from privyseal_wire.cms import signer_fingerprint, verify_attached
from tests.agent import authority
from tests.agent.authority import DAY, Holder

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def ada() -> Holder:
    return authority.make_server(authority.make_root("Administrators CA"), ("Ada Example",), life=(-DAY, 30 * DAY))


def test_what_it_signs_verifies(tmp_path: Path, ada: Holder) -> None:
    identity = load(*authority.write_files(tmp_path, ada), None)
    assert identity.name == "Ada Example"
    assert identity.not_after == ada.certificate.not_valid_after_utc
    signature = base64.b64decode(identity.sign(b"content", NOW))
    assert signer_fingerprint(signature).hex() == identity.sha256
    signed = verify_attached(signature, signer_certificate_der=identity.certificate_der)
    assert signed.content == b"content"
    assert signed.signing_time == NOW
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-noverify"]
    assert subprocess.run(command, input=signature, capture_output=True, check=True, timeout=30).stdout == b"content"


def test_the_key_does_not_show_itself(tmp_path: Path, ada: Holder) -> None:
    assert "PrivateKey" not in repr(load(*authority.write_files(tmp_path, ada), None))


def test_an_expired_one_signs_nothing(tmp_path: Path, ada: Holder) -> None:
    identity = load(*authority.write_files(tmp_path, ada), None)
    with pytest.raises(Refused, match="Your Administrator ID expired on"):
        identity.sign(b"content", NOW + timedelta(days=31))


def test_an_encrypted_key(tmp_path: Path, ada: Holder) -> None:
    certificate, _ = authority.write_files(tmp_path, ada)
    key = tmp_path / "encrypted.key"
    private_key.save(key, ada.key, "correct horse battery", os.urandom)
    assert load(certificate, key, "correct horse battery").name == "Ada Example"
    with pytest.raises(Refused, match="is encrypted"):
        load(certificate, key, None)


def test_pairs_and_files_that_do_not_fit(tmp_path: Path, ada: Holder) -> None:
    certificate, key = authority.write_files(tmp_path, ada)
    other, other_key = authority.write_files(tmp_path, authority.make_self_signed(), "other")
    with pytest.raises(Refused, match="does not belong to the certificate"):
        load(certificate, other_key, None)
    with pytest.raises(Refused, match="is no certificate in PEM"):
        load(key, key, None)
    with pytest.raises(Refused, match="There is no file"):
        load(tmp_path / "missing.pem", key, None)
    assert load(other, other_key, None).name == "www.acme.test"

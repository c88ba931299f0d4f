"""Options before environment before settings file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from privyseal_agent.errors import Refused, SealError, UsageError
from privyseal_agent.settings import ServiceOptions, Settings, require_address, resolve, settings_file


def write_settings(folder: Path, text: str, mode: int = 0o600) -> Mapping[str, str]:
    path = folder / ".config" / "seal" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    path.chmod(mode)
    return {"HOME": str(folder)}


def test_nothing_said_is_nothing_known(tmp_path: Path) -> None:
    assert resolve(ServiceOptions(), {"HOME": str(tmp_path)}) == Settings()


def test_the_nearer_wins(tmp_path: Path) -> None:
    home = write_settings(tmp_path, 'service = "https://file.test"\norganization = "file"\nroot = "root.pem"\n')
    environment = {**home, "SEAL_SERVICE": "https://environment.test", "SEAL_ORGANIZATION": "environment"}
    found = resolve(ServiceOptions(service="https://option.test"), environment)
    assert (found.service, found.organization) == ("https://option.test", "environment")
    assert found.root == tmp_path / ".config" / "seal" / "root.pem"  # Relative to the file.


def test_an_empty_variable_says_nothing(tmp_path: Path) -> None:
    home = write_settings(tmp_path, 'service = "https://file.test"\n')
    assert resolve(ServiceOptions(), {**home, "SEAL_SERVICE": ""}).service == "https://file.test"


def test_who_speaks_is_taken_from_one_place(tmp_path: Path) -> None:
    home = write_settings(tmp_path, 'certificate = "a.pem"\nkey = "a.key"\npassphrase_file = "phrase"\n')
    found = resolve(ServiceOptions(token_file=Path("token")), home)
    assert (found.certificate, found.key, found.token_file) == (None, None, Path("token"))
    own = resolve(ServiceOptions(), home)
    assert own.certificate == tmp_path / ".config/seal/a.pem"
    assert own.passphrase_file == tmp_path / ".config/seal/phrase"
    assert own.has_identity()


def test_half_an_identity(tmp_path: Path) -> None:
    found = resolve(ServiceOptions(key=Path("a.key")), {"HOME": str(tmp_path)})
    with pytest.raises(UsageError, match="Give both --certificate and --key"):
        found.has_identity()


def test_where_the_file_is() -> None:
    assert settings_file({"HOME": "/home/ada"}) == Path("/home/ada/.config/seal/config.toml")
    assert settings_file({"HOME": "/home/ada", "XDG_CONFIG_HOME": "/x"}) == Path("/x/seal/config.toml")
    assert settings_file({"SEAL_CONFIG": "/etc/seal.toml"}) == Path("/etc/seal.toml")


def test_a_named_file_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="There is no file"):
        resolve(ServiceOptions(), {"SEAL_CONFIG": str(tmp_path / "missing.toml")})


@pytest.mark.parametrize(
    ("text", "mode", "sentence"),
    [
        ("service = https://x", 0o600, "is not TOML"),
        ('servise = "https://x"', 0o600, "unknown name servise. Known are service, organization"),
        ("service = 7", 0o600, "service is not a text"),
        ('organization = ""', 0o600, "organization is not a text"),
        ('service = "https://x"', 0o644, "chmod 600"),
    ],
)
def test_a_settings_file_out_of_form(tmp_path: Path, text: str, mode: int, sentence: str) -> None:
    with pytest.raises(SealError, match=sentence):
        resolve(ServiceOptions(), write_settings(tmp_path, text, mode))


@pytest.mark.parametrize(
    "address", ["https://pki.test", "https://pki.test:8443", "https://127.0.0.1:8443/", "https://[::1]:8443", "https://pki.test/sub"]
)
def test_addresses(address: str) -> None:
    assert require_address(address) == address.rstrip("/")


@pytest.mark.parametrize(
    "address",
    ["pki.test", "http://pki.test", "https://", "https://pki.test:x", "https://ada@pki.test", "https://pki.test?x", "https://[::1"],
)
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(UsageError, match="is not an address of the form"):
        require_address(address)


def test_what_is_missing_is_asked_for() -> None:
    with pytest.raises(UsageError, match="--service"):
        Settings().require_service()
    with pytest.raises(UsageError, match="--organization"):
        Settings().require_organization()
    with pytest.raises(UsageError, match="is not the short name"):
        Settings(organization="../acme").require_organization()
    assert Settings(organization="acme", service="https://pki.test/").require_service() == "https://pki.test"

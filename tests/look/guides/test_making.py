"""The commands that make a key and a CSR work as they stand, and nothing but host names gets into them."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from privyseal.engine.csr import read_csr
from privyseal.engine.submission import read_names
from privyseal.look.guides.making import steps_to_make, wants_elliptic
from privyseal.look.guides.platforms import Platform
from privyseal.model.profile import KeyAlgorithm

NAMES = ("www.acme.test", "*.shop.acme.test", "acme.test")
LONG = f"{'a' * 60}.acme.test"


@pytest.mark.parametrize("names", [NAMES, (NAMES[1],), (LONG,)])
@pytest.mark.parametrize(("elliptic", "algorithm"), [(True, KeyAlgorithm.P256), (False, KeyAlgorithm.RSA)])
def test_openssl_makes_what_the_page_says(names: tuple[str, ...], elliptic: bool, algorithm: KeyAlgorithm, tmp_path: Path) -> None:  # noqa: FBT001 - a case
    lines = [line for step in steps_to_make(Platform.NGINX, names, elliptic=elliptic) for line in step.lines]
    made = subprocess.run(["bash", "-euc", "\n".join(lines)], cwd=tmp_path, check=True, capture_output=True, text=True)
    csr = read_csr(made.stdout.encode())
    assert (read_names(csr)[0], csr.key.algorithm) == (names, algorithm)
    [key] = tmp_path.glob("*.key")
    assert key.stat().st_mode & 0o077 == 0, "the commands make the key for its owner alone"


DAY = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def run(platform: Platform, folder: Path, day: datetime | None = None) -> str:
    """Run the commands of the page as somebody pastes them, and return what they print."""
    lines = [line for step in steps_to_make(platform, ("www.acme.test",), day=day) for line in step.lines]
    return subprocess.run(["bash", "-uc", "\n".join(lines)], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_no_command_writes_over_a_key_in_use(tmp_path: Path) -> None:
    first = run(Platform.NGINX, tmp_path)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(made) == {"www.acme.test.key", "www.acme.test.csr"}
    again = run(Platform.NGINX, tmp_path)
    assert "www.acme.test.key exists already, so nothing was made" in again
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == made
    assert first in again, "the CSR that was made before is shown"
    # A replacement has files of its own beside those that are in use.
    run(Platform.NGINX, tmp_path, DAY)
    assert {path.name for path in tmp_path.iterdir()} == {*made, "www.acme.test.2026-11-22.key", "www.acme.test.2026-11-22.csr"}
    assert {name: (tmp_path / name).read_bytes() for name in made} == made


@pytest.mark.parametrize("platform", list(Platform))
def test_every_way_looks_first(platform: Platform) -> None:
    text = "\n".join(step.text for step in steps_to_make(platform, NAMES, elliptic=False, day=DAY))
    assert "exists already" in text
    assert text.count("www.acme.test.2026-11-22.") >= 2


@pytest.mark.parametrize("platform", list(Platform))
@pytest.mark.parametrize("elliptic", [True, False])
@pytest.mark.parametrize("names", [NAMES, (LONG,)])
def test_every_kind_of_server_names_every_name(platform: Platform, elliptic: bool, names: tuple[str, ...]) -> None:  # noqa: FBT001 - a case
    text = "\n".join(step.text for step in steps_to_make(platform, names, elliptic=elliptic))
    assert all(name in text for name in names)
    assert f"CN={LONG}" not in text, "a common name has at most 64 characters"


@pytest.mark.parametrize(
    "name", ["", "a b", "$(id).acme.test", "`id`", 'a".test', "a;b.test", "a\nb.test", "A.test", "a&b.test", "%x%.test"]
)
@pytest.mark.parametrize("platform", [Platform.NGINX, Platform.IIS, Platform.EXCHANGE])
def test_nothing_but_host_names_gets_into_a_command(name: str, platform: Platform) -> None:
    with pytest.raises(ValueError, match="host names"):
        steps_to_make(platform, ["www.acme.test", name])
    with pytest.raises(ValueError, match="host names"):
        steps_to_make(platform, [])


def test_exchange_prefers_rsa_where_it_may() -> None:
    assert wants_elliptic(Platform.NGINX, p256=True, rsa=True)
    assert not wants_elliptic(Platform.EXCHANGE, p256=True, rsa=True)
    assert wants_elliptic(Platform.EXCHANGE, p256=True, rsa=False)
    assert not wants_elliptic(Platform.NGINX, p256=False, rsa=True)

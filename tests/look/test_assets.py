"""What the browser loads: small, compressed as it asks for, under addresses that change with the content."""

from __future__ import annotations

import gzip
import hashlib
import re

import pytest

from privyseal.look.assets import PREFIX, STATIC, address_of, assets

FIRST_VIEW = ("bootstrap.css", "privyseal.css", "theme.js", "page.js", "mark.svg")


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [
        ("br, gzip", "br"),
        ("gzip, br", "br"),
        ("GZIP, BR", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0.5, gzip;q=1", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br; q=0 , gzip", "gzip"),
        ("br;q=0.0, gzip", "gzip"),
        ("br;q=0.000, gzip;q=0.001", "gzip"),
        ("br;q=0, gzip;Q=0.00", ""),
        ("br;q=2, gzip;q=x", ""),
        ("br;x=1", ""),
        ("zstd, deflate, x-gzip", ""),
        ("identity", ""),
        ("brotli", ""),
        ("*", ""),
        ("", ""),
        (",;,=,;q=1", ""),
        ("\x00\xff;q=\u0661", ""),
        ("br" * 100_000, ""),
        (", " * 100_000 + "br", ""),
    ],
)
def test_the_smallest_form_that_the_client_takes(accepts: str, encoding: str) -> None:
    asset = assets()["bootstrap.css"]
    data, chosen = asset.best(accepts)
    assert chosen == encoding
    assert data == (asset.encoded[encoding] if encoding else asset.plain)


def test_every_form_is_the_same_file() -> None:
    for asset in assets().values():
        assert gzip.decompress(asset.encoded["gzip"]) == asset.plain, asset.name
        assert asset.address == f"{PREFIX}/{hashlib.sha256(asset.plain).hexdigest()[:12]}/{asset.name}"
        assert asset.media_type.startswith(("text/css", "text/javascript", "image/svg+xml"))
        assert address_of(asset.name) == asset.address


def test_nothing_but_styles_scripts_and_pictures_is_given_out() -> None:
    known = {path.name for path in STATIC.rglob("*") if path.suffix in {".css", ".js", ".svg"}}
    assert set(assets()) == known
    assert not [name for name in assets() if name.endswith((".br", ".gz", ".json", ".py"))]
    with pytest.raises(KeyError):
        address_of("../rendering.py")


def test_the_first_view_loads_at_most_sixty_kilobytes() -> None:
    """The styles, the scripts of every page and the mark; the page itself is measured by the figure PAGES."""
    size = {name: len(assets()[name].best("br, gzip")[0]) for name in FIRST_VIEW}
    assert sum(size.values()) <= 45 * 1024, size


def test_without_scripts_dark_has_the_same_tokens() -> None:
    styles = (STATIC / "privyseal.css").read_text()
    chosen = re.search(r'^\[data-bs-theme="dark"\] \{\n(.*?)^\}', styles, re.DOTALL | re.MULTILINE)
    wished = re.search(r"^@media \(prefers-color-scheme: dark\) \{\n  \.no-script \{\n(.*?)^  \}", styles, re.DOTALL | re.MULTILINE)
    assert chosen
    assert wished
    assert chosen[1].split() == wished[1].split()

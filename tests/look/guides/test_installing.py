"""Installation steps: names of files are plain, and everybody gets the steps of his own kind of server."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from privyseal.look.guides.installing import guide_for, guides, key_sentences
from privyseal.look.guides.platforms import Platform, platform_of, title
from privyseal.look.guides.steps import file_stem


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("www.acme.test", "www.acme.test"),
        ("*.acme.test", "wildcard.acme.test"),
        ("xn--bcher-kva.test", "xn--bcher-kva.test"),
        ("../../etc/passwd", "etc-passwd"),
        ("A B;rm -rf", "a-b-rm--rf"),
        ("...", "certificate"),
        (".".join(["a" * 40] * 6), f"{'a' * 40}.{'a' * 7}"),
    ],
)
def test_file_names_are_plain(name: str, stem: str) -> None:
    assert file_stem(name) == stem


def test_a_replacement_has_files_of_its_own() -> None:
    assert file_stem("*.acme.test", datetime(2026, 11, 22, tzinfo=UTC)) == "wildcard.acme.test.2026-11-22"


@pytest.mark.parametrize(
    ("written", "programs"),
    [
        ("nginx", ["nginx"]),
        ("Apache 2.4", ["Apache"]),
        ("httpd", ["Apache"]),
        ("Apache Tomcat 10", ["Tomcat,"]),
        ("Microsoft-IIS/10.0", ["Microsoft"]),
        ("exchange", ["Microsoft"]),
        ("haproxy", ["HAProxy"]),
        ("dovecot", ["Postfix,"]),
        ("other", ["nginx", "Apache"]),
        ("", ["nginx", "Apache"]),
    ],
)
def test_everybody_gets_the_steps_of_his_own_server(written: str, programs: list[str]) -> None:
    assert [guide.program.split()[0] for guide in guides("www.acme.test", written)] == programs


@pytest.mark.parametrize("platform", list(Platform))
def test_every_kind_of_server_has_steps_with_its_files(platform: Platform) -> None:
    guide = guide_for("www.acme.test", platform)
    assert guide.program
    assert title(platform)
    assert platform_of(platform.value) is platform
    text = "\n".join(f"{step.sentence}\n{step.text}" for step in guide.steps)
    assert "www.acme.test" in text
    assert "{" not in text


def test_the_key_is_named_and_never_handed_out() -> None:
    assert "www.acme.test.key" in key_sentences("www.acme.test", "nginx")[0]
    for windows in ("iis", "exchange"):
        assert not any("root" in sentence or ".key" in sentence for sentence in key_sentences("www.acme.test", windows))

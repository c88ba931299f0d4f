"""docs/reference/seal.md says what the command says of itself."""

from __future__ import annotations

from pathlib import Path

from privyseal_agent.reference import reference_markdown

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "seal.md"


def test_the_page_is_up_to_date() -> None:
    # The page may begin with a line that says who wrote it.
    assert PAGE.read_text(encoding="utf-8").endswith(reference_markdown()), "scripts/docs --write writes docs/reference/seal.md anew"


def test_the_text_is_the_same_every_time() -> None:
    assert reference_markdown() == reference_markdown()


def test_commands_and_options_are_there() -> None:
    text = reference_markdown()
    assert "### seal request approve\n" in text
    assert "seal audit verify EXPORT --checkpoint FILE --key TEXT [--tiles FILE]\n" in text
    assert "seal token create NAME --scope read|submit|read-audit... [--days NUMBER] [--out FILE]\n" in text
    assert "seal key new NAMES..." in text
    assert "Parameters" not in text
    assert "| `--service TEXT` | Address of the service" in text

"""The documentation cannot drift: links resolve, generated pages are current, every dependency and every figure has its words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

from docs.generators.pages import REFERENCE, generators, render
from privyseal.store.failpoints import POINTS

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts),
]
LINK = re.compile(r"\[(?:[^\]]|\n)*?\]\(([^)\s]+)\)")
PLACES = (ROOT, ROOT / "src" / "privyseal", ROOT / "src")
FILE = re.compile(r"`((?:[\w.]+/)*\w+\.py)`(?: `(\w+)`)?")


def names(pages: Iterable[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in pages]


def prose(page: Path) -> str:
    """The page without its code, in which brackets and hashes mean something else."""
    return re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings as MyST and GitHub make them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def undocumented(wanted: Iterable[str], page: Path) -> list[str]:
    """Which of the names (settings, commands, routes, kinds) do not stand on the page as `code` or in a heading."""
    text = page.read_text(encoding="utf-8")
    said = set(re.findall(r"`([^`\n]+)`", text)) | set(re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE))
    return [name for name in wanted if name not in said]


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_links_inside_resolve(page: Path) -> None:
    broken = []
    for link in LINK.findall(prose(page)):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_files_and_functions_that_a_page_names_exist(page: Path) -> None:
    """A page says `actions/request/submit_request.py` `submit_request`; a test that a claim names is such a file too."""
    missing = []
    for file, name in FILE.findall(page.read_text(encoding="utf-8")):
        found = next((place / file for place in PLACES if (place / file).is_file()), None)
        defined = rf"^\s*(?:async def|def|class) {name}\b"
        if found is None or (name and not re.search(defined, found.read_text(encoding="utf-8"), re.MULTILINE)):
            missing.append((file, name))
    assert missing == []


def test_the_walk_names_every_failpoint() -> None:
    assert undocumented(POINTS, ROOT / "docs" / "developers" / "walk-of-a-certificate.md") == []


def test_the_threat_model_names_a_test_for_each_claim() -> None:
    """Rows of both tables end in the test that plays the attacker."""
    text = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    rows = [row for row in re.findall(r"^\| .+ \|$", text, flags=re.MULTILINE) if not row.startswith(("| | Claim", "| Attacker"))]
    assert len(rows) >= 15
    assert [row for row in rows if "`tests/" not in row.rsplit(" | ", 1)[-1]] == []


@pytest.mark.parametrize("page", generators())
def test_generated_pages_say_what_the_code_says(page: str) -> None:
    """`scripts/docs --write` mends this."""
    assert (REFERENCE / page).read_text(encoding="utf-8") == render(generators()[page])


def test_every_page_of_the_reference_is_generated() -> None:
    assert {path.name for path in REFERENCE.glob("*.md")} - {"index.md"} == set(generators())


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [re.split(r"[\[<>=~!]", requirement)[0] for requirement in project["dependencies"]]
    page = ROOT / "docs" / "dependencies.md"
    explained = re.findall(r"^\| `([^`]+)` \| .{10,} \| .{10,} \|$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(declared) == sorted(explained)


def test_every_secret_of_the_table_has_its_paragraph() -> None:
    """Who makes it, where it lies and who reads it stand in the table; replacement and thief in the paragraph."""
    page = ROOT / "docs" / "secrets.md"
    rows = re.findall(r"^\| \[([^\]]+)\]\(#", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(rows) >= 14
    for row in rows:
        paragraph = page.read_text(encoding="utf-8").partition(f"\n## {row}\n")[2].partition("\n## ")[0]
        assert "thief" in paragraph, row


def test_decisions_fit_a_page_and_say_what_they_cost() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    numbers = [int(path.name[:4]) for path in decisions]
    assert numbers == list(range(1, len(decisions) + 1))
    for path in decisions:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {path.name[:4]} ")
        assert len(text.split()) <= 450, f"{path.name} is longer than a page"
        for part in ("**Question.**", "**Choice.**", "**Cost.**"):
            assert part in text, f"{path.name} lacks {part}"


def test_the_readme_begins_with_the_two_commands() -> None:
    commands = re.findall(r"^(scripts/\w+)", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert commands[:2] == ["scripts/demo", "scripts/test"]


def test_every_script_is_known_to_developers() -> None:
    scripts = [f"scripts/{path.name}" for path in sorted((ROOT / "scripts").iterdir()) if path.suffix == ""]
    assert len(scripts) >= 6
    assert undocumented(scripts, ROOT / "docs" / "developers" / "index.md") == []


def test_every_rig_is_known_to_developers() -> None:
    rigs = [f"tests/rigs/{path.name}" for path in sorted((ROOT / "tests" / "rigs").glob("*.py")) if not path.name.startswith("test_")]
    assert undocumented(rigs, ROOT / "docs" / "developers" / "index.md") == []

"""The house rules that a machine can check and no linter does: sizes, names, one action per file, wings that come off.

Import directions are the contracts of pyproject.toml (proved to bite in tests/house/test_contracts.py); clocks, random
calls, mocks and prints are the ast-grep rules of tests/house/rules/.
"""

from __future__ import annotations

import ast
import io
import os
import re
import shutil
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
CODE = (SOURCE, ROOT / "tests", ROOT / "bench", ROOT / "docs" / "generators")
MODULE_LINES = 500
FUNCTION_LINES = 50
# House style 9: a thing without a home is a noun not yet named.
HOMELESS = {"util", "utils", "utilities", "helper", "helpers", "common", "base", "misc", "miscellaneous", "stuff", "lib"}
WINGS = [
    folder
    for room in ("doors", "pages", "features")
    for folder in sorted((SOURCE / "privyseal" / room).glob("*/"))
    if (folder / "__init__.py").exists()
]


def modules() -> Iterator[tuple[Path, str]]:
    """Every module of ours, but for migrations: they are lists of tables, and are never edited once they have run somewhere."""
    for place in CODE:
        for path in sorted(place.rglob("*.py")):
            if "versions" not in path.parts:
                yield path, path.read_text(encoding="utf-8")


def code_lines(text: str) -> int:
    """Lines that are neither blank nor a comment."""
    return sum(1 for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))


def function_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from def to end, without the docstring: a docstring is not code."""
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None and len(function.body) > 1:
        assert first.end_lineno is not None
        lines -= first.end_lineno - first.lineno + 1
    return lines


def test_modules_are_small() -> None:
    too_long = {str(path.relative_to(ROOT)): code_lines(text) for path, text in modules() if code_lines(text) > MODULE_LINES}
    assert too_long == {}


def test_functions_are_small() -> None:
    too_long = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": function_lines(node)
        for path, text in modules()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and function_lines(node) > FUNCTION_LINES
    }
    assert too_long == {}


def test_everything_has_a_name_of_its_own() -> None:
    homeless = [
        str(path.relative_to(ROOT))
        for path, _ in modules()
        if HOMELESS & {part for name in path.relative_to(ROOT).with_suffix("").parts for part in (name, *name.split("_"))}
    ]
    assert homeless == []


def test_each_action_file_is_one_sentence() -> None:
    """House style 3: ``approve_request.py`` has one public function, and it is called ``approve_request``."""
    wrong = {}
    for path in sorted((SOURCE / "privyseal" / "actions").glob("*/**/*.py")):
        if path.name == "__init__.py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        public = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[0] != "_"]
        if public != [path.stem]:
            wrong[path.name] = public
    assert wrong == {}


def test_actions_do_not_import_actions() -> None:
    """However deep they are grouped; the import contract says the same for folders of one level.

    What stands beside the folders is shared by actions and is none: the house, who is admitted, how approvals are judged, how passkeys
    are registered, how roles are given and how a credential ends, whether somebody really holds a right, what is counted of strangers,
    how control of a domain is validated, what CAA says, how trials begin, how first policies are stored, whom signed changes give a role,
    how changes get their signatures, what proves a policy, how a CA is paused and what proves that it goes on,
    how an account lives, how Administrator IDs are renewed, whom one may name, how a person is removed,
    how sessions are opened, how links with an own sign-on end, how something is moved, when an access review is finished, how the
    contact of an organization changes, which verdicts a CSR gets, and what a replacement has to keep to.
    """
    beside = ["house", "admission", "approving", "assigning", "caa", "entitlement", "registering", "strangers", "validating", "withdrawing"]
    beside += [
        "account_life",
        "authority_proof",
        "beginning_trials",
        "changing",
        "contacting",
        "judging",
        "linking",
        "moving",
        "opening",
        "pausing",
        "policy_proof",
        "reissuing",
        "renewing",
        "removing",
        "reviewing",
        "setting_up",
        "signed_changes",
        "vetted_identity",
    ]
    shared = tuple(f"privyseal.actions.{name}" for name in beside)
    wrong: list[str] = []
    for path in sorted((SOURCE / "privyseal" / "actions").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            found = {name for name in names if name.startswith("privyseal.actions.") and not name.startswith(shared)}
            wrong.extend(f"{path.name}: {name}" for name in found)
    assert wrong == []


def test_each_module_says_what_lives_there() -> None:
    """House style 26, and an empty package says why it is there."""
    silent = [
        str(path.relative_to(ROOT))
        for path, text in modules()
        if SOURCE in path.parents and len(ast.get_docstring(ast.parse(text)) or "") < 15
    ]
    assert silent == []


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK")) + r")\b")
    words = [
        (f"{path.relative_to(ROOT)}:{token.start[0]}", token.string)
        for path, text in modules()
        if marks.search(text)
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type in (tokenize.COMMENT, tokenize.STRING)
    ]
    words += [
        (str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
        for place in ("scripts", ".ci", "docs", "changelog.d")
        for path in sorted((ROOT / place).rglob("*"))
        if path.is_file() and path.suffix in {"", ".md", ".sh"} and "_build" not in path.parts
    ]
    assert [place for place, text in words if marks.search(text)] == []


def test_lock_files_have_hashes_and_no_addresses() -> None:
    """Locks name packages, versions and hashes; where they come from is the business of the machine that installs."""
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert {"runtime.txt", "dev.txt", "build.txt", "tools.txt"} <= {lock.name for lock in locks}
    for lock in locks:
        text = lock.read_text(encoding="utf-8")
        assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host|@ file", text), lock.name
        pins = re.findall(r"^(\S+)==\S+.*(\\)$", text, flags=re.MULTILINE)
        assert len(pins) == len(re.findall("^[A-Za-z0-9]", text, flags=re.MULTILINE)) > 0, lock.name
        assert text.count("--hash=sha256:") >= len(pins), lock.name
    assert not (ROOT / "uv.lock").exists()
    assert not any('"resolved"' in path.read_text(encoding="utf-8") for path in ROOT.glob("package-lock.json"))


def test_every_lint_exception_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    ruff = text[text.index("[tool.ruff.lint]") : text.index("[tool.ruff.lint.mccabe]")]
    without = [line for line in ruff.splitlines() if re.match(r'\s+"[A-Z]+\d*",', line) and "#" not in line]
    assert without == []


def test_changelog_fragments_belong_to_an_area() -> None:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["towncrier"]
    areas = {area["directory"] for area in configuration["type"]}
    fragments = [path.name for path in (ROOT / configuration["directory"]).iterdir() if path.name != "README.md"]
    assert [name for name in fragments if not re.fullmatch(rf"(\d+|\+[\w-]+)\.({'|'.join(areas)})(\.\d+)?\.md", name)] == []


START = """
import importlib, pkgutil, sys
import privyseal.app
assert privyseal.app.__file__.startswith(sys.argv[1]), privyseal.app.__file__
for module in pkgutil.walk_packages(privyseal.__path__, "privyseal."):
    if "__main__" not in module.name and ".migrations." not in module.name:
        importlib.import_module(module.name)
sys.argv = ["privyseal", "--help"]
privyseal.app.main()
"""


@pytest.mark.parametrize("wing", WINGS, ids=lambda wing: f"{wing.parent.name}/{wing.name}")
def test_a_wing_comes_off_without_a_trace(wing: Path, tmp_path: Path) -> None:
    """House style 5: in a copy without the folder every other module still imports and the program still starts."""
    copy = tmp_path / "src"
    # What is compiled already comes along, but for what another process is just writing.
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("*.pyc.*"))
    shutil.rmtree(copy / wing.relative_to(SOURCE))
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    result = subprocess.run(
        [sys.executable, "-c", START, str(copy)], env=environment, check=False, capture_output=True, text=True, cwd=tmp_path, timeout=120
    )
    assert result.returncode == 0, result.stderr


def test_there_are_wings_to_take_off() -> None:
    assert WINGS, "no folder under doors/, pages/ or features/ was found: the test above would check nothing"

"""The import contracts bite: in a copy of the tree with forbidden imports, import-linter finds each one under its contract.

A contract that nobody has seen fail may be checking nothing, for instance a room that was renamed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINTER = Path(sys.executable).parent / "lint-imports"
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
NAMES = {contract["id"]: contract["name"] for contract in CONTRACTS}

# Contract id, file to which a line is added (made when missing), the line, what import-linter says of it.
BREACHES = [
    ("one-way", "privyseal/model/errors.py", "import privyseal.actions", "privyseal.model is not allowed to import privyseal.actions"),
    ("one-way", "privyseal/store/__init__.py", "import privyseal.engine", "privyseal.store is not allowed to import privyseal.engine"),
    ("one-way", "privyseal/jobs/extra.py", "import privyseal.features", "privyseal.jobs is not allowed to import privyseal.features"),
    (
        "entrances-apart",
        "privyseal/doors/extra/__init__.py",
        "import privyseal.doors.rest",
        "is not allowed to import privyseal.doors.rest",
    ),
    (
        "actions-apart",
        "privyseal/actions/request/extra.py",
        "import privyseal.actions.request.approve_request",
        "is not allowed to import privyseal.actions.request.approve_request",
    ),
    (
        "actions-apart",
        "privyseal/actions/request/extra.py",
        "import privyseal.actions.certificate.publish_crl",
        "is not allowed to import privyseal.actions.certificate.publish_crl",
    ),
    ("pure-model", "privyseal/model/extra.py", "import privyseal_wire", "privyseal.model is not allowed to import privyseal_wire"),
    ("pure-model", "privyseal/model/extra.py", "import sqlalchemy", "privyseal.model is not allowed to import sqlalchemy"),
    ("pure-engine", "privyseal/engine/extra.py", "import sqlalchemy", "privyseal.engine is not allowed to import sqlalchemy"),
    ("slim-status", "privyseal/status/extra.py", "import privyseal.store.database", "privyseal.status is not allowed to import sqlalchemy"),
    ("quiet-issuer", "privyseal/issuer/extra.py", "import fastapi", "privyseal.issuer is not allowed to import fastapi"),
    ("keys-in-few-places", "privyseal/doors/rest/extra.py", "import cryptography", "protected package cryptography"),
    ("keys-in-few-places", "privyseal_agent/extra.py", "import cryptography", "protected package cryptography"),
    ("jobs-behind-one-door", "privyseal/actions/extra.py", "import dbos", "protected package dbos"),
    ("three-parties", "privyseal_agent/extra.py", "import privyseal.model", "privyseal_agent is not allowed to import privyseal"),
    ("three-parties", "privyseal_site/extra.py", "import privyseal_agent", "privyseal_site is not allowed to import privyseal_agent"),
    ("wire-stands-alone", "privyseal_wire/extra.py", "import privyseal.model", "privyseal_wire is not allowed to import privyseal"),
    ("no-knots", "privyseal/engine/signers/extra.py", "import privyseal.engine.serials", "No cycles between siblings BROKEN"),
    ("no-knots", "privyseal/engine/serials.py", "import privyseal.engine.signers.extra", "No cycles between siblings BROKEN"),
]


def lint(folder: Path, *more: str | Path) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [LINTER, "--no-logo", "--no-cache", "--config", folder / "pyproject.toml", *more]
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
    return subprocess.run(command, env=environment, check=False, capture_output=True, text=True, cwd=folder, timeout=120)


def copy_tree(folder: Path) -> Path:
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def add_line(path: Path, line: str) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as module:
        module.write(f"{line}\n")


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says of a tree with every breach in it."""
    tree = copy_tree(tmp_path_factory.mktemp("breached"))
    for _, file, line, _ in BREACHES:
        add_line(tree / "src" / file, line)
    result = lint(tree)
    assert result.returncode == 1, result.stdout
    return result.stdout


def identity(breach: tuple[str, ...]) -> str:
    return f"{breach[0]}: {breach[1]} {breach[2]}"


@pytest.mark.parametrize(
    ("contract", "said"), [(breach[0], breach[3]) for breach in BREACHES], ids=[identity(breach) for breach in BREACHES]
)
def test_a_breach_is_found(verdict: str, contract: str, said: str) -> None:
    assert f"{NAMES[contract]} BROKEN" in verdict
    assert said in verdict


def test_an_unplaced_room_breaks_the_build(tmp_path: Path) -> None:
    tree = copy_tree(tmp_path)
    add_line(tree / "src/privyseal/utils/__init__.py", "")
    result = lint(tree, "--contract", "one-way")
    assert result.returncode == 1
    assert "not listed as layers" in result.stdout


def test_every_contract_has_a_breach() -> None:
    assert set(NAMES) == {breach[0] for breach in BREACHES}

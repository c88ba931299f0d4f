"""The import contracts bite: for each one, a copy of the tree with one forbidden import is refused by import-linter.

A contract that nobody has seen fail may be checking nothing, for instance a room that was renamed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINTER = Path(sys.executable).parent / "lint-imports"

# Contract id, file to which a line is added (made when missing), the line, what import-linter says.
BREACHES = [
    ("one-way", "privyseal/model/errors.py", "import privyseal.actions", "privyseal.model is not allowed to import privyseal.actions"),
    ("one-way", "privyseal/store/__init__.py", "import privyseal.engine", "privyseal.store is not allowed to import privyseal.engine"),
    ("one-way", "privyseal/jobs/extra.py", "import privyseal.features", "privyseal.jobs is not allowed to import privyseal.features"),
    ("one-way", "privyseal/utils/__init__.py", "", "not listed as layers"),
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
    ("no-knots", "privyseal/engine/signers/extra.py", "import privyseal.engine.serials", "BROKEN"),
]


def lint(folder: Path, contract: str) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [LINTER, "--no-logo", "--no-cache", "--contract", contract, "--config", folder / "pyproject.toml"]
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
    return subprocess.run(command, env=environment, check=False, capture_output=True, text=True, cwd=folder, timeout=120)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def identity(breach: tuple[str, ...]) -> str:
    return f"{breach[0]}: {breach[1]} {breach[2]}"


@pytest.mark.parametrize(("contract", "file", "line", "said"), BREACHES, ids=[identity(breach) for breach in BREACHES])
def test_a_breach_is_found(tree: Path, contract: str, file: str, line: str, said: str) -> None:
    path = tree / "src" / file
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as module:
        module.write(f"{line}\n")
    if contract == "no-knots":
        with (tree / "src/privyseal/engine/serials.py").open("a", encoding="utf-8") as other:
            other.write("import privyseal.engine.signers.extra\n")
    result = lint(tree, contract)
    assert result.returncode == 1, result.stdout
    assert said in result.stdout


def test_every_contract_has_a_breach() -> None:
    declared = {
        line.split('"')[1] for line in (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines() if line.startswith("id = ")
    }
    assert declared == {breach[0] for breach in BREACHES}

"""`privyseal serve`: its supervisor is light, so that the processes of the service start at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from privyseal.cli.serve import require_demo_flag
from privyseal.cli.settings import Settings
from privyseal.model.errors import Refused

HEAVY = ("fastapi", "starlette", "uvicorn", "sqlalchemy", "alembic", "dbos", "cryptography", "httpx2", "pkilint", "jinja2")
LIGHT_ROOMS = {"cli", "app", "model"}
GRAMMAR = {"privyseal.engine", "privyseal.engine.issue_value", "privyseal.engine.names"}
"""How CAA records and mail addresses are written, which the settings are read with; it needs nothing else of the engine."""

LOOK = """
import sys
import privyseal.app
from privyseal.cli.serve import serving_program
assert serving_program()["serve"]
print("\\n".join(sys.modules))
"""


def program(*words: str, code: str = "") -> subprocess.CompletedProcess[str]:
    """A run of the command, or of some code, in a process of its own."""
    command = [sys.executable, "-c", code] if code else [sys.executable, "-m", "privyseal.app", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_supervisor_imports_no_room_and_nothing_heavy() -> None:
    modules = program(code=LOOK).stdout.split()
    assert "privyseal.cli.supervisor" in modules
    assert [name for name in modules if name.partition(".")[0] in HEAVY] == []
    ours = [name for name in modules if name.startswith("privyseal.") and name not in GRAMMAR]
    assert {name.split(".")[1] for name in ours} == LIGHT_ROOMS


def test_it_explains_itself_and_refuses_like_every_command(tmp_path: Path) -> None:
    told = program("serve", "--help")
    assert told.returncode == 0
    assert "until SIGTERM" in told.stdout
    told = program("serve", "--data", str(tmp_path))
    assert (told.returncode, told.stderr) == (2, f"{tmp_path / 'privyseal.toml'} does not exist.\n")
    urls = 'base_url = "https://localhost:1"\nadministrator_url = "https://localhost:2"\nstatus_url = "http://localhost:3"\n'
    (tmp_path / "privyseal.toml").write_text(f'service_id = "a.test"\nlog_host = "a.test"\ndemo = true\n{urls}')
    told = program("serve", "--data", str(tmp_path))
    assert told.returncode == 1
    assert told.stderr.startswith("This is a demonstration directory")


def test_a_demonstration_is_served_as_one_and_nothing_else_is(tmp_path: Path) -> None:
    for demo in (True, False):
        settings = Settings(
            data=tmp_path, demo=demo, service_id="a.test", log_host="a.test", base_url="", administrator_url="", status_url=""
        )
        require_demo_flag(settings, demo=demo)
        with pytest.raises(Refused):
            require_demo_flag(settings, demo=not demo)

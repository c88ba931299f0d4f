"""The real command in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from importlib.metadata import version
from pathlib import Path

from tests.agent import sample
from tests.agent.conftest import Rig
from tests.agent.rest_service import Reply, Seen


def test_installed_command(rig: Rig) -> None:
    command = Path(sys.executable).with_name("seal")
    told = subprocess.run([command, "--version"], capture_output=True, text=True, check=True, timeout=60, env=rig.environment)
    assert told.stdout.strip() == version("privyseal")


def test_help_is_plain_text(rig: Rig) -> None:
    told = rig.process("certificate", "check", "--help")
    assert told.status == 0
    assert told.out.startswith("Usage: seal certificate check SERVER [--name TEXT]")
    assert "\x1b" not in told.out
    assert rig.process().out.startswith("Usage: seal GROUP COMMAND\n")


def test_a_request_by_settings_file_in_another_locale(rig: Rig) -> None:
    settings = rig.folder / "seal.toml"
    settings.touch(mode=0o600)
    settings.write_text(
        f'service = "{rig.service.base_url}"\norganization = "acme"\nroot = "root.pem"\ncertificate = "ada.pem"\nkey = "ada.key"\n'
    )
    rig.environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(rig.folder),
        "SEAL_CONFIG": str(settings),
        "LC_ALL": "C",
        "PYTHONIOENCODING": "ascii",
    }
    rig.service.on("GET", sample.REQUEST_PATH, sample.request(contact={"name": "Zoë Example", "email": "zoe@acme.test"}))
    told = rig.process("request", "show", sample.REQUEST_ID)
    assert (told.status, told.err) == (0, "")
    assert "Contact       Zo\\xeb Example <zoe@acme.test>\n" in told.out
    assert rig.service.asked("GET", sample.REQUEST_PATH)[0].person == "Ada Example"


def test_statuses(rig: Rig) -> None:
    assert rig.process("request", "show", "req-1").status == 1
    assert rig.process("request").status == 0
    assert rig.process("request", "show").status == 2
    rig.service.stop()
    gone = rig.process("request", "show", "req-1", "--json")
    assert gone.status == 3
    assert gone.json["error"]["kind"] == "unreachable"
    assert "Traceback" not in gone.err


def test_a_full_disk_under_standard_output(rig: Rig) -> None:
    with Path("/dev/full").open("w") as full:
        told = subprocess.run(
            rig.command("service", "show"), stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60, env=rig.environment
        )
    assert (told.returncode, told.stderr) == (1, "The operating system refuses: No space left on device.\n")


def test_words_that_are_not_utf_8(rig: Rig) -> None:
    told = subprocess.run(
        [*rig.command("request", "show"), b"\xff"], capture_output=True, text=True, check=False, timeout=60, env=rig.environment
    )
    assert told.returncode == 2
    assert "not UTF-8" in told.stderr


def test_ctrl_c_while_waiting(rig: Rig) -> None:
    arrived, released = threading.Event(), threading.Event()

    def slow(seen: Seen) -> Reply:
        del seen
        arrived.set()
        released.wait(30)
        return {}

    rig.service.on("GET", sample.REQUEST_PATH, slow)
    words = rig.command("request", "show", sample.REQUEST_ID)
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=rig.environment) as child:
        assert arrived.wait(30)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=30)
    released.set()
    assert (child.returncode, out, err.strip()) == (1, "", "Stopped.")

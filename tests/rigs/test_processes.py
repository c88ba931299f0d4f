"""The process rig: waits for what a child does, tells what it said when it died, and leaves nothing running."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.rigs.ports import answers, free_port, wait_until
from tests.rigs.processes import Child

SERVE = (
    "import http.server, sys; http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), http.server.BaseHTTPRequestHandler).serve_forever()"
)
PARENT = "import subprocess, sys, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"


def alive(pid: int) -> bool:
    """A zombie that nobody has reaped yet is not alive."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_server_is_waited_for_and_killed_with_its_port() -> None:
    port = free_port()
    assert not answers(port)
    with Child([sys.executable, "-c", SERVE, str(port)]) as child:
        child.wait_for_port(port)
        assert answers(port)
    assert child.status == -signal.SIGKILL
    assert not answers(port)


def test_grandchildren_die_with_the_child() -> None:
    with Child([sys.executable, "-c", PARENT]) as child:
        wait_until(lambda: child.output.strip() != "", seconds=20, what="the parent tells its child's id")
        grandchild = int(child.output)
        assert alive(grandchild)
    wait_until(lambda: not alive(grandchild), seconds=10, what="the grandchild is gone")


def test_a_child_that_ends_early_tells_why(tmp_path: Path) -> None:
    reason = pytest.raises(RuntimeError, match=r"ended with status 1 before .* exists\.\nno data directory")
    with Child([sys.executable, "-c", "import sys; sys.exit('no data directory')"]) as child, reason:
        child.wait_for_file(tmp_path / "demo.json")


def test_waiting_gives_up_with_the_output() -> None:
    with Child([sys.executable, "-c", "import time; print('still here', flush=True); time.sleep(60)"]) as child:
        child.wait_for_output("still here")
        with pytest.raises(TimeoutError, match="still here"):
            child.wait_for_output("ready", seconds=0.2)


def test_a_polite_end_gives_the_status() -> None:
    code = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(3)); print('up', flush=True); signal.pause()"
    with Child([sys.executable, "-c", code]) as child:
        child.wait_for_output("up")
        assert child.terminate() == 3
        assert not Path(f"/proc/{child.pid}").exists()


def test_the_environment_is_added_to_ours() -> None:
    code = "import os; print(os.environ['PRIVYSEAL_TEST'], 'PATH' in os.environ)"
    with Child([sys.executable, "-c", code], environment={"PRIVYSEAL_TEST": "yes"}) as child:
        assert child.wait() == 0
        assert child.output == "yes True\n"
        log_file = child.log_file
    assert not log_file.exists()
    assert "PRIVYSEAL_TEST" not in os.environ

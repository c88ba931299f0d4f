"""Child processes of a test: started, waited for, killed without mercy, and their output kept for the failure message."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.rigs.ports import LOOPBACK, answers, wait_until


class Child:
    """A program in a process group of its own, so that its children die with it.

    Standard output and error go to one file and are never a pipe that could fill up. Use it as a context manager: leaving
    kills the whole group, whatever happened.
    """

    def __init__(
        self, command: Sequence[str | Path], *, environment: Mapping[str, str] | None = None, directory: Path | None = None
    ) -> None:
        self.command = [str(word) for word in command]
        self._log = tempfile.NamedTemporaryFile(prefix="privyseal-child-", suffix=".log", delete=False)  # noqa: SIM115 - closed in close()
        self.log_file = Path(self._log.name)
        self._process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            cwd=directory,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The process id, which is the id of the group as well."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal, or None while it runs."""
        return self._process.poll()

    @property
    def output(self) -> str:
        """What the child and its children have written so far."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def wait_for_port(self, port: int, *, seconds: float = 30.0, host: str = LOOPBACK) -> None:
        """Returns when the port answers; raises RuntimeError with the output when the child ended before."""
        self._wait(lambda: answers(port, host), seconds, f"port {port} answers")

    def wait_for_output(self, text: str, *, seconds: float = 30.0) -> None:
        """Returns when the text has been written; raises RuntimeError with the output when the child ended before."""
        self._wait(lambda: text in self.output, seconds, f"output contains {text!r}")

    def wait_for_output_count(self, text: str, count: int, *, seconds: float = 30.0) -> None:
        """Returns when the text has been written so often; raises RuntimeError with the output when the child ended before."""
        self._wait(lambda: self.output.count(text) >= count, seconds, f"output contains {text!r} {count} times")

    def wait_for_file(self, path: Path, *, seconds: float = 30.0) -> None:
        """Returns when the file exists; raises RuntimeError with the output when the child ended before."""
        self._wait(path.exists, seconds, f"{path} exists")

    def wait(self, *, seconds: float = 30.0) -> int:
        """The exit status once the child has ended; raises subprocess.TimeoutExpired when it does not."""
        return self._process.wait(timeout=seconds)

    def send(self, number: signal.Signals) -> None:
        """Sends the signal to the child alone."""
        self._process.send_signal(number)

    def terminate(self, *, seconds: float = 10.0) -> int:
        """Asks the child to end as an operator would, and returns its exit status."""
        self.send(signal.SIGTERM)
        return self.wait(seconds=seconds)

    def kill(self) -> None:
        """Kills the whole group with SIGKILL and reaps the child. Harmless when it has ended already."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Kills what still runs and removes the log file."""
        self.kill()
        self._log.close()
        self.log_file.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _wait(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        def met() -> bool:
            if condition():
                return True
            if self.status is not None:
                raise RuntimeError(f"{self.command[0]} ended with status {self.status} before {what}.\n{self.output}")
            return False

        try:
            wait_until(met, seconds=seconds, what=f"{self.command[0]}: {what}")
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self.output}") from None

"""Builds main.go once per test session and runs it: the auditor's verifier that shares no code with ours.

Go is called as a user of Debian's golang-golang-x-mod-dev would: no modules, no network.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.rigs.presence import require_program

SOURCE = Path(__file__).with_name("main.go")
PACKAGES = Path("/usr/share/gocode")
SUMDB = PACKAGES / "src/golang.org/x/mod/sumdb"


@dataclass(frozen=True, slots=True)
class GoLogVerifier:
    """The built program."""

    program: Path

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """One call; its exit status says whether everything held."""
        return subprocess.run([self.program, *arguments], check=False, capture_output=True, text=True, timeout=60)

    def verify_proofs(self, proofs: Mapping[str, Sequence[Mapping[str, object]]], folder: Path) -> dict[str, list[bool]]:
        """A verdict per inclusion proof and per consistency proof; hashes are base64, see main.go."""
        file = folder / "proofs.json"
        file.write_text(json.dumps(proofs), encoding="utf-8")
        result = self.run("proofs", file)
        assert result.returncode == 0, result.stderr
        verdicts: dict[str, list[bool]] = json.loads(result.stdout)
        return verdicts


def build(folder: Path) -> GoLogVerifier:
    """The program, built into ``folder``; skips or fails as ``require_program`` does without Go or its packages."""
    go = require_program("go", "golang-go")
    if not SUMDB.is_dir():
        reason = "The Go packages golang.org/x/mod/sumdb are missing (Debian package golang-golang-x-mod-dev)."
        if os.geteuid() == 0:
            pytest.fail(reason)
        pytest.skip(reason)
    program = folder / "go_log_verifier"
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(PACKAGES), "GOFLAGS": "", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    if "HOME" not in os.environ:  # Go keeps what it compiled below the home directory, which makes the next build take a second.
        environment.setdefault("GOCACHE", str(folder / "cache"))
    subprocess.run([go, "build", "-o", program, SOURCE], check=True, env=environment, timeout=240)
    return GoLogVerifier(program)

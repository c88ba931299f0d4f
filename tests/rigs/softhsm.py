"""Cards without plastic: tokens of SoftHSM2, made by its own program and looked at by OpenSC's pkcs11-tool."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pkcs11

from tests.rigs.presence import require_program

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN, PUK = "123456", "87654321"


@dataclass(frozen=True, slots=True)
class SoftHsm:
    """A folder of tokens. The library reads the place of its settings once, so there is one for each test process."""

    directory: Path

    def __post_init__(self) -> None:
        (self.directory / "tokens").mkdir(parents=True)
        settings = self.directory / "softhsm2.conf"
        settings.write_text(f"directories.tokendir = {self.directory / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = str(settings)

    def token(self, label: str, pin: str = PIN) -> str:
        """Make a token, and return the URI that names it."""
        program = require_program("softhsm2-util", "softhsm2")
        _run(program, "--init-token", "--free", "--label", label, "--so-pin", PUK, "--pin", pin)
        pkcs11.lib(str(MODULE)).reinitialize()
        return f"pkcs11:token={label}?module-path={MODULE}"

    def take_out(self, label: str) -> None:
        """Remove a token, as somebody who pulls a card out of its reader."""
        program = require_program("softhsm2-util", "softhsm2")
        _run(program, "--delete-token", "--token", label)

    def objects(self, label: str, kind: str) -> str:
        """What OpenSC says of the objects of a kind: privkey, pubkey, cert."""
        return self.tool("--token-label", label, "--login", "--pin", PIN, "--list-objects", "--type", kind)

    def tool(self, *words: str) -> str:
        """What pkcs11-tool says."""
        program = require_program("pkcs11-tool", "opensc")
        return _run(program, "--module", str(MODULE), *words)

    def close(self) -> None:
        """Forget all tokens."""
        shutil.rmtree(self.directory, ignore_errors=True)


def _run(program: Path, *words: str) -> str:
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, f"{program.name} {words}: {done.stdout}{done.stderr}"
    return done.stdout

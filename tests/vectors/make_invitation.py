"""Makes tests/vectors/invitation_v1.p7m and its .cer with the openssl program; nothing of ours takes part.

Run from the repository root: ``python -m tests.vectors.make_invitation``. The content is the statement "invitation" of
statements_v1.json; the key is new each time and thrown away.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

FILE = Path(__file__).with_name("invitation_v1.p7m")
CERTIFICATE = FILE.with_suffix(".cer")
STATEMENTS = FILE.with_name("statements_v1.json")


def content() -> bytes:
    """The bytes that are signed."""
    [text] = [item["canonical"] for item in json.loads(STATEMENTS.read_text(encoding="utf-8"))["accepted"] if item["name"] == "invitation"]
    return str(text).encode()


def main() -> None:
    """Replaces both files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "content").write_bytes(content())
        commands = (
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out cert -days 36500 -subj /CN=Administrator",
            "x509 -in cert -outform DER -out cer",
            "cms -sign -binary -nodetach -in content -signer cert -inkey key -outform DER -out p7m",
        )
        for command in commands:
            subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
        shutil.copyfile(folder / "p7m", FILE)
        shutil.copyfile(folder / "cer", CERTIFICATE)


if __name__ == "__main__":
    main()

"""Entry point of the status process: reads its few settings itself, so that nothing heavy is imported (E9).

``python -m privyseal.status --data DIR``; the settings file is the one of the whole service.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path

from privyseal.engine.signers import SigningKey, encrypted_key_file
from privyseal.model.errors import PrivysealError
from privyseal.status.server import serve
from privyseal.status.settings import StatusSettings

RESPONDERS = ("issuing", "administrators")
OPTIONAL_RESPONDERS = ("test-issuing",)
"""A service from before there were trials has no key of it until its operator adds the test CA."""


def main() -> None:
    """Serve until SIGTERM; exits 1 with a sentence when the settings or the keys cannot be read."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    parser = argparse.ArgumentParser(prog="privyseal.status", description="Serves CRL, OCSP, CA certificates and the public log files.")
    parser.add_argument("--data", type=Path, required=True, help="the data directory of the service")
    arguments = parser.parse_args()
    try:
        serve(_settings(arguments.data.resolve()), lambda: datetime.now(UTC))
    except (PrivysealError, OSError, ValueError) as error:
        sys.exit(f"status: {error}")


def _settings(data: Path) -> StatusSettings:
    with (data / "privyseal.toml").open("rb") as file:
        values = tomllib.load(file)

    def value(name: str, default: str) -> str:
        return os.environ.get(f"PRIVYSEAL_{name.upper()}", str(values.get(name, default)))

    secret = (data / value("status_passphrase", "secrets/status.passphrase")).read_bytes().strip(b"\r\n")
    files = {slug: data / "keys" / f"ocsp-{slug}.key" for slug in (*RESPONDERS, *OPTIONAL_RESPONDERS)}
    wanted = {slug: path for slug, path in files.items() if slug in RESPONDERS or path.exists()}
    keys: dict[str, SigningKey] = {slug: encrypted_key_file.load(path, secret) for slug, path in wanted.items()}
    return StatusSettings(
        database_url=value("database_url", "") or f"sqlite:///{data}/privyseal.sqlite3",
        host=value("host", "127.0.0.1"),
        port=int(value("status_port", "8080")),
        responder_keys=keys,
        log_directory=data / value("log_directory", "log"),
    )


if __name__ == "__main__":
    main()

"""Reading and writing of the files that ``seal`` is given: keys, tokens, certificates, requests.

Secrets are read only when nobody else can read them, and nothing is overwritten unless the person said so.
"""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from privyseal_agent.errors import Refused

MAX_FILE_BYTES = 1024 * 1024
PRIVATE_MODE = 0o600
PUBLIC_MODE = 0o644


def read_file(path: Path, what: str, *, private: bool = False) -> bytes:
    """Return the content of a file of at most 1 MiB; ``what`` names it in sentences, such as "the CSR".

    Raises Refused ``file-missing``, ``file-unreadable``, ``file-size``, and with ``private`` ``file-mode`` when others
    may read or change it. A pipe has no such mode: ``--phrase-file <(pass show x)`` works.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if private and stat.S_ISREG(status.st_mode):
                _require_private(path, what, stat.S_IMODE(status.st_mode))
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise Refused("file-missing", f"There is no file {path} for {what}. Check the path.") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a null character.
        reason = error.strerror if isinstance(error, OSError) else error
        raise Refused("file-unreadable", f"The file {path} for {what} cannot be read ({reason}).") from error
    if len(data) > MAX_FILE_BYTES:
        raise Refused("file-size", f"The file {path} has more than {MAX_FILE_BYTES:,} bytes and cannot be {what}.")
    return data


def read_text(path: Path, what: str, *, private: bool = False) -> str:
    """Return the content as :func:`read_file` does; raises Refused ``file-text`` as well when it is not UTF-8."""
    return text_of(read_file(path, what, private=private), path, what)


def text_of(data: bytes, path: Path, what: str) -> str:
    """Return the content of a file as text; raises Refused ``file-text`` when it is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused("file-text", f"The file {path} for {what} is not text in UTF-8.") from error


def read_secret(path: Path, what: str) -> str:
    """Return the one line that a secret file holds, without its line break; raises as read_text, and ``file-secret``."""
    secret = read_text(path, what, private=True).removesuffix("\n").removesuffix("\r")
    if not secret or "\n" in secret:
        raise Refused("file-secret", f"The file {path} holds {what} as its only line, and must not be empty.")
    return secret


def write_file(path: Path, content: bytes, *, mode: int = PUBLIC_MODE, overwrite: bool = False) -> None:
    """Write ``content`` in one step: whoever looks sees all of it or nothing, and it is on the disk when this returns.

    Raises Refused ``file-exists`` unless ``overwrite``, and ``file-write`` when the disk or the folder does not allow it.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # Created with mode 0600.
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            if overwrite:
                temporary.replace(path)
            else:
                # A link and not a rename: a rename would replace what somebody else wrote in the meantime.
                os.link(temporary, path)
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()
    except FileExistsError as error:
        raise Refused("file-exists", f"{path} exists already and is not overwritten. Choose another name or move it away.") from error
    except OSError as error:
        raise Refused("file-write", f"{path} cannot be written ({error.strerror}). Check the folder, its rights and its space.") from error


def _require_private(path: Path, what: str, mode: int) -> None:
    if mode & 0o077:
        sentence = f"Others on this computer can use {path} (mode {mode:04o}), which holds {what}. Run: chmod 600 {path}"
        raise Refused("file-mode", sentence)

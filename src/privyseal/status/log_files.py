"""The public files of the audit logs: checkpoints and hash tiles (C2SP tlog-tiles), read from a directory and nothing else.

Which paths exist at all is the grammar of ``routes``; here a path of that grammar is opened, and symbolic links are not followed.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from privyseal.model.errors import Unavailable
from privyseal.status.http.answer import TEXT, Answer, entity_tag, make_answer

MAX_FILE_BYTES = 64 * 1024
"""A full tile has 8 KiB, a checkpoint with many witnesses less than the rest."""

_NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}
"""ELOOP: a symbolic link stands in the way."""

CHECKPOINT_CACHE = "no-cache"
TILE_CACHE = "public, max-age=604800, immutable"
"""Tiles never change (C2SP tlog-tiles); a partial one is replaced by another name."""


def log_answer(directory: Path | None, file: str) -> Answer | None:
    """The file of a log, or None if there is none. ``file`` comes from ``routes``. Raises Unavailable if the disk refuses."""
    if directory is None:
        return None
    try:
        content = _read(directory, file)
    except FileNotFoundError:
        return None  # the whole directory: nothing was logged yet
    except OSError as error:
        sentence = f"The audit log's file cannot be read at the moment ({error.strerror}). Try again later."
        raise Unavailable("log-file", sentence, retry_after_seconds=30) from error
    if content is None:
        return None
    if file.endswith("/checkpoint"):
        return make_answer(content, TEXT, cache=CHECKPOINT_CACHE, etag=entity_tag(content))
    return make_answer(content, "application/octet-stream", cache=TILE_CACHE, etag=entity_tag(content))


def _read(directory: Path, file: str) -> bytes | None:
    folders, name = file.split("/")[:-1], file.rsplit("/", 1)[-1]
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # One step at a time, each without following a link: nothing outside the directory can be reached.
        for folder in folders:
            inner = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=handle)
            os.close(handle)
            handle = inner
        # O_NONBLOCK: a named pipe in the file's place must not hang the front.
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=handle)
    except OSError as error:
        if error.errno in _NOT_THERE:
            return None
        raise
    finally:
        os.close(handle)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE_BYTES:
            return None
        # One read gives all of a small regular file; files are replaced by rename and never grow (store/log_files).
        return os.read(descriptor, MAX_FILE_BYTES)
    finally:
        os.close(descriptor)

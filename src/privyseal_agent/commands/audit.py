"""``seal audit``: take the log out, and verify it without trusting who wrote it (architecture section 5)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from privyseal_agent import words
from privyseal_agent.desk import Reply
from privyseal_agent.errors import Refused
from privyseal_agent.groups import AtDesk, group, open_service
from privyseal_agent.private_files import read_text, write_file
from privyseal_agent.rest.client import Service
from privyseal_agent.settings import NO_OUTPUT_OPTIONS, NO_SERVICE_OPTIONS, OutputOptions, ServiceOptions
from privyseal_wire.checkpoint import Checkpoint
from privyseal_wire.export import ReadTile, verify_export

APP = group("audit", "The audit log: export and verify.")

PAGE = 1000


@APP.command
def export(
    *,
    out: Path | None = None,
    checkpoint: Path | None = None,
    provider: bool = False,
    overwrite: bool = False,
    options: ServiceOptions = NO_SERVICE_OPTIONS,
    desk: AtDesk,
) -> Reply:
    """Write the whole audit log and its latest checkpoint into files.

    Parameters
    ----------
    out
        File for the entries, JSON Lines; audit.jsonl when left out.
    checkpoint
        File for the checkpoint, a signed note; audit.checkpoint when left out.
    provider
        The provider's own log instead of the organization's.
    overwrite
        Replace the files.
    """
    entries_file, checkpoint_file = out or Path("audit.jsonl"), checkpoint or Path("audit.checkpoint")
    with open_service(options, desk) as service:
        path = "/provider/audit" if provider else service.path("audit")
        note = service.get_bytes(f"{path}/checkpoint")
        head = _head(note)
        lines = list(_lines(service, path, head.size))
    write_file(entries_file, b"".join(line + b"\n" for line in lines), overwrite=overwrite)
    write_file(checkpoint_file, note, overwrite=overwrite)
    document = {"origin": head.origin, "size": head.size, "export": str(entries_file), "checkpoint": str(checkpoint_file)}
    rows = [("Log", head.origin), ("Entries", f"{head.size:,}"), ("Export", str(entries_file)), ("Checkpoint", str(checkpoint_file))]
    return Reply(document, words.facts(rows))


@APP.command
def verify(
    export: Path,
    /,
    *,
    checkpoint: Path,
    key: str,
    tiles: Path | None = None,
    options: OutputOptions = NO_OUTPUT_OPTIONS,
    desk: AtDesk,
) -> Reply:
    """Verify an exported log against a checkpoint, on this computer alone.

    Exit status 1 names the entry whose hash differs, or says that the export does not match the checkpoint.

    Parameters
    ----------
    export
        The entries, JSON Lines.
    checkpoint
        File with the checkpoint: best one that you did not get together with the export.
    key
        Verifier key of the log, a text such as origin+hash+key.
    tiles
        Folder with the published tiles of the log, to learn which entries differ.
    """
    del options, desk
    note = read_text(checkpoint, "the checkpoint")
    try:
        with export.open(encoding="utf-8", newline="\n") as lines:
            verdict = verify_export(lines, note, key, _tile_reader(tiles) if tiles is not None else None)
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("file-unreadable", f"The export {export} cannot be read as text ({error}).") from error
    document = {
        "origin": verdict.origin,
        "size": verdict.size,
        "root": verdict.root.hex(),
        "later_entries": verdict.later_entries,
        "verified": True,
    }
    return Reply(document, verdict.sentence)


def _head(note: bytes) -> Checkpoint:
    # The signature is not looked at here: whoever verifies does, with a key from elsewhere.
    try:
        return Checkpoint.from_text(note.decode().partition("\n\n")[0] + "\n")
    except UnicodeDecodeError as error:
        raise Refused("answer", "The service's checkpoint is not text.") from error


def _lines(service: Service, path: str, size: int) -> Iterator[bytes]:
    start = 0
    while start < size:
        page = service.get_bytes(path, {"start": start, "limit": min(PAGE, size - start)})
        lines = [line for line in page.split(b"\n") if line]
        if not lines:
            raise Refused("export-short", f"The service sent {start} entries, but its checkpoint covers {size}. Nothing was written.")
        yield from lines[: size - start]
        start += len(lines)


def _tile_reader(folder: Path) -> ReadTile:
    def read(path: str) -> bytes | None:
        try:
            return (folder / path).read_bytes()
        except OSError:
            return None

    return read

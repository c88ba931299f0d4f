"""`privyseal audit`: take a log out and verify one that was taken out (contract.md, Audit export)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from privyseal.cli.house_setup import open_house
from privyseal.cli.rooms import Rooms
from privyseal.cli.settings import read_settings
from privyseal.model.audit import PROVIDER_LOG, organization_log
from privyseal.model.errors import NotFound
from privyseal.store import audit
from privyseal.store.database import Transaction
from privyseal_wire.export import verify_export
from privyseal_wire.tiles import parse_path

Data = Annotated[Path, Parameter(help="The data directory of the service.")]
PAGE = 1000


def audit_commands(program: App, rooms: Rooms) -> None:
    """Add the group to ``program``."""
    group = App(name="audit", help="Audit logs: export, verify, verifier keys.")
    group.command(_export(rooms), name="export")
    group.command(_verify, name="verify")
    group.command(_key(rooms), name="key")
    program.command(group)


def _export(rooms: Rooms) -> Callable[..., None]:
    def export(*, data: Data, output: Path, checkpoint: Path, organization: str = "") -> None:
        """Write a log as JSON Lines and its latest checkpoint as a signed note.

        Parameters
        ----------
        data
            The data directory of the service.
        output
            File for the entries.
        checkpoint
            File for the checkpoint.
        organization
            Short name of the organization; left out for the provider's log.
        """
        opened = open_house(read_settings(data), rooms)
        log = organization_log(organization) if organization else PROVIDER_LOG
        with opened.house.database.read(opened.house.clock()) as tx:
            head = audit.newest_checkpoint(tx, log)
            if head is None:
                raise NotFound("log", f"There is no log {log}, or it has no entry yet.")
            size, note, _ = head
            with output.open("w", encoding="utf-8") as file:
                file.writelines(_lines(tx, log, size))
        checkpoint.write_text(note, encoding="utf-8")
        print(f"{size} entries of {log}; verify them with --key {opened.vkey(log)}")

    return export


def _verify(export_file: Path, /, *, checkpoint: Path, key: str, tiles: Path | None = None) -> None:
    """Verify an export against a checkpoint; exits 1 and names the entry that differs. Needs no service.

    Parameters
    ----------
    export_file
        The JSON Lines of `audit export`.
    checkpoint
        A signed note; better one that was kept elsewhere than the one of the export.
    key
        The verifier key of the log.
    tiles
        Directory of the log's public files; finds the first range that differs.
    """
    with export_file.open(encoding="utf-8") as lines:
        verdict = verify_export(lines, checkpoint.read_text(encoding="utf-8"), key, _tile_reader(tiles) if tiles else None)
    print(verdict.sentence)


def _key(rooms: Rooms) -> Callable[..., None]:
    def key(*, data: Data, organization: str = "") -> None:
        """Print the verifier key of a log.

        Parameters
        ----------
        data
            The data directory of the service.
        organization
            Short name of the organization; left out for the provider's log.
        """
        opened = open_house(read_settings(data), rooms)
        print(opened.vkey(organization_log(organization) if organization else PROVIDER_LOG))

    return key


def _lines(tx: Transaction, log: str, size: int) -> Iterator[str]:
    start = 0
    while start < size:
        page = list(audit.export(tx, log, start=start, limit=min(PAGE, size - start)))
        for index, leaf_hash, entry in page:
            # The stored hash, not a new one: whoever verifies sees which entry was changed under it.
            fields = {"index": index, "leaf_hash": leaf_hash, "entry": entry.decode("utf-8", "replace")}
            yield json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n"
        if not page:
            return
        start = page[-1][0] + 1


def _tile_reader(directory: Path) -> Callable[[str], bytes | None]:
    """Return a reader of hash tiles from a directory as the status front serves them."""

    def read(path: str) -> bytes | None:
        parse_path(path)
        try:
            return (directory / path).read_bytes()
        except FileNotFoundError:
            return None

    return read

"""`privyseal key`: keys that are never certified because others have their private halves, from the lists that say so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter

from privyseal.actions.certificate.block_keys import block_keys
from privyseal.actions.certificate.revoke_certificate import BySystem, revoke_certificate
from privyseal.actions.house import About, House, perform
from privyseal.cli.commands_people import OPERATOR
from privyseal.cli.house_setup import house_for_command
from privyseal.cli.rooms import Rooms
from privyseal.engine.key_lists import read_key_list
from privyseal.model.certificate import Certificate
from privyseal.model.errors import BadRequest
from privyseal.model.revocation import RevocationReason
from privyseal.store import organizations

Data = Annotated[Path, Parameter(help="The data directory of the service.")]
KEYS_AT_ONCE: Final = 5_000
NAMED_FILES: Final = 5


def key_commands(program: App, rooms: Rooms) -> None:
    """Add the group to ``program``."""
    group = App(name="key", help="Keys that are never certified, because others have their private halves.")
    group.command(_block(rooms), name="block")
    program.command(group)


def _block(rooms: Rooms) -> Callable[..., None]:
    def block(*lists: Path, data: Data, source: str, revoke: bool = False) -> None:
        """Block the keys of published lists, as those of Debian's faulty generator, and name the valid certificates that have one.

        A list is a file of PEM blocks (private or public keys, certificates, CSRs), or of lines with the SHA-256 of a
        SubjectPublicKeyInfo in hex; or a folder of such files, with everything below it. Blocking a key again is harmless.

        Parameters
        ----------
        lists
            Files and folders.
        data
            The data directory of the service.
        source
            Who published the list and why, for the audit log.
        revoke
            Revoke the certificates that have such a key, with the reason key compromise; their contacts are told.
        """
        keys = _read(lists)
        about = About("block-keys", "", "key-list", source)
        with house_for_command(data, rooms) as house:
            new, concerned = 0, list[Certificate]()
            for start in range(0, len(keys), KEYS_AT_ONCE):
                blocked = perform(house, OPERATOR, about, block_keys, keys[start : start + KEYS_AT_ONCE], source)
                new += blocked.new
                concerned += blocked.certificates
                print(f"{min(start + KEYS_AT_ONCE, len(keys)):,} of {len(keys):,} keys, {new:,} of them new")
            _end(house, concerned, revoke=revoke)

    return block


def _read(lists: Sequence[Path]) -> list[str]:
    """The keys of all lists; prints which files could not be read whole, and raises BadRequest where there is no key at all."""
    keys: dict[str, None] = {}
    partly = []
    for file in _files(lists):
        try:
            found = read_key_list(file.read_bytes())
        except OSError as error:
            raise BadRequest("key-list", f"{file} cannot be read: {error.strerror}.") from error
        keys.update(dict.fromkeys(found.keys))
        if found.unread or not found.keys:
            partly.append(f"{file} ({found.unread} of {found.unread + len(found.keys)})")
    if partly:
        more = f" and {len(partly) - NAMED_FILES:,} more" if len(partly) > NAMED_FILES else ""
        print(f"Not every part is a key that can be read: {', '.join(partly[:NAMED_FILES])}{more}")
    if not keys:
        raise BadRequest("key-list", "There is no key and no SHA-256 of one in what was named. Nothing was blocked.")
    return sorted(keys)


def _files(lists: Sequence[Path]) -> Iterator[Path]:
    for named in lists:
        if named.is_dir():
            yield from sorted(path for path in named.rglob("*") if path.is_file())
        else:
            yield named


def _end(house: House, concerned: Sequence[Certificate], *, revoke: bool) -> None:
    """Name the certificates, and revoke those of organizations where that was asked for, each in a transaction of its own."""
    for certificate in concerned:
        slug = ""
        if certificate.organization_id is not None:
            with house.database.read(house.clock()) as tx:
                slug = organizations.get(tx, certificate.organization_id).slug
        if revoke and slug:
            about = About("revoke-certificate", slug, "certificate", certificate.serial_hex)
            authority = BySystem(RevocationReason.KEY_COMPROMISE)
            perform(house, OPERATOR, about, revoke_certificate, slug, certificate.serial_hex, authority)
        end = "revoked" if revoke and slug else "valid"
        print(f"{end}  {certificate.serial_hex}  {slug or 'the service itself'}  {certificate.common_name}")
    if concerned and not revoke:
        print("Others may have the keys of these certificates. A CA revokes within 24 hours (BR 4.9.1.1): run this again with --revoke.")
    if not concerned:
        print("No valid certificate has one of these keys.")

"""`privyseal ca`: what the CAs are, and the root's CRL, which needs the root key from where it is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from privyseal.cli.house_setup import house_for_command
from privyseal.cli.initialize import OPERATOR, publish_root_crl
from privyseal.cli.processes import read_passphrase
from privyseal.cli.rooms import Rooms
from privyseal.cli.settings import read_settings
from privyseal.cli.trial_authorities import (
    TrialPlan,
    make_test_authorities,
    make_test_keys,
    require_none_yet,
    store_test_authorities,
)
from privyseal.engine.hierarchy import DEMO_PERMITTED_NAMES, KeyKind
from privyseal.engine.signers import encrypted_key_file
from privyseal.model.authority_state import AuthorityState
from privyseal.store import authority_states, revocations
from privyseal.store.revocations import FULL

Data = Annotated[Path, Parameter(help="The data directory of the service.")]


def authority_commands(program: App, rooms: Rooms) -> None:
    """Add the group to ``program``."""
    group = App(name="ca", help="The certification authorities of this service.")
    group.command(_list(rooms), name="list")
    group.command(_root_crl(rooms), name="root-crl")
    group.command(_add_test(rooms), name="add-test")
    program.command(group)


def _list(rooms: Rooms) -> Callable[..., None]:
    def list_authorities(*, data: Data) -> None:
        """List the CAs with the end of each certificate and of its full CRL, and which of them are paused.

        Parameters
        ----------
        data
            The data directory of the service.
        """
        with house_for_command(data, rooms) as house, house.database.read(house.clock()) as tx:
            newest = authority_states.newest_of_each(tx)
            for slug, authority in sorted(house.authorities.items()):
                crl = revocations.newest_crl(tx, authority.id, FULL)
                crl_end = f"{crl.next_update:%Y-%m-%d}" if crl else "none yet"
                print(
                    f"{slug:16} certificate until {authority.issuer.not_after:%Y-%m-%d}, full CRL until {crl_end}{_pause(newest.get(slug))}"
                )

    return list_authorities


def _pause(decided: AuthorityState | None) -> str:
    if decided is None or decided.issues:
        return ""
    return f", paused since {decided.at:%Y-%m-%d %H:%M} UTC: {decided.reason}"


def _add_test(rooms: Rooms) -> Callable[..., None]:
    def add_test(*, data: Data, provider: str, key: KeyKind = "p256") -> None:
        """Make the test root and the test issuing CA that trials need, where a service has none yet. Nobody trusts them.

        Parameters
        ----------
        data
            The data directory of the service.
        provider
            Name of the provider, as it stands in the CA certificates.
        key
            Kind of the CA keys: p256, p384, rsa2048, rsa3072 or rsa4096.
        """
        settings = read_settings(data)
        secrets = (read_passphrase(settings.path(settings.issuer_passphrase)), read_passphrase(settings.path(settings.status_passphrase)))
        permitted = DEMO_PERMITTED_NAMES if settings.demo else None
        plan = TrialPlan(provider, key, permitted, settings.status_url)
        with house_for_command(data, rooms) as house:
            require_none_yet(house)
            keys = make_test_keys(settings.data / "keys", key, *secrets)
            with house.database.write(house.clock()) as tx:
                store_test_authorities(house, tx, OPERATOR, make_test_authorities(plan, keys, tx.now, rooms.random_bytes), keys)
        print("The test certification authority is made. Start the service again; then trials are offered on the page /apply.")

    return add_test


def _root_crl(rooms: Rooms) -> Callable[..., None]:
    def root_crl(*, data: Data, key: Path, passphrase: Path) -> None:
        """Sign the root's CRLs again; they live for 397 days.

        Parameters
        ----------
        data
            The data directory of the service.
        key
            The root key file, brought from where it is kept.
        passphrase
            File with its passphrase.
        """
        signing_key = encrypted_key_file.load(key, read_passphrase(passphrase))
        with house_for_command(data, rooms) as house, house.database.write(house.clock()) as tx:
            root = house.authorities["root"]
            newest = revocations.newest_crl(tx, root.id, FULL)
            publish_root_crl(house, tx, root, signing_key, number=newest.number + 1 if newest else 1)
        print("The root's CRLs are signed. Take the root key away again.")

    return root_crl

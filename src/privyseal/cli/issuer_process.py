"""The process that opens the CA keys, as a function that runs until SIGTERM."""

from __future__ import annotations

from contextlib import suppress

import structlog

from privyseal.actions.house import TEST_ISSUING, TEST_ROOT
from privyseal.cli.house_setup import crl_life, log_files, open_house
from privyseal.cli.processes import load_linters, read_passphrase, start_collecting
from privyseal.cli.rooms import Rooms
from privyseal.cli.serve import until_told
from privyseal.cli.settings import Settings
from privyseal.engine.signers import SigningKey, encrypted_key_file
from privyseal.issuer.evidence import Evidence
from privyseal.issuer.server import IssuerServer
from privyseal.model.errors import Unavailable
from privyseal.model.identifiers import AuthorityId

KEYS = ("issuing", "administrators", TEST_ROOT, TEST_ISSUING)
"""The CAs whose keys this process opens. The file of a key is chosen by this name alone, so a changed row moves no key."""

_log = structlog.get_logger("privyseal")


def run_issuer(settings: Settings, rooms: Rooms) -> None:
    """Serve the issuer's socket and publish CRLs until SIGTERM.

    While the evidence outside differs from the database it answers every call with that reason and signs nothing.
    """
    opened = open_house(settings, rooms)
    secret = read_passphrase(settings.path(settings.issuer_passphrase))
    keys: dict[AuthorityId, SigningKey] = {}
    for slug in KEYS:
        authority = opened.house.authorities.get(slug)
        if authority is None:
            continue  # A service from before there were trials has no test CA until its operator adds one.
        keys[authority.id] = encrypted_key_file.load(settings.data / "keys" / f"{slug}.key", secret)
    evidence = Evidence(opened.house, opened.vkey, log_files(settings))
    with suppress(Unavailable):  # It is noted there, and looked at again each second.
        evidence.look()
    socket_path = settings.path(settings.issuer_socket)
    socket_path.parent.mkdir(mode=0o700, exist_ok=True)
    server = IssuerServer(opened.house, keys, socket_path, evidence, crl_life(settings), settings.issuer_socket_group)
    load_linters()
    start_collecting()
    with until_told() as told:
        server.start()
        _log.info("issuer.ready")
        told.wait()
    server.stop()

"""`privyseal init`: the keys, the three CAs, the first provider administrator (architecture sections 5 and 6).

 1. the data directory (0700) with one passphrase file per process that opens keys
 2. the key files: root, issuing CA, administrators' CA, the test CAs of trials, an OCSP responder for each issuing one, the audit log's key
 3. the database schema
 4. one transaction: CAs, responders, CRL scopes, the root's CRLs, facts of the service, the first audit entry
 5. the settings file, written last: a directory without it was not initialized to its end and is refused

The root key is not needed again before the root's CRL ends; docs/operators says to take it off the machine.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from privyseal.actions.certificate.certify_responder import certify_responder
from privyseal.actions.house import House, ServiceIdentity, record
from privyseal.cli.settings import FILE_NAME, Settings
from privyseal.cli.trial_authorities import TrialPlan, make_test_authorities, make_test_keys, store_test_authorities
from privyseal.engine import hierarchy
from privyseal.engine.authority import Authority
from privyseal.engine.certificate import Issuer
from privyseal.engine.crl import CrlContent, sign_crl
from privyseal.engine.hierarchy import CaName, CaPlan, KeyKind, PermittedNames
from privyseal.engine.log_key import LogKey, generate_log_key
from privyseal.engine.pem import certificate_to_pem
from privyseal.engine.serials import new_serial
from privyseal.engine.signers import SigningKey, encrypted_key_file
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.audit import AuditEvent, Outcome
from privyseal.model.errors import Conflict
from privyseal.model.identifiers import AuthorityId, RandomBytes, new_id
from privyseal.store import authorities, revocations
from privyseal.store.authorities import StoredAuthority
from privyseal.store.database import Database, Transaction, require_private_directory
from privyseal.store.revocations import FULL, StoredCrl
from privyseal.store.schema_setup import upgrade

SHARDS = 128
ROOT_CRL_LIFE = timedelta(days=397)
SERIAL_PREFIX = 0x50
OPERATOR = Actor(ActorKind.OPERATOR, "init")


@dataclass(frozen=True, slots=True)
class Plan:
    """What the operator chose; ``settings`` are written as the settings file."""

    settings: Settings
    name: str
    key: KeyKind
    permitted_names: PermittedNames | None
    root_name: str


@dataclass(frozen=True, slots=True)
class _Made:
    """A CA while it is made: its key leaves this module only into a key file."""

    authority: Authority
    stored: StoredAuthority
    key: SigningKey


def initialize(plan: Plan, now: datetime, random_bytes: RandomBytes) -> dict[str, Path]:
    """Make a service; return the files an operator must know: root certificate, root key, settings.

    Raises Conflict ``initialized`` for a directory that is not empty.
    """
    settings = plan.settings
    data = settings.data
    require_private_directory(data)
    if any(data.iterdir()):
        raise Conflict("initialized", f"{data} is not empty. Choose an empty directory; nothing is ever made over an existing service.")
    for folder in ("keys", "secrets", "run", "tls"):
        (data / folder).mkdir(mode=0o700)
    passphrases = {name: _passphrase(settings.path(path), random_bytes) for name, path in _passphrase_files(settings).items()}
    made = _hierarchy(plan, now, random_bytes)
    responders = {slug: hierarchy.generate_key("p256") for slug in ("issuing", "administrators")}
    log_key = LogKey(generate_log_key(), settings.log_host)
    keys = data / "keys"
    for slug, ca in made.items():
        secret = passphrases["root"] if slug == "root" else passphrases["issuer"]
        encrypted_key_file.create(keys / f"{slug}.key", ca.key, secret)
    for slug, key in responders.items():
        # The status front must answer within half a second of its start; its passphrase is random (E9).
        encrypted_key_file.create(
            keys / f"ocsp-{slug}.key", key, passphrases["status"], rounds=encrypted_key_file.ROUNDS_FOR_RANDOM_PASSPHRASE
        )
    encrypted_key_file.create(keys / "log.key", log_key.key, passphrases["work"])
    test_keys = make_test_keys(keys, plan.key, passphrases["issuer"], passphrases["status"])
    database = Database(settings.database)
    upgrade(database)
    house = _house(database, settings, made, random_bytes, now)
    with database.write(now) as tx:
        _store(house, tx, plan, made, responders, log_key)
        test_plan = TrialPlan(plan.name, plan.key, plan.permitted_names, settings.status_url)
        store_test_authorities(house, tx, OPERATOR, make_test_authorities(test_plan, test_keys, now, random_bytes), test_keys)
    database.close()
    _write_settings(settings)
    return {"settings": data / FILE_NAME, "root_certificate": _write_root(data, made["root"]), "root_key": keys / "root.key"}


def _passphrase_files(settings: Settings) -> dict[str, Path]:
    return {
        "root": Path("secrets/root.passphrase"),
        "issuer": settings.issuer_passphrase,
        "status": settings.status_passphrase,
        "work": settings.work_passphrase,
    }


def _passphrase(path: Path, random_bytes: RandomBytes) -> bytes:
    secret = random_bytes(32).hex().encode()
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    return secret


def _hierarchy(plan: Plan, now: datetime, random_bytes: RandomBytes) -> dict[str, _Made]:
    def ca_plan(common_name: str, days: int) -> CaPlan:
        serial = new_serial(SERIAL_PREFIX, random_bytes)
        return CaPlan(CaName(common_name, organization=plan.name), serial, now, days, plan.permitted_names)

    url = plan.settings.status_url
    root_key, issuing_key, administrators_key = (hierarchy.generate_key(plan.key) for _ in range(3))
    root_certificate = hierarchy.make_root(ca_plan(plan.root_name, hierarchy.ROOT_LIFETIME_DAYS), root_key)
    root = Issuer(root_certificate, "root", url, 1)
    issuing = hierarchy.make_issuing_ca(
        ca_plan(f"{plan.name} Issuing CA 1", hierarchy.ISSUING_CA_LIFETIME_DAYS), issuing_key.public_key(), root, root_key
    )
    administrators = hierarchy.make_administrators_ca(
        ca_plan(f"{plan.name} Administrators CA 1", hierarchy.ADMINISTRATORS_CA_LIFETIME_DAYS), administrators_key
    )
    made = {}
    parts = (
        ("root", root_certificate, root_key, 1),
        ("issuing", issuing, issuing_key, SHARDS),
        ("administrators", administrators, administrators_key, 1),
    )
    for slug, certificate, key, shards in parts:
        authority_id = AuthorityId(new_id("ca", now, random_bytes))
        chain = (certificate,) if slug == "issuing" else ()
        anchor = root_certificate if slug == "issuing" else certificate
        authority = Authority(authority_id, slug, slug, Issuer(certificate, slug, url, shards), chain, anchor)
        made[slug] = _Made(authority, StoredAuthority(authority_id, slug, slug, certificate, shards, now), key)
    return made


def _house(database: Database, settings: Settings, made: dict[str, _Made], random_bytes: RandomBytes, now: datetime) -> House:
    salt = random_bytes(32)
    service = ServiceIdentity(
        settings.service_id, settings.log_host, settings.base_url, settings.administrator_url, settings.status_url, salt
    )
    return House(database, service, {slug: ca.authority for slug, ca in made.items()}, {}, lambda: now, random_bytes)


def _store(house: House, tx: Transaction, plan: Plan, made: dict[str, _Made], responders: dict[str, SigningKey], log_key: LogKey) -> None:
    facts = {
        "service_id": house.service.service_id,
        "log_host": house.service.log_host,
        "status_url": house.service.status_url,
        "personal_salt": house.service.personal_salt.hex(),
        "log_public_key": log_key.public_hex,
        "demo": "yes" if plan.settings.demo else "no",
    }
    for name, value in facts.items():
        authorities.set_fact(tx, name, value)
    for ca in made.values():
        authorities.insert(tx, ca.stored)
    for slug in ("issuing", "administrators"):
        revocations.create_scopes(tx, made[slug].stored.id, made[slug].stored.shard_count)
        certify_responder(house, tx, OPERATOR, made[slug].authority, made[slug].key, responders[slug].public_key())
    publish_root_crl(house, tx, made["root"].authority, made["root"].key, number=1)
    record(house, tx, OPERATOR, "", AuditEvent("initialize", Outcome.DONE, "service", house.service.service_id))


def publish_root_crl(house: House, tx: Transaction, root: Authority, key: SigningKey, number: int) -> None:
    """Sign the root's two CRLs (full and its one shard), which live as long as the root key is away."""
    this_update = tx.now.replace(microsecond=0)
    for scope, uri in ((FULL, None), ("0", root.issuer.crl_url(0))):
        content = CrlContent(number, this_update, this_update + ROOT_CRL_LIFE, uri)
        frame = sign_crl(root.issuer, key, content, 0, [])
        digest = frame.sha256([])
        crl = StoredCrl(
            house.id("crl", tx.now),
            root.id,
            scope,
            number,
            this_update,
            content.next_update,
            frame.prefix,
            frame.suffix,
            (),
            b"",
            digest,
            frame.byte_length,
        )
        revocations.insert_crl(tx, crl)
        record(house, tx, OPERATOR, "", AuditEvent("publish-crl", Outcome.DONE, "crl", f"root/{scope}", digest, f"number {number}"))


def _write_root(data: Path, root: _Made) -> Path:
    path = data / "root.pem"
    path.write_text(certificate_to_pem(root.stored.certificate))
    return path


def _write_settings(settings: Settings) -> None:
    lines = ["# Settings of this Privyseal service. docs/reference/settings.md explains each one."]
    for name, value in settings.model_dump(mode="json", exclude={"data"}, exclude_defaults=True).items():
        if value is not None:
            lines.append(f"{name} = {json.dumps(value)}")
    path = settings.data / FILE_NAME
    temporary = path.with_suffix(".new")
    with temporary.open("w") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.chmod(0o600)
    temporary.rename(path)

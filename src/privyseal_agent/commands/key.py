"""``seal key``: private keys and CSRs of this computer."""

from __future__ import annotations

from pathlib import Path

from privyseal_agent import words
from privyseal_agent.desk import Reply
from privyseal_agent.errors import UsageError
from privyseal_agent.groups import AtDesk, group
from privyseal_agent.keys import csr as csrs
from privyseal_agent.keys import private_key
from privyseal_agent.private_files import read_secret, write_file
from privyseal_agent.settings import NO_OUTPUT_OPTIONS, OutputOptions

APP = group("key", "Make private keys and CSRs on this computer.")


@APP.command
def new(
    *names: str,
    algorithm: private_key.Algorithm = "p256",
    key: Path | None = None,
    csr: Path | None = None,
    passphrase_file: Path | None = None,
    options: OutputOptions = NO_OUTPUT_OPTIONS,
    desk: AtDesk,
) -> Reply:
    """Make a private key and a CSR for it.

    The key never leaves this computer. Its file is readable by you alone, and an existing file is never overwritten.

    Parameters
    ----------
    names
        The DNS names that the certificate should carry, such as www.example.test.
    algorithm
        p256 (the default), p384, rsa2048, rsa3072 or rsa4096.
    key
        File of the private key; the first name with .key when left out.
    csr
        File of the CSR; the first name with .csr when left out.
    passphrase_file
        File with a passphrase under which the key is encrypted; most servers want it unencrypted.
    """
    del options
    if not names:
        raise UsageError("names", "Which names should the certificate carry? Give at least one, such as www.example.test.")
    stem = csrs.host_name(names[0]).replace("*", "wildcard")
    key_file, csr_file = key or Path(f"{stem}.key"), csr or Path(f"{stem}.csr")
    if csr_file.exists():
        raise UsageError("csr", f"{csr_file} exists already and is not overwritten. Choose another name with --csr.")
    passphrase = read_secret(passphrase_file, "a passphrase") if passphrase_file is not None else None
    made = private_key.generate(algorithm)
    pem = csrs.make_csr(made, names)
    private_key.save(key_file, made, passphrase, desk.random_bytes)
    write_file(csr_file, pem)
    spki = csrs.spki_sha256(pem.decode())
    document = {"key": str(key_file), "csr": str(csr_file), "algorithm": algorithm, "spki_sha256": spki, "csr_pem": pem.decode()}
    rows = [
        ("Private key", f"{key_file} ({'encrypted, ' if passphrase else ''}readable by you alone; keep it here)"),
        ("CSR", f"{csr_file} (send this one)"),
        ("Key SHA-256", spki),
    ]
    return Reply(document, words.facts(rows))

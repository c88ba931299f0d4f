"""Makes the CMS samples of tests/vectors/cms with the openssl program; nothing of ours takes part.

Run from the repository root: ``python -m tests.vectors.make_cms``. Keys are new each time and thrown away; what stays
are certificates, signatures and index.json, which says for each file who signed it and what a verifier has to answer.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).with_name("cms")
STATEMENTS = Path(__file__).with_name("statements_v1.json")

KEYS = {
    "rsa": ["-newkey", "rsa:2048"],
    "rsa-other": ["-newkey", "rsa:3072"],
    "rsa-short": ["-newkey", "rsa:1024"],
    "p256": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "p521": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "secp256k1": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
}
ATTACHED = ["-sign", "-binary", "-nodetach"]
PSS = ["-keyopt", "rsa_padding_mode:pss"]


@dataclass(frozen=True, slots=True)
class Sample:
    """``before`` stands before -signer on the command line, ``after`` behind -inkey."""

    file: str
    signer: str
    result: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    form: str = "DER"
    sign: tuple[str, ...] = tuple(ATTACHED)


SAMPLES = (
    Sample("rsa.p7m", "rsa", "ok"),
    Sample("rsa-pem.p7m", "rsa", "ok", form="PEM"),
    Sample("rsa-indefinite.p7m", "rsa", "ok", before=("-stream", "-indef")),
    Sample("rsa-indefinite-pem.p7m", "rsa", "ok", before=("-stream", "-indef"), form="PEM"),
    Sample("rsa-keyid.p7m", "rsa", "ok", before=("-keyid",)),
    Sample("rsa-sha384.p7m", "rsa", "ok", before=("-md", "sha384")),
    Sample("rsa-sha512-few-attributes.p7m", "rsa", "ok", before=("-md", "sha512", "-nosmimecap")),
    Sample("rsa-pss.p7m", "rsa", "ok", after=tuple(PSS)),
    Sample("rsa-pss-sha512.p7m", "rsa", "ok", before=("-md", "sha512"), after=(*PSS, "-keyopt", "rsa_pss_saltlen:64")),
    Sample("rsa-more-certificates.p7m", "rsa", "ok", before=("-certfile", "p256.pem")),
    Sample("p256.p7m", "p256", "ok"),
    Sample("p256-pem.p7m", "p256", "ok", form="PEM"),
    Sample("p256-indefinite.p7m", "p256", "ok", before=("-stream", "-indef")),
    Sample("p256-keyid.p7m", "p256", "ok", before=("-keyid",)),
    Sample("p256-sha512.p7m", "p256", "ok", before=("-md", "sha512")),
    Sample("p384.p7m", "p384", "ok", before=("-md", "sha384")),
    Sample("p384-sha256.p7m", "p384", "ok"),
    Sample("p384-indefinite.p7m", "p384", "ok", before=("-md", "sha384", "-stream", "-indef")),
    Sample("p521.p7m", "p521", "ok", before=("-md", "sha512")),
    Sample("without-certificate.p7m", "rsa", "ok", before=("-nocerts",)),
    Sample("detached.p7m", "rsa", "cms-detached", sign=("-sign", "-binary")),
    Sample("smime.p7m", "rsa", "cms-smime", form="SMIME"),
    Sample("sha1.p7m", "rsa", "cms-weak", before=("-md", "sha1")),
    Sample("md5.p7m", "rsa", "cms-weak", before=("-md", "md5")),
    Sample("sha224.p7m", "rsa", "cms-weak", before=("-md", "sha224")),
    Sample("p256-sha1.p7m", "p256", "cms-weak", before=("-md", "sha1")),
    Sample("pss-short-salt.p7m", "rsa", "cms-algorithm", after=(*PSS, "-keyopt", "rsa_pss_saltlen:8")),
    Sample("pss-other-mask.p7m", "rsa", "cms-algorithm", after=(*PSS, "-keyopt", "rsa_mgf1_md:sha1")),
    Sample("no-attributes.p7m", "rsa", "cms-attributes", before=("-noattr",)),
    Sample("other-content-type.p7m", "rsa", "cms-content-type", before=("-econtent_type", "1.2.3.4")),
    Sample("short-key.p7m", "rsa-short", "cms-certificate"),
    Sample("other-curve.p7m", "secp256k1", "cms-certificate"),
    Sample("other-signer.p7m", "rsa", "cms-signer"),
)
OTHER_SIGNERS = {"other-signer.p7m": "rsa-other"}
"""Who really signed, where it is not the registered signer."""


def openssl(*arguments: str, folder: Path) -> str:
    """Runs one command; returns it as a line."""
    result = subprocess.run(["openssl", *arguments], cwd=folder, check=False, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"openssl {' '.join(arguments)}: {result.stderr}")
    return " ".join(("openssl", *arguments))


def make(folder: Path) -> list[dict[str, str]]:
    """Makes all samples in ``folder`` and returns the index."""
    for name, key in KEYS.items():
        request = ["req", "-x509", *key, "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "36500"]
        openssl(*request, "-subj", f"/C=US/O=Resource Marketing, Inc./CN=Administrator {name}", folder=folder)
        openssl("x509", "-in", f"{name}.pem", "-outform", "DER", "-out", f"{name}.cer", folder=folder)
    index = []
    for sample in SAMPLES:
        by = OTHER_SIGNERS.get(sample.file, sample.signer)
        arguments = ["cms", *sample.sign, *sample.before, "-in", "content", "-signer", f"{by}.pem", "-inkey", f"{by}.key", *sample.after]
        command = openssl(*arguments, "-outform", sample.form, "-out", sample.file, folder=folder)
        index.append({"file": sample.file, "signer": f"{sample.signer}.cer", "result": sample.result, "command": command})
    both = ["-signer", "rsa.pem", "-inkey", "rsa.key", "-signer", "p256.pem", "-inkey", "p256.key"]
    others = (
        ("two-signers.p7m", "cms-signers", ["cms", *ATTACHED, "-in", "content", *both, "-outform", "DER"]),
        ("certificates-only.p7m", "cms-signers", ["crl2pkcs7", "-nocrl", "-certfile", "rsa.pem", "-outform", "DER"]),
        ("encrypted.p7m", "cms-content-type", ["cms", "-encrypt", "-aes256", "-in", "content", "-recip", "rsa.pem", "-outform", "DER"]),
        ("data-only.p7m", "cms-content-type", ["cms", "-data_create", "-in", "content", "-outform", "DER"]),
        ("certificate.p7m", "cms-form", ["x509", "-in", "rsa.pem", "-outform", "DER"]),
        ("request.p7m", "cms-form", ["req", "-new", "-key", "rsa.key", "-subj", "/CN=a.test", "-outform", "PEM"]),
    )
    for file, result, arguments in others:
        command = openssl(*arguments, "-out", file, folder=folder)
        index.append({"file": file, "signer": "rsa.cer", "result": result, "command": command})
    return index


def main() -> None:
    """Replaces the folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        statements = json.loads(STATEMENTS.read_text(encoding="utf-8"))
        (folder / "content").write_text(statements["accepted"][0]["canonical"], encoding="utf-8")
        index = make(folder)
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir()
        for pattern in ("*.p7m", "*.cer", "content"):
            for file in folder.glob(pattern):
                shutil.copyfile(file, FOLDER / file.name)
        (FOLDER / "index.json").write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

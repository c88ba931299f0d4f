"""Makes tests/vectors/log_v1: an audit export of 300 entries, its checkpoint and key, and proofs; the same bytes every time.

Run from the repository root: ``python -m tests.vectors.make_log``. The files are checked by tests/rigs/go_log_verifier,
which shares no code with what wrote them.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privyseal.engine.merkle import append_leaves, consistency_proof, inclusion_proof, root_at
from privyseal_wire.canonical import canonical_bytes
from privyseal_wire.checkpoint import Checkpoint, sign_checkpoint
from privyseal_wire.export import export_line
from privyseal_wire.merkle import leaf_hash
from privyseal_wire.note import make_vkey

FOLDER = Path(__file__).with_name("log_v1")
ORIGIN = "privyseal.localhost/o-resource-marketing"
SIZE = 300
KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"a key of test vectors, of no other use").digest())


def entry(index: int) -> bytes:
    """A made-up audit entry."""
    refused = index % 7 == 3
    return canonical_bytes(
        {
            "v": 1,
            "log": "o-resource-marketing",
            "id": f"aud-019a{index:028x}",
            "time": f"2026-11-22T01:{index // 60:02}:{index % 60:02}.000000Z",
            "actor": {"kind": "administrator", "id": "adm-019a00000002bbbbbbbbbbbbbbbbbbbb", "credential_sha256": "c4" * 32},
            "action": "approve_request",
            "outcome": "refused" if refused else "done",
            "object": {"kind": "request", "id": f"req-019a{index:028x}", "sha256": hashlib.sha256(b"%d" % index).hexdigest()},
            "reason": 'names — "zürcher.test" is not validated' if refused else "",
            "evidence": [],
        }
    )


def files() -> dict[str, str]:
    """The text of each file of the folder."""
    nodes: dict[tuple[int, int], bytes] = {}

    def read(level: int, number: int) -> bytes:
        return nodes[level, number]

    def text(value: bytes) -> str:
        return b64encode(value).decode()

    entries = [entry(index) for index in range(SIZE)]
    growth = append_leaves(0, [leaf_hash(item) for item in entries], read)
    nodes |= {(node.level, node.number): node.hash for node in growth.nodes}
    inclusion = [
        {
            "index": index,
            "size": size,
            "leaf": text(leaf_hash(entries[index])),
            "root": text(root_at(size, read)),
            "proof": [text(item) for item in inclusion_proof(index, size, read)],
        }
        for index, size in ((0, 1), (0, 2), (2, 3), (7, 8), (6, 7), (0, 255), (255, 256), (256, 257), (17, SIZE), (299, SIZE))
    ]
    consistency = [
        {
            "old_size": old,
            "new_size": new,
            "old_root": text(root_at(old, read)),
            "new_root": text(root_at(new, read)),
            "proof": [text(item) for item in consistency_proof(old, new, read)],
        }
        for old, new in ((1, 2), (3, 7), (4, 8), (6, 8), (255, 256), (256, 257), (128, SIZE), (299, SIZE), (SIZE, SIZE))
    ]
    return {
        "export.jsonl": "".join(f"{export_line(index, item)}\n" for index, item in enumerate(entries)),
        "checkpoint.note": sign_checkpoint(Checkpoint(ORIGIN, SIZE, growth.root), KEY),
        "log.vkey": make_vkey(ORIGIN, KEY.public_key()) + "\n",
        "proofs.json": json.dumps({"inclusion": inclusion, "consistency": consistency}, indent=1) + "\n",
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in files().items():
        (FOLDER / name).write_text(content, encoding="utf-8")

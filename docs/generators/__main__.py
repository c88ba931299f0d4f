"""``python -m docs.generators [--write]``: compares the pages of docs/reference/ with the code, or writes them."""

from __future__ import annotations

import sys

from docs.generators.pages import REFERENCE, generators, render

if __name__ == "__main__":
    stale = []
    for page, generator in generators().items():
        path, text = REFERENCE / page, render(generator)
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if "--write" in sys.argv[1:]:
            path.write_text(text, encoding="utf-8")
            print(f"wrote docs/reference/{page}")
        else:
            stale.append(page)
    if stale:
        sys.exit(f"docs/reference/ is behind the code in {', '.join(stale)}; `scripts/docs --write` writes it anew.")

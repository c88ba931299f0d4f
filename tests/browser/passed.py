"""Which tests of this folder passed in this process: whoever looks back at all pages has to know that all of them were opened."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
LOOK_BACK = HERE / "test_every_page.py"
PASSED: set[str] = set()
"""Such as ``test_sign_in.py::test_no_way_in``, on whatever database."""


def all_tests() -> set[str]:
    """The tests of this folder before the look back, as PASSED names them."""
    files = [file for file in HERE.glob("test_*.py") if file != LOOK_BACK]
    return {f"{file.name}::{name}" for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)}

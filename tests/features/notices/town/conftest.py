"""The town and its people, made once for each database and then copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.features.notices.town.town import Town
from tests.rigs.beginnings import begin_with, named
from tests.rigs.letter_box import LetterBox
from tests.rigs.service import Beginning, ServiceRig


@pytest.fixture
def beginning(request: pytest.FixtureRequest) -> tuple[tuple[str, ...], Beginning]:
    """The organization and both people."""
    return begin_with(5, ("fox", "vera"), alone=True)


@pytest.fixture
def town(service: ServiceRig, tmp_path: Path) -> Town:
    return Town(service, LetterBox(service, tmp_path / "mail"), named(service, "fox"), named(service, "vera"))

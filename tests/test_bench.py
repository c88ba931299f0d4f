"""scripts/bench finds figures by name, prints them in the promised form and tells by its exit status what they are worth."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.__main__ import find_figures, main
from bench.e6_pages import measured_paths
from bench.full_database import NAMES

MODULE = """
def run():
    yield {{"figure": "{name}", "what": "things", "value": 10.0, "unit": "1/s", "reference": "others", "reference_value": 4.0,
           "ratio": 2.5, "n": 100, "ok": {ok}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "e1_things.py").write_text(MODULE.format(name="E1", ok=True))
    (tmp_path / "e10_others.py").write_text(MODULE.format(name="E10", ok=False))
    (tmp_path / "e2_broken.py").write_text("def run():\n    raise OSError('no disk')\n    yield\n")
    (tmp_path / "e3_silent.py").write_text("def run():\n    return iter(())\n")
    (tmp_path / "e4_crooked.py").write_text("def run():\n    yield {'figure': 'E4', 'ok': True}\n")
    (tmp_path / "figure.py").write_text("raise AssertionError('not a figure')")
    return tmp_path


def test_figures_are_found_by_name_and_in_order(folder: Path) -> None:
    assert list(find_figures(folder)) == ["E1", "E2", "E3", "E4", "E10"]


def test_one_object_per_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["e1", "--json"], folder) == 0
    figure = json.loads(capsys.readouterr().out)
    assert list(figure) == ["figure", "what", "value", "unit", "reference", "reference_value", "ratio", "n", "ok"]


def test_a_missed_floor_is_status_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["E1", "E10"], folder) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines] == ["ok", "MISSED"]
    assert "10 1/s against 4 of others = 2.5x (n=100)" in lines[0]


@pytest.mark.parametrize(("name", "said"), [("E2", "no disk"), ("E3", "measured nothing"), ("E4", "keys differ")])
def test_what_cannot_be_measured_is_status_1(folder: Path, capsys: pytest.CaptureFixture[str], name: str, said: str) -> None:
    assert main([name, "E1"], folder) == 1
    captured = capsys.readouterr()
    assert said in captured.err
    assert "E1" in captured.out


def test_an_unknown_name_is_status_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["E77"], folder) == 2
    assert "E77" in capsys.readouterr().err


def test_every_figure_of_ours_has_a_run() -> None:
    for paths in find_figures(Path(__file__).parents[1] / "bench").values():
        for path in paths:
            assert "def run() -> Iterator[Figure]:" in path.read_text(encoding="utf-8"), path.name


def test_every_page_is_measured_or_left_out_by_name() -> None:
    assert len(measured_paths(NAMES)) > 80

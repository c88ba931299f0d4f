"""``python -m bench [NAME ...] [--json]``: runs the figures and prints them as they come.

Exit status 0 when every figure keeps its floor, 1 when one misses it or cannot be measured, 2 for an unknown name.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from bench.figure import Figure, line_for_people

MODULE_NAME = re.compile(r"(e\d+[a-z]?)_\w+\.py")


def find_figures(folder: Path) -> dict[str, list[Path]]:
    """The modules of the folder by figure name (``E1``), in the order of the numbers."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("e*.py"), key=lambda path: (int(re.sub(r"\D", "", path.name.split("_")[0]) or 0), path.name)):
        match = MODULE_NAME.fullmatch(path.name)
        if match:
            found.setdefault(match.group(1).upper(), []).append(path)
    return found


def load(path: Path) -> Callable[[], Iterator[Figure]]:
    """The module's ``run``. Loaded only when asked for, so that one figure does not pay for the imports of another."""
    specification = importlib.util.spec_from_file_location(f"bench.{path.stem}", path)
    if specification is None or specification.loader is None:
        raise ImportError(f"{path} is no Python module.")
    module = importlib.util.module_from_spec(specification)
    # Forked workers and pickled functions look the module up by its name.
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    run: Callable[[], Iterator[Figure]] = module.run
    return run


def measure(paths: Iterable[Path], *, as_json: bool) -> bool:
    """Runs the modules one after the other and prints each figure at once; True when all keep their floors."""
    good = True
    for path in paths:
        count = 0
        try:
            for figure in load(path)():
                missing = Figure.__required_keys__ ^ figure.keys()
                if missing:
                    raise ValueError(f"{path.name}: the figure's keys differ from bench/figure.py in {sorted(missing)}.")
                count += 1
                good = good and figure["ok"]
                print(json.dumps(figure) if as_json else line_for_people(figure), flush=True)
            if count == 0:
                raise ValueError(f"{path.name} measured nothing.")
        except Exception:  # noqa: BLE001 - the other figures are still worth measuring; this one counts as missed
            good = False
            traceback.print_exc()
    return good


def main(arguments: list[str], folder: Path) -> int:
    """The exit status for these arguments."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description="The figures, each as a ratio to a reference of the same run.")
    parser.add_argument("name", nargs="*", help="a figure such as E1; all of them without a name")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    options = parser.parse_args(arguments)
    figures = find_figures(folder)
    wanted = [name.upper() for name in options.name] or list(figures)
    unknown = [name for name in wanted if name not in figures]
    if unknown:
        print(f"scripts/bench: no figure is called {', '.join(unknown)}; there are {', '.join(figures) or 'none'}.", file=sys.stderr)
        return 2
    return 0 if measure([path for name in wanted for path in figures[name]], as_json=options.json) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).parent))

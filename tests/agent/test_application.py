"""Command lines: their order, their errors and their exit statuses."""

from __future__ import annotations

import pytest

from privyseal_agent.application import make_application
from tests.agent.conftest import Rig

UNITS = "/organizations/acme/units"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["requst", "list"], 'Unknown command "requst". Did you mean "request"?'),
        (["request", "shw", "x"], 'Did you mean "show"?'),
        (["request", "show"], "requires an argument"),
        (["request", "show", "a", "b"], "Unused Tokens"),
        (["request", "show", "a", "--jsn"], "Unknown option"),
        (["token", "create", "x"], "--scope"),
        (["token", "create", "x", "--scope", "read", "--days", "soon"], "soon"),
        (["service", "show", "--service", "http://pki.test"], "is not an address of the form https://HOST"),
        (["service", "show", "--service"], "requires an argument"),
    ],
)
def test_usage_is_status_2(rig: Rig, words: list[str], sentence: str) -> None:
    told = rig.seal(*words)
    assert told.status == 2
    assert told.out == ""
    assert sentence in told.err


def test_options_may_stand_in_front(rig: Rig) -> None:
    rig.service.on("GET", UNITS, {"standard": {"bought": 1, "reserved": 0, "used": 0, "available": 1}})
    del rig.environment["SEAL_SERVICE"]
    told = rig.seal("--json", "--service", rig.service.base_url, f"--root={rig.service.root_file}", "unit", "show")
    assert told.json["standard"]["bought"] == 1
    assert rig.seal("unit", "show").status == 2


def test_json_after_two_dashes_is_an_argument(rig: Rig) -> None:
    told = rig.seal("request", "show", "--", "--json")
    assert told.status == 1
    assert rig.service.seen[-1].path.endswith("/requests/--json")
    assert told.out == ""


def test_every_command_takes_json_and_has_help() -> None:
    application = make_application()
    for group in application:
        if group.startswith("-"):
            continue
        for name in application[group]:
            if name.startswith("-"):
                continue
            command = application[group][name]
            arguments = command.assemble_argument_collection(parse_docstring=True)
            shown = [argument for argument in arguments if argument.show]
            assert "--json" in {argument.name for argument in shown}, (group, name)
            assert command.help, (group, name)
            assert [argument.name for argument in shown if not argument.parameter.help] == [], (group, name)


def test_a_folder_that_cannot_be_made_is_told(rig: Rig) -> None:
    (rig.folder / ".config").write_text("a file in the place of the folder")
    told = rig.seal("administrator", "enroll", "one-time", "--json")
    assert told.status == 1
    assert told.json["error"]["kind"] == "system"
    assert str(rig.folder / ".config") in told.err


def test_help_in_json_and_with_other_words(rig: Rig) -> None:
    assert rig.seal("request", "--help", "--json").json["help"].startswith("Usage: seal request COMMAND")
    assert rig.seal("request", "show", "req-1", "-h").out.startswith("Usage: seal request show REQUEST [--expires TEXT] [--approver TEXT]")

"""The `privyseal` command of the operator, run in this process on the data directory of a rig's service."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest

from privyseal.cli.program import make_application
from privyseal.cli.rooms import Rooms
from privyseal.features import Feature
from tests.rigs.service import ServiceRig


def run_command(service: ServiceRig, *words: str, features: Sequence[Feature] = ()) -> None:
    """Run one command with ``--data``; what it prints goes to standard output, what it raises comes through."""
    program = make_application(Rooms(service.clock, os.urandom, (), tuple(features)))
    with pytest.MonkeyPatch.context() as patch:
        # The settings file is a copy of the template's and names the template's database.
        patch.setenv("PRIVYSEAL_DATABASE_URL", service.settings.database_url)
        program([*words, "--data", str(service.settings.data)], result_action="return_value", exit_on_error=False, print_error=False)

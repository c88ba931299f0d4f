"""The one table from errors to HTTP: every error class has its row, and a bug shows nothing of itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Never, cast

import pytest
import structlog

from privyseal.model import errors
from privyseal.reception.problems import problem_of
from privyseal.reception.statuses import STATUS
from tests.doors.rest.rest_rig import API, ORG, RestRig, require_problem
from tests.rigs.app_client import AppClient
from tests.rigs.service import AdministratorRig


def test_every_error_has_its_row() -> None:
    names = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, errors.PrivysealError)}
    assert names - {"PrivysealError"} == {kind.__name__ for kind in STATUS}
    assert len({status for status, _ in STATUS.values()}) == len(STATUS)


@pytest.mark.parametrize("kind", list(STATUS))
def test_form_of_a_problem(kind: type[errors.PrivysealError]) -> None:
    waits = kind is errors.TooManyRequests or kind is errors.Unavailable
    more: dict[str, Any] = {"retry_after_seconds": 7} if waits else {"field": "csr"}
    answer = problem_of(kind("some-kind", "It is so. Do that.", **more))
    assert answer.status_code == STATUS[kind][0]
    assert answer.media_type == "application/problem+json"
    assert answer.headers.get("retry-after") == ("7" if waits else None)
    assert ("www-authenticate" in answer.headers) == (kind is errors.Unauthenticated)
    if not waits:
        assert b'"field":"csr"' in bytes(answer.body)


def test_a_subclass_follows_its_parent() -> None:
    class Special(errors.Conflict):
        """A kind of conflict."""

    assert problem_of(Special("special", "It is special.")).status_code == 409


class BrokenOffset:
    """What a clock would add if it were broken: the world outside fails in a way that nobody foresaw."""

    def __radd__(self, other: object) -> Never:
        message = "secret detail of the inside"
        raise ZeroDivisionError(message)


def test_a_bug_is_a_reference_and_nothing_else(rest: RestRig, fox: AdministratorRig) -> None:
    client = AppClient(rest.app, raise_server_exceptions=False)
    rest.service.clock.offset = cast("timedelta", BrokenOffset())
    with structlog.testing.capture_logs() as logs:
        problem = require_problem(client.get(f"{API}/organizations/{ORG}"), 500, "failed")
    assert "secret" not in str(problem)
    [entry] = logs
    assert entry["reference"] in problem["detail"]
    assert isinstance(entry["exc_info"], ZeroDivisionError)


def test_a_database_that_is_gone_is_503_with_a_time_to_come_back(rest: RestRig, fox: AdministratorRig) -> None:
    admin, body = rest.administrator(fox), rest.body()
    rest.service.house.database.close()
    path = rest.service.settings.data / "privyseal.sqlite3"
    if rest.service.database_url:
        pytest.skip("the rig's PostgreSQL is shared; the file of the embedded database can be taken away")
    path.rename(path.with_suffix(".away"))
    path.mkdir()
    for answer in (admin.get(f"{API}/organizations/{ORG}/units"), admin.post(f"{API}/organizations/{ORG}/requests", json=body)):
        require_problem(answer, 503, answer.json()["kind"])
        assert int(answer.headers["retry-after"]) > 0
    path.rmdir()
    path.with_suffix(".away").rename(path)
    assert admin.get(f"{API}/organizations/{ORG}/units").status_code == 200

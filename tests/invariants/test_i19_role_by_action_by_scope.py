"""Role x action x scope: every route of every door and every page, asked by somebody of every role within every scope (I13, I19).

``role_by_action_by_scope.txt`` is written by a person from requirements 4.1: which rights a role has, which right each route asks for,
how far that has to reach, and with what somebody has to come. A route without a line there fails here. Then everybody really calls
it, with what a friend would send: signed by himself where a signature decides. Who lacks the right is refused, and what lies outside of
somebody's department or organization is answered as what does not exist.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from docs.generators.roles_and_routes import TABLE, RouteRow, roles, routes
from privyseal.app import discover
from privyseal.cli.web_application import make_application
from privyseal.cli.web_server import with_certificate
from privyseal.doors.rest.openapi import describe
from privyseal.engine import phrases
from privyseal.model.administrator import ORGANIZATION_ROLES, PERMISSIONS, PROVIDER_ROLES, TOKEN_SCOPES, Permission, Role
from privyseal.model.errors import Refused
from privyseal.model.session import STEP_UP_LIFE
from privyseal.reception.site import Access
from privyseal.status.http.routes import Kind as StatusKind
from privyseal.store import access_reviews, administrators, organizations, policies
from tests.conftest import LIGHT_MEMORY_KIB
from tests.doors.rest.rest_rig import API, RestRig
from tests.doors.rest.test_tenants import ROWS
from tests.pages.test_access import entrance
from tests.rigs.asgi import AsgiAnswer, AsgiClient
from tests.rigs.changes import propose
from tests.rigs.everybody import (
    ABOVE,
    BELOW,
    BESIDE,
    ELSEWHERE,
    FOREIGN,
    NOWHERE,
    ORG,
    OTHER,
    OWN,
    PART,
    PLACES,
    PROGRAM,
    SPARE,
    STAFF,
    STRANGER,
    THIRD,
    WHOLE,
    Everybody,
    Somebody,
    everybody,
)
from tests.rigs.service import ServiceRig, ServiceTemplate, hashes_hex, make_csr, make_key
from tests.rigs.signed_bodies import SIGNED, change_of

OURS = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html, application/json"}
"""Refusals come as JSON then, with their kind."""

ROOMS = discover()
ROLES = roles()
ROUTES = routes()
A_FEW = {"security-administrator", "department-administrator", "read-only", "provider-administrator", "provider-operator"}
"""Who asks on the second database."""

OTHERS_ALONE = {
    "GET /o/{org}/console/events",
    "GET /organizations/{org}/events",
    "GET /o/{org}/step-up/finish",
    "GET /provider/step-up/finish",
    "POST /o/{org}/step-up/passkey",
    "POST /provider/step-up/passkey",
    "POST /o/{org}/account/sign-on/end",
    "POST /o/{org}/console/sign-on/removal",
    "DELETE /organizations/{org}/sign-on",
}
"""Asked by those alone who may not: streams never end, a step-up shows a credential once more, and the sign-on is needed to the end."""

REMOVAL: Final = "/domains/{name}/removal"
NOT_MADE = {
    **dict.fromkeys(("application", "application_id"), f"apl-{'0' * 32}"),
    **dict.fromkeys(("trial", "trial_id"), f"trl-{'0' * 32}"),
    **dict.fromkeys(("draft", "item", "form", "number", "search", "session_id", "assignment"), "x"),
    "contact_change": f"cch-{'0' * 32}",
    "letter": f"ltr-{'0' * 32}",
    **dict.fromkeys(("lost_id", "lost_card"), f"lst-{'0' * 32}"),
    "sha256": "0" * 64,
}
"""Parts of addresses that name nothing here: whoever has the right is told so, and nobody else learns even that."""

pytestmark = pytest.mark.timeout(600)
sqlite = pytest.mark.parametrize("called", ["sqlite"], indirect=True, scope="module")
TELL = (
    "Write a line for each into tests/invariants/role_by_action_by_scope.txt: who may call it by requirements 4.1, which right it asks for "
    "and how far. Then run scripts/docs --write."
)


class Answer(enum.Enum):
    """What a call comes to."""

    IN = "let in"
    NO_RIGHT = "no right"
    NOTHING = "does not exist"
    TURNED_AWAY = "not signed in"
    READING_ONLY = "signed in for reading alone"
    STALE = "show the credential again"


@dataclass(slots=True)
class Called:
    """Both entrances of one service, and what lies in each place.

    On the second database, where the queries differ and not the table, a few ask, and only for what departments divide: ``is_whole`` is
    False.
    """

    everybody: Everybody
    rest: RestRig
    pages: AsgiClient
    door: AsgiClient
    people: list[Somebody]
    programs: list[Somebody]
    tokens: dict[str, str]
    shared: dict[str, dict[str, str]]
    provider: dict[str, str]
    is_whole: bool
    integrated: datetime
    cookies: dict[str, tuple[datetime, dict[str, str]]] = field(default_factory=dict)

    def session(self, who: Somebody) -> dict[str, str]:
        """The cookie of a person who showed a credential just now: a session that is older asks for it again."""
        if who.rig is None:
            return {}
        now = self.everybody.service.clock()
        since, cookie = self.cookies.get(who.words, (None, {}))
        if since is None or now - since > STEP_UP_LIFE / 2:
            cookie = self.everybody.session(who)
            self.cookies[who.words] = (now, cookie)
        return cookie

    def keep_up(self) -> None:
        """Integrate the audit log now and then: nothing is issued while it waits."""
        now = self.everybody.service.clock()
        if now - self.integrated > timedelta(seconds=15):
            self.everybody.service.integrate()
            self.integrated = now

    def objects(self, row: RouteRow, place: str, *, fresh: bool) -> dict[str, str]:
        """What the address names; ``fresh`` for a call that uses it up."""
        if row.whose == "provider" and fresh and row.path.endswith(REMOVAL):
            name = f"d{self.everybody.number()}.test"
            self.everybody.service.validate(THIRD, name)
            return {**self.provider, "name": name}
        if row.whose == "provider" and fresh and row.path.endswith(("/credentials/revocation", "/credentials/revoke")):
            leaver = self.everybody.service.administrator("", "", Role.PROVIDER_AUDITOR)
            return {**self.provider, **dict.fromkeys(("administrator", "administrator_id"), leaver.administrator.id)}
        if row.whose == "provider":
            return self.provider
        if not fresh:
            return self.shared[place]
        made: dict[str, str] = {}
        if "{request" in row.path or row.path.endswith("/approvals"):
            made["request"] = made["request_id"] = self.everybody.request(place).id
        if "{serial}" in row.path:
            made["serial"] = self.everybody.certificate(place).serial_hex
        if "{administrator" in row.path:
            person = self.everybody.newcomer(place)
            made["administrator"] = made["administrator_id"] = person.administrator.id
            made["sha256"] = hashes_hex(person.certificate_der)
        return {**self.shared[place], **made}


def names_in(path: str) -> set[str]:
    """The parts of an address that name something."""
    return set(re.findall(r"\{([a-z_0-9]+)\}", path))


def lies_somewhere(row: RouteRow) -> bool:
    """Whether the address names something that belongs to a department."""
    return row.whose == "organization" and re.search(r"\{(request|serial|administrator|department)", row.path) is not None


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def called(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Called]:
    template: ServiceTemplate = request.getfixturevalue(f"{request.param}_template")
    server = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    url = server.create_database(template.database_url) if server is not None else ""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phrases, "MEMORY_KIB", LIGHT_MEMORY_KIB)
        service = ServiceRig(Path(tmp_path_factory.mktemp("everybody")), url, template=template)
        with everybody(service, _people(is_whole=server is None)) as house:
            yield from _called(house, is_whole=server is None)
    if server is not None:
        server.drop_database(url)


def _people(*, is_whole: bool) -> list[tuple[str, str]]:
    names = ROLES.keys() - {"api-token"} if is_whole else A_FEW
    return [(role.name, role.scope) for role in ROLES.values() if role.name in names]


def _called(house: Everybody, *, is_whole: bool) -> Iterator[Called]:
    app = make_application(entrance(house.service), (), ROOMS.sites)
    rest = RestRig(house.service)
    rights = sorted(ROLES["api-token"].rights)
    tokens = {right: rest.token_text(right) for right in rights}
    programs = [Somebody("api-token", PROGRAM, token=right) for right in rights]
    shared = {place: _shared(house, rest, place) for place in PLACES}
    house.service.integrate()
    with closing(AsgiClient(app)) as pages, closing(AsgiClient(_behind_tls(rest, house.people))) as door:
        yield Called(house, rest, pages, door, house.people, programs, tokens, shared, _of_provider(house), is_whole, house.service.clock())


def _shared(house: Everybody, rest: RestRig, place: str) -> dict[str, str]:
    slug, by = (OTHER, house.helen) if place == FOREIGN else (ORG, house.fox)
    pending, person, change = house.request(place), house.newcomer(place), change_of(house, by)
    propose(house.service, change, by)
    house.changes[change.id] = change
    rest.token_text("read", org=slug)
    with house.service.house.database.read(house.service.clock()) as tx:
        organization = organizations.require(tx, slug)
        review = access_reviews.page(tx, organization.id)[0].id
        policy = policies.of_organization(tx, organization.id)[0]
        token = administrators.tokens_of(tx, organization.id)[0].id
    return {
        "org": ORG,
        "slug": ORG,
        **dict.fromkeys(("request", "request_id"), pending.id),
        "serial": house.certificate(place).serial_hex,
        **dict.fromkeys(("administrator", "administrator_id"), person.administrator.id),
        "sha256": hashes_hex(person.certificate_der),
        "department": house.departments[place] or house.departments[BESIDE] or "",
        "to": house.departments[BELOW] or "",
        **dict.fromkeys(("change", "change_id"), change.id),
        **dict.fromkeys(("token", "token_id"), token),
        "review": review,
        "reviewed": by.administrator.id,
        "policy": policy.id,
        "named": policy.name,
        "version": str(policy.version),
        "name": "resource-marketing.test",
        "authority": "issuing",
    }


def _of_provider(house: Everybody) -> dict[str, str]:
    """What the provider's people do something to."""
    seller = next(who.person for who in house.people if who.role == Role.PROVIDER_OPERATOR.value)
    change = change_of(house, seller)
    propose(house.service, change, seller)
    house.changes[change.id] = change
    with house.service.house.database.read(house.service.clock()) as tx:
        [domain] = organizations.domains_of(tx, organizations.require(tx, THIRD).id)
        review = access_reviews.page(tx, None)[0].id
    return {
        "org": THIRD,
        "slug": THIRD,
        "named": "",
        "name": domain.name,
        "authority": "issuing",
        "validation": domain.validation_id or "",
        **dict.fromkeys(("change", "change_id"), change.id),
        **dict.fromkeys(("administrator", "administrator_id"), seller.administrator.id),
        "sha256": hashes_hex(seller.certificate_der),
        "review": review,
        "reviewed": seller.administrator.id,
        "to": "",
    }


def _behind_tls(rest: RestRig, people: list[Somebody]) -> ASGIApp:
    """REST, where the header X-Who says whose certificate TLS has verified."""
    known = {
        who.words.encode(): with_certificate(rest.app, {"client_cert_der": who.rig.certificate_der, "tls_version": "TLSv1.3"})
        for who in people
        if who.rig is not None
    }

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        who = dict(scope.get("headers", ())).get(b"x-who", b"")
        await known.get(who, rest.app)(scope, receive, send)

    return call


# ------------------------------------------------------------------------------------------------- the table and the code


@sqlite
def test_every_route_of_every_door_has_its_row(called: Called) -> None:
    known = [(row.door, row.method, row.path) for row in ROUTES]
    assert len(known) == len(set(known)), "a route has two lines"
    paths = describe(called.rest.app.state.doors.application())["paths"]
    rest = {("rest", method.upper(), path.removeprefix(API)) for path, operations in paths.items() for method in operations}
    pages = {("page", page.method.value, page.path) for site in ROOMS.sites for page in site.pages}
    status = {("status", "GET", kind.value) for kind in StatusKind}
    health = {("health", "GET", route.path) for route in called.rest.app.routes if isinstance(route, Route)}
    there = rest | pages | status | health
    assert not there - set(known), f"Routes without a line: {sorted(there - set(known))}. {TELL}"
    assert not set(known) - there, f"Lines whose route is gone: {sorted(set(known) - there)}. Take them out of {TABLE.name}."


def test_roles_have_the_rights_that_the_table_gives_them() -> None:
    people = {name: role for name, role in ROLES.items() if name != "api-token"}
    assert {role.value: {right.value for right in PERMISSIONS[role]} for role in Role} == {
        name: set(role.rights) for name, role in people.items()
    }
    assert {role.value for role in PROVIDER_ROLES} == {name for name, role in people.items() if role.scope == "provider"}
    assert {role.value for role in ORGANIZATION_ROLES} == {name for name, role in people.items() if role.scope != "provider"}
    assert {right.value for right in TOKEN_SCOPES} == ROLES["api-token"].rights
    assert not {"approve", "revoke"} & {right for role in ROLES.values() if role.scope == "provider" for right in role.rights}, "I13"


@sqlite
def test_roles_for_the_whole_organization_are_given_for_no_department(called: Called) -> None:
    service, department = called.everybody.service, called.everybody.departments[OWN]
    nobody = next(who for who in called.everybody.people if who.scope == NOWHERE)
    for role in (role for role in ROLES.values() if role.scope == "organization" and role.name != "api-token"):
        with pytest.raises(Refused) as caught:
            service.assign(nobody.person, Role(role.name), by=called.everybody.fox, department=department)
        assert caught.value.kind == "role-scope"


def test_pages_declare_what_their_rows_say() -> None:
    asked = {(row.method, row.path): (row.whose, row.right, row.reach, row.by) for row in ROUTES if row.door == "page"}
    for site in ROOMS.sites:
        for page in site.pages:
            said = asked[page.method.value, page.path]
            mostly = "sign-on" if page.audience.value == "organization" else "credential"
            by = "fresh" if page.step_up else "credential" if page.needs_credential else mostly
            if isinstance(page.access, Permission):
                assert said == (page.audience.value, page.access.value, "part" if page.scoped else "whole", by), page.path
            elif page.access is Access.SIGNED_IN:
                assert said == (page.audience.value, "signed-in", "-", by), page.path
            else:
                assert said == ("anybody", "-", "-", "-"), page.path


@sqlite
def test_rest_documents_what_its_rows_say(called: Called) -> None:
    paths = describe(called.rest.app.state.doors.application())["paths"]
    for row in (row for row in ROUTES if row.door == "rest"):
        operation = paths[API + row.path][row.method.lower()]
        words, takes_token = operation["x-privyseal-access"], {"apiToken": []} in operation["security"]
        if row.by in {"token", "credential"} and row.whose != "anybody" and words != FOR_HIMSELF:
            assert f"`{row.right}`" in words, row
        assert takes_token is (row.by in {"token", "session"} or (row.by == "signature" and row.whose == "organization")), row
        assert ({} in operation["security"]) is (row.right == "-" or row.path.endswith(OR_BY_PHRASE)), row


OR_BY_PHRASE = ("/certificates/{serial}/revocation", "/certificates/{serial}/reissue")
FOR_HIMSELF = "Whoever has an Administrator ID, for himself."


# --------------------------------------------------------------------------------------------------- everybody calls everything


def _expected(row: RouteRow, who: Somebody, place: str) -> Answer:
    """What roles, scope and row make of a call, once somebody is known there."""
    if row.right == "signed-in":
        return Answer.IN
    if not who.role or row.right not in ROLES[who.role].rights or (who.scope == PART and row.reach == "whole"):
        return Answer.NO_RIGHT
    is_hidden = place == FOREIGN or (who.scope == PART and lies_somewhere(row) and place in {BESIDE, ABOVE})
    return Answer.NOTHING if is_hidden else Answer.IN


def _expected_page(row: RouteRow, who: Somebody, place: str) -> Answer:
    is_elsewhere = (who.scope == STAFF) is not (row.whose == "provider") or who.scope in {ELSEWHERE, STRANGER}
    if is_elsewhere:
        return Answer.TURNED_AWAY
    if who.is_reader and row.by != "sign-on":
        return Answer.READING_ONLY
    return _expected(row, who, place)


def _expected_rest(row: RouteRow, who: Somebody, place: str) -> Answer:
    if who.scope == STRANGER or row.by == "session" or (who.scope == PROGRAM and row.whose == "anybody"):
        return Answer.TURNED_AWAY
    if row.whose == "provider" and who.scope != STAFF:
        return Answer.NO_RIGHT
    if row.whose == "organization" and who.scope in {STAFF, ELSEWHERE}:
        return Answer.NOTHING
    if who.scope != PROGRAM:
        return _expected(row, who, place)
    right = {"token": row.right, "signature": "read"}.get(row.by)
    if right != who.token:
        return Answer.NO_RIGHT
    return Answer.NOTHING if place == FOREIGN else Answer.IN


def _askers(row: RouteRow, people: list[Somebody]) -> list[Somebody]:
    """Everybody; one of each scope, the one who may most, where everybody will do or where nobody of them is known."""
    most = {
        (who.scope, who.token, who.is_reader): who for who in sorted(people, key=lambda who: len(ROLES[who.role].rights) if who.role else 0)
    }
    of_provider = row.whose == "provider"
    return [
        who
        for who in people
        if who is most[who.scope, who.token, who.is_reader] or (row.right != "signed-in" and (who.scope == STAFF or not of_provider))
    ]


def _places(row: RouteRow, who: Somebody) -> tuple[str, ...]:
    """Where to ask: elsewhere only where it makes a difference."""
    names_something = names_in(row.path) & {"request", "request_id", "serial", "administrator", "administrator_id", "department"}
    is_refused = EXPECTED[row.door](row, who, OWN) is not Answer.IN
    if is_refused or row.whose != "organization" or not (names_something or names_in(row.path) & WHOLES):
        return (OWN,)
    if not names_something or row.reach != "part":
        return (OWN, FOREIGN)
    return PLACES if who.scope == PART else (OWN, ABOVE, FOREIGN)


WHOLES = {"change", "change_id", "review", "token", "token_id"}
"""Things of a whole organization."""


def _address(row: RouteRow, objects: dict[str, str]) -> str:
    objects = {**NOT_MADE, **objects}
    if "{review}" in row.path:
        objects = {**objects, "administrator": objects["reviewed"]}
    if row.path.endswith(REMOVAL) and row.whose == "organization":
        objects = {**objects, "name": SPARE}
    if row.door == "rest":
        objects = {**objects, "policy": objects["named"]}
    return re.sub(r"\{([a-z_0-9]+)\}", lambda found: objects[found[1]], row.path)


def _is_no_deviation(row: RouteRow, place: str, wanted: Answer, answer: Answer) -> bool:
    """Tell whether an answer is as good as the wanted one: what is not made here is not found, and a refusal is a refusal."""
    if wanted is Answer.IN and answer is Answer.NOTHING:
        return row.right == "signed-in" or bool(names_in(row.path) & NOT_MADE.keys())
    return answer is wanted or (wanted is Answer.NO_RIGHT and answer is Answer.NOTHING and place != OWN)


def _deviations(called: Called, door: str, ask: Callable[[RouteRow, Somebody, str, bool], tuple[Answer, str]]) -> list[str]:
    readers = [who for who in called.people if who.is_reader]
    others = [who for who in called.people if not who.is_reader]
    found, people = [], [*others, *(called.programs if door == "rest" else readers)]  # REST knows no such session as readers have.
    for row in (row for row in ROUTES if row.door == door and row.right != "-" and (called.is_whole or row.reach == "part")):
        called.keep_up()
        for who in _askers(row, people):
            for place in _places(row, who):
                wanted = EXPECTED[door](row, who, place)
                if wanted is Answer.IN and f"{row.method} {row.path}" in OTHERS_ALONE:
                    continue
                answer, got = ask(row, who, place, wanted is Answer.IN)
                if not _is_no_deviation(row, place, wanted, answer):
                    found.append(f"{who.words} {row.method} {row.path} at {place}: {wanted.value} expected, got {answer.value} ({got})")
    return found


EXPECTED = {"page": _expected_page, "rest": _expected_rest}


def _require_none(deviations: list[str]) -> None:
    assert not deviations, "\n".join([f"{len(deviations)} deviations", *deviations[:60]])


def _answer(status: int, kind: str) -> Answer:
    assert status < 500 or status == 503, (status, kind)
    if status == 403:
        return {"reading-only": Answer.READING_ONLY, "step-up-needed": Answer.STALE}.get(kind, Answer.NO_RIGHT)
    return {401: Answer.TURNED_AWAY, 404: Answer.NOTHING}.get(status, Answer.IN)


def _page_answer(got: AsgiAnswer, row: RouteRow, who: Somebody) -> tuple[Answer, str]:
    kind = got.json().get("kind", "") if got.status_code >= 400 and got.headers["content-type"] == "application/json" else ""
    place = got.headers.get("location", "") if got.status_code == 303 else ""
    if "/sign-in?next=" in place:
        return Answer.READING_ONLY if who.is_reader and row.whose == "organization" else Answer.TURNED_AWAY, place
    if "/step-up?next=" in place:
        return Answer.STALE, place
    return _answer(got.status_code, kind), f"{got.status_code} {kind}{place}"


def test_pages_let_in_by_role_and_scope_alone(called: Called) -> None:
    def ask(row: RouteRow, who: Somebody, place: str, fresh: bool) -> tuple[Answer, str]:  # noqa: FBT001 - one of four words of a call
        form = FORMS.get(row.path.rpartition("/")[2], {}) if lies_somewhere(row) else {}
        objects = called.objects(row, place, fresh=fresh and row.method == "POST" and bool(form))
        data = {"sent": "yes", **form, "department": objects["to"]} if row.method == "POST" else None
        got = called.pages.request(row.method, _address(row, objects), headers={**OURS, **called.session(who)}, data=data)
        if row.right == "signed-in":  # It may have ended the session.
            called.cookies.pop(who.words, None)
        return _page_answer(got, row, who)

    _require_none(_deviations(called, "page", ask))


FORMS: Final[dict[str, dict[str, str]]] = {
    "hold": {"question": "Whose is it?"},
    "rejection": {"reason": "No"},
    "revocation": {"reason": "superseded"},
    "department": {"department": ""},
}
"""What the forms about something that lies in a department take, by the last word of their address."""


@sqlite
def test_pages_ask_for_the_credential_again_where_their_rows_say_so(called: Called) -> None:
    service, deviations = called.everybody.service, []
    people = {"organization": "security-administrator", "provider": "provider-administrator"}
    for whose, role in people.items():
        who = next(item for item in called.people if item.role == role and item.scope in {WHOLE, STAFF} and not item.is_reader)
        for row in (row for row in ROUTES if row.door == "page" and row.whose == whose and f"{row.method} {row.path}" not in OTHERS_ALONE):
            called.cookies.pop(who.words, None)
            cookie = called.session(who)
            service.clock.advance(STEP_UP_LIFE + timedelta(seconds=1))
            objects = called.objects(row, OWN, fresh=False)
            got = called.pages.request(
                row.method, _address(row, objects), headers={**OURS, **cookie}, data={} if row.method == "POST" else None
            )
            answer, said = _page_answer(got, row, who)
            service.clock.advance(-STEP_UP_LIFE)
            if (answer is Answer.STALE) is not (row.by == "fresh"):
                deviations.append(f"{row.method} {row.path}: {said}")
    called.cookies.clear()
    _require_none(deviations)


def test_rest_lets_in_by_role_and_scope_alone(called: Called) -> None:
    def ask(row: RouteRow, who: Somebody, place: str, fresh: bool) -> tuple[Answer, str]:  # noqa: FBT001 - one of four words of a call
        objects = called.objects(row, place, fresh=fresh and row.method != "GET")
        body = _body(called.everybody, row, who, objects)
        shown = {"Authorization": f"Bearer {called.tokens[who.token]}"} if who.token else {"X-Who": who.words}
        got = called.door.request(row.method, API + _address(row, objects), json=body, headers=shown)
        return _rest_answer(row, who, got)

    _require_none(_deviations(called, "rest", ask))


def _rest_answer(row: RouteRow, who: Somebody, got: AsgiAnswer) -> tuple[Answer, str]:
    status, kind = got.status_code, got.json()["kind"] if got.status_code >= 400 else ""
    if row.path.endswith("/approvals") and status in {200, 202}:  # Each of them is answered for itself.
        problem = got.json()["items"][0].get("problem") or {"status": status, "kind": ""}
        status, kind = problem["status"], problem["kind"]
    if status == 403 and kind == "organization-decides" and who.scope == STAFF:
        return Answer.NOTHING, kind
    return _answer(status, kind), f"{status} {kind}"


def _body(house: Everybody, row: RouteRow, who: Somebody, objects: dict[str, str]) -> dict[str, Any] | None:
    if row.method in {"GET", "DELETE"}:
        return None
    make = SIGNED.get((row.method, row.path))
    if make is not None:
        return make(house, who.rig or house.fox, objects)
    [known] = [item.body for item in ROWS if (item.method, item.path) == (row.method, row.path)]
    body = {**(known or {})}
    if body.get("csr"):
        body["csr"] = make_csr(["www.resource-marketing.test"], make_key())
    if "administrator" in body:
        body["administrator"] = objects["reviewed"]
    return {**body, "department": objects["to"]} if "department" in body else body


@sqlite
def test_what_is_for_everybody_asks_for_nobody(called: Called) -> None:
    stranger = next(who for who in called.people if who.scope == STRANGER)
    outsider = next(who for who in called.people if who.scope == ELSEWHERE)
    deviations = []
    for row in (row for row in ROUTES if row.right == "-" and row.door in {"page", "rest", "health"}):
        for who in (stranger, outsider):
            objects = called.shared[OWN]
            if row.door == "page":
                data = {"sent": "yes"} if row.method == "POST" else None
                headers = {**OURS, **called.session(who)}
                answer, said = _page_answer(called.pages.request(row.method, _address(row, objects), headers=headers, data=data), row, who)
            else:
                body = _body(called.everybody, row, who, objects)
                address = (API if row.door == "rest" else "") + _address(row, objects)
                got = called.door.request(row.method, address, json=body, headers={"X-Who": who.words})
                answer, said = _rest_answer(row, who, got) if row.door == "rest" else (_answer(got.status_code, ""), "")
            shows_somebody = answer is Answer.TURNED_AWAY and "/sign-in" in row.path
            if answer not in {Answer.IN, Answer.NOTHING} and not shows_somebody:
                deviations.append(f"{who.words} {row.method} {row.path}: {said}")
    _require_none(deviations)

"""Hostile domains and names: the page, REST and the issuer refuse the same thing in the same words, and nothing is half done.

A domain whose owner lies, stalls or floods is tried through both entrances; it stays without evidence, and then a name under it is
asked for through both, and of the issuer with the entrances bypassed. The incidents are those of facts/reliability.md.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import dns.rcode
import pytest

from privyseal.actions.house import About, perform
from privyseal.actions.organization.add_domain import add_domain
from privyseal.engine.dcv import txt_record_to_publish
from privyseal.engine.dns_lookup import DnsLookup
from privyseal.engine.perspectives import Perspective, Perspectives
from privyseal.engine.token_fetch import FetchPolicy
from privyseal.engine.world import World
from privyseal.features.notices.render import time_text
from privyseal.issuer.desk import complete_batch
from privyseal.model.actor import Actor, ActorKind
from privyseal.model.administrator import Role
from privyseal.model.domain import Domain
from privyseal.model.errors import Refused
from privyseal.model.organization import subject_values
from privyseal.model.profile import NameKind, SubjectField
from privyseal.model.refused_names import REFUSALS, STRANGERS_TOLD, TOLD_AGAIN_AFTER, WITHIN_MINUTES
from privyseal.model.request import Request
from privyseal.store import administrators, organizations
from tests.doors.rest.rest_rig import API, RestRig, require_problem
from tests.engine.test_dcv import crafted_server, silent_server, txt_answer, with_code
from tests.invariants.test_i15_i16_hostile_identities import Bypass
from tests.pages.browsing import ORG, PagesRig, require_refused
from tests.pages.portal.portal_rig import PortalRig
from tests.rigs.app_client import AppClient
from tests.rigs.knot import KnotServer
from tests.rigs.letter_box import LetterBox
from tests.rigs.ports import LOOPBACK
from tests.rigs.service import OPERATOR, AdministratorRig, ServiceRig, mail_of, make_csr, make_key
from tests.rigs.unbound import UnboundServer
from tests.rigs.web import WebServer, loopback_policy, reply

OWN, ZONE, SIGNED = "resource-marketing.test", "hostile.test", "bogus.test"
REQUESTS = f"{API}/organizations/{ORG}/requests"
GIGABYTE = 1 << 30
NEVER = FetchPolicy()


@dataclass(slots=True)
class Shared:
    """One service for the module, and the ways into it that need no world."""

    service: ServiceRig
    vera: AdministratorRig
    admin: AdministratorRig
    rest: RestRig = field(init=False)
    portal: PortalRig = field(init=False)
    bypass: Bypass = field(init=False)
    sources: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.bypass = Bypass(self.service, self.admin, itertools.count())
        self.rest, self.portal = RestRig(self.service), PortalRig(self.service)

    def wait(self, by: timedelta) -> None:
        """Time passes for everybody, and does not come back: the log knows what was written meanwhile."""
        self.service.clock.advance(by)
        self.service.integrate()

    def domain(self, name: str) -> Domain:
        with self.service.house.database.read(self.service.clock()) as tx:
            found = organizations.domain_named(tx, organizations.require(tx, ORG).id, name)
        assert found is not None
        return found

    def by_page(self, csr: str) -> str:
        """What the page says to a CSR; it is a refusal."""
        self.portal.client = self.portal.browser(f"10.2.0.{next(self.sources) % 250}")
        draft = self.portal.start()
        seen = self.portal.send(f"{draft}/csr", {"csr": csr})
        assert seen.status in {400, 422}, seen.text
        [problem] = seen.page.problems
        return problem

    def refused_by_token(self) -> int:
        """How many requests of programs for a name without evidence the organization's log has; those of strangers are counted in sums."""
        self.service.integrate()
        log = self.rest.administrator(self.admin).get(f"{API}/organizations/{ORG}/audit", params={"limit": 1000}).text
        entries = [json.loads(json.loads(line)["entry"]) for line in log.splitlines()]
        wanted = ("submit-request", "refused", "name-not-validated", "api-token")
        return sum((entry["action"], entry["outcome"], entry["reason"], entry["actor"]["kind"]) == wanted for entry in entries)

    def by_rest(self, csr: str) -> str:
        """The same over REST."""
        answer = self.rest.token("submit").post(REQUESTS, json=self.rest.body(csr=csr))
        return str(require_problem(answer, answer.status_code, answer.json()["kind"])["detail"])

    def by_issuer(self, name: str, **changes: str) -> tuple[str, str]:
        """Kind and sentence of the issuer about rows that somebody wrote and an administrator signed; it refuses."""
        with self.service.house.database.read(self.service.clock()) as tx:
            vetted = dict(subject_values(organizations.require(tx, ORG), ""))
        subject = vetted | {SubjectField.COMMON_NAME: name} | {SubjectField[field]: text for field, text in changes.items()}
        identity = ((NameKind.DNS, name),), tuple((field, text) for field, text in subject.items() if text)
        self.service.integrate()
        [result] = complete_batch(self.service.house, self.service.keys, self.bypass.enter([identity])).values()
        assert not result.ok, identity
        return result.kind, result.sentence


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres").create_database()
    service = ServiceRig(tmp_path_factory.mktemp("hostile-domains"), url)
    service.create_organization(units=500)
    for name in (ZONE, SIGNED):
        perform(service.house, OPERATOR, About("set-up", ORG, "domain", name), add_domain, ORG, name)
    vera = service.administrator("", "Vera Vetter", Role.PROVIDER_ADMINISTRATOR)
    yield Shared(service, vera, service.administrator(ORG, "Fox Mulder"))
    service.close()


@pytest.fixture(scope="module")
def knot() -> Iterator[KnotServer]:
    with KnotServer(["test", ZONE, SIGNED], signed=[SIGNED]) as server:
        server.add(ZONE, ZONE, "A", LOOPBACK)
        yield server


# ---------------------------------------------------------------------------------- domains whose owners, or the way to them, lie


@dataclass(slots=True)
class Case:
    """What is served while a domain is looked up, and what the refusal has to say."""

    world: World
    method: str
    status: int
    words: str
    name: str = ZONE
    done: Callable[[], None] = lambda: None


Scene = Callable[[KnotServer, Domain], AbstractContextManager[Case]]


def world_of(*resolvers: tuple[str, int], policy: FetchPolicy = NEVER) -> World:
    return World.seen_by(DnsLookup(resolvers, timeout_seconds=1.0), policy)


@contextmanager
def one_gigabyte(knot: KnotServer, _domain: Domain) -> Iterator[Case]:
    sent: list[int] = []

    def flood(_path: str) -> Iterator[bytes]:
        yield f"HTTP/1.1 200 OK\r\nContent-Length: {GIGABYTE}\r\n\r\n".encode()
        for _ in range(GIGABYTE // 65_536):
            sent.append(65_536)
            yield b"x" * 65_536

    def little_was_read() -> None:
        # What is in flight fills the buffers of two sockets, for each of the entrances.
        assert 0 < sum(sent) < 64 * 1_048_576

    with WebServer(flood) as web:
        yield Case(
            world_of(knot.address, policy=loopback_policy(web.port)), "http-token", 422, "longer than 4096 bytes", done=little_was_read
        )


@contextmanager
def redirect_loop(knot: KnotServer, _domain: Domain) -> Iterator[Case]:
    with WebServer(lambda path: b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + path.encode() + b"\r\n\r\n") as web:

        def asked_a_few_times() -> None:
            assert len(web.requests) == 8, "four for each entrance"

        yield Case(
            world_of(knot.address, policy=loopback_policy(web.port)),
            "http-token",
            422,
            "redirects more than 3 times",
            done=asked_a_few_times,
        )


@contextmanager
def redirect_inside(knot: KnotServer, domain: Domain) -> Iterator[Case]:
    with WebServer(reply(domain.token.encode())) as inside:
        away = reply(b"", status="302 Found", headers=(f"Location: http://{LOOPBACK}:{inside.port}/latest/meta-data/",))
        with WebServer(away) as web:

            def nobody_was_asked() -> None:
                assert inside.requests == []

            policy = replace(loopback_policy(web.port), ports=(web.port, inside.port))
            yield Case(world_of(knot.address, policy=policy), "http-token", 422, "redirects elsewhere", done=nobody_was_asked)


@contextmanager
def address_inside(knot: KnotServer, domain: Domain) -> Iterator[Case]:
    with WebServer(reply(domain.token.encode())) as web:

        def nobody_was_asked() -> None:
            assert web.requests == []

        policy = replace(loopback_policy(web.port), allowed_networks=())
        yield Case(world_of(knot.address, policy=policy), "http-token", 422, "does not connect there", done=nobody_was_asked)


@contextmanager
def slow_drip(knot: KnotServer, _domain: Domain) -> Iterator[Case]:
    def drip(_path: str) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nX-Slow: "
        while True:
            yield b"."
            time.sleep(0.05)

    with WebServer(drip) as web:
        policy = loopback_policy(web.port, timeout_seconds=0.6)
        yield Case(world_of(knot.address, policy=policy), "http-token", 503, "within 0.6 seconds")


@contextmanager
def two_answers(_knot: KnotServer, domain: Domain) -> Iterator[Case]:
    """Who hijacked the way to one place shows it the token; the other one sees something else."""
    with (
        crafted_server(lambda query: [txt_answer(query, domain.token).to_wire()]) as hijacked,
        crafted_server(lambda query: [txt_answer(query, "something else").to_wire()]) as elsewhere,
    ):
        remote = (Perspective("elsewhere", DnsLookup((elsewhere,), timeout_seconds=1.0)),)
        yield Case(World(Perspectives(DnsLookup((hijacked,), timeout_seconds=1.0), remote, 1)), "dns-txt", 422, "elsewhere")


@contextmanager
def servfail(_knot: KnotServer, _domain: Domain) -> Iterator[Case]:
    with crafted_server(with_code(dns.rcode.SERVFAIL)) as resolver:
        yield Case(world_of(resolver), "dns-txt", 503, "SERVFAIL")


@contextmanager
def silence(_knot: KnotServer, _domain: Domain) -> Iterator[Case]:
    with silent_server() as resolver:
        yield Case(world_of(resolver), "dns-txt", 503, "did not answer in time")


@contextmanager
def bogus_dnssec(knot: KnotServer, domain: Domain) -> Iterator[Case]:
    """The token is published and signed, by a key that is not the one the parent vouches for."""
    knot.add(SIGNED, f"_privyseal-challenge.{SIGNED}", "TXT", f'"{domain.token}"')
    assert domain.token in txt_record_to_publish(SIGNED, domain.token)
    with UnboundServer(knot, anchors=[f"{SIGNED}. DS 4711 13 2 {'ab' * 32}"]) as resolver:
        yield Case(world_of(resolver.address), "dns-txt", 503, "SERVFAIL", SIGNED)


SCENES: list[Scene] = [
    one_gigabyte,
    redirect_loop,
    redirect_inside,
    address_inside,
    slow_drip,
    two_answers,
    servfail,
    silence,
    bogus_dnssec,
]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_a_hostile_domain_is_refused_alike_and_stays_without_evidence(shared: Shared, knot: KnotServer, scene: Scene) -> None:
    service = shared.service
    name = SIGNED if scene is bogus_dnssec else ZONE
    with ExitStack() as stack:
        case = stack.enter_context(scene(knot, shared.domain(name)))
        client = RestRig(service, world=case.world).administrator(shared.vera)
        begin = time.monotonic()
        answer = client.post(f"{API}/provider/organizations/{ORG}/domains/{name}/validation", json={"method": case.method})
        detail = require_problem(answer, case.status, answer.json()["kind"])["detail"]
        vera = PagesRig(service, world=case.world).signed_in(shared.vera)
        shown = vera.post(f"/provider/organizations/{ORG}/domains/{name}/validation", {"method": case.method})
        page = require_refused(shown, case.status, "domains", case.words)
        assert time.monotonic() - begin < 90, "it ends, on a busy machine as well"
    assert page.problems == [" ".join(detail.split())]
    case.done()
    assert shared.domain(name).validated_at is None
    require_outside(shared, f"www.{name}")


def test_the_same_zone_counts_where_its_signatures_hold(shared: Shared, knot: KnotServer) -> None:
    """What is refused above is the signature alone; this also ends the module's doubt whether anything could be validated."""
    token = shared.domain(SIGNED).token
    knot.remove(SIGNED, f"_privyseal-challenge.{SIGNED}", "TXT")
    knot.add(SIGNED, f"_privyseal-challenge.{SIGNED}", "TXT", f'"{token}"')
    with UnboundServer(knot) as resolver:
        found = DnsLookup((resolver.address,), timeout_seconds=5.0).txt_values(f"_privyseal-challenge.{SIGNED}")
    assert list(found) == [token]


def require_outside(shared: Shared, name: str) -> None:
    """All three say the same sentence about a name that no evidence covers."""
    csr = make_csr([name], make_key())
    sentence = shared.by_rest(csr)
    assert name in sentence
    assert shared.by_page(csr) == sentence
    assert shared.by_issuer(name) == ("name-not-validated", sentence)


# ------------------------------------------------------------------------------------------------ names that only look like one


def a_label(text: str) -> str:
    """The name as a CSR carries it (RFC 3490 without the checks of IDNA 2008, as whoever wants to deceive makes it)."""
    return ".".join(label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in text.split("."))


SUFFIX_TRICKS = [
    f"{OWN}.evil.test",
    f"www.{OWN}.evil.test",
    f"evil{OWN}",
    f"www-{OWN}",
    f"{OWN}.com",
    f"{OWN.replace('.', '-')}.test",
    "resource-marketing.tes",
    "marketing.test",
    "hoffman-brandt.test",
]
LOOK_ALIKES = [
    "res\u043eurce-marketing.test",
    "resource-m\u0430rketing.test",
    "resource\u2011marketing.test",
    "resource-marketing.t\u0435st",
    "re\u017fource-marketing.test",
    "resource-marketin\u0261.test",
]
NO_NAMES = ["*.test", "test", "*.com", "com", "co.uk", "127.0.0.1", "*", f"*.*.{OWN}", f"w*.{OWN}", f"a..{OWN}", f"-a.{OWN}", f"a_b.{OWN}"]


@pytest.mark.parametrize("name", SUFFIX_TRICKS)
def test_i6_a_suffix_trick_is_refused_alike_at_every_entrance(shared: Shared, name: str) -> None:
    require_outside(shared, name)


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_i6_a_look_alike_is_refused_at_every_entrance(shared: Shared, name: str) -> None:
    ascii_name = a_label(name)
    csr = make_csr([ascii_name], make_key())
    sentence = shared.by_rest(csr)
    assert shared.by_page(csr) == sentence
    assert ascii_name in sentence
    assert shared.by_issuer(ascii_name)[0] in {"name-not-validated", "names"}
    assert shared.by_issuer(name)[0] in {"name-not-validated", "names"}


@pytest.mark.parametrize("name", NO_NAMES)
def test_i6_what_is_no_name_of_anybody_is_refused_at_every_entrance(shared: Shared, name: str) -> None:
    csr = make_csr([name], make_key())
    assert shared.by_page(csr) == shared.by_rest(csr)
    assert shared.by_issuer(name)[0] in {"name-not-validated", "names"}


@pytest.mark.parametrize("name", [f"WWW.{OWN.upper()}", f"www.{OWN}."])
def test_i6_what_the_entrances_bring_to_its_form_the_issuer_takes_in_that_form_alone(shared: Shared, name: str) -> None:
    assert shared.by_issuer(name)[0] in {"name-not-validated", "names"}
    taken = shared.rest.submit(shared.rest.token("submit"), names=[name.rstrip(".") if name.endswith(".") else name])
    assert taken["names"] == [f"dns:www.{OWN}"]


# -------------------------------------------------------------------------------------------------------- incidents, by number


JUNK = ["1", ".", "-", "test", "N/A", " ", "Bookstore Inc.", "resource marketing, inc.", "Resource Marketing, Inc. "]


def submitted(shared: Shared, csr: str) -> Request:
    """A request as REST took it."""
    answer = shared.rest.token("submit").post(REQUESTS, json=shared.rest.body(csr=csr))
    assert answer.status_code == 201, answer.text
    return shared.portal.request(str(answer.json()["id"]))


def require_vetted(request: Request) -> None:
    """Nothing that the CSR or a form said of the organization is in it."""
    subject = dict(request.subject)
    subject.pop(SubjectField.COMMON_NAME)
    assert {field.name: text for field, text in subject.items()} == {
        "COUNTRY": "US",
        "STATE": "Kentucky",
        "LOCALITY": "Fort Thomas",
        "ORGANIZATION": "Resource Marketing, Inc.",
    }


@pytest.mark.parametrize("text", JUNK)
def test_i5_junk_in_the_subject_is_left_out_by_the_entrances_and_refused_by_the_issuer(shared: Shared, text: str) -> None:
    """Symantec's partners, 2017: the signer believed what the portal had let pass."""
    number = next(shared.sources)
    require_vetted(submitted(shared, make_csr([f"i5-{number}.{OWN}"], make_key(), organization=text)))
    for part in ("ORGANIZATION", "LOCALITY", "STATE"):
        assert shared.by_issuer(f"i5.{OWN}", **{part: text})[0] == "subject"


@pytest.mark.parametrize("name", ["example.com", "test.com", "www.example.com"])
def test_i5_names_for_trying_out_are_refused_alike(shared: Shared, name: str) -> None:
    require_outside(shared, name)


FAMOUS = (
    "mail.google.com",
    "www.google.com",
    "login.yahoo.com",
    "login.skype.com",
    "addons.mozilla.org",
    "login.live.com",
    "www.facebook.com",
    "github.com",
    "www.paypal.com",
)


def test_i8_nine_famous_names_in_a_row_are_refused_alike_and_each_is_in_the_log(shared: Shared) -> None:
    """Comodo's reseller, 2011: one log-in, nine certificates."""
    before = shared.refused_by_token()
    for name in FAMOUS:
        require_outside(shared, name)
    assert shared.refused_by_token() - before == len(FAMOUS)


@pytest.fixture
def box(shared: Shared, tmp_path: Path) -> Iterator[LetterBox]:
    """The letters of one test, which begins with a minute; before and after it nobody listens."""
    before = dict(shared.service.listeners)
    shared.wait(timedelta(seconds=60 - shared.service.clock().second))
    found = LetterBox(shared.service, tmp_path / "mail")
    found.new()  # What an earlier test left.
    yield found
    shared.service.listeners.clear()
    shared.service.listeners.update(before)


def ask_for_famous(client: AppClient, shared: Shared, times: int) -> None:
    for number in range(times):
        answer = client.post(REQUESTS, json=shared.rest.body([FAMOUS[number % len(FAMOUS)]]))
        require_problem(answer, 422, "name-not-validated")


def program(shared: Shared) -> tuple[AppClient, str, str]:
    """A program with a token of its own, and the token's name and id."""
    client = shared.rest.token("submit")
    with shared.service.house.database.read(shared.service.clock()) as tx:
        [newest] = administrators.tokens_page(tx, organizations.require(tx, ORG).id, limit=1)
    return client, newest.name, newest.id


def letter_of(told: dict[str, str]) -> str:
    """The letter that the security administrator and the corporate contact got alike."""
    assert told.keys() == {mail_of("Fox Mulder", ORG), f"contact@{OWN}"}
    [text] = set(told.values())
    return text


def test_i8_the_fifth_refusal_of_one_token_is_told_and_again_after_an_hour(shared: Shared, box: LetterBox) -> None:
    (first, name, token_id), (second, other_name, _) = program(shared), program(shared)
    ask_for_famous(first, shared, REFUSALS - 1)
    ask_for_famous(second, shared, REFUSALS - 1)
    assert box.about("names of others") == {}
    begun = shared.service.clock()
    ask_for_famous(first, shared, 1)
    letter = letter_of(box.about("names of others"))
    assert f"{REFUSALS} times since {time_text(begun)}, by the token {name}." in " ".join(letter.split())
    assert f"seal token revoke {token_id} --organization {ORG}" in letter
    ask_for_famous(first, shared, 20)
    assert box.about("names of others") == {}
    ask_for_famous(second, shared, 1)
    assert f"by the token {other_name}." in letter_of(box.about("names of others"))
    shared.wait(TOLD_AGAIN_AFTER)
    ask_for_famous(first, shared, REFUSALS - 1)
    assert box.about("names of others") == {}, "what was counted an hour ago counts no more"
    ask_for_famous(first, shared, 1)
    letter = letter_of(box.about("names of others"))
    assert f"{REFUSALS} times since {time_text(begun + TOLD_AGAIN_AFTER)}, by the token {name}." in " ".join(letter.split())


def test_i8_refusals_count_for_ten_minutes(shared: Shared, box: LetterBox) -> None:
    client, name, _ = program(shared)
    ask_for_famous(client, shared, REFUSALS - 1)
    shared.wait(timedelta(minutes=WITHIN_MINUTES))
    ask_for_famous(client, shared, 1)
    assert box.about("names of others") == {}
    shared.wait(timedelta(minutes=WITHIN_MINUTES - 1))
    ask_for_famous(client, shared, REFUSALS - 1)
    assert f"by the token {name}." in letter_of(box.about("names of others"))


def test_i8_a_person_who_asks_is_named(shared: Shared, box: LetterBox) -> None:
    ask_for_famous(shared.rest.administrator(shared.admin), shared, REFUSALS)
    letter = letter_of(box.about("names of others"))
    assert "by Fox Mulder." in letter
    assert f"seal administrator revoke-all {shared.admin.administrator.id} --organization {ORG}" in letter


def test_i8_whoever_has_many_addresses_fills_no_mailbox(shared: Shared, box: LetterBox) -> None:
    csr = make_csr([FAMOUS[0]], make_key())
    for number in range(STRANGERS_TOLD + 2):
        stranger = Actor(ActorKind.REQUESTER, "anonymous", source=f"{number:02x}" * 16)
        for _ in range(REFUSALS):
            with pytest.raises(Refused, match=FAMOUS[0]):
                shared.service.submit(ORG, csr, actor=stranger)
    letters = [str(letter["Subject"]) for letter in box.new() if letter["To"] == f"contact@{OWN}"]
    assert len(letters) == STRANGERS_TOLD
    assert len({subject.rpartition(" - ")[2] for subject in letters}) == STRANGERS_TOLD, "each of another source"


def test_i26_the_defaults_of_openssl_stand_in_no_certificate(shared: Shared, tmp_path: Path) -> None:
    """certSIGN, 2019: "Some-State" and "Internet Widgits Pty Ltd" in a hundred certificates."""
    name = f"i26-{next(shared.sources)}.{OWN}"
    command = "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -batch -addext"
    run = subprocess.run([*command.split(), f"subjectAltName=DNS:{name}"], cwd=tmp_path, check=True, capture_output=True)
    said = subprocess.run(["openssl", "req", "-noout", "-subject"], input=run.stdout, check=True, capture_output=True).stdout
    assert b"Internet Widgits" in said
    require_vetted(submitted(shared, run.stdout.decode()))
    draft = shared.portal.start()
    seen = shared.portal.send(f"{draft}/csr", {"csr": run.stdout.decode()})
    assert seen.address == f"{draft}/csr/seen", seen.text
    for part, text in (("STATE", "Some-State"), ("ORGANIZATION", "Internet Widgits Pty Ltd"), ("LOCALITY", "Default City")):
        assert shared.by_issuer(name, **{part: text})[0] == "subject"


def test_i28_no_entrance_has_a_field_for_the_identity_and_the_issuer_knows_the_vetted_one(shared: Shared) -> None:
    """A form forbade a locality and the back end did not look, 2024; "Las Angeles", 2022."""
    name = f"i28-{next(shared.sources)}.{OWN}"
    for extra in ("locality", "organization", "state_or_province", "country", "subject"):
        answer = shared.rest.token("submit").post(REQUESTS, json=shared.rest.body([name], **{extra: "Las Angeles"}))
        assert require_problem(answer, 400, "body")["field"] == extra
    draft = shared.portal.start()
    typed = {"csr": make_csr([name], make_key(), organization="Las Angeles"), "locality": "Las Angeles", "organization": "Las Angeles"}
    assert shared.portal.send(f"{draft}/csr", typed).address == f"{draft}/csr/seen"
    for address in ("csr/seen", "use", "contact"):
        page = shared.portal.get(f"{draft}/{address}")
        assert not {"locality", "organization", "state_or_province", "country"} & set(page.page.fields)
    require_vetted(submitted(shared, typed["csr"]))
    assert shared.by_issuer(name, LOCALITY="Las Angeles")[0] == "subject"

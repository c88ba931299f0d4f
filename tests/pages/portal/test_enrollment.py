"""Somebody who needs a certificate gets one, by links and forms alone; what was answered is never lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from privyseal.actions.request.judge_csr import judge_csr
from privyseal.engine.csr import read_csr
from privyseal.jobs.retention import delete_expired_drafts
from privyseal.model.draft import DRAFT_LIFE
from privyseal.model.policy_draft import WITH_ACCOUNT, PolicyDraft
from privyseal.model.profile import KeyAlgorithm
from privyseal.model.request import RequestState
from privyseal.model.verdict import Finding
from privyseal.store import organizations, policies
from tests.pages.portal.portal_rig import EMAIL, HOME, NAME, ORG, OTHER, PHRASES, PortalRig
from tests.rigs.service import OPERATOR, PHRASE, ServiceRig, make_csr, make_key

bare = pytest.mark.parametrize("beginning", [None], ids=["bare"])


def test_from_the_first_page_to_the_installed_certificate(portal: PortalRig) -> None:
    first = portal.get(f"{HOME}/")
    assert first.page.links.count(f"{HOME}/enroll") == 2, "in the navigation, and the one button"
    assert portal.get(HOME).address == f"{HOME}/"
    draft = portal.start("apache")
    commands = portal.get(f"{draft}/csr")
    assert f"-addext &#34;subjectAltName=DNS:{NAME}&#34;" in commands.page.source
    request_id, certificate = portal.issued()
    request = portal.request(request_id)
    assert (request.server_platform, request.contact_email, [server.text() for server in request.endpoints]) == (
        "nginx",
        EMAIL,
        [f"web-server:{NAME}:443"],
    )
    followed = portal.get(f"{HOME}/requests/{request_id}")
    assert "Issued" in followed.text
    picked = portal.send(f"{HOME}/requests/{request_id}", {"phrase": PHRASE})
    assert picked.address == f"{HOME}/certificates/{certificate.serial_hex}/install"
    assert f"ssl_certificate /etc/nginx/tls/{NAME}.pem;" in picked.page.source
    held = portal.service.certificate_of(request)
    assert held is not None
    assert held.picked_up_at is not None


def test_the_last_step_tells_what_happens_next_and_what_to_keep(portal: PortalRig) -> None:
    done = portal.send(f"{portal.fill()}/check", PHRASES)
    request_id = done.address.split("/")[-2]
    assert "Open the mail" in done.text
    assert f"https://localhost:8443{HOME}/requests/{request_id}" in done.text
    assert f"{HOME}/requests/{request_id}/withdraw" in done.page.links
    portal.confirm(request_id)
    assert "Open the mail" not in portal.get(done.address).text


def test_answers_stay_and_can_be_changed(portal: PortalRig) -> None:
    draft = portal.fill(comment="For the shop")
    check = portal.get(f"{draft}/check")
    for text in (NAME, "365 days", f"{NAME}:443 (Web server)", "Dana Scully", EMAIL, "For the shop", "nginx"):
        assert text in check.text
    assert {f"{draft}/{step}" for step in ("server", "csr", "use", "contact")} <= set(check.page.links)
    assert portal.get(f"{draft}/contact").page.fields == {"contact_name": "Dana Scully", "contact_email": EMAIL, "comment": "For the shop"}
    changed = portal.send(f"{draft}/contact", {"contact_name": "Walter Skinner"})
    assert changed.address == f"{draft}/check", "one answer changed, and back"
    assert "Walter Skinner" in changed.text
    assert portal.get(f"{draft}/use").page.fields["address-1"] == f"{NAME}:443"
    assert portal.send(f"{draft}/server", {"platform": "haproxy"}).address == f"{draft}/check"
    assert portal.get(draft).address == f"{draft}/check"
    assert "BEGIN CERTIFICATE REQUEST" in portal.get(f"{draft}/csr").page.fields["csr"]


def test_two_tabs_do_not_undo_each_other(portal: PortalRig) -> None:
    draft = portal.fill()
    first, second = portal.get(f"{draft}/contact"), portal.get(f"{draft}/use")
    portal.post(f"{draft}/contact", {**first.page.fields, "comment": "From the first tab"})
    portal.post(f"{draft}/use", {**second.page.fields, "life": "90:tls-server"})
    check = portal.get(f"{draft}/check")
    assert "From the first tab" in check.text
    assert "90 days" in check.text


def test_pressing_twice_sends_once(portal: PortalRig) -> None:
    draft = portal.fill()
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: portal.browser().post(f"{draft}/check", data=PHRASES), range(2)))
    assert {answer.status_code for answer in answers} == {200}
    [address] = {answer.url.path for answer in answers}
    again = portal.post(f"{draft}/check", PHRASES)
    assert again.address == address
    for step in ("", "/server", "/names", "/csr", "/csr/seen", "/use", "/contact", "/check"):
        assert portal.get(f"{draft}{step}").address == address, "the way back leads to the request"
    assert "Dana Scully" not in "".join(line for line in portal.stored().splitlines() if draft.rpartition("/")[2] in line)


def test_the_same_request_again_is_the_one_that_is_there(portal: PortalRig) -> None:
    csr = make_csr([NAME], make_key())
    request_id = portal.submit(csr)
    again = portal.send(f"{portal.fill(csr)}/check", PHRASES)
    assert again.address == f"{HOME}/requests/{request_id}/received"
    assert "was here already" in again.text


def test_steps_lead_to_what_is_missing(portal: PortalRig) -> None:
    draft = portal.start()
    assert portal.get(f"{draft}/check").address == f"{draft}/csr"
    assert portal.post(f"{draft}/check", PHRASES).address == f"{draft}/csr"
    assert portal.get(draft).address == f"{draft}/csr"
    assert portal.get(f"{draft}/csr/seen").address == f"{draft}/csr"
    # Who has a CSR already passes by the names.
    other = portal.start(names="")
    assert portal.get(draft := other).address == f"{draft}/names"
    assert portal.send(f"{draft}/csr", {"csr": make_csr([NAME], make_key())}).address == f"{draft}/csr/seen"
    assert portal.get(f"{draft}/check").address == f"{draft}/use"


def test_a_csr_may_come_as_a_file(portal: PortalRig) -> None:
    draft = portal.start()
    csr = make_csr([NAME, f"shop.{NAME}"], make_key())
    seen = portal.send(f"{draft}/csr", {"csr": "what stands there does not count"}, {"csr_file": ("a.csr", csr.encode())})
    assert seen.address == f"{draft}/csr/seen"
    assert f"shop.{NAME}" in seen.text
    assert f"will have the names of the CSR: shop.{NAME}, {NAME}. If you want" in seen.text
    assert f"You entered: {NAME}" in seen.text
    assert f"{draft}/csr" in seen.page.links
    assert "belongs to the organization" in seen.text
    assert "ECDSA P-256" in seen.text
    assert f"{draft}/use" in seen.page.links


@pytest.mark.parametrize(
    ("step", "typed", "field", "words"),
    [
        ("server", {"platform": "abacus"}, "platform", "Choose the server"),
        ("names", {"names": ""}, "names", "Enter the name"),
        ("names", {"names": "www.elsewhere.test"}, "names", "resource-marketing.test is the only domain"),
        ("names", {"names": "localhost"}, "names", "has no domain"),
        ("names", {"names": " ".join(f"a{n}.resource-marketing.test" for n in range(101))}, "names", "101 names"),
        ("csr", {"csr": ""}, "csr", "Paste the CSR"),
        ("csr", {"csr": "not a csr"}, "csr", ""),
        ("use", {"life": ""}, "life", "Choose how long"),
        ("use", {"life": "366:tls-server"}, "life", "366 days were asked for"),
        ("use", {"life": "365:other"}, "life", "Choose how long"),
        ("use", {"life": "99999999:tls-server"}, "life", "0 days were asked for"),
        ("use", {"life": "365:tls-server", "address-1": "two words"}, "address-1", "'two words' is no server"),
        ("use", {"life": "365:tls-server", "address-1": ""}, "address-1", "at least one"),
        ("contact", {"contact_name": "", "contact_email": EMAIL}, "contact_name", "missing"),
        ("contact", {"contact_name": "Dana", "contact_email": ""}, "contact_email", "Enter your mail address"),
        ("contact", {"contact_name": "Dana", "contact_email": "dana"}, "contact_email", "dana"),
        ("contact", {"contact_name": "Dana", "contact_email": EMAIL, "comment": "x" * 501}, "comment", "501"),
    ],
)
def test_an_answer_that_breaks_a_rule_is_told_at_its_field_and_kept(
    portal: PortalRig, step: str, typed: dict[str, str], field: str, words: str
) -> None:
    draft = portal.start()
    wrong = portal.send(f"{draft}/{step}", typed)
    assert wrong.status in {400, 422}
    assert wrong.address == f"{draft}/{step}"
    assert len(wrong.page.problems) == 1
    assert words in wrong.page.problems[0]
    assert f'<a href="#{field}">' in wrong.page.source
    assert {name: wrong.page.fields.get(name, "") for name in typed if name not in {"platform", "life"}} == {
        name: text for name, text in typed.items() if name not in {"platform", "life"}
    }


def test_more_servers_need_more_rows(portal: PortalRig) -> None:
    draft = portal.start()
    page = portal.get(f"{draft}/use")
    typed = {**page.page.fields, "life": "365:tls-server"}
    while f"address-{20}" not in page.page.fields:
        typed |= {name: f"server-{name[8:]}.test" for name in page.page.fields if name.startswith("address-")}
        page = portal.post(f"{draft}/use", {**typed, "more": "yes"})
        assert page.page.fields["address-1"] == "server-1.test", "what was typed stays"
    addresses = {f"address-{number}": f"https://server-{number}.test/path" for number in range(1, 21)}
    kinds = {f"kind-{number}": "load-balancer" for number in range(1, 21)}
    assert portal.post(f"{draft}/use", {"life": "365:tls-server", **addresses, **kinds}).address == f"{draft}/contact"
    twice = portal.post(f"{draft}/use", {"life": "365:tls-server", **dict.fromkeys(addresses, "a.test"), **kinds})
    assert (twice.status, len(twice.page.problems)) == (422, 1)


def test_a_csr_that_cannot_be_certified_is_told_at_once(portal: PortalRig) -> None:
    draft = portal.start()
    foreign = portal.send(f"{draft}/csr", {"csr": make_csr(["www.elsewhere.test"], make_key())})
    assert foreign.status == 422
    assert "www.elsewhere.test" in foreign.page.problems[0]
    weak = portal.send(f"{draft}/csr", {"csr": make_csr([NAME], make_key("rsa1024"))})
    assert weak.status == 422
    assert "1024" in weak.page.problems[0]
    # The page that shows it says so as well, and no way leads on.
    portal.send(f"{draft}/csr", {"csr": make_csr(["www.elsewhere.test"], make_key())})
    seen = portal.get(f"{draft}/csr/seen")
    assert "cannot become a certificate here" in seen.text
    assert f"{draft}/use" not in seen.page.links


def test_verdicts_name_their_evidence(portal: PortalRig) -> None:
    portal.issued()
    csr = read_csr(make_csr([NAME, "www.elsewhere.test"], make_key("rsa2048")).encode())
    house = portal.service.house
    with house.database.read(portal.service.clock()) as tx:
        organization = organizations.require(tx, ORG)
        verdicts = judge_csr(house, tx, OPERATOR, ORG, csr, policies.of_organization(tx, organization.id))
    found = {(verdict.subject, verdict.finding) for verdict in verdicts}
    assert found == {
        ("proof", Finding.GOOD),
        ("key", Finding.GOOD),
        ("names", Finding.GOOD),
        ("names", Finding.REFUSED),
        ("duplicate", Finding.WARNING),
    }
    evidence = [verdict.evidence for verdict in verdicts]
    assert "RSA, 2,048 bits" in evidence
    assert any(text.startswith("Under resource-marketing.test, validated until ") for text in evidence)


@bare
def test_units_that_run_out_are_told_before_and_at_the_end(service: ServiceRig) -> None:
    service.create_organization(units=0)
    portal = PortalRig(service)
    draft = portal.fill()
    assert "has no unit left" in portal.get(f"{draft}/csr/seen").text
    refused = portal.send(f"{draft}/check", PHRASES)
    assert refused.status == 409
    assert "has no standard unit left" in refused.page.problems[0]


@pytest.mark.parametrize(
    ("phrases", "field", "words"),
    [
        (("", ""), "phrase", "missing"),
        (("short", "short"), "phrase", "5 characters"),
        (("x" * 33, "x" * 33), "phrase", "33 characters"),
        (("12345678", "12345678"), "phrase", "counts up"),
        ((EMAIL[:32], EMAIL[:32]), "phrase", "same as a name"),
        (("blue kettle 9", "blue kettle 8"), "phrase_again", "differ"),
        (("blue kettle 9", ""), "phrase_again", "differ"),
    ],
)
def test_a_phrase_is_refused_with_advice_and_never_sent_back(portal: PortalRig, phrases: tuple[str, str], field: str, words: str) -> None:
    draft = portal.fill()
    wrong = portal.send(f"{draft}/check", {"phrase": phrases[0], "phrase_again": phrases[1]})
    assert wrong.status == 422
    assert words in wrong.page.problems[0]
    assert f'<a href="#{field}">' in wrong.page.source
    assert wrong.page.fields == {"phrase": "", "phrase_again": ""}


def test_the_phrase_is_stored_nowhere(portal: PortalRig) -> None:
    portal.send(f"{portal.fill()}/check", {"phrase": "seven green umbrellas", "phrase_again": "seven green umbrella"})
    portal.send(f"{portal.fill()}/check", {"phrase": "seven green umbrellas", "phrase_again": "seven green umbrellas"})
    assert "green umbrella" not in portal.stored()


def test_a_draft_belongs_to_its_organization_and_to_its_week(portal: PortalRig) -> None:
    portal.service.create_organization(OTHER, name="Hoffman & Brandt", domains=("hoffman-brandt.test",))
    draft = portal.fill()
    draft_id = draft.rpartition("/")[2]
    for step in ("server", "names", "csr", "csr/seen", "use", "contact", "check"):
        assert portal.get(f"/o/{OTHER}/enroll/{draft_id}/{step}").status == 404
    for step in ("server", "names", "csr", "use", "contact", "check"):
        assert portal.post(f"/o/{OTHER}/enroll/{draft_id}/{step}", {"platform": "nginx"}).status == 404
    for other in (f"drf-{'0' * 40}", "drf-1", f"{draft_id}%00", "x" * 300):
        assert portal.get(f"{HOME}/enroll/{other}/server").status == 404
    assert portal.get(f"{draft}/check").status == 200
    portal.service.clock.advance(DRAFT_LIFE + timedelta(seconds=1))
    portal.service.integrate()
    late = portal.get(f"{draft}/check")
    assert late.status == 404
    assert "seven days" in late.text
    assert portal.post(f"{draft}/contact", {"contact_name": "Dana"}).status == 404


def test_expired_drafts_are_deleted(portal: PortalRig) -> None:
    old = [portal.start(names="").rpartition("/")[2] for _ in range(3)]
    portal.service.clock.advance(DRAFT_LIFE - timedelta(hours=1))
    portal.service.integrate()
    young = portal.start(names="").rpartition("/")[2]
    assert delete_expired_drafts(portal.service.house) == 0
    portal.service.clock.advance(timedelta(hours=2))
    portal.service.integrate()
    assert delete_expired_drafts(portal.service.house, batch=2) == 3
    stored = portal.stored()
    assert young in stored
    assert not [each for each in old if each in stored]


def test_a_draft_has_a_size(portal: PortalRig) -> None:
    draft = portal.start()
    names = [f"{'a' * 60}.{'b' * 60}.{'c' * 60}.{number:03}.{'d' * 20}.resource-marketing.test" for number in range(100)]
    assert portal.send(f"{draft}/names", {"names": "\n".join(names)}).address == f"{draft}/csr", "100 long names are no trouble"
    big = make_csr([f"{number:03}{'e' * 57}.{'b' * 60}.{'c' * 60}.{'d' * 20}.resource-marketing.test" for number in range(90)], make_key())
    assert portal.send(f"{draft}/csr", {"csr": big}).status in {200, 422}


@bare
def test_where_only_programs_may_send_the_pages_say_so(service: ServiceRig) -> None:
    service.create_organization(policy=PolicyDraft(requesters=WITH_ACCOUNT))
    portal = PortalRig(service)
    first = portal.get(f"{HOME}/")
    assert "not open here at the moment" in first.text
    assert first.page.links.count(f"{HOME}/enroll") == 1, "in the navigation alone"
    assert "not open here at the moment" in portal.get(f"{HOME}/enroll").text


@bare
def test_commands_are_for_keys_that_the_policy_allows(service: ServiceRig) -> None:
    service.create_organization(policy=PolicyDraft(key_algorithms=(KeyAlgorithm.RSA,)))
    portal = PortalRig(service)
    draft = portal.start("nginx")
    assert "-newkey rsa:3072" in portal.get(f"{draft}/csr").page.source
    elliptic = portal.send(f"{draft}/csr", {"csr": make_csr([NAME], make_key())})
    assert elliptic.status == 422
    assert "allows RSA" in elliptic.page.problems[0]


def test_a_request_that_waits_is_unconfirmed_first(portal: PortalRig) -> None:
    assert portal.request(portal.submit()).state is RequestState.UNCONFIRMED

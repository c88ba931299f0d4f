"""``seal review`` at a whole service: the access reviews of an organization and of the provider, looked at and confirmed."""

from __future__ import annotations

from privyseal.model.access_review import AccessReview, ReviewLine
from privyseal.model.identifiers import AccessReviewId
from privyseal.store import access_reviews
from tests.agent.commands.conftest import Office
from tests.rigs.reviews import open_review
from tests.rigs.service import AdministratorRig

ORG = "resource-marketing"


def begin(office: Office, slug: str = ORG) -> AccessReviewId:
    return open_review(office.service.house, office.service.clock(), slug)


def line_of(office: Office, review: AccessReviewId, person: AdministratorRig) -> ReviewLine:
    found = office.look(lambda tx, _: access_reviews.line_of(tx, review, person.administrator.id))
    assert found is not None
    return found


def stored(office: Office, review: AccessReviewId) -> AccessReview:
    found = office.look(lambda tx, organization: access_reviews.get(tx, organization, review))
    assert found is not None
    return found


def test_two_people_confirm_each_other(office: Office, fox: AdministratorRig) -> None:
    dana = office.service.administrator(ORG, "Dana Scully", by=fox)
    first, second = office.shell(fox), office.shell(dana)
    assert first.done("review", "list") == "No access review was made yet.\n"
    review = begin(office)
    quarter = stored(office, review).quarter
    header, row = (line.split() for line in first.done("review", "list").splitlines())
    assert (header[0], row[:3]) == ("REVIEW", [review, quarter, "open"])
    shown = first.done("review", "show", review).splitlines()
    assert shown[0].startswith(f"Access review {quarter}, open, due ")
    rows = {tuple(part.strip() for part in line.split("  ") if part)[:3] for line in shown[3:]}
    assert rows == {
        (fox.administrator.id, "Fox Mulder", "security-administrator"),
        (dana.administrator.id, "Dana Scully", "read-only, security-administrator"),
    }
    told = first.done("review", "confirm", review, dana.administrator.id, stdin="y\n")
    assert told == "Dana Scully: read-only, security-administrator\nThe roles of Dana Scully are confirmed. Still open: 1.\n"
    confirmed = line_of(office, review, dana)
    assert (confirmed.confirmed_by, stored(office, review).closed_at) == (fox.administrator.id, None)
    told = second.done("review", "confirm", review, fox.administrator.id, "--yes")
    assert told == "The roles of Fox Mulder are confirmed. The review is finished.\n"
    assert line_of(office, review, fox).confirmed_by == dana.administrator.id
    assert stored(office, review).closed_at is not None
    assert [line.split()[-1] for line in first.done("review", "show", review).splitlines()[3:]] == ["confirmed"] * 2


def test_nobody_confirms_his_own_while_somebody_else_can(office: Office, fox: AdministratorRig) -> None:
    dana = office.service.administrator(ORG, "Dana Scully", by=fox)
    review, shell = begin(office), office.shell(fox)
    assert "own" in shell.refused("review", "confirm", review, fox.administrator.id, "--yes")
    told = shell.seal("review", "confirm", review, dana.administrator.id, stdin="n\n")
    assert (told.status, told.err.endswith("Nothing was confirmed.\n")) == (1, True)
    nobody = f"adm-{'0' * 32}"
    assert f"Nobody in this review is {nobody}." in shell.refused("review", "confirm", review, nobody, "--yes")
    assert {line_of(office, review, person).confirmed_at for person in (fox, dana)} == {None}
    assert "There is no such access review." in shell.refused("review", "show", f"rev-{'0' * 32}")


def test_the_provider_reviews_its_own_people(office: Office, vera: AdministratorRig) -> None:
    review, shell = begin(office, ""), office.shell(vera, "")
    assert [line.split()[0] for line in shell.done("review", "list").splitlines()] == ["REVIEW", review]
    for other in (f"{review}?limit=1", f"{review}#1", f"nothing/../{review}"):
        assert shell.refused("review", "show", other) != "", "another id"
    told = shell.document("review", "confirm", review, vera.administrator.id, "--yes")
    assert (told["id"], told["state"]) == (review, "finished")
    assert line_of(office, review, vera).confirmed_by == vera.administrator.id, "nobody else can"


def test_a_stranger_sees_and_confirms_nothing(office: Office, fox: AdministratorRig, vera: AdministratorRig) -> None:
    review = begin(office)
    for words in (("list",), ("show", review), ("confirm", review, fox.administrator.id, "--yes")):
        assert "This needs an Administrator ID" in office.shell().refused("review", *words)
        assert "There is no such organization, or it is not yours." in office.shell(vera).refused("review", *words)
    assert "There is no such access review." in office.shell(vera, "").refused("review", "show", review)
    assert line_of(office, review, fox).confirmed_at is None

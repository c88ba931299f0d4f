"""CRLs and OCSP responders that nobody renews: the provider reads it at home and beside the CA, before and after it is too late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from privyseal.actions.certificate.publish_crl import CRL_LIFE
from privyseal.issuer.publisher import publish_due, renew_responders
from privyseal.pages.provider_console.authorities import RESPONDER_SOON
from privyseal.store import authorities, revocations
from tests.pages.browsing import PagesRig
from tests.pages.portal.portal_rig import Document
from tests.rigs.service import AdministratorRig

CURRENT = "Every CRL is current."
CERTIFIED = "Every OCSP responder is certified."


@dataclass(frozen=True, slots=True)
class Watch:
    """Somebody of the provider who looks; the issuer's publisher works only when it is told to."""

    pages: PagesRig
    vera: AdministratorRig

    def publish(self) -> None:
        """Every CRL that is due."""
        publish_due(self.pages.service.house, self.pages.service.keys)

    def pass_until(self, moment: datetime) -> None:
        self.pages.service.clock.advance(moment - self.pages.service.clock())

    def home(self) -> str:
        return Document(self.pages.signed_in(self.vera).get("/provider/").text).text

    def beside(self, words: str) -> list[str]:
        """Which CAs have this verdict, by their short names."""
        text = self.pages.signed_in(self.vera).get("/provider/authorities").text
        sections = [Document(section).text for section in text.split('<section class="sheet"')[1:]]
        assert len(sections) == 5
        found = [section for section in sections if f" {words} " in section.partition("Short name")[0] + " "]
        return sorted(section.partition("Short name ")[2].split()[0] for section in found)

    def responder_end(self) -> datetime:
        with self.pages.service.house.database.read(self.pages.service.clock()) as tx:
            return max(authorities.responder_ends(tx))


@pytest.fixture
def watch(pages: PagesRig, vera: AdministratorRig) -> Watch:
    ready = Watch(pages, vera)
    ready.publish()
    return ready


def test_what_is_fresh_is_said_to_be_in_order(watch: Watch) -> None:
    assert CURRENT in watch.home()
    assert CERTIFIED in watch.home()
    assert watch.beside("In order") == ["administrators", "issuing", "root", "test-issuing", "test-root"]


def test_crls_that_nobody_renews_are_overdue_from_their_next_update_on(watch: Watch) -> None:
    service = watch.pages.service
    with service.house.database.read(service.clock()) as tx:
        health = {item.authority_id: item for item in revocations.health(tx)}
    kept = {slug: authority.id for slug, authority in service.house.authorities.items() if authority.id in service.keys}
    ends = [end for slug in kept if (end := health[kept[slug]].ends_first) is not None]
    watch.pass_until(min(ends) - timedelta(minutes=5))
    assert CURRENT in watch.home()
    assert watch.beside("CRL overdue") == []
    watch.pass_until(min(ends) + CRL_LIFE / 7)
    home, number = watch.home(), sum(health[authority].scopes for authority in kept.values())
    assert f"Problem: {number} CRLs are overdue. See CAs, CRL and OCSP." in home
    assert CURRENT not in home
    assert watch.beside("CRL overdue") == sorted(kept), "the root's lives for a year"
    watch.publish()
    assert CURRENT in watch.home()
    assert watch.beside("CRL overdue") == []


def test_a_responder_is_told_of_two_days_before_its_end_and_after_it(watch: Watch) -> None:
    end, ours = watch.responder_end(), ["administrators", "issuing", "test-issuing"]
    watch.pass_until(end - RESPONDER_SOON - timedelta(minutes=5))
    watch.publish()
    assert CERTIFIED in watch.home()
    assert watch.beside("Ends soon") == []
    watch.pass_until(end - RESPONDER_SOON + timedelta(minutes=5))
    home = watch.home()
    assert "Look at this: 3 OCSP responders end soon. See CAs, CRL and OCSP." in home
    assert CERTIFIED not in home
    assert watch.beside("Ends soon") == ours
    watch.pass_until(end + timedelta(minutes=5))
    watch.publish()
    home = watch.home()
    assert "Problem: 3 OCSP responders have expired. See CAs, CRL and OCSP." in home
    assert CURRENT in home
    assert watch.beside("OCSP responder expired") == ours
    assert watch.beside("In order") == ["root", "test-root"]
    assert renew_responders(watch.pages.service.house, watch.pages.service.keys) == 3
    assert CERTIFIED in watch.home()
    assert watch.beside("In order") == ["administrators", "issuing", "root", "test-issuing", "test-root"]

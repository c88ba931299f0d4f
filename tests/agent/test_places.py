"""The next Administrator ID takes the places of the old files, wherever somebody was stopped on the way."""

from __future__ import annotations

from pathlib import Path

from privyseal_agent.places import Places


def test_stopped_anywhere_it_goes_on(tmp_path: Path) -> None:
    for stopped in range(4):
        folder = tmp_path / str(stopped)
        folder.mkdir()
        places = Places(folder / "id.pem", folder / "id.key")
        places.certificate.write_text("old certificate")
        places.key.write_text("old key")
        assert not places.finish(), "nothing waits"
        places.next_key.write_text("new key")
        assert not places.finish(), "a key without its certificate waits for the next try"
        places.next_certificate.write_text("new certificate")
        if stopped == 1:
            (folder / "id.key.cfcbd9f5").hardlink_to(places.key)
        if stopped >= 2:
            places.finish()
            places.next_certificate.write_text("new certificate")
        if stopped == 3:
            places.certificate.write_text("old certificate")
        assert places.finish()
        assert (places.certificate.read_text(), places.key.read_text()) == ("new certificate", "new key")
        kept = {path.read_text() for path in folder.iterdir()}
        assert {"old certificate", "old key"} <= kept
        assert not places.finish()

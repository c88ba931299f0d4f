"""The letters of a ``ServiceRig``, composed by the product's own wing from what really happened, and read as their readers do."""

from __future__ import annotations

from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from privyseal.features import MailSettings
from privyseal.features.notices import LISTENS, listeners
from privyseal.store import outbox
from tests.rigs.service import ServiceRig


@dataclass(slots=True)
class LetterBox:
    """What the provider mails, in a Maildir; everything that happens from now on is heard."""

    service: ServiceRig
    folder: Path
    _heard: set[str] = field(default_factory=set)
    _read: set[Path] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.service.listeners.update(LISTENS)

    def new(self) -> list[EmailMessage]:
        """Deliver what waits, those to several people too; return the letters that nobody has read yet."""
        hear = listeners(self.service.house, MailSettings("pki@provider.test", delivery=self.folder))
        for _ in range(2):  # First to whom, then to each.
            with self.service.house.database.read(self.service.clock()) as tx:
                rows = [row for row in outbox.waiting(tx, limit=1_000) if row.id not in self._heard and row.listener in hear]
            for row in rows:
                hear[row.listener](row, row.id)
                self._heard.add(row.id)
        found = [path for path in sorted((self.folder / "new").glob("*")) if path not in self._read]
        self._read.update(found)
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in found]

    def about(self, word: str) -> dict[str, str]:
        """Address -> text of the new letters with this word in the subject; nobody gets two of them."""
        letters = [letter for letter in self.new() if word in str(letter["Subject"])]
        found = {str(letter["To"]): f"{letter['Subject']}\n{text_of(letter)}" for letter in letters}
        assert len(found) == len(letters), [str(letter["To"]) for letter in letters]
        return found


def text_of(letter: EmailMessage) -> str:
    """The plain text."""
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())

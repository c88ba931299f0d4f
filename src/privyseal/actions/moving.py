"""When something may come to belong to another department; no action, but the rule that all of those that move share.

The right to move must reach both places: where the thing lies and where it goes. A place that somebody does not see is answered
like one that does not exist, as the thing itself is. The target is held to the end of the transaction: nobody closes it, and nobody
puts it elsewhere in the tree, while something comes in.
"""

from __future__ import annotations

from dataclasses import dataclass

from privyseal.model.actor import Actor, require
from privyseal.model.administrator import Permission
from privyseal.model.department import require_open
from privyseal.model.errors import NotFound
from privyseal.model.identifiers import DepartmentId
from privyseal.model.organization import Organization
from privyseal.model.scope import Scope
from privyseal.store import departments
from privyseal.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Ends:
    """From where to where something is moved; None is the organization itself."""

    lies_in: DepartmentId | None
    wanted: DepartmentId | None

    @property
    def words(self) -> str:
        """What the audit log says of the move."""
        return f"{self.lies_in or 'organization'} -> {self.wanted or 'organization'}"


def is_to_be_moved(
    tx: Transaction, actor: Actor, organization: Organization, right: Permission, ends: Ends, *, seen: Scope, missing: NotFound
) -> bool:
    """Tell whether something may and has to be moved; False where it lies in the wanted place already.

    Raises ``missing`` for a target that is not there or outside of ``seen``, NotPermitted ``scope``, Conflict ``department-closed``.
    """
    target = departments.hold(tx, organization.id, ends.wanted) if ends.wanted is not None else None
    if ends.wanted is not None and (target is None or not seen.covers(target.path)):
        raise missing
    for path in (departments.path_of(tx, ends.lies_in), target.path if target else ""):
        require(actor, right, organization.id, path)
    if ends.lies_in == ends.wanted:
        return False
    if target is not None:
        require_open(target)
    return True

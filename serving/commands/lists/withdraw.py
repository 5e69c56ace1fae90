"""`regulars list --withdraw`: take back a list that was published wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from serving.book.withdrawals import Withdrawal
from serving.outreach.playbooks.playbooks import load_playbooks
from serving.shop import OpenShop
from serving.webhooks.taken_back import withdraw_and_enqueue


@dataclass(frozen=True)
class WithdrawnList:
    """A list that was taken back."""

    withdrawal: Withdrawal

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        facts = asdict(self.withdrawal)
        return {"as_of": facts.pop("as_of"), "withdrawn_at": facts.pop("at"), "in_force": facts.pop("holds"), **facts}

    def lines(self) -> Iterator[str]:
        """Say it to a person."""
        found = self.withdrawal
        done = "is taken back" if found.is_new else "was taken back before,"
        yield f"the list of {found.as_of} {done} by {found.by}: {found.why}"
        yield f"{found.closed:,} entries are closed; {found.kept:,} with a contact or an outcome stay as they are"
        yield f"{found.voided:,} accounts are no longer watched because of it, in both arms alike; every draw stays"
        now = "no list is in force" if found.holds is None else f"the list of {found.holds} is in force again"
        yield f"{now}; files and sheets of the list are not touched: take them back yourself"


def withdraw_list(shop: OpenShop, day: date, by: str, why: str) -> WithdrawnList:
    """Take back the list of a day, and tell the webhooks.

    Args:
        shop: the open shop.
        day: the list's.
        by: who decides.
        why: for what reason.

    Raises:
        InputError: there is no list of that day, or nobody says who and why.
    """
    titles = load_playbooks(shop.settings.list.playbooks).titles_in(shop.settings.language)
    return WithdrawnList(withdraw_and_enqueue(shop.book, day, by, why, titles))

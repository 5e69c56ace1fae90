"""`regulars explain-data`: what each source of the shop's data adds to the forecast, and what a missing one may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from features.language.known_again import known_again
from features.language.languages import ENGLISH, Language
from features.language.messages import Message, Sentence, in_a_row, said, sentence
from features.language.typed_values import Days
from features.money import Money
from serving.commands.models.killed_runs import close_killed
from serving.commands.models.list_size import list_size
from serving.commands.models.lost_models import refuse_lost_models
from serving.commands.result import Table, spoken
from serving.shop import OpenShop
from training.backtest.steps import Progress, no_progress
from training.budget import Budget
from training.data_worth.elsewhere import measured
from training.data_worth.words import COLUMNS, worth_advice, worth_rows, worth_sentences
from training.data_worth.worth import DataWorth, SourceWorth, data_worth
from training.tracking import Record
from training.tracking.records import BACKTEST_EXPERIMENT

KIND = "data worth"
# What a reader should know first, as the forecast says it.
NOTES = (
    Message("the budget was enough for {count} of {all} dates"),
    Message(
        "learnt from and judged on {customers} of {all} customers, drawn at random with all their orders; everybody is "
        "scored. Lists are counted for all"
    ),
)
HOW_TO_READ = sentence(
    "log loss is of a true level, nats; intervals are over dates and customers; the verdict takes all sources together "
    "(Holm, 95%). Sources overlap: what one says another may say too"
)


@dataclass(frozen=True)
class DataExplained:
    """What the sources of a shop add, with the money that it counts in and the language of the terminal, the shop's."""

    worth: DataWorth
    money: Money
    language: Language = ENGLISH

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON; money in minor units."""
        found = self.worth
        return {
            "horizon_days": found.definition.horizon_days,
            "active_days": found.definition.active_days,
            "test_dates": [day.isoformat() for day in found.test_dates],
            "customers": found.customers,
            "auroc": found.base_auroc,
            "currency": self.money.currency,
            "sources": [_facts(each) for each in found.sources],
            "absent": [
                {"kind": kind, "elsewhere": [asdict(each) for each in measured() if each.kind == kind]}
                for kind in found.absent
            ],
            "unused": list(found.unused),
            "notes": list(found.notes),
            "sentences": list(worth_sentences(found)),
            "advice": list(worth_advice(found)),
        }

    def lines(self) -> Iterator[str | Table]:
        """Say what tells, what does not and what may be missing; what to do; then the figures."""
        found, language = self.worth, self.language
        yield from (f"{words}." for words in spoken(worth_sentences(found), language))
        notes = (known_again(note, NOTES) for note in found.notes)
        yield from ("", *spoken([*worth_advice(found), *notes], language), "")
        yield from (*spoken([self._heading()], language), "")
        heads = [said(column, language) for column in COLUMNS]
        yield Table(heads, worth_rows(found, self.money, language), wide=heads[0])
        yield from ("", *spoken([HOW_TO_READ], language))

    def _heading(self) -> Sentence:
        return sentence(
            "with a source beside without it, out of time, {days} ahead ({dates}):",
            days=Days(self.worth.definition.horizon_days),
            dates=in_a_row((sentence("{day:table}", day=day) for day in self.worth.test_dates), commas=True),
        )


def _facts(each: SourceWorth) -> dict[str, Any]:
    return {
        "source": each.source,
        "features": each.features,
        "adds": each.adds,
        "auroc": asdict(each.auroc),
        "log_loss": asdict(each.log_loss),
        "held_on_a_list": None if each.held is None else asdict(each.held),
    }


def explain_data(
    shop: OpenShop, budget: Budget, progress: Progress = no_progress, *, record: bool = True
) -> DataExplained:
    """Return what each source of a shop's data adds, judged on dates that no forecast had seen.

    Args:
        shop: the open shop.
        budget: how much may be done.
        progress: is called before each step.
        record: keep it as a run of MLflow.

    Raises:
        InsufficientHistory: there is too little to judge a model by.
        LostModels: it is to be recorded, and the registry of a shop that had models is gone or empty.
    """
    if not record:
        return _explained(shop, budget, progress)
    tracking = shop.settings.tracking()
    refuse_lost_models(shop, tracking)
    close_killed(shop)
    with tracking.run(KIND, BACKTEST_EXPERIMENT, KIND) as run:
        found = _explained(shop, budget, progress)
        progress(0, 1, "recording in MLflow")
        run.write(_record_of(shop, found))
    return found


def _explained(shop: OpenShop, budget: Budget, progress: Progress) -> DataExplained:
    size, _ = list_size(shop)
    worth = data_worth(shop.log, shop.definition, budget, until=shop.until, list_size=size, progress=progress)
    return DataExplained(worth, shop.settings.money, shop.settings.language)


def _record_of(shop: OpenShop, found: DataExplained) -> Record:
    worth = found.worth
    named = enumerate(worth.sources, start=1)
    return Record(
        name=f"{KIND} {worth.test_dates[-1]}",
        params={"horizon_days": worth.definition.horizon_days, "test_dates": len(worth.test_dates)},
        metrics={f"data/auroc_added/{_name(number, each.source)}": each.auroc.mean for number, each in named},
        data={},
        data_digest=shop.log.digest(),
        figures={},
        documents={"data_worth": found.to_dict()},
        tags={"adds": ", ".join(each.source for each in worth.sources if each.adds) or "nothing"},
        experiment=BACKTEST_EXPERIMENT,
        kind=KIND,
    )


def _name(number: int, source: str) -> str:
    """Return a source as MLflow takes it in the name of a figure; one in another script is numbered.

    >>> _name(1, "events: mail clicked"), _name(2, "customers file: περιοχή")
    ('events/mail_clicked', 'customers_file/2')
    """
    kind, _, name = source.replace(" ", "_").partition(":_")
    if not name:
        return kind
    return f"{kind}/{name if re.fullmatch('[A-Za-z0-9_.-]+', name) else number}"

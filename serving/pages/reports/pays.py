"""Does it pay: what acting saved with its interval, who stays month by month, cohorts, and what retention is worth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from starlette.responses import Response

from features.clock import date_of
from features.kpis.periods import calendar_of
from features.kpis.yearly import GOOD, POINTS, POOR, YEARS, Yearly, customers_over_years, lifetime_spend
from features.money import Money
from serving.book.visits.views import View as Viewed
from serving.book.visits.views import record_view
from serving.commands.lists.effect import PLANNED
from serving.commands.lists.kpi_answer import Cohort, KpisAnswer, PeriodKpis
from serving.commands.lists.kpis import ShopKpis
from serving.outreach.effect.group import LEAST_EACH, LEAST_EPISODES
from serving.outreach.effect.group_answer import GroupEffectAnswer
from serving.outreach.plan.in_words import BANDS
from serving.pages.advice import playbooks_of
from serving.pages.reports.charts import interval_of, lines_of
from serving.pages.reports.counting import counted_at, counting
from serving.pages.reports.figures import Saved
from serving.pages.visit import View, Visit

MONTHS_SHOWN = 13  # a year, and the month that has begun
COHORTS_SHOWN = 13
MOST_WEEKS = 104  # what takes longer is told without a number: nobody waits for it


def pays(visit: Visit) -> Response:
    """Show whether it pays."""
    who = visit.who
    record_view(visit.server.need_book(), Viewed(who.name, who.owner, "pays"))
    found = visit.parts.reports.pays(visit.server, calendar_of(visit.language.code))
    if found is None:
        return counting(visit, "pays")
    context = {
        "section": "pays",
        "counted": counted_at(visit, found.saved),
        **_saved(visit, found.saved.figure),
        **_kpis(found.kpis.figure),
    }
    return visit.page("reports/pays.html.jinja", context)


def _saved(visit: Visit, found: Saved) -> dict[str, Any]:
    answer = found.answer
    titles = playbooks_of(visit).titles_in(visit.language)
    return {
        "saved": answer,
        "interval": interval_of(answer.overall.difference),
        "beyond_chance": answer.overall.difference.is_beyond_chance,
        "is_enough": answer.overall.difference.low is not None,
        "least": {"episodes": LEAST_EPISODES, "each": LEAST_EACH},
        "plan": found.plan,
        "planned_share": PLANNED,
        "most_weeks": MOST_WEEKS,
        "waiting": found.waiting,
        "by_playbook": [(titles.get(each.name, each.name), each) for each in _told(answer.groups.playbook)],
        "by_owner": [(each.name, each) for each in _told(answer.groups.owner)],
        "by_band": [(BANDS[each.name], each) for each in _told(answer.groups.band)],
        "holds_out": visit.server.need_settings().list.holdout_share > 0,
    }


def _told(groups: Sequence[GroupEffectAnswer]) -> list[GroupEffectAnswer]:
    """Return the groups of which something can be said, the largest first."""
    known = [each for each in groups if each.difference.low is not None]
    return sorted(known, key=lambda each: -each.treated)


def _kpis(found: ShopKpis) -> dict[str, Any]:
    answer = found.answer
    cohorts = _cohorts(found, answer.cohorts)
    return {
        "kpis": answer,
        "known_until": answer.known_until - timedelta(1),
        "months": _months(answer),
        "latest": _latest(answer),
        "cohorts": cohorts,
        "cohort_months": min(COHORTS_SHOWN, max((_known(each) for _, each in cohorts), default=0)),
        "year": answer.year,
        "worth": None if found.year is None or not found.has_money else _worth(found.year, found.money),
        "years": None if found.year is None else _years(found.year),
    }


def _months(answer: KpisAnswer) -> list[PeriodKpis]:
    """Return the latest months, the last one first; without those of which hardly anything is known yet."""
    told = [each for each in answer.periods if (each.active_at_end, each.active_at_start) != (None, None)]
    return told[: -MONTHS_SHOWN - 1 : -1]


def _latest(answer: KpisAnswer) -> PeriodKpis | None:
    finished = [each for each in answer.periods if each.finished]
    return finished[-1] if finished else None


def _cohorts(found: ShopKpis, cohorts: Sequence[Cohort]) -> list[tuple[date, Cohort]]:
    """Return the latest cohorts of which anything is known, with the first day of their month."""
    days = [date_of(month.first_day) for month in found.cohorts.months]
    return [pair for pair in zip(days, cohorts, strict=True) if _known(pair[1])][-COHORTS_SHOWN:]


def _known(cohort: Cohort) -> int:
    """Return of how many months it is known who ordered."""
    return sum(share is not None for share in cohort.shares)


def _worth(year: Yearly, money: Money) -> dict[str, Any]:
    """Return what a customer spends from now on at the own retention and at five points more, major units."""
    more = min(year.retention + POINTS, 1.0)
    now, then = (lifetime_spend(year.spend, rate) for rate in (year.retention, more))
    return {"now": money.major(now), "then": money.major(then), "share": now / then if then else 0.0, "more": more}


def _years(year: Yearly) -> dict[str, Any]:
    """Return the customers over seven years at the own retention, at five points more, and at 90 and 80 %."""
    rates = {"own": year.retention, "more": min(year.retention + POINTS, 1.0), "good": GOOD, "poor": POOR}
    customers = {
        name: [year.active * each for each in customers_over_years(rate, year.gained)] for name, rate in rates.items()
    }
    return {"rates": rates, "customers": customers, "years": YEARS, "lines": lines_of(customers)}


VIEWS = (View("GET", "pays", pays, whole=True),)

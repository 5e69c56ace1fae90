"""How often `regulars watch` cries wolf that is run every week for three years, and what it finds within one period.

python -m benchmarks.watch.alarms --shops 20

The shops are those of the tests of drift, 1,500 customers each over four years. What is injected is injected alone.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks.published import write_page
from features.clock import date_of, day_number
from features.log import Log
from serving.monitoring.alarm import Alarm
from serving.monitoring.arrivals import WEEK_DAYS, age_alarms, order_alarms, silence_alarms
from serving.monitoring.drift import PERIOD_DAYS, Figure, drift_alarms, figures, periods_before
from tests.serving.monitoring.shops import DEFINITION, Tampered, day_of, model_of, shop_of
from training.bundle import Bundle

RESULTS = Path(__file__).with_name("alarms.md")
PERIODS, LEARNT, CHANGED, LAST = 39, 420, 1_200, 1_550  # 39 periods of four weeks are three years
SHIFTS = range(0, PERIOD_DAYS, WEEK_DAYS)
INJECTED: dict[str, Callable[[Tampered, int], Tampered]] = {
    "all prices a tenth higher": lambda shop, day: shop.dearer(day, 1.1),
    "all prices a fifth higher": lambda shop, day: shop.dearer(day, 1.2),
    "one order in two lost": lambda shop, day: shop.without_orders(day, 2),
    "one order in four lost": lambda shop, day: shop.without_orders(day, 4),
    "reviews no longer sent": lambda shop, day: shop.without_events(day, "review"),
    "clicks of monthly mails no longer sent": lambda shop, day: shop.without_events(day, "mail_clicked"),
    "a campaign, 120 strangers": lambda shop, day: shop.with_campaign(day, 120),
}


@dataclass(frozen=True, eq=False)
class Found:
    """What was raised in one shop.

    Args:
        false: each alarm that was not raised the week before, of three years in which nothing changed.
        weeks: that were looked at.
        after: injected change → whether something was raised in the first, second, third and fourth week.
    """

    false: tuple[str, ...]
    weeks: int
    after: dict[str, tuple[bool, ...]]


def watched(seed: int) -> Found:
    """Watch one shop every week, first as it is, then with each change."""
    shop = shop_of(seed)
    model = model_of(shop.log, day_of(LEARNT))
    weeks = dict(sorted(_weeks(shop, model)))
    raised = [{alarm.key for alarm in alarms} for alarms in weeks.values()]
    new = [key for before, now in zip([set(), *raised], raised, strict=False) for key in sorted(now - before)]
    after = {name: tuple(_after(inject(shop, day_of(CHANGED)), model)) for name, inject in INJECTED.items()}
    return Found(tuple(new), len(weeks), after)


def _weeks(shop: Tampered, model: Bundle) -> Iterator[tuple[date, list[Alarm]]]:
    """Yield what is raised in each week; the figures of a day of the past are those that were known then."""
    for shift in SHIFTS:
        days = periods_before(shop.log, date_of(day_of(LAST - shift)), DEFINITION.active_days)
        found = figures(shop.log, days, model, shop.segment_of)
        for place in range(max(0, len(days) - PERIODS), len(days)):
            yield days[place], _alarms(shop.log.before(day_number(days[place])), days[place], found, place + 1)


def _after(shop: Tampered, model: Bundle) -> Iterator[bool]:
    for shift in SHIFTS:
        end = day_of(CHANGED + WEEK_DAYS + shift)
        log, day = shop.log.before(end), date_of(end)
        found = figures(log, periods_before(log, day, DEFINITION.active_days), model, shop.segment_of)
        yield bool(_alarms(log, day, found, None))


def _alarms(log: Log, day: date, found: Sequence[Figure], end: int | None) -> list[Alarm]:
    arrived = [*order_alarms(log, day), *silence_alarms(log, day), *age_alarms(log, day)]
    return [*drift_alarms(found, end), *arrived]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shops", type=int, default=20, help="how many simulated shops")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the page is written")
    chosen = parser.parse_args()
    found = []
    for seed in range(1, chosen.shops + 1):
        found.append(watched(seed))
        print(f"{seed}/{chosen.shops}", end="\r", flush=True)
    write_page(chosen.out, page(found))


def page(found: Sequence[Found]) -> str:
    """Return the page: the false alarms of three years, and what was raised of what was injected."""
    counts = [len(each.false) for each in found]
    kinds = Counter(key.split(":")[0] for each in found for key in each.false).most_common()
    return PAGE.format(
        shops=len(found),
        weeks=found[0].weeks,
        mean=sum(counts) / len(counts),
        most=max(counts),
        calm=sum(count <= 1 for count in counts),
        kinds=", ".join(f"{count} of {kind}" for kind, count in kinds) or "none",
        rows="\n".join(_row(name, [each.after[name] for each in found]) for name in INJECTED),
    )


def _row(name: str, after: Sequence[tuple[bool, ...]]) -> str:
    """Return the share of shops in which something was raised by the end of each week."""
    shares = [sum(any(each[: week + 1]) for each in after) / len(after) for week in range(len(SHIFTS))]
    return f"| {name} | {' | '.join(f'{share:.0%}' for share in shares)} |"


PAGE = """# How often a weekly watch cries wolf, and what it finds

`python -m benchmarks.watch.alarms --shops {shops}` writes this page. {shops} simulated shops of 1,500 customers are
watched every week for three years ({weeks} looks each); the model learnt in their second year. An alarm that goes on
is one alarm.

Where nothing changed, a shop raised {mean:.2f} false alarms in three years on average, {most} at most; {calm} of
{shops} raised at most one. They were: {kinds}.

Share of the shops in which something was raised by the end of the first, second, third and fourth week after a change:

| change | week 1 | 2 | 3 | 4 |
|---|---|---|---|---|
{rows}
"""

if __name__ == "__main__":
    main()

"""The whole effect: who is compared in which group, what is warned of, and how many more weeks it takes."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from features.errors import InputError
from features.money import Money
from serving.outreach.effect.declared import Declared
from serving.outreach.effect.effect import GROUPS, Effect, effect
from serving.outreach.effect.estimate import UNKNOWN, Estimate
from serving.outreach.effect.four_groups import four_groups
from serving.outreach.effect.group import group_effect

MONDAY = date(2026, 3, 2)
EUROS = Money("EUR")


def episodes(
    kept: tuple[float, float] = (0.75, 0.5), weeks: int = 10, a_week: int = 50, name: str = "c", **other: Any
) -> pd.DataFrame:
    """Settled first episodes of weekly lists, two of five held out; of each arm these shares stay, evenly spread."""
    count = weeks * a_week
    place = np.arange(count)
    treated = place % 5 < 3
    rank = np.where(treated, np.cumsum(treated), np.cumsum(~treated)) - 1
    stays = (rank * 7 % 20) / 20 < np.where(treated, *kept)
    made = {
        "account_id": [f"{name}{n}" for n in place],
        "began_on": [MONDAY + timedelta(weeks=int(week)) for week in place // a_week],
        "number": 1,
        "cell": "ranked",
        "arm": np.where(treated, "treated", "holdout"),
        "contacted": treated & (rank % 10 < 9),
        "stratum": "all",
        "probability": 0.3 + (place % 7) / 20,
        "expected_spend": 2_000 + place % 11 * 100,
        "kept": stays,
        "spent": np.where(stays, 2_000 + place % 13 * 90, 0),
        "order_days": stays.astype(int),
        "spent_before": place % 3 * 500,
        "playbook": np.where(place % 10 < 8, "call", "mail"),
        "owner": "ann",
        "band": "high",
        "kind": "regular",
    }
    return pd.DataFrame(made | other)


def judged(rows: pd.DataFrame, **more: Any) -> Effect:
    return effect(rows, currency="EUR", **more)


class TestWhoIsCompared:
    def test_each_group_is_judged_by_itself_and_all_together(self) -> None:
        rows = episodes()
        found = judged(rows)
        assert found.overall == group_effect("all", rows)
        assert tuple(found.groups) == GROUPS == ("playbook", "owner", "band", "month", "kind")
        assert [each.name for each in found.groups["playbook"]] == ["call", "mail"]
        assert found.groups["playbook"][0] == group_effect("call", rows[rows["playbook"] == "call"])
        assert [each.name for each in found.groups["month"]] == ["2026-03", "2026-04", "2026-05"]
        assert (found.first_on, found.last_on) == (MONDAY, MONDAY + timedelta(weeks=9))
        assert (found.currency, found.declared, found.four, found.shrunk) == ("EUR", Declared(), None, None)
        assert found.without_chance == found.later_episodes == 0

    def test_accounts_that_buy_less_count_apart_and_among_the_kinds(self) -> None:
        rows, less = episodes(), episodes((0.5, 0.25), weeks=4, name="l", kind="shrunk", owner="bob")
        found = judged(pd.concat([rows, less]))
        assert found.overall == group_effect("all", rows)
        assert found.shrunk == group_effect("accounts that buy less", less)
        assert [each.name for each in found.groups["kind"]] == ["regular", "shrunk"]
        assert [each.name for each in found.groups["owner"]] == ["ann"]
        line = found.shrunk.line(EUROS)
        assert f"apart from them, where stayed means more than half of the usual spend: {line}" in list(found.lines())

    def test_the_random_cell_and_later_episodes_are_in_no_figure(self) -> None:
        rows, random = episodes(), episodes((0.9, 0.8), name="r", cell="random")
        later = episodes((0.1, 0.9)).assign(number=2)
        found = judged(pd.concat([rows, random, later]))
        assert found.overall == group_effect("all", rows)
        assert found.four == four_groups(rows, random)
        assert found.later_episodes == 500
        said = "500 later episodes are not compared: who has another one depends on what was done in the first"
        assert said in found.warnings
        assert [line for line in found.lines() if line.startswith("the model")] == list(found.four.lines())[:1]

    def test_what_was_declared_is_what_it_is_judged_by(self) -> None:
        declared = Declared(spend_cap_quantile=0.8, tuned_accounts=90)
        found = judged(episodes(), declared=declared)
        assert (found.declared, found.overall) == (declared, group_effect("all", episodes(), declared))
        assert found.groups["owner"][0] == group_effect("ann", episodes(), declared)

    def test_strata_of_lists_of_another_share_are_told_apart(self) -> None:
        early = episodes(weeks=4).assign(drawn_share=0.4)
        odd = episodes((0.9, 0.2), weeks=4, name="o").assign(drawn_share=0.4)
        half = odd[(odd["arm"] == "treated") | (np.arange(200) % 10 < 5)].assign(drawn_share=1 / 4)
        found = judged(pd.concat([early, half]))
        apart = pd.concat([early.assign(stratum="x"), half.assign(stratum="y")])
        assert found.sample_ratio.is_sound
        assert found.overall.difference == group_effect("all", apart).difference
        assert found.overall.difference != group_effect("all", pd.concat([early, half])).difference
        assert judged(early).overall == group_effect("all", early)

    def test_who_was_listed_while_nobody_was_held_out_is_not_compared(self) -> None:
        rows = episodes().assign(drawn_share=0.4)
        early = episodes((0.1, 0.1), weeks=2, name="e").assign(drawn_share=0.0, began_on=date(2026, 1, 5))
        found = judged(pd.concat([rows, early]))
        assert (found.without_chance, found.first_on) == (100, MONDAY)
        assert found.warnings[-1] == "100 accounts were listed while nobody was held out, and are not compared"
        assert found.overall.difference == judged(rows).overall.difference

    def test_where_the_sample_ratio_is_off_there_is_no_figure_at_all(self) -> None:
        rows = episodes(weeks=30).assign(drawn_share=0.4)
        lost = rows[(rows["arm"] == "treated") | (np.arange(len(rows)) % 2 == 0)]
        random, less = episodes(name="r", cell="random"), episodes(name="l", kind="shrunk", drawn_share=0.4)
        found = judged(pd.concat([lost, random, less]), planned_saved_share=0.1)
        assert not found.sample_ratio.is_sound
        assert (found.four, found.more_weeks_found, found.more_weeks_planned) == (None, None, None)
        every = [found.overall, found.shrunk, *(each for groups in found.groups.values() for each in groups)]
        assert [each.difference for each in every if each is not None] == [UNKNOWN] * len(every)
        assert found.warnings == (found.sample_ratio.warning(),)

    def test_nobody_yet_is_no_day(self) -> None:
        found = judged(episodes().iloc[:0])
        assert (found.first_on, found.last_on, found.more_weeks_found) == (None, None, None)
        assert found.warnings == ("too few to say: only 0 treated and 0 held-out accounts have settled",)
        assert not any("by intention to treat" in line for line in found.lines())


class TestRefused:
    @pytest.mark.parametrize(
        "name",
        [
            "number",
            "cell",
            "arm",
            "contacted",
            "kept",
            "spent",
            "probability",
            "expected_spend",
            "stratum",
            "order_days",
            "spent_before",
        ],
    )
    def test_a_missing_column_is_named(self, name: str) -> None:
        with pytest.raises(InputError) as told:
            judged(episodes().drop(columns=name))
        assert str(told.value) == f"the settled episodes lack {name}"

    def test_all_that_are_missing_are_named(self) -> None:
        with pytest.raises(InputError, match=r"lack cell, kept, spent$"):
            judged(episodes().drop(columns=["spent", "kept", "cell"]))

    @pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 20])
    def test_a_planned_share_out_of_range(self, share: float) -> None:
        with pytest.raises(InputError) as told:
            judged(episodes(), planned_saved_share=share)
        assert str(told.value) == f"the planned saved share is between 0 and 1, not {share}"


class TestWeeks:
    @pytest.mark.parametrize(("weeks", "rate"), [(10, 50), (6, 50)])
    def test_the_error_falls_with_the_root_of_the_accounts_that_come_at_the_present_rate(
        self, weeks: int, rate: int
    ) -> None:
        """Of the last eight weeks, whatever came before them; or of all there were."""
        rows = episodes((0.55, 0.5), weeks)
        rows.loc[rows["began_on"] == MONDAY, "began_on"] = MONDAY - timedelta(weeks=0 if weeks < 8 else 40)
        found = judged(rows, planned_saved_share=0.1)
        far = (norm.ppf(0.975) + norm.ppf(0.8)) * found.overall.error
        for size, told in (
            (found.overall.difference.value, found.more_weeks_found),
            (0.1 * (1 - found.overall.kept_expected), found.more_weeks_planned),
        ):
            needed = len(rows) * (far / size) ** 2
            assert told == math.ceil((needed - len(rows)) / rate) > 0

    def test_what_is_seen_takes_none_and_what_was_not_planned_is_unknown(self) -> None:
        found = judged(episodes((0.9, 0.3)))
        assert (found.more_weeks_found, found.more_weeks_planned) == (0, None)
        assert not any("may be chance" in each for each in found.warnings)

    def test_an_effect_of_nought_is_never_seen(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def of_nought(*given: Any) -> Any:
            return replace(group_effect(*given), difference=Estimate(0.0, -0.1, 0.1))

        monkeypatch.setattr("serving.outreach.effect.effect.group_effect", of_nought)
        found = judged(episodes((0.55, 0.5)), planned_saved_share=0.1)
        assert found.more_weeks_found is None
        assert found.more_weeks_planned
        assert judged(episodes()).warnings[0] == "the interval holds 0: this may be chance"


def whole() -> Effect:
    return judged(episodes((0.55, 0.5)), planned_saved_share=0.1)


class TestWords:
    def test_chance_is_warned_of_with_the_weeks_it_takes(self) -> None:
        found = whole()
        assert found.warnings[0] == (
            "the interval holds 0: this may be chance; at the present rate it takes "
            f"{found.more_weeks_found:,} more weeks to see an effect as large as the one found and "
            f"{found.more_weeks_planned:,} more weeks to see the planned effect (80 % power)"
        )
        alone = judged(episodes((0.55, 0.5))).warnings[0]
        assert alone.endswith("to see an effect as large as the one found (80 % power)")

    def test_too_few_are_counted(self) -> None:
        found = judged(episodes(weeks=1))
        assert found.warnings == ("too few to say: only 30 treated and 20 held-out accounts have settled",)
        assert [line.split(":")[0] for line in found.lines()] == [
            "all",
            "90.0 % of those we meant to contact were contacted; all of them count, by intention to treat",
            "careful",
        ]

    def test_leaked_holdouts_are_counted(self) -> None:
        rows = episodes((0.9, 0.3))
        leaked = (rows["arm"] == "holdout") & (rows["account_id"].str[-1] == "4")
        found = judged(rows.assign(contacted=rows["contacted"] | leaked))
        assert found.overall.leaked == int(leaked.sum()) == 50
        assert (
            "50 of 200 held-out accounts (25.0 %) were contacted all the same; they stay in the holdout, which makes "
            "the effect look smaller than it is"
        ) in found.warnings

    def test_shares_beyond_chance_with_money_that_is_not_are_warned_of(self) -> None:
        rows = episodes((0.9, 0.3), weeks=20)
        found = judged(rows.assign(spent=np.where(rows["account_id"] == "c7", 9_000_000, 100)))
        assert found.overall.difference.is_beyond_chance
        said = "more customers stayed beyond chance, but the money may still be chance: few large orders decide it"
        assert (said in found.warnings) is not found.overall.money_kept.is_beyond_chance
        assert said in found.warnings
        assert said not in judged(rows).warnings
        few = judged(episodes((0.95, 0.2), weeks=5))
        assert few.overall.difference.is_beyond_chance
        assert (few.overall.money_kept, few.warnings) == (UNKNOWN, ())

    def test_two_ways_that_disagree_are_warned_of(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def disagreeing(*given: Any) -> Any:
            return replace(group_effect(*given), ways_disagree=True)

        monkeypatch.setattr("serving.outreach.effect.effect.group_effect", disagreeing)
        assert judged(episodes((0.9, 0.3))).warnings == (
            "the two ways to measure the money disagree beyond chance: contacts do not save the same share of what is "
            "at risk in accounts of one size; go by the wider one",
        )

    def test_the_lines_come_in_their_order(self) -> None:
        found = whole()
        overall, declared = found.overall, found.declared
        assert list(found.lines()) == [
            overall.line(EUROS),
            "looked at every week (asymptotic confidence sequence, Waudby-Smith et al. 2024): "
            + overall.any_time_line(EUROS),
            "the money without assuming that a share of what is at risk is saved: "
            + overall.money_unscaled.as_money(EUROS),
            "the same with the largest 1.0 % of the spends cut to size: " + overall.money_capped.as_money(EUROS),
            f"per day with an order the treated spend {overall.spend_per_order.as_money(EUROS)} more",
            "90.0 % of those we meant to contact were contacted; all of them count, by intention to treat",
            *(f"careful: {warning}" for warning in found.warnings),
        ]
        assert declared.spend_cap_quantile == 0.99
        without = replace(found, overall=replace(overall, spend_per_order=UNKNOWN), warnings=())
        assert len(list(without.lines())) == 5
        no_money = replace(found, overall=replace(overall, money_capped=UNKNOWN), warnings=())
        assert len(list(no_money.lines())) == 3
        few = replace(found, overall=replace(overall, difference=Estimate(None, None, None)), warnings=())
        assert not any(line.startswith("looked at every week") for line in few.lines())

    def test_a_groups_table_is_its_rows(self) -> None:
        found = whole()
        assert found.rows("playbook") == [each.row(EUROS) for each in found.groups["playbook"]]

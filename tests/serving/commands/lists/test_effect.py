"""`regulars effect`: what is printed is what the book and the orders say, counted here once more by hand."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from features.errors import InputError
from serving.book.decisions import Contact, record_contacts
from serving.commands.lists.effect import measure_effect, plan_trial
from serving.config import load_settings
from serving.shop import OpenShop
from tests.serving.conftest import Call, SmallShop, ask_for, in_book, in_shop, list_of

HORIZON = timedelta(days=30)
FIRST = date(2022, 12, 5)
WEEKLY = [FIRST + timedelta(days=7 * week) for week in range(5)]
# One more after the horizon of the first, and one whose horizon does not end in the log.
DAYS = [*WEEKLY, date(2023, 2, 6), date(2023, 5, 1)]
EPISODE = ("account_id", "began_on", "arm", "cell", "playbook")


@dataclass(frozen=True, eq=False)
class Trial:
    """A shop that made lists with a holdout and a random cell, and its episodes as counted by hand."""

    folder: Path
    end: date
    episodes: pd.DataFrame

    @property
    def first(self) -> pd.DataFrame:
        """The first episode of each account, where it has settled."""
        return self.episodes[self.episodes["first"] & self.episodes["ended"]]

    @property
    def ranked(self) -> pd.DataFrame:
        """Of these, those whom the ranking chose: what the headline counts."""
        return self.first[self.first["cell"] == "ranked"]


@pytest.fixture(scope="module")
def trial(registered: Path, shop: SmallShop, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    folder = tmp_path_factory.mktemp("trial") / "shop"
    shutil.copytree(registered, folder)
    ask_for(folder, "holdout_share = 0.4\nrandom_share = 0.25\ncooldown_days = 0")
    for day in DAYS:
        list_of(folder, day)
    episodes = by_hand(folder, shop)
    contact(folder, episodes)
    return Trial(folder, shop.as_of, episodes)


def by_hand(folder: Path, shop: SmallShop) -> pd.DataFrame:
    """Each episode, whether it has ended, and whether its account ordered in it."""
    rows = in_book(folder, f"SELECT {', '.join(EPISODE)} FROM episodes ORDER BY began_on")
    found = pd.DataFrame(rows, columns=list(EPISODE))
    found["began_on"] = [date.fromisoformat(day) for day in found["began_on"]]
    bought = shop.orders[~shop.orders["returned"].astype(str).str.lower().eq("true")]
    # The business day of this shop begins at four in the morning.
    days = (pd.to_datetime(bought["ordered_at"]) - pd.Timedelta(hours=4)).dt.date
    ordered = set(zip(bought["customer_id"], days, strict=True))
    within = [[(who, began + timedelta(days=n)) in ordered for n in range(HORIZON.days)]
              for who, began in zip(found["account_id"], found["began_on"], strict=True)]  # fmt: skip
    return found.assign(
        kept=[any(each) for each in within],
        ended=[began + HORIZON <= shop.as_of for began in found["began_on"]],
        first=~found.duplicated("account_id"),
    )


def contact(folder: Path, episodes: pd.DataFrame) -> None:
    """Contact every second of the treated on the third day, one of the held-out, and one too late."""
    first = episodes[episodes["first"] & (episodes["cell"] == "ranked")]
    treated, held = (first[first["arm"] == arm] for arm in ("treated", "holdout"))
    reached = pd.concat([treated.iloc[2::2], held.iloc[:1]])
    rows = [
        Contact(who, began + timedelta(days=2), "call")
        for who, began in zip(reached["account_id"], reached["began_on"], strict=True)
    ]
    late = treated.iloc[0]
    with OpenShop(load_settings(folder / "regulars.toml")) as opened:
        book = opened.book
        record_contacts(book, [*rows, Contact(late["account_id"], late["began_on"] + HORIZON, "call")])


def effect_printed(trial: Trial, call: Call, *more: object) -> tuple[dict[str, object], str]:
    code, out, err = call("effect", *more, "--config", trial.folder / "regulars.toml", "--json")
    assert code == 0
    return json.loads(out), err


def test_the_counts_are_those_of_the_book_and_the_orders(trial: Trial, call: Call) -> None:
    """Who was meant to be contacted and who was held out, who was, and who ordered within the horizon."""
    found, err = effect_printed(trial, call)
    treated, held = (trial.ranked[trial.ranked["arm"] == arm] for arm in ("treated", "holdout"))
    assert min(len(treated), len(held)) > 10
    overall = found["overall"]
    assert isinstance(overall, dict)
    assert (overall["treated"], overall["holdout"]) == (len(treated), len(held))
    assert overall["kept_treated"] == pytest.approx(treated["kept"].mean())
    assert overall["kept_holdout"] == pytest.approx(held["kept"].mean())
    everyone = trial.episodes
    reached = everyone[everyone["first"] & (everyone["cell"] == "ranked") & (everyone["arm"] == "treated")].iloc[2::2]
    assert overall["contacted"] == int(reached["ended"].sum()) > 0
    assert overall["leaked"] == 1
    assert found["leaked_contacts"] == 1
    assert found["until"] == str(trial.end)
    later = trial.episodes[~trial.episodes["first"] & trial.episodes["ended"]]
    assert found["later_episodes"] == len(later) > 0
    assert f"{len(treated)} " in err
    assert f"{len(held)} held out" in err


def test_a_horizon_that_has_not_ended_does_not_count(trial: Trial, call: Call) -> None:
    """Who has not ordered yet may still do so; `--until` looks back."""
    assert not trial.episodes["ended"].all()
    until = FIRST + HORIZON
    found, _ = effect_printed(trial, call, "--until", until)
    first = trial.ranked[trial.ranked["began_on"] == FIRST]
    assert isinstance(found["overall"], dict)
    counts = first["arm"].value_counts()
    assert (found["overall"]["treated"], found["overall"]["holdout"]) == (counts["treated"], counts["holdout"])
    assert found["until"] == str(until)


def test_each_playbook_is_told_by_itself(trial: Trial, call: Call) -> None:
    """`--by playbook`: one row each, its counts those by hand."""
    code, out, _ = call("effect", "--by", "playbook", "--config", trial.folder / "regulars.toml")
    assert code == 0
    assert "by playbook:" in out
    rows = {
        line.split()[0]: line.split()[1:3] for line in out.partition("by playbook:")[2].splitlines() if line.strip()
    }
    wanted = trial.ranked.groupby("playbook")["arm"]
    for playbook, arms in wanted:
        assert rows[str(playbook)] == [str((arms == "treated").sum()), str((arms == "holdout").sum())]
    assert len(wanted) > 1


def test_four_groups_tell_the_model_from_the_campaign(trial: Trial, call: Call) -> None:
    """Chosen or drawn at random × treated or held out; the random cell holds safe customers, too."""
    found, err = effect_printed(trial, call)
    counts = trial.first.groupby(["cell", "arm"]).size()
    assert isinstance(found["four_groups"], dict)
    wanted = {f"{cell} {arm}": counts[cell, arm] for cell in ("ranked", "random") for arm in ("treated", "holdout")}
    assert found["four_groups"]["counts"] == wanted
    assert min(wanted.values()) > 0
    held = trial.first[(trial.first["cell"] == "random") & (trial.first["arm"] == "holdout")]
    assert found["four_groups"]["churned_random"] == pytest.approx(1 - held["kept"].mean())
    assert "the model: of its holdout " in err
    assert "what choosing adds to the campaign: " in err
    safe = in_book(trial.folder, "SELECT count(*) FROM episodes WHERE cell = 'random' AND probability < 0.2")
    assert safe[0][0] > 0


def test_the_plan_goes_by_how_fast_accounts_come(trial: Trial, call: Call) -> None:
    """Over the whole book, each account where it came first; a row per share held out."""
    found = in_shop(load_settings(trial.folder / "regulars.toml"), plan_trial, 0.15)
    first = trial.episodes[trial.episodes["first"]]
    assert found.customers_a_week == pytest.approx(7 * len(first) / (max(DAYS) - min(DAYS) + HORIZON).days)
    assert found.horizon_days == HORIZON.days
    code, out, _ = call("effect", "--plan", "--planned", "0.3", "--config", trial.folder / "regulars.toml")
    assert code == 0
    for share in ("5%", "10%", "20%", "50%"):
        assert f"hold out {share}: " in out
    assert "to see 30.0 % of the " in out


def test_the_plan_of_a_first_list_that_was_made_twice(office: Path, call: Call) -> None:
    """Its accounts had gathered before it: those of a horizon, not of a week; a list published anew changes nothing."""
    settings = load_settings(office / "regulars.toml")
    before = in_shop(settings, plan_trial, 0.15)
    ((accounts, horizon_days),) = in_book(office, "SELECT count(*), max(horizon_days) FROM episodes")
    assert before.customers_a_week == pytest.approx(7 * accounts / horizon_days)
    ask_for(office, "capacity = 1")
    (day,) = in_book(office, "SELECT as_of FROM lists")[0]
    assert call("list", "--as-of", day, "--out", office / "list", "--config", office / "regulars.toml")[0] == 0
    assert len(in_book(office, "SELECT id FROM lists")) == 2
    assert in_shop(load_settings(office / "regulars.toml"), plan_trial, 0.15) == before


def test_before_the_first_list_there_is_nothing_to_tell(registered: Path, tmp_path: Path, call: Call) -> None:
    """The effect says so; a plan needs a list to go by."""
    shutil.copytree(registered, tmp_path / "shop")
    toml = tmp_path / "shop" / "regulars.toml"
    code, out, _ = call("effect", "--by", "playbook", "--config", toml)
    assert code == 0
    assert "nothing to tell yet: no horizon of a list has ended by " in out
    assert "0 treated" not in out
    code, _, err = call("effect", "--plan", "--config", toml)
    assert code == 2
    assert "run regulars list --out list first" in err
    with pytest.raises(InputError, match="planned saved share"):
        in_shop(load_settings(toml), measure_effect, 1.5)


def test_a_list_of_which_no_horizon_has_ended_says_nothing_yet(trial: Trial, call: Call) -> None:
    """Not "0 %": nothing is known before its time."""
    until = FIRST + HORIZON - timedelta(days=1)
    code, out, _ = call("effect", "--until", until, "--config", trial.folder / "regulars.toml")
    assert code == 0
    assert f"nothing to tell yet: no horizon of a list has ended by {until}" in out

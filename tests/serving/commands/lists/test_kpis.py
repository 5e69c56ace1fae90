"""The job behind `regulars kpis` on a small simulated shop."""

import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from features.clock import date_of
from features.errors import ConfigError, InputError
from features.language.languages import GREEK, PERSIAN
from features.simulation.simulate import simulate
from features.sources.people.attribute_settings import FeatureSettings
from features.sources.reader import read_customers
from serving.book import Book, hand_over
from serving.commands.lists.kpi_answer import PeriodKpis
from serving.commands.lists.kpi_groups import groups_of
from serving.commands.lists.kpis import shop_kpis
from serving.config import Churn, load_settings
from serving.outreach.plan.owners import NO_OWNER
from serving.shop import OpenShop
from tests.serving.conftest import in_shop, init_shop


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kpis")
    simulate(150, seed=4, days=700, usual_gap_days=20, with_events=False).write(folder)
    init_shop(folder)
    return replace(load_settings(folder / "regulars.toml"), churn=Churn(30, 90))


@pytest.fixture(scope="module")
def found(settings, tmp_path_factory):
    return in_shop(settings, shop_kpis, "quarter", by="segment", out=tmp_path_factory.mktemp("out") / "new")


def test_tables_and_pictures_are_written(found):
    assert [file.name for file in found.files] == ["kpis.csv", "cohorts.csv", "five-points.png", "seven-years.png"]
    assert all(file.read_bytes()[:4] == b"\x89PNG" for file in found.files[2:])
    table = pd.read_csv(found.files[0])
    assert list(table.columns) == list(PeriodKpis.__struct_fields__)
    assert len(table) == 3 * len(found.table.whole)
    told = table.dropna(subset="retention_percent")
    assert ((told["retention_percent"] + told["churn_percent"]) - 100).abs().max() == 0
    assert ",89.0," not in found.files[0].read_text()  # counts are whole
    assert pd.read_csv(found.files[1])["month_0"].dropna().eq(1).all()


def test_a_machine_reads_one_document(found):
    document = found.to_dict()
    read = json.loads(json.dumps(document, default=str))
    assert read["period"] == "quarter"
    assert set(read["groups"]) == {"business", "private"}
    assert read["periods"][0]["retention_percent"] is None
    assert isinstance(document["periods"][-2]["average_order_value"], Decimal)
    assert not document["periods"][-1]["finished"]
    assert document["periods"][-1]["active_at_end"] is None
    assert document["year"]["measured"]
    assert document["year"]["retention_percent"] + document["year"]["churn_percent"] == 100
    assert document["cohorts"][-1]["shares"] == [None]
    assert "NaN" not in json.dumps(read)


def test_a_person_reads_lines_and_a_table(found):
    text = "\n".join(map(str, found.lines()))
    assert "retention " in text
    assert "(arithmetic, no promise)" in text
    assert "no model serves yet" in text
    assert found.columns[:4] == ("quarter", "segment", "S", "E")
    assert {len(row) for row in found.rows()} == {len(found.columns)}
    assert any("(so far)" in row[0] for row in found.rows())


@pytest.mark.parametrize(("language", "retention"), [(PERSIAN, "نرخ حفظ"), (GREEK, "διατήρηση")])
def test_the_terminal_speaks_the_shops_language(found, language, retention):
    told = replace(found, language=language)
    text = [cell for row in (told.columns, *told.rows()) for cell in row] + list(told.lines())[1:]
    assert retention in told.columns
    own = "business|private|none|new|kpis.csv|cohorts.csv|five-points.png|seven-years.png|regulars train|/[^ ]*"
    assert [line for line in text if re.search("[A-Za-z]{3,}", re.sub(own, "", line))] == []
    if language is PERSIAN:
        assert not [line for line in text[:-1] if re.search("[0-9]", line)], "digits are Persian but in file names"
        assert any("فصل ۳ سال ۲۰۲۳" in line for line in text)


@pytest.mark.parametrize(
    ("gained", "came_back", "told"),
    [
        (59, 3, "within it 18 more were gained and 0 more came back who were silent again by its end"),
        (41, 5, "within it 0 more were gained and 2 more came back who were silent again by its end"),
        (59, 5, "within it 18 more were gained and 2 more came back who were silent again by its end"),
    ],
)
def test_who_came_and_went_within_a_period_is_told(found, gained, came_back, told):
    counted = {"gained": gained, "gained_active": 41, "came_back": came_back, "recovered": 3}
    latest = replace(found.table.latest, **counted)
    assert any(told in str(line) for line in replace(found, table=replace(found.table, whole=(latest,))).lines())


def test_a_period_that_the_log_is_too_short_for_says_what_months_would_tell(settings, found):
    told = "the log is short for periods of a year: retention is known for 0 of 2; with period month for 19 of 24"
    years = in_shop(settings, shop_kpis, "year")
    assert years.notes[0] == told == years.to_dict()["notes"][0]
    assert sum(row.retention_percent is not None for row in in_shop(settings, shop_kpis).table.whole) == 19
    assert not [note for note in found.notes if "the log is short" in note]


def test_until_changes_no_period_that_had_ended(settings):
    everything = in_shop(settings, shop_kpis)
    middle = everything.table.whole[14].period
    cut = in_shop(settings, shop_kpis, until=date_of(middle.end))
    assert all(row.finished for row in cut.table.whole)
    assert cut.table.whole == everything.table.whole[:15]
    assert in_shop(settings, shop_kpis, until=date(2999, 1, 1)).table.whole == everything.table.whole


def test_by_owner_everybody_has_one(settings):
    found = in_shop(settings, shop_kpis, "year", by="owner")
    for place, row in enumerate(found.table.whole):
        assert sum(rows[place].orders for rows in found.table.groups.values()) == row.orders


def test_what_cannot_be_is_told_in_words(settings):
    with pytest.raises(InputError, match='not "weak"'):
        in_shop(settings, shop_kpis, "weak")
    with pytest.raises(InputError, match=r'by segment or owner, not by "ownr"\. Did you mean "owner"'):
        in_shop(settings, shop_kpis, by="ownr")
    with pytest.raises(InputError, match="nothing is known before 1999-01-01"):
        in_shop(settings, shop_kpis, until=date(1999, 1, 1))
    with pytest.raises(ConfigError, match="there are no owners"):
        in_shop(replace(settings, customers=None, features=FeatureSettings()), shop_kpis, by="owner")


def test_a_short_log_says_what_it_cannot(settings):
    found = in_shop(settings, shop_kpis, until=date_of(in_shop(settings, shop_kpis).table.whole[3].period.first_day))
    assert found.year is None
    assert "too short" in " ".join(found.notes)
    assert found.to_dict()["year"] is None


class Champion:
    """A registry with one bundle."""

    def __init__(self, bundle):
        self.bundle = bundle

    def __call__(self, *_):
        return self

    def champion(self):
        return self.bundle, "7"


def test_a_model_predicts_lifetime_value(shop, monkeypatch):
    monkeypatch.setattr("training.tracking.Tracking", Champion(shop.bundles["logistic"]))
    plain = replace(shop.settings, events=None)
    found = in_shop(shop.settings, shop_kpis, "year", by="owner")
    told = found.to_dict()["predicted"]
    every, owners = told["all"], [part for name, part in told.items() if name != "all"]
    assert every["model_version"] == "7"
    assert 0 < every["expected_spend"] < every["expected_spend_12_months"]
    assert sum(part["customers"] for part in owners) == every["customers"]
    total = sum(part["customers"] * part["expected_spend"] for part in owners)
    assert float(total / every["customers"]) == pytest.approx(float(every["expected_spend"]), rel=0.01)
    assert "predicted, all: " in "\n".join(map(str, found.lines()))
    early = in_shop(plain, shop_kpis, until=date(shop.as_of.year - 1, shop.as_of.month, 1))
    assert early.to_dict()["predicted"] == {}
    assert "has learnt from days up to" in early.notes[0]
    other = in_shop(replace(shop.settings, churn=Churn(14, 90)), shop_kpis)
    assert "was trained for a horizon of 30 days" in other.notes[0]


def test_owners_are_those_of_the_book_before_those_of_the_file(settings, tmp_path):
    """Whoever took an account over is told with its orders, from that day on; a parent's customers go together."""
    customers = read_customers(settings.customers)
    first, second = customers["customer_id"].head(2)
    hand_over(book := Book(tmp_path), [first], "Zoe", date(2020, 1, 1), "Ada", "holidays")
    hand_over(book, [second], "Zoe", date(2030, 1, 1), "Ada", "later")
    log = OpenShop(settings).reading.log
    days, ids = (None, date(2019, 1, 1)), log.customer_ids
    told, before = (in_shop(settings, groups_of, "owner", ids, until=day, book=book) for day in days)
    file = dict(zip(customers["customer_id"], customers["owner"], strict=True))
    assert (told[first], before[first]) == ("Zoe", file[first])
    assert {who: owner for who, owner in told.items() if who != first} == {
        who: owner for who, owner in before.items() if who != first
    }
    found = in_shop(settings, shop_kpis, "year", by="owner", book=book)
    assert "Zoe" in found.table.groups
    alone = replace(settings, customers=None)
    assert set(in_shop(alone, groups_of, "owner", ids, book=book).values()) == {"Zoe", NO_OWNER}
    book.close()


def test_a_shop_whose_language_is_persian_counts_by_its_own_months(settings):
    persian = replace(settings, shop=replace(settings.shop, language="fa"))
    found = in_shop(persian, shop_kpis, predicts=False).answer
    nowruz = next(each for each in found.periods if (each.first_on.month, each.first_on.day) in ((3, 20), (3, 21)))
    assert nowruz.period == f"{nowruz.first_on.year - 621}-01"
    assert all(each.month.startswith(("140", "139")) for each in found.cohorts)
    plain = in_shop(persian, shop_kpis, calendar="gregorian", predicts=False).answer
    assert plain.periods[0].period.startswith("20")
    assert sum(each.orders for each in plain.periods) == sum(each.orders for each in found.periods)

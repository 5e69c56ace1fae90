"""regulars.toml: what it says, what is wrong with it, and that it survives being written."""

import dataclasses
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from features.churn.labels import ChurnDefinition
from features.errors import ConfigError
from features.log import Lines
from features.questions import Answer, Question, Setting
from features.roll_up import roll_up
from features.sources.mapping import CustomersMapping, EventsMapping, FileFormat, OrdersMapping, Shop
from features.sources.people.attribute_settings import FeatureSettings
from serving.config import (
    BOOK_URL,
    BookSettings,
    Churn,
    ListSettings,
    ServeSettings,
    Settings,
    load_settings,
    toml_text,
)
from serving.config.to_toml import toml_value
from serving.shop import calendar_day, today

PLAIN = """
[shop]
zone = "Europe/Athens"
currency = "EUR"
[orders]
file = "orders.csv"
[orders.columns]
customer_id = "Customer"
ordered_at = "Date"
amount = "Total"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "regulars.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_paths_lie_beside_the_file(tmp_path):
    settings = load_settings(written(tmp_path, PLAIN))
    assert settings.orders.file == tmp_path / "orders.csv"
    assert settings.folder == tmp_path


def test_windows_can_be_given_on_the_way(tmp_path):
    settings = load_settings(written(tmp_path, PLAIN), horizon_days=14, orders=Path("other.csv"))
    assert (settings.definition.horizon_days, settings.definition.active_days) == (14, 90)
    assert settings.orders.file == Path("other.csv").resolve()


def test_auto_leaves_the_windows_to_the_log(tmp_path):
    log = roll_up(Lines.of(["ann"] * 40, list(range(0, 400, 10)), [700] * 40))
    settings = load_settings(written(tmp_path, PLAIN + '[churn]\nhorizon_days = "auto"\n'))
    assert settings.definition_for(log) == ChurnDefinition(14, 90)
    assert settings.auto_note(ChurnDefinition(14, 90))[0].startswith("horizon_days = auto: 14 days")
    assert settings.agrees_with(ChurnDefinition(60, 180))
    with pytest.raises(ConfigError, match="only a log can say"):
        _ = settings.definition
    assert load_settings(tmp_path / "regulars.toml", horizon_days=30).definition_for(log) == ChurnDefinition(30, 90)


def test_an_active_window_that_is_given_stays_beside_auto(tmp_path):
    log = roll_up(Lines.of(["ann"] * 40, list(range(0, 400, 10)), [700] * 40))
    settings = load_settings(written(tmp_path, PLAIN), horizon_days="auto", active_days=200)
    assert settings.definition_for(log) == ChurnDefinition(14, 200)
    assert not settings.agrees_with(ChurnDefinition(14, 90))
    assert load_settings(written(tmp_path, toml_text(settings))).churn == Churn("auto", 200)


def test_every_wrong_key_and_value_is_named_at_once(tmp_path):
    text = PLAIN.replace("currency", "curency") + '[churn]\nhorizon_days = "long"\n[lists]\ncapacity = 3\n'
    with pytest.raises(ConfigError) as caught:
        load_settings(written(tmp_path, text))
    message = str(caught.value)
    assert 'regulars.toml, shop.curency: no such key. Did you mean "currency"?' in message
    assert 'regulars.toml, lists: no such key. Did you mean "list"?' in message
    assert 'regulars.toml, churn.horizon_days: horizon_days is a number of days or "auto", not "long"' in message
    assert "regulars.toml, shop.currency: missing" in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[shop", "is not TOML"),
        (PLAIN.replace("Europe/Athens", "Europe/Athen"), 'zone "Europe/Athen" does not exist'),
        (PLAIN.replace('"EUR"', '"euro"'), "three capital letters"),
        (PLAIN.replace("amount =", "amonut ="), 'Did you mean "amount"?'),
        (PLAIN + "[churn]\nhorizon_days = 0\n", "from 1 to 3650, not 0"),
        (
            PLAIN + '[features]\nuse = ["Religion"]\n',
            '"Religion" is named sensitive ("religion")',
        ),
        (PLAIN + '[features]\nuses = ["Region"]\n', 'features.uses: no such key. Did you mean "use"?'),
        (PLAIN + '[churn]\nhorizon_days = "auto"\nactive_days = 0\n', "from 1 to 3650, not 0"),
    ],
)
def test_a_wrong_file_is_refused_with_what_to_do(tmp_path, text, said):
    with pytest.raises(ConfigError) as caught:
        load_settings(written(tmp_path, text))
    assert said in str(caught.value)


def test_without_a_file_it_says_how_to_write_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"regulars init orders\.csv"):
        load_settings()


def test_what_is_written_is_read_back(tmp_path):
    settings = Settings(
        shop=Shop("Asia/Tehran", "IRR", "04:00", {"USD": "42000.5"}),
        orders=OrdersMapping(
            tmp_path / "سفارش.csv",
            {"customer_id": 'odd "name"', "ordered_at": "تاریخ", "price": "قیمت", "quantity": "تعداد"},
            price_times_quantity=True,
            return_prefix="C",
            format=FileFormat(delimiter="\t", decimal=",", encoding="cp1256", calendar="jalali"),
        ),
        events=EventsMapping(tmp_path / "e.csv", {"customer_id": "c", "happened_at": "t"}, kind="visit"),
        customers=CustomersMapping(tmp_path / "c.csv", {"customer_id": "c", "owner": "o", "known_from": "since"}),
        features=FeatureSettings(use=("استان", "segment"), never=("post*",)),
        churn=Churn(14, 60),
        list=ListSettings(capacity=5, rank_by="probability"),
        folder=tmp_path,
    )
    read = load_settings(written(tmp_path, toml_text(settings, ["nothing"])))
    assert dataclasses.asdict(read) == {
        **dataclasses.asdict(settings),
        "shop": dataclasses.asdict(read.shop),  # rates are read as Decimal
    }
    assert {k: float(v) for k, v in read.shop.exchange_rates.items()} == {"USD": 42000.5}


def test_every_key_of_the_list_is_written_and_read_back(tmp_path):
    """None is forgotten: each of them differs here from what holds without it."""
    wanted = ListSettings(
        capacity=25,
        rank_by="value_at_risk",
        enter_at=0.4,
        leave_at=0.3,
        least_gain=Decimal("0.25"),
        cooldown_days=21,
        holdout_share=0.15,
        holdout_by_playbook=True,
        random_share=0.05,
        owners=("Ελένη", 'the "old" shop'),
        capacities={"Ελένη": 40, "x.y": 3},
        owner_by_segment={"business": "Bruno"},
        addresses={"Bruno": "bruno@shop.example"},
        playbooks=tmp_path / "our playbooks.toml",
        formats=("xlsx", "eml"),
        week_begins="saturday",
        closed_weekdays=("friday",),
        holidays_of="IR",
        closed_on=(date(2026, 3, 2),),
        shrink_at=0.7,
        programme_holdout_share=0.02,
        spend_cap_quantile=0.98,
        tuned_accounts=700,
    )
    usual = ListSettings()
    assert not [f.name for f in dataclasses.fields(wanted) if getattr(wanted, f.name) == getattr(usual, f.name)]
    settings = dataclasses.replace(load_settings(written(tmp_path, PLAIN)), list=wanted)
    assert load_settings(written(tmp_path, toml_text(settings))).list == wanted


def test_a_day_of_the_past_is_today_for_lists_and_pages_and_makes_no_order_a_mistake(tmp_path: Path) -> None:
    asked = dataclasses.replace(load_settings(written(tmp_path, PLAIN)), serve=ServeSettings(today=date(2017, 12, 18)))
    settings = load_settings(written(tmp_path, toml_text(asked)))
    assert today(settings) == date(2017, 12, 18) < calendar_day(settings)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("holdout_share = 2", "regulars.toml, list: holdout_share lies from 0 to below 1, not 2"),
        ("random_share = -0.1", "regulars.toml, list: random_share lies from 0 to below 1, not -0.1"),
        ("least_gain = -1", "regulars.toml, list: least_gain is not negative, not -1"),
        ("capacity = 0", "regulars.toml, list: the capacity is at least 1 entry per owner, not 0"),
        ("leave_at = 0.5", "regulars.toml, list: 0 ≤ leave_at ≤ enter_at ≤ 1 must hold, not 0.5 and 0.25"),
        ('holdout_share = "much"', "regulars.toml, list.holdout_share: "),
        ('capacities = { "Eleni" = "all" }', "regulars.toml, list.capacities.Eleni: "),
        ('rank_by = "gian"', "regulars.toml, list.rank_by: "),
        ("holdout_shares = 0.1", 'list.holdout_shares: no such key. Did you mean "holdout_share"?'),
    ],
)
def test_a_wrong_rule_for_lists_is_refused_when_the_file_is_read(tmp_path, line, said):
    """With the path of the key, long before a list is made."""
    with pytest.raises(ConfigError) as caught:
        load_settings(written(tmp_path, f"{PLAIN}[list]\n{line}\n"))
    assert said in str(caught.value)


def test_the_book_lies_where_the_environment_says_then_the_file_then_beside_it(tmp_path, monkeypatch):
    """A password need not stand in a file."""
    monkeypatch.delenv(BOOK_URL, raising=False)
    assert load_settings(written(tmp_path, PLAIN)).book_place == tmp_path
    settings = load_settings(written(tmp_path, PLAIN + '[book]\nurl = "postgresql://shop@db/book"\n'))
    assert settings.book_place == "postgresql://shop@db/book"
    monkeypatch.setenv(BOOK_URL, "postgresql://shop:secret@db/book")
    assert settings.book_place == "postgresql://shop:secret@db/book"
    again = load_settings(written(tmp_path, toml_text(settings)))
    assert again.book == BookSettings("postgresql://shop@db/book")
    assert "secret" not in (tmp_path / "regulars.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('capacity = "many"', 'list.capacity: "many" is not a whole number'),
        ("capacity = 1.5", 'list.capacity: "1.5" is not a whole number'),
        ('holdout_share = "a"', 'list.holdout_share: "a" is not a number'),
        ('holdout_by_playbook = "maybe"', 'list.holdout_by_playbook: "maybe" is not true or false'),
        ('owners = "Ada"', 'list.owners: "Ada" is not a list in brackets'),
        ("capacities = 3", 'list.capacities: "3" is not a table in braces'),
        ('capacities = { Ada = "x" }', 'list.capacities.Ada: "x" is not a whole number'),
        ("playbooks = 3", 'list.playbooks: "3" is not a file in quotes'),
        ('rank_by = "gainn"', 'known are gain, value_at_risk, left_probability, probability. Did you mean "gain"?'),
    ],
)
def test_a_value_of_another_type_is_refused_in_our_own_words(tmp_path, line, said):
    with pytest.raises(ConfigError) as raised:
        load_settings(written(tmp_path, f"{PLAIN}\n[list]\n{line}\n"))
    assert said in str(raised.value)
    assert "Input should" not in str(raised.value)


QUESTIONS = {
    "shop.zone": 'In which zone is "Shop A"?',
    "churn.horizon_days": "How long is a silence?",
    "orders.price_times_quantity": "Is it?",
    "orders.columns.order_id": "Which column?",
    "orders.format.decimal": "A comma?",
    "list.formats": "In which formats?",
}
ANSWERS = ("Europe/Athens", 14, False, "No", ",", ("csv", "xlsx"))


def _asked(setting: str, words: str, answer: Setting) -> Question:
    return Question(setting, words, (Answer("likely", {setting: answer}), Answer("otherwise", {})))


def test_a_question_stands_in_place_of_any_setting_until_it_is_answered(tmp_path):
    plain = load_settings(written(tmp_path, PLAIN))
    path = written(
        tmp_path,
        toml_text(plain, (), [_asked(*each) for each in zip(QUESTIONS, QUESTIONS.values(), ANSWERS, strict=True)]),
    )
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert [str(each) for each in caught.value.violations] == [
        f"{path}, {setting}: {question}" for setting, question in QUESTIONS.items()
    ]
    assert f"{path}: nobody has answered {', '.join(QUESTIONS)}; write each answer" in str(caught.value)
    text = path.read_text(encoding="utf-8")
    for question, answer in zip(QUESTIONS.values(), ANSWERS, strict=True):
        text = text.replace(toml_value(f"? {question}"), toml_value(answer))
    answered = load_settings(written(tmp_path, text))
    assert answered == dataclasses.replace(
        plain,
        churn=Churn(14, plain.churn.active_days),
        orders=dataclasses.replace(
            plain.orders, columns={**plain.orders.columns, "order_id": "No"}, format=FileFormat(decimal=",")
        ),
        list=ListSettings(formats=("csv", "xlsx")),
    )


WEEK = """
[weekly]
list = "monday"
scores = "out/scores.csv"
mail_to = ["data@shop.example"]

[retrain]
after_days = 14
on_alarms = ["level"]
budget = "quick"

[deliver]
smtp = "smtp.shop.example"
sender = "lists@shop.example"
"""


def test_the_week_is_set_up_beside_the_file_and_survives_being_written(tmp_path):
    settings = load_settings(written(tmp_path, PLAIN + WEEK))
    assert (settings.weekly.list, settings.weekly.scores) == (Path("monday"), Path("out/scores.csv"))
    again = load_settings(written(tmp_path, toml_text(settings)))
    assert (again.weekly, again.retrain) == (settings.weekly, settings.retrain)
    usual = toml_text(load_settings(written(tmp_path, PLAIN)))
    assert "[weekly]" not in usual
    assert "[retrain]" not in usual


def test_a_summary_needs_a_mail_server(tmp_path):
    with pytest.raises(ConfigError, match=r"mail_to under \[weekly\] needs a mail server"):
        load_settings(written(tmp_path, PLAIN + WEEK.partition("[deliver]")[0]))


def test_owners_are_mailed_unless_only_a_summary_is_wanted(tmp_path):
    assert not load_settings(written(tmp_path, PLAIN + WEEK)).mails_lists
    owners = '[list]\naddresses = { Eleni = "eleni@shop.example" }\n'
    assert load_settings(written(tmp_path, PLAIN + owners + WEEK)).mails_lists
    assert load_settings(written(tmp_path, PLAIN + WEEK.replace("mail_to", "# mail_to"))).mails_lists

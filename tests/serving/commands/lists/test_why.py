"""`regulars why`: everything that the book knows of a customer, in time order, also why they are on no list."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from features.errors import InputError
from serving.book import Book, Consent, set_consent
from serving.book.outcomes import OutcomeName
from serving.book.privacy.erasure import erase
from serving.commands.lists.report_outcomes import consent_to, hand_over_accounts, hold_accounts, one_outcome
from serving.commands.lists.why import DAY_OF, customer_story, recorded_story
from serving.config import load_settings
from tests.serving.conftest import MONDAY, Call, ask_for, in_book, in_shop, list_of

TUESDAY, WEDNESDAY, A_WEEK_ON = (MONDAY + timedelta(days=days) for days in (1, 2, 7))


@dataclass(frozen=True)
class Stories:
    """A folder with two lists, and the customers whose stories are told."""

    folder: Path
    busy: str
    wrong: str
    safe: str
    held: str

    def lines(self, who: str) -> list[str]:
        """The story of a customer in words."""
        return list(in_shop(load_settings(self.folder / "regulars.toml"), customer_story, who).lines())


@pytest.fixture(scope="module")
def stories(registered: Path, tmp_path_factory: pytest.TempPathFactory) -> Stories:
    folder = tmp_path_factory.mktemp("told") / "shop"
    shutil.copytree(registered, folder)
    ask_for(folder, "holdout_share = 0.3")
    list_of(folder, MONDAY)
    settings = load_settings(folder / "regulars.toml")
    (busy, entry), (wrong, other) = in_book(
        folder, "SELECT customer_id, entry_id FROM entries WHERE kind = 'regular' ORDER BY position LIMIT 2"
    )
    contacted: OutcomeName = "contacted"
    in_shop(settings, hand_over_accounts, [busy], "Zoe", WEDNESDAY, "Ada", "holidays")
    in_shop(settings, hold_accounts, [busy], "veto", WEDNESDAY, None, "Zoe", "I play chess with them")
    in_shop(settings, consent_to, [busy], "mail", TUESDAY, "letter of 3 January", allowed=False)
    in_shop(settings, one_outcome, entry, contacted, on=TUESDAY, by="Eleni", note="call again")
    in_shop(settings, one_outcome, other, "wrong alarm", on=TUESDAY)
    list_of(folder, A_WEEK_ON)
    safe = "SELECT customer_id FROM scores GROUP BY customer_id HAVING max(probability) < 0.2 AND count(*) = 2"
    held = "SELECT customer_id FROM suppressed WHERE reason = 'holdout'"
    return Stories(folder, busy, wrong, in_book(folder, safe)[0][0], in_book(folder, held)[0][0])


def test_a_score_is_told_with_the_sentences_of_the_list(stories: Stories) -> None:
    """As the book holds them, the first one first."""
    said = f"SELECT reasons FROM scores WHERE customer_id = '{stories.busy}' ORDER BY run_id LIMIT 1"
    reasons = json.loads(in_book(stories.folder, said)[0][0])
    line = next(line for line in stories.lines(stories.busy) if " Scored " in line)
    assert reasons
    assert line.endswith(f"; why: {'; '.join(reasons)}")


def test_the_whole_story_is_told_in_time_order(stories: Stories) -> None:
    """Scored, drawn, listed, contacted, refused, handed over, vetoed; then off the list, and why."""
    head, *lines = stories.lines(stories.busy)
    assert head == f"customer {stories.busy}"
    days = [line[:10] for line in lines]
    assert days == sorted(days)
    wanted = [
        f"{MONDAY}  Scored ",
        f"{MONDAY}  Drawn by lot: to be contacted; drawn among: regular customer, ",
        f"{MONDAY}  On the list of ",
        f"{MONDAY}  Watched for 30 days: to be contacted; listed by rank; drawn among: regular customer, probability ",
        f"{TUESDAY}  Contacted; by ",
        f"{TUESDAY}  outcome: contacted; Eleni; call again",
        f"{TUESDAY}  Refused to be contacted; by mail; source: letter of 3 January",
        f"{WEDNESDAY}  Given to Zoe; handed over",
        f"{WEDNESDAY}  Veto by Zoe; I play chess with them",
        f"{A_WEEK_ON}  Scored ",
        f"{A_WEEK_ON}  Not on the list: veto; I play chess with them",
        f"{A_WEEK_ON}  Left the list: veto; I play chess with them",
    ]
    assert [next((one for one in wanted if line.startswith(one)), line) for line in lines] == wanted


def test_a_wrong_alarm_is_told_with_what_followed(stories: Stories) -> None:
    """The snooze that it made, and the list that it kept the customer off."""
    lines = stories.lines(stories.wrong)
    until = TUESDAY + timedelta(days=30)
    assert f"{TUESDAY}  outcome: wrong alarm" in lines
    assert f"{TUESDAY}  Put off until {until.day} {until:%B} {until.year}; outcome; a wrong alarm" in lines
    assert f"{A_WEEK_ON}  Not on the list: snoozed" in lines


def test_of_a_safe_customer_it_says_that_they_would_stay(stories: Stories) -> None:
    """Nothing is stored of these, and still nobody wonders."""
    safe = [line for line in stories.lines(stories.safe) if "would stay anyway" in line]
    assert [line[:10] for line in safe] == [str(MONDAY), str(A_WEEK_ON)]
    assert safe[0].endswith("lists begin at 25%")
    assert not [line for line in stories.lines(stories.busy) if "would stay" in line]


def test_where_lists_begin_is_the_shops_own(stories: Stories, tmp_path: Path) -> None:
    """Whoever is below 60 % would stay, where lists begin at 60 %; an own threshold is told as it is."""
    shutil.copytree(stories.folder, tmp_path / "shop")
    ask_for(tmp_path / "shop", "enter_at = 0.6")
    lines = in_shop(load_settings(tmp_path / "shop" / "regulars.toml"), customer_story, stories.safe).lines()
    assert [line for line in lines if line.endswith("would stay anyway, lists begin at 60%")]


def test_who_is_held_out_learns_that_here(stories: Stories) -> None:
    """Here and nowhere else."""
    lines = stories.lines(stories.held)
    assert [line for line in lines if "Not on the list: holdout" in line]
    assert [line for line in lines if ": held out; listed by rank; drawn among: " in line]


@pytest.mark.parametrize(
    ("code", "head", "words"),
    [
        ("fa", "مشتری ", "احتمال سفارش ندادن ظرف ۳۰ روز: "),
        ("el", "πελάτης ", "να μην παραγγείλει τις επόμενες 30 "),
    ],
)
def test_the_story_is_told_in_the_shops_language(
    stories: Stories, tmp_path: Path, code: str, head: str, words: str
) -> None:
    """No English is left but what people, the shop and the model call their own."""
    toml = (stories.folder / "regulars.toml").read_text()
    shutil.copytree(stories.folder, tmp_path / "shop")
    (tmp_path / "shop" / "regulars.toml").write_text(toml.replace("[shop]\n", f'[shop]\nlanguage = "{code}"\n'))
    settings = load_settings(tmp_path / "shop" / "regulars.toml")
    first, *lines = in_shop(settings, customer_story, stories.busy).lines()
    assert first.startswith(head)
    assert any(words in line for line in lines)
    own = r"Zoe|Ada|Bruno|Chloe|Eleni|call again|letter of.*|email|I play.*|\d{8}-\w+"
    assert [line for line in lines if re.search(r"[A-Za-z]{3,}", re.sub(own, "", line))] == []


def test_a_machine_reads_the_same_as_one_document(stories: Stories, call: Call) -> None:
    """Valid JSON, every part of the story in it, nothing of the book's own keys."""
    code, out, _ = call("why", stories.busy, "--config", stories.folder / "regulars.toml", "--json")
    assert code == 0
    document = json.loads(out)
    assert document["customer_id"] == stories.busy
    assert set(DAY_OF) <= set(document)
    assert [row["as_of"] for row in document["scores"]] == [str(MONDAY), str(A_WEEK_ON)]
    assert document["outcomes"][0]["outcome"] == "contacted"
    assert document["consent"][0]["allowed"] is False
    assert document["suppressed"][0]["reason"] == "veto"
    assert "recorded_at" not in out


def test_one_day_is_told_alone(stories: Stories, call: Call) -> None:
    """That day's run and list, and what people did before."""
    code, out, _ = call("why", stories.busy, "--as-of", MONDAY, "--config", stories.folder / "regulars.toml")
    assert code == 0
    assert f"{MONDAY}  On the list of " in out
    assert str(TUESDAY) not in out
    assert str(A_WEEK_ON) not in out


def test_an_unknown_customer_is_refused_with_a_helpful_sentence(stories: Stories, call: Call) -> None:
    """Exit code 2, as every error of input."""
    code, _, err = call("why", "nobody", "--config", stories.folder / "regulars.toml")
    assert code == 2
    assert 'the book knows no customer "nobody": it is asked for ids as in the order source' in err
    with pytest.raises(InputError):
        in_shop(load_settings(stories.folder / "regulars.toml"), customer_story, "")


def test_a_customer_who_was_erased_is_told_as_one(stories: Stories, tmp_path: Path) -> None:
    """To whoever knows the id; where the book's secret is not here it cannot be told, and that is said."""
    settings = load_settings(stories.folder / "regulars.toml")
    with closing(Book(tmp_path)) as book:
        set_consent(book, [Consent("gone", "mail", True, TUESDAY, "a letter")])
        assert erase(book, "gone", "key 0f3a")
        with pytest.raises(InputError, match=r'^customer "gone" was erased on 20\d\d-\d\d-\d\d by key 0f3a; the book'):
            in_shop(settings, customer_story, "gone", book=book)
        (tmp_path / ".regulars" / "book.secret").unlink()
        with pytest.raises(InputError, match=r'knows no customer "gone".*; whether it was erased cannot be told: the'):
            in_shop(settings, customer_story, "gone", book=book)


def test_a_customer_of_the_orders_of_whom_nothing_is_recorded_is_not_called_unknown(
    stories: Stories, tmp_path: Path
) -> None:
    """The id is right, and the book is new."""
    with closing(Book(tmp_path)) as book, pytest.raises(InputError) as caught:
        in_shop(load_settings(stories.folder / "regulars.toml"), customer_story, stories.busy, book=book)
    assert f'the book holds nothing of "{stories.busy}" yet' in str(caught.value)
    assert "regulars score records everyone who can churn" in str(caught.value)


def test_a_day_without_a_list_is_told_as_one(stories: Stories, call: Call) -> None:
    """Else nobody knows whether the customer was on no list or there was none."""
    out = call("why", stories.busy, "--as-of", WEDNESDAY, "--config", stories.folder / "regulars.toml")[1]
    assert f"{WEDNESDAY}  no list was made of this day" in out
    assert "no list was made" not in "\n".join(stories.lines(stories.busy))


def test_of_a_day_that_was_published_twice_the_last_list_is_told(stories: Stories, tmp_path: Path) -> None:
    """Once: what was published over does not hold, also for whom the last list does not name."""
    shutil.copytree(stories.folder, tmp_path / "shop")
    ask_for(tmp_path / "shop", 'rank_by = "probability"')
    list_of(tmp_path / "shop", MONDAY)
    lists = in_book(tmp_path / "shop", f"SELECT count(*) FROM lists WHERE as_of = '{MONDAY}'")
    assert lists == [(2,)]
    settings = load_settings(tmp_path / "shop" / "regulars.toml")
    for who in (stories.busy, stories.safe, stories.held):
        lines = [line for line in in_shop(settings, customer_story, who).lines() if line.startswith(str(MONDAY))]
        assert sum("n the list" in line or "on no list" in line for line in lines) == 1, lines
        assert sum("  Scored " in line for line in lines) == 1


def test_an_open_book_tells_of_an_unknown_customer_nothing(stories: Stories) -> None:
    """The server answers that in its own words; telling a story imports no trainer."""
    settings = load_settings(stories.folder / "regulars.toml")
    story, busy = (in_shop(settings, recorded_story, who) for who in ("nobody", stories.busy))
    assert busy.to_dict() == in_shop(settings, customer_story, stories.busy).to_dict()
    assert not story.history.known
    assert list(story.lines()) == ["customer nobody"]
    heavy = "('serving.commands.models.score', 'training.backtest.backtest')"
    code = f"import sys, serving.commands.lists.why; print([m for m in sys.modules if m in {heavy}])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"

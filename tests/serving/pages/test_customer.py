"""A customer's page: the time line, the waterfall, the next order, and why on the list or not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.build import feature_columns
from features.log import EVENT
from serving.api.app import create_app
from serving.api.loaded_model import Champion
from serving.api.state import ServerState
from serving.book import Book
from serving.book.runs import record_scores
from serving.commands.lists.backgrounds import backgrounds
from serving.outreach.plan.plan import plan
from serving.outreach.plan.policy import Policy
from serving.pages.app import page_routes
from serving.scorer import score
from serving.webhooks.outbox import publish_and_enqueue
from tests.serving.pages.conftest import Browser, Site
from training.one_customer.waterfall import waterfall


@pytest.fixture(scope="module")
def known(shop: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The simulated shop, scored by its model and listed; a browser on its machine, and whom the list holds."""
    book = Book(tmp_path_factory.mktemp("known"))
    scores = score(shop.log, shop.bundles["lightgbm"], "7", shop.as_of)
    made = plan(scores, currency="EUR", policy=Policy(capacity=20, holdout_share=0.0))
    publish_and_enqueue(book, made, record_scores(book, scores, currency="EUR", data_digest=shop.log.digest()))
    server = ServerState(shop.settings, book, Champion(shop.bundles["lightgbm"], "7"))
    app = create_app(server, pages=page_routes(server))
    yield Browser(app, peer="127.0.0.1"), made, scores
    server.close()


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server listens on this machine alone."""
    monkeypatch.setenv("REGULARS_HOST", "127.0.0.1")


@pytest.mark.usefixtures("here")
class TestPage:
    """The page of somebody who ordered."""

    def test_it_tells_everything_of_somebody_on_the_list(self, known: Any) -> None:
        browser, made, _ = known
        text = browser.get(f"customers/{made.entries['customer_id'].iloc[0]}").text
        for part in (
            "On the list of", "Where everybody begins", "Together", "Next order, if one comes", "four in five between",
            "Everything that happened", "Scored", "1 order", "Where the silence leads", "If no order comes until",
            "Among the shop&#39;s own customers",
        ):  # fmt: skip
            assert part in text, part

    def test_it_says_why_somebody_is_not_on_the_list(self, known: Any) -> None:
        browser, made, scores = known
        off = made.suppressed.set_index("customer_id")["reason"]
        due = off[off == "not yet due"].index[0]
        text = browser.get(f"customers/{due}").text
        assert "not yet due." in text
        assert "This changes on" in text
        safe = next(who for who in scores["customer_id"] if who not in off.index and who not in made.customer_ids)
        assert "the risk is too low for one" in browser.get(f"customers/{safe}").text

    def test_its_last_happenings_come_first_and_all_can_be_asked_for(self, known: Any, shop: Any) -> None:
        browser = known[0]
        orders = shop.log.streams["orders"]
        often = shop.log.customer_ids[int(np.argmax(np.diff(orders.starts)))]
        some, every = browser.get(f"customers/{often}").text, browser.get(f"customers/{often}?all=1").text
        assert some.count("<time") == 40
        assert every.count("<time") > 40
        assert "more</a>" in some

    def test_kinds_of_events_are_named_in_the_readers_language(self, known: Any, shop: Any) -> None:
        browser, _, _ = known
        clicks = shop.log.streams[EVENT + "mail_clicked"]
        clicked = shop.log.customer_ids[int(np.argmax(np.diff(clicks.starts)))]
        text = browser.get(f"customers/{clicked}?all=1", headers={"Accept-Language": "fa"}).text
        assert "کلیک در ایمیل" in text
        assert "mail clicked" not in text
        assert 'dir="ltr">+' in text or 'dir="ltr">−' in text, "a signed number keeps its sign before it"

    def test_its_pictures_hold_no_style_of_their_own_and_one_ring(self, known: Any, shop: Any) -> None:
        """The policy of the pages lets no inline style in; the ring says where the customer stands."""
        browser, made, scores = known
        for who in (made.entries["customer_id"].iloc[0], scores["customer_id"].iloc[-1]):
            text = browser.get(f"customers/{who}").text
            assert "style=" not in text
            assert text.count(" here") == text.count("This customer:") == 1
            assert text.count('class="line-own"') == 1

    def test_the_list_may_take_somebody_who_is_not_due_from_a_later_day_on(self, known: Any) -> None:
        browser, made, _ = known
        off = made.suppressed.set_index("customer_id")["reason"]
        text = browser.get(f"customers/{off[off == 'not yet due'].index[0]}").text
        assert "If no order comes, the list may take them from " in text

    def test_nobody_is_no_page(self, known: Any) -> None:
        browser = known[0]
        for path in ("customers/nobody", "customers/%00", "customers/a%2Fb"):
            assert browser.get(path).status_code == 404


def test_orders_that_cannot_be_read_do_not_hide_the_rest(site: Site, tmp_path: Path) -> None:
    from dataclasses import replace

    settings = site.server.need_settings()
    orders = replace(settings.orders, file=tmp_path / "gone.csv")
    site.server.settings = replace(settings, orders=orders)
    site.server._use_book(site.book, site.server.settings)
    text = site.let_in().get("customers/e00").text
    assert "The orders cannot be read at the moment" in text
    assert "Scored" in text


def test_the_waterfall_leads_to_the_probability(shop: Any) -> None:
    """From the base step by step, without a rest, for a rule's bundle and for trees."""
    for bundle in shop.bundles.values():
        table = feature_columns(shop.log, [shop.as_of], bundle.features, 120)
        matrix = bundle.matrix(table)
        said = bundle.probability(matrix, shop.as_of)
        for row in range(0, len(matrix), 17):
            found = waterfall(bundle, matrix[row], shop.as_of, bundle.money)
            assert found.probability == pytest.approx(said[row], abs=1e-9)
            at = found.base
            for step in found.steps:
                assert step.before == pytest.approx(at, abs=1e-9)
                assert step.raises == (step.after > step.before)
                at = step.after
            assert at == pytest.approx(found.probability, abs=6e-4)
            sizes = [abs(step.after - step.before) for step in found.steps if step.family]
            assert all(size >= 0.005 for size in sizes)


def test_a_background_knows_nothing_of_the_future(shop: Any) -> None:
    ids, early = list(shop.log.customer_ids[:20]), shop.as_of.replace(day=1)
    from features.clock import day_number

    cut = backgrounds(shop.log.before(day_number(early)), ids, early)
    assert backgrounds(shop.log, ids, early) == cut
    assert any(each.orders and each.basket for each in cut.values())
    assert all(len(each.orders) <= 12 and all(o.day < early for o in each.orders) for each in cut.values())

"""Who gets in, how, and until when; and what is refused."""

from __future__ import annotations

import logging
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

import pytest

from features.errors import ConfigError, InputError
from serving.api.auth import Keys
from serving.api.problems import Refusal
from serving.book.keys import replace_key, revoke_key
from serving.book.visits.links import LINK_DAYS, create_link
from serving.config import PagesSettings
from serving.pages.visitors import FORM_COOKIE, SESSION_COOKIE
from tests.serving.pages.conftest import FORM, TOKEN, Site, later


def test_without_a_link_nothing_is_shown(site: Site) -> None:
    for path in ("", "desk", f"entries/{site.entry_of['e00']}", "customers/e00"):
        found = site.browser().get(path)
        assert found.status_code == 401
        assert "regulars keys create --page" in found.text
        assert "e00" not in found.text.replace("/pages/", "")
        assert "Eleni" not in found.text.replace("--owner Eleni", "")


def test_a_link_lets_in_once(site: Site) -> None:
    _, secret, _ = create_link(site.book, "Eleni", "Eleni")
    first, second = site.browser(), site.browser()
    looked = first.get(f"enter/{secret}")
    assert (looked.status_code, looked.text.count("Open my list")) == (200, 1)
    assert first.get(f"enter/{secret}").status_code == 200  # a program that looks at it uses nothing up
    assert first.ask("POST", f"enter/{secret}", data={}).headers["location"] == "/pages/"
    assert first.get().status_code == 200
    assert second.get(f"enter/{secret}").status_code == 410
    assert second.ask("POST", f"enter/{secret}", data={}).status_code == 410
    assert second.get().status_code == 401


def test_a_link_ends_by_itself(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret, _ = create_link(site.book, "Eleni", "Eleni")
    later(monkeypatch, "serving.book.visits.links", timedelta(days=LINK_DAYS, seconds=5))
    assert site.browser().ask("POST", f"enter/{secret}", data={}).status_code == 410


@pytest.mark.parametrize("secret", ["x", "ä", "a" * 500, "%00", "..%2f"])
def test_what_is_no_link_is_told_so(site: Site, secret: str) -> None:
    assert site.browser().ask("POST", f"enter/{secret}", data={}).status_code in (404, 410)


def test_the_cookie_is_for_our_pages_alone(site: Site) -> None:
    _, secret, _ = create_link(site.book, "Eleni", "Eleni")
    answer = site.browser().ask("POST", f"enter/{secret}", data={})
    cookie = SimpleCookie(answer.headers["set-cookie"])[SESSION_COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (True, "lax", "/", "")
    site.with_pages(address="https://shop.example/crm")
    _, secret, _ = create_link(site.book, "Eleni", "Eleni")
    answer = site.browser().ask("POST", f"enter/{secret}", data={})
    cookie = SimpleCookie(answer.headers["set-cookie"])[SESSION_COOKIE]
    assert (answer.headers["location"], cookie["path"], cookie["secure"]) == ("/crm/pages/", "/crm", True)


def test_a_session_begins_with_a_new_secret(site: Site) -> None:
    browser = site.browser()
    browser.cookies.set(SESSION_COOKIE, "planted", domain="127.0.0.1")
    _, secret, _ = create_link(site.book, "Eleni", "Eleni")
    answer = browser.ask("POST", f"enter/{secret}", data={})
    given = SimpleCookie(answer.headers["set-cookie"])[SESSION_COOKIE].value
    assert given not in ("planted", secret)
    assert len(given) >= 43


def test_the_session_of_before_ends_with_a_new_one(site: Site) -> None:
    browser = site.let_in()
    former = dict(browser.cookies)
    _, secret, _ = create_link(site.book, "Bruno", "Bruno")
    browser.ask("POST", f"enter/{secret}", data={})
    stale = site.browser()
    stale.cookies.update(former)
    assert stale.get().status_code == 401


def test_whoever_is_revoked_is_out_at_once(site: Site) -> None:
    browser = site.browser()
    key, secret, _ = create_link(site.book, "Eleni", "Eleni")
    browser.ask("POST", f"enter/{secret}", data={})
    assert browser.get().status_code == 200
    revoke_key(site.book, key.id)
    assert browser.get().status_code == 401


def test_a_revoked_person_cannot_use_the_link(site: Site) -> None:
    key, secret, _ = create_link(site.book, "Eleni", "Eleni")
    revoke_key(site.book, key.id)
    assert site.browser().ask("POST", f"enter/{secret}", data={}).status_code == 410


def test_who_logs_out_is_out_on_every_copy_of_the_cookie(site: Site) -> None:
    browser = site.let_in()
    copy = site.browser()
    copy.cookies.update(browser.cookies)
    assert browser.post("leave").status_code == 200
    assert copy.get().status_code == 401


def test_a_session_ends_without_a_visit(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = site.let_in()
    later(monkeypatch, "serving.book.visits.sessions", timedelta(days=29))
    assert browser.get().status_code == 200  # and goes on for as long again
    monkeypatch.undo()
    later(monkeypatch, "serving.book.visits.sessions", timedelta(days=58))
    assert browser.get().status_code == 200
    monkeypatch.undo()
    later(monkeypatch, "serving.book.visits.sessions", timedelta(days=89))
    assert browser.get().status_code == 401


def test_a_persons_key_opens_nothing_over_http(site: Site) -> None:
    key, secret, _ = create_link(site.book, "Maria")
    keys = Keys()
    keys.refresh(site.book)
    with pytest.raises(Refusal):
        keys.admit(f"Bearer reg_{key.id}_{secret}")
    with pytest.raises(InputError, match="keys create --page"):
        replace_key(site.book, key.id, timedelta(0))


def test_a_link_is_somebodys(site: Site) -> None:
    with pytest.raises(InputError, match="name them"):
        create_link(site.book, " ")
    with pytest.raises(InputError, match="name them"):
        create_link(site.book, "Ann", " ")


class TestForms:
    """A form of somebody else's page does nothing."""

    def test_without_a_token(self, site: Site) -> None:
        browser = site.let_in()
        assert browser.ask("POST", "leave", data={}).status_code == 403
        assert browser.get().status_code == 200

    def test_with_the_token_of_somebody_else(self, site: Site) -> None:
        browser, other = site.let_in(), site.let_in("Bruno")
        token = TOKEN.search(other.get().text)
        assert token is not None
        assert browser.ask("POST", "leave", data={"form_token": token[1]}).status_code == 403

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
        ],
    )
    def test_from_elsewhere(self, site: Site, headers: dict[str, str]) -> None:
        browser = site.let_in()
        token = TOKEN.search(browser.get().text)
        assert token is not None
        sent = browser.ask("POST", "leave", data={"form_token": token[1]}, headers=headers)
        assert sent.status_code == 403
        _, secret, _ = create_link(site.book, "Eleni", "Eleni")
        assert site.browser().ask("POST", f"enter/{secret}", data={}, headers=headers).status_code == 403

    def test_from_the_address_of_the_proxy(self, site: Site) -> None:
        browser = site.let_in()
        site.with_pages(address="https://shop.example/crm")
        token = TOKEN.search(browser.get().text)
        assert token is not None
        origin = {"Origin": "https://shop.example"}
        assert browser.ask("POST", "leave", data={"form_token": token[1]}, headers=origin).status_code == 200

    def test_of_another_kind_or_too_large(self, site: Site) -> None:
        browser = site.let_in()
        assert browser.ask("POST", "leave", json={}).status_code == 415
        assert browser.ask("POST", "leave", content=b"a=" + b"x" * 70_000, headers=FORM).status_code == 413
        assert browser.ask("POST", "leave", content=b"a=%ff&b=\xff", headers=FORM).status_code == 400
        assert browser.ask("DELETE", "leave").status_code == 405


class TestProxy:
    """A header says who somebody is, of the configured proxies alone."""

    @pytest.fixture
    def proxied(self, site: Site) -> Site:
        site.with_pages(user_header="X-User", proxies=("10.0.0.5",), admins=("maria",), owners={"e.g@shop": "Eleni"})
        return site

    def test_believed_of_the_proxy(self, proxied: Site) -> None:
        for user, sees in (("e.g@shop", "Eleni"), ("Bruno", "Bruno")):
            text = proxied.browser(peer="10.0.0.5", sent={"X-User": user}).get().text
            assert ("Name of e03" in text, "Name of b03" in text) == (sees == "Eleni", sees == "Bruno")
        desk = proxied.browser(peer="10.0.0.5", sent={"X-User": "maria"}).get("desk")
        assert desk.status_code == 200

    def test_of_nobody_else(self, proxied: Site, listens_here: Any) -> None:
        listens_here("127.0.0.1")
        for peer in ("10.0.0.6", "127.0.0.1"):
            assert proxied.browser(peer=peer, sent={"X-User": "maria"}).get().status_code == 401

    def test_nor_twice_nor_empty(self, proxied: Site) -> None:
        browser = proxied.browser(peer="10.0.0.5")
        assert browser.get().status_code == 401
        assert browser.get(headers={"X-User": " "}).status_code == 401
        browser.sent = None
        assert browser.ask("GET", "", headers=[("X-User", "Eleni"), ("X-User", "maria")]).status_code == 401

    def test_forms_are_the_users_own(self, proxied: Site) -> None:
        browser = proxied.browser(peer="10.0.0.5", sent={"X-User": "Bruno"})
        path = f"entries/{proxied.entry_of['b00']}"
        assert browser.post(f"{path}/mark", path, outcome="reached").status_code == 303
        assert browser.cookies.get(FORM_COOKIE)
        assert browser.ask("POST", f"{path}/mark", data={"outcome": "reached"}).status_code == 403

    @pytest.mark.parametrize(
        "wrong",
        [
            {"user_header": "X-User"},
            {"proxies": ("10.0.0.5",)},
            {"user_header": "X-User", "proxies": ("proxy.local",)},
            {"address": "shop.example"},
            {"address": "javascript://x"},
            {"session_days": 0},
        ],
    )
    def test_settings_that_would_let_in_anybody_are_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ConfigError):
            PagesSettings(**wrong)


class TestThisMachine:
    """Without a key the pages open for this machine alone, while the server listens on it alone."""

    def ask(self, site: Site, **other: Any) -> int:
        return site.browser(**{"peer": "127.0.0.1", **other}).get().status_code

    @pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
    def test_open(self, site: Site, listens_here: Any, host: str) -> None:
        listens_here(host)
        assert self.ask(site) == 200

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "", "shop.local"])
    def test_closed_where_others_reach_it(self, site: Site, listens_here: Any, host: str) -> None:
        listens_here(host)
        assert self.ask(site) == 401

    def test_closed_for_others_and_for_names_that_point_here(self, site: Site, listens_here: Any) -> None:
        listens_here("127.0.0.1")
        assert self.ask(site, peer="192.168.1.7") == 401
        assert self.ask(site, host="evil.example:3000") == 401

    @pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host"])
    def test_closed_behind_a_proxy_that_nobody_configured(self, site: Site, listens_here: Any, header: str) -> None:
        listens_here("127.0.0.1")
        assert self.ask(site, sent={header: "203.0.113.9"}) == 401

    def test_closed_with_a_configured_proxy(self, site: Site, listens_here: Any) -> None:
        listens_here("127.0.0.1")
        site.with_pages(address="https://shop.example")
        assert self.ask(site) == 401

    def test_its_forms_have_tokens_too(self, site: Site, listens_here: Any) -> None:
        listens_here("127.0.0.1")
        browser, path = site.browser(peer="127.0.0.1"), f"entries/{site.entry_of['e00']}"
        assert browser.ask("POST", f"{path}/mark", data={"outcome": "saved"}).status_code == 403
        assert browser.post(f"{path}/mark", path, outcome="saved").status_code == 303


def test_every_answer_carries_the_policy(site: Site) -> None:
    browser = site.let_in()
    for found in (browser.get(), browser.get("desk"), site.browser().get(), browser.get("static/x/style.css")):
        policy = found.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert found.headers["x-frame-options"] == "DENY"
        assert found.headers["x-content-type-options"] == "nosniff"
    assert browser.get().headers["cache-control"] == "no-store"


def test_nothing_in_a_page_needs_an_exception_from_the_policy(site: Site) -> None:
    text = site.let_in(None).get().text
    for way in ("<style", "style=", "onclick", "javascript:", "http://", "https://"):
        assert way not in text


def test_static_files_are_kept_until_they_change(site: Site) -> None:
    browser = site.browser()
    page = browser.get().text
    path = page.partition('rel="stylesheet" href="/pages/')[2].partition('"')[0]
    found = browser.get(path)
    assert (found.status_code, "immutable" in found.headers["cache-control"]) == (200, True)
    again = browser.get(path, headers={"If-None-Match": found.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert browser.get("static/0/style.css").headers["cache-control"] == "no-cache"
    assert browser.get("static/0/none.css").status_code == 404
    assert browser.get("static/0/..%2fapp.py").status_code == 404


def test_the_log_names_no_link_and_nobody(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "regulars.access")
    _, secret, _ = create_link(site.book, "Eleni", "Eleni")
    browser = site.browser()
    browser.get(f"enter/{secret}")
    browser.ask("POST", f"enter/{secret}", data={})
    browser.get(f"entries/{site.entry_of['e00']}")
    browser.get("customers/e00")
    browser.get("?q=Papadopoulos")
    assert "/pages/entries/{entry_id}" in caplog.text
    for private in (secret, site.entry_of["e00"], "/e00", "Papadopoulos", "6941234567", "mailbox.gr"):
        assert private not in caplog.text


def test_the_address_without_its_slash_leads_to_the_list(site: Site) -> None:
    found = site.browser()
    assert found.ask("GET", "../pages").headers["location"] == "/pages/"


def test_nobody_is_led_away(site: Site) -> None:
    browser = site.let_in()
    for back in ("//evil.example", "https://evil.example", "\\\\evil.example", "/../..//evil"):
        found = browser.post("language", language="en", back=back)
        assert found.status_code == 303
        assert found.headers["location"].startswith("/pages/")

"""Write the pages that are generated from what they describe; a test fails when one is stale."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from itertools import groupby
from pathlib import Path

from docs.command_reference import PAGE as COMMANDS_PAGE
from docs.command_reference import commands_page
from docs.dbt_sources import PAGE as SOURCES_PAGE
from docs.dbt_sources import sources
from docs.holdings_table import PAGE as HOLDINGS_PAGE
from docs.holdings_table import holdings_page
from docs.sizing_table import PAGE as SIZING_PAGE
from docs.sizing_table import sizing_page
from features.definitions import default_features
from features.feature import EventKind, Feature, FeatureSet
from features.guess.layouts import table as layout_table
from serving.api.app import OPERATIONS
from serving.api.openapi import VERSION, document, openapi
from serving.outreach.playbooks.fact_names import FACTS
from serving.outreach.playbooks.playbook import Playbook, Stage
from serving.outreach.playbooks.playbooks import Playbooks, load_playbooks
from serving.outreach.playbooks.schema import SUCCESS_EVENTS

PAGE = Path(__file__).parent / "features.md"
# A kind of each sort, so that the page shows what any kind of a shop's own will get.
KINDS = (EventKind("mail_clicked", has_value=False, answers="mail_sent"), EventKind("review", has_value=True))
FEATURES = default_features(KINDS, ("region",))
HEAD = """# Features

Generated from the definitions by `make docs`; do not edit. Every row is one object in `features/definitions/`.

A window "the last n days" holds the ages 1 … n, 1 = the day before `as_of`. Money is in minor units inside. "—" under
*if none* means that None stays None: the models know the difference between nothing and unknown. *risk* says what we
expect of the risk when the value grows: ↓ it falls, ↑ it rises.

Event kinds are data: each kind in the events file gets the features shown here for `mail_clicked` (a kind that answers
something the shop sent) and `review` (a kind with a value). What the shop sends (`…_sent`) gets none of its own.

Columns of the customers file are data, too: each that `[features] use = [...]` names gets the features shown here for
`region`. How they are learnt, when they are a leak, and what may never be one: [the customers
file](lists.md#columns-that-are-features).
"""


def page(features: FeatureSet) -> str:
    """Return the page as Markdown."""
    families = groupby(sorted(features, key=_family), key=_family)
    return "\n".join([HEAD, *(line for name, members in families for line in _section(name, list(members)))])


def _family(feature: Feature) -> str:
    return feature.family


def _section(name: str, members: list[Feature]) -> Iterator[str]:
    yield f"## {name}\n"
    yield "| feature | unit | meaning | if none | risk | reason |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for feature in members:
        yield _row(feature)
    yield ""


def _row(feature: Feature) -> str:
    none = "—" if feature.if_none is None else f"{feature.if_none:g}"
    risk = {True: "↓", False: "↑", None: ""}[feature.risk_falls_with_it]
    words = (feature.words[0].key if feature.words else "").replace("{", "‹").replace("}", "›")
    return f"| `{feature.name}` | {feature.unit} | {feature.meaning} | {none} | {risk} | {words} |"


LAYOUTS_PAGE = Path(__file__).parent / "layouts.md"
LAYOUTS_HEAD = """# Known exports

Generated from `features/guess/layouts.toml` by `make docs`; do not edit. `regulars init` recognises an export by these
columns, in any order and case, and says whether its sums agree. To add one, add a few lines to that file: its head says
what each key means.
"""


def layouts_page() -> str:
    """Return the page of known exports as Markdown."""
    return "\n".join([LAYOUTS_HEAD, *layout_table(), ""])


PLAYBOOKS_PAGE = Path(__file__).parent / "playbooks.md"
PLAYBOOKS_HEAD = """# Playbooks

Generated from `serving/outreach/playbooks/playbooks.toml` by `make docs`; do not edit.

A playbook says what to do for whom. Of those that fit a customer, the service desk's comes first, then the one with the
highest expected gain = P(left) × saved × expected spend − cost; ties go to the higher priority, then to the smaller
id. A playbook whose channel the customer allows goes before one whose channel is not allowed; a last resort is taken
only where nothing else fits.

**What a playbook saves is a prior, not a fact.** *saved* is P(saved | contacted, would have churned) with a 90 % range:
a wide guess from practice. The shop's own holdout corrects it as outcomes come in.

**Costs are shares**, so that they make sense in euro, yen and rial: of a contact, a part of the shop's median expected
spend; of an incentive, a part of what the customer is expected to spend, paid only by those who order.

## The shipped playbooks
"""
OWN = """## How to write one's own

A shop's own `playbooks.toml` replaces a playbook of the same id whole, adds one of a new id, or switches one off:

```toml
[[playbook]]
id = "unused-coupon"
title = "Coupons lie unused"
kinds = ["regular"]                 # regular, new, winback
channel = "message"                 # call, mail, letter, visit, message, service
states = ["active", "at_risk"]      # new, active, at_risk, lapsed; left out: every one
bands = ["medium", "high"]
least_order_days = 3
least_value = 10                    # expected spend in your currency; or least_value_ratio, of your shop's median
what_to_say = "Say which coupons wait, and until when."
opening = [                         # the first whose every fact is known; the last needs days_since_order at most
  "Hello {name}, you usually order {rhythm}, and your coupons are waiting.",
  "Hello, your coupons are waiting.",
]
incentive = "the customer's own coupons"
incentive_cost = 1.50               # in your currency, if the customer orders; or incentive_share, of the spend
cost = 0.05                         # of a contact, in your currency; or cost_share, of your shop's median spend
saved = 0.08                        # your prior, and its 90 % range
saved_low = 0.02
saved_high = 0.18
success_event = "order within the horizon"
due_days = 5
cooldown_days = 21
most_contacts = 2                   # since the last order
priority = 15

[[playbook.when]]
fact = "event_coupon_redeemed_90d"  # a kind of event of your own
at_most = 0

[[playbook.when]]
fact = "days_since_event_coupon_redeemed"
at_least = 90

[playbook.fa]                       # the same in Persian, where it is read or spoken; [playbook.el]: in Greek
title = "کد تخفیف استفاده‌نشده"
what_to_say = "بگویید کدام کدها استفاده نشده و تا کی اعتبار دارد."
opening = ["سلام، وقت بخیر. کدهای تخفیف شما هنوز استفاده نشده است."]

[[playbook]]
id = "referral"
off = true
```

A condition has a fact and one or more of `at_least`, `at_most`, `is`, `among = [...]` and `known = true`; all of them
must hold, and one on a fact that is not known does not. Amounts are in major units of your currency. With
`[[playbook.stage]]` a playbook has steps: each may have its own `what_to_say`, `opening`, `incentive`, cost of it and
`saved`; after as many contacts without an order as there are steps the customer is a lost cause. `last_resort = true`
marks what fits whoever nothing else fits; each kind needs one.
`before_due = true` marks a reminder: for regulars who are not late yet it is taken before all others.
"""


def playbooks_page(playbooks: Playbooks) -> str:
    """Return the page of playbooks as Markdown."""
    events = ", ".join(f"`{event}`" for event in SUCCESS_EVENTS)
    return "\n".join(
        [PLAYBOOKS_HEAD, *_table(playbooks), OWN, f"`success_event` is one of {events}.", "", *_known_facts()]
    )


def _table(playbooks: Playbooks) -> Iterator[str]:
    yield "| playbook | when | channel | what to say | incentive | saved (90 %) | where the prior comes from |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for playbook in playbooks:
        yield from (_row_of_stage(playbook, number, stage) for number, stage in enumerate(playbook.stages, 1))
    yield ""


def _row_of_stage(playbook: Playbook, number: int, stage: Stage) -> str:
    name = f"`{playbook.id}`: {playbook.title}" + (f", step {number}" if len(playbook.stages) > 1 else "")
    saved = f"{stage.saved:.0%} ({stage.saved_low:.0%}–{stage.saved_high:.0%})"
    cells = (name, _when(playbook), playbook.channel, stage.what_to_say, stage.incentive or "—", saved, playbook.source)
    return f"| {' | '.join(cells)} |"


def _when(playbook: Playbook) -> str:
    needs = [f"kind {', '.join(playbook.kinds)}"]
    needs += [f"{name} {', '.join(values)}" for name in ("states", "bands") if (values := getattr(playbook, name))]
    needs += [f"order days ≥ {playbook.least_order_days}"] * bool(playbook.least_order_days)
    needs += [f"expected spend ≥ {playbook.least_value_ratio} × the shop's median"] * bool(playbook.least_value_ratio)
    needs += [f"`{condition}`" for condition in playbook.when]
    needs += [f"at most {playbook.most_contacts} contacts"] * (playbook.most_contacts is not None)
    return "; ".join(needs + ["nothing else fits"] * playbook.last_resort)


def _known_facts() -> Iterator[str]:
    yield "## Facts\n"
    yield "In conditions and, in braces, in openings. A kind of event of the shop's own brings"
    yield "`days_since_event_‹kind›`, `event_‹kind›_90d`, `event_‹kind›_365d` and `event_‹kind›_last_value`.\n"
    yield "| fact | unit | from | meaning |"
    yield "| --- | --- | --- | --- |"
    for fact in FACTS.values():
        yield f"| `{fact.name}` | {fact.unit} | {fact.source} | {fact.meaning} |"
    yield ""


OPENAPI_PAGE = Path(__file__).parent / "openapi.json"


def openapi_page() -> bytes:
    """Return the OpenAPI document as a running server answers it, with a line's end."""
    return document(OPERATIONS) + b"\n"


def openapi_digest() -> str:
    """Return the SHA-256 of the document without its version, keys sorted: another document, another version."""
    found = openapi(OPERATIONS)
    del found["info"]["version"]
    return sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    OPENAPI_PAGE.write_bytes(openapi_page())
    PAGE.write_text(page(FEATURES), encoding="utf-8")
    LAYOUTS_PAGE.write_text(layouts_page(), encoding="utf-8")
    PLAYBOOKS_PAGE.write_text(playbooks_page(load_playbooks()), encoding="utf-8")
    COMMANDS_PAGE.write_text(commands_page(), encoding="utf-8")
    SIZING_PAGE.write_text(sizing_page(), encoding="utf-8")
    HOLDINGS_PAGE.write_text(holdings_page(), encoding="utf-8")
    SOURCES_PAGE.write_text(sources(), encoding="utf-8")
    pages = (PAGE, LAYOUTS_PAGE, PLAYBOOKS_PAGE, OPENAPI_PAGE, COMMANDS_PAGE, SIZING_PAGE, HOLDINGS_PAGE)
    written = (*pages, SOURCES_PAGE)
    print(f"wrote {', '.join(page.name for page in written)}")
    print(f"docs/api_versions.toml: version {VERSION} has the digest {openapi_digest()}")

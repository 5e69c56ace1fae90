"""Serves the figures of the whole shop: retention period by period, and what acting on the lists saved.

Both read the whole log, so one request at a time computes an answer, and it is kept for a minute. Scores never wait for
them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta

from serving.api.operation import Call, Operation, in_thread
from serving.api.problems import from_our_files
from serving.api.shared_messages import Request
from serving.commands.lists.effect import EffectAnswer, measure_effect
from serving.commands.lists.kpi_answer import KpisAnswer
from serving.commands.lists.kpis import shop_kpis
from serving.outreach.effect.confidence_sequence import FIXED_METHOD, METHOD
from serving.shop import OpenShop

Answer = TypeVar("Answer", KpisAnswer, EffectAnswer)


class KpiQuery(Request, frozen=True):
    """Which periods and groups to count."""

    period: Literal["month", "quarter", "year"] = "month"
    by: Annotated[
        Literal["segment", "owner"] | None, Meta(description="also for each segment or owner of the customers file")
    ] = None
    until: Annotated[date | None, Meta(description="only orders before this day count; left out: all")] = None


class EffectQuery(Request, frozen=True):
    """Which episodes to compare."""

    until: Annotated[
        date | None, Meta(description="only episodes whose horizon ended on or before this day; left out: all")
    ] = None


def kpis(call: Call) -> KpisAnswer:
    """Count the retention figures."""
    asked: KpiQuery = call.query
    return _figures(call, asked.until, lambda shop: shop_kpis(shop, asked.period, asked.by).answer)


def effect(call: Call) -> EffectAnswer:
    """Measure what acting saved."""
    return _figures(call, call.query.until, lambda shop: measure_effect(shop, None).answer)


def _figures(call: Call, until: date | None, measure: Callable[[OpenShop], Answer]) -> Answer:
    """Return what was measured for the same question within the last minute, or measure it."""
    settings = call.server.need_settings()

    def compute() -> Answer:
        with from_our_files(until=until), OpenShop(settings, until=until, book=call.server.book) as shop:
            return measure(shop)

    return call.server.reports.get(call.query, compute)


EVERYBODY: dict[str, Any] = {
    "period": "2026-02", "first_on": "2026-02-01", "last_on": "2026-02-28", "group": None, "finished": True,
    "active_at_start": 1200, "active_at_end": 1214, "kept": 1104, "lost": 96, "gained": 80, "gained_active": 80,
    "came_back": 30, "recovered": 30, "joined": 110, "dormant_at_end": 640, "retention_percent": 92.0,
    "churn_percent": 8.0, "ordering": 700, "repeat_purchase_percent": 39.0, "orders": 1050, "purchase_frequency": 1.5,
    "spend": "46200.00", "average_order_value": "44.00", "historic_lifetime_value": "318.20",
}  # fmt: skip
BUSINESS: dict[str, Any] = {
    **EVERYBODY, "group": "business",
    "active_at_start": 200, "active_at_end": 214, "kept": 190, "lost": 10, "gained": 18,
    "gained_active": 18, "came_back": 6, "recovered": 6, "joined": 24, "dormant_at_end": 60, "retention_percent": 95.0,
    "churn_percent": 5.0, "ordering": 200, "repeat_purchase_percent": 52.5, "orders": 400, "purchase_frequency": 2.0,
    "spend": "27200.00", "average_order_value": "68.00", "historic_lifetime_value": "912.40",
}  # fmt: skip
PRIVATE: dict[str, Any] = {
    **EVERYBODY, "group": "private",
    "active_at_start": 1000, "active_at_end": 1000, "kept": 914, "lost": 86, "gained": 62,
    "gained_active": 62, "came_back": 24, "recovered": 24, "joined": 86, "dormant_at_end": 580,
    "retention_percent": 91.4, "churn_percent": 8.6, "ordering": 500, "repeat_purchase_percent": 33.6, "orders": 650,
    "purchase_frequency": 1.3, "spend": "19000.00", "average_order_value": "29.23", "historic_lifetime_value": "215.16",
}  # fmt: skip
YEAR: dict[str, Any] = {
    "first_on": "2025-03-01", "last_on": "2026-02-28", "measured": True, "active": 1214, "retention_percent": 61.5,
    "churn_percent": 38.5, "gained_percent": 44.2, "spend_per_customer": "312.40", "discount_percent": 10.0,
    "lifetime_spend": "708.54", "five_points_more_percent": 11.5,
}  # fmt: skip
PREDICTED: dict[str, Any] = {
    name: {"customers": customers, "horizon_days": 30, "expected_spend": month, "expected_spend_12_months": year,
           "model_version": "3"}
    for name, customers, month, year in (
        ("all", 1214, "24.10", "236.89"), ("business", 214, "61.20", "601.56"), ("private", 1000, "16.16", "158.84"),
    )
}  # fmt: skip
OVERALL: dict[str, Any] = {
    "name": "all", "treated": 9200, "holdout": 1022, "contacted": 8740, "leaked": 3,
    "kept_treated": 0.664, "kept_holdout": 0.602, "kept_expected": 0.605,
    "difference": {"value": 0.059, "low": 0.026, "high": 0.092},
    "customers_kept": {"value": 542.8, "low": 239.2, "high": 846.4},
    "money_each": {"value": "3.10", "low": "1.05", "high": "5.15"},
    "money_kept": {"value": "28520.00", "low": "9660.00", "high": "47380.00"},
    "money_unscaled": {"value": "27210.00", "low": "2300.00", "high": "52120.00"},
    "money_capped": {"value": "25760.00", "low": "9200.00", "high": "42320.00"},
    "spend_per_order": {"value": "0.40", "low": "-1.10", "high": "1.90"},
    "any_time": {
        "difference": {"value": 0.059, "low": 0.006, "high": 0.112},
        "customers_kept": {"value": 542.8, "low": 55.2, "high": 1030.4},
        "money_kept": {"value": "28520.00", "low": "-1740.00", "high": "58780.00"},
    },
}  # fmt: skip
FOUR_GROUPS: dict[str, Any] = {
    "counts": {"ranked treated": 9200, "ranked holdout": 1022, "random treated": 700, "random holdout": 350},
    "churned_ranked": 0.398,
    "churned_random": 0.214,
    "model": {"value": 0.184, "low": 0.132, "high": 0.236},
    "ranked": {"value": 0.059, "low": 0.026, "high": 0.092},
    "random": {"value": 0.012, "low": -0.041, "high": 0.065},
    "targeting": {"value": 0.047, "low": -0.015, "high": 0.109},
}
UPLIFT: dict[str, Any] = {
    "wins": False,
    "words": "the uplift model is not used, it may be ahead by chance only: by Qini, customers kept per hundred "
    "treated, +0.42 (95 % interval −0.31 to +1.15) ahead of risk and +0.35 (95 % interval −0.40 to +1.10) ahead of "
    "gain",
    "accounts": 6133,
    "holdout": 613,
    "qini": {
        "uplift": {"value": 0.0061, "low": -0.0022, "high": 0.0144},
        "risk": {"value": 0.0019, "low": -0.0065, "high": 0.0103},
        "gain": {"value": 0.0026, "low": -0.0059, "high": 0.0111},
    },
    "ahead": {
        "risk": {"value": 0.0042, "low": -0.0031, "high": 0.0115},
        "gain": {"value": 0.0035, "low": -0.004, "high": 0.011},
    },
}
ONE_OF_EACH = (("playbook", "second-order"), ("owner", "ann"), ("band", "high"), ("month", "2025-10"), ("kind", "new"))

OPERATIONS = (
    Operation(
        name="kpis",
        tag="figures",
        method="GET",
        path="/v1/kpis",
        roles=("lists",),
        summary="Retention figures",
        description="The figures of `regulars kpis`, at most a minute old.",
        run=in_thread(kpis, lambda server: server.log_reading),
        asks=KpiQuery,
        gives=KpisAnswer,
        example={
            "period": "month",
            "by": "segment",
            "known_until": "2026-03-01",
            "active_days": 90,
            "currency": "EUR",
            "periods": [EVERYBODY],
            "groups": {"business": [BUSINESS], "private": [PRIVATE]},
            "cohorts": [
                {"month": "2026-01", "customers": 75, "shares": [1.0, 0.4]},
                {"month": "2026-02", "customers": 80, "shares": [1.0]},
            ],
            "year": YEAR,
            "predicted": PREDICTED,
            "notes": [],
        },
        whole=True,
    ),
    Operation(
        name="effect",
        tag="figures",
        method="GET",
        path="/v1/effect",
        roles=("lists",),
        summary="What acting saved",
        description="The figures of `regulars effect`, at most a minute old.",
        run=in_thread(effect, lambda server: server.log_reading),
        asks=EffectQuery,
        gives=EffectAnswer,
        example={
            "until": "2026-03-01",
            "leaked_contacts": 3,
            "merged_accounts": 0,
            "uplift": UPLIFT,
            "currency": "EUR",
            "first_on": "2025-10-06",
            "last_on": "2025-10-27",
            "overall": OVERALL,
            "methods": {
                "fixed": FIXED_METHOD,
                "any_time": METHOD,
                "tuned_accounts": 2000,
                "spend_cap_quantile": 0.99,
            },
            "sample_ratio": {
                "is_sound": True,
                "accounts": 10222,
                "holdout": 1022,
                "expected": 1022.2,
                "mismatches": [],
            },
            "without_chance": 0,
            "programme": {
                "since": "2025-10-06",
                "treated": 48020,
                "holdout": 980,
                "leaked_contacts": 0,
                "active_treated": 0.642,
                "active_holdout": 0.607,
                "difference": {"value": 0.034, "low": 0.004, "high": 0.064},
                "difference_any_time": {"value": 0.034, "low": -0.018, "high": 0.086},
                "money_kept": {"value": "91240.00", "low": "-12400.00", "high": "194880.00"},
                "money_any_time": {"value": "91240.00", "low": "-88300.00", "high": "270780.00"},
                "sample_ratio": {
                    "is_sound": True,
                    "accounts": 49000,
                    "holdout": 980,
                    "expected": 980.0,
                    "mismatches": [],
                },
            },
            "groups": {group: [{**OVERALL, "name": name}] for group, name in ONE_OF_EACH},
            "four_groups": FOUR_GROUPS,
            "later_episodes": 0,
            "more_weeks_found": 0,
            "more_weeks_planned": None,
            "warnings": [
                "3 of 1,022 held-out accounts (0.3 %) were contacted all the same; they stay in the holdout, which "
                "makes the effect look smaller than it is"
            ],
        },
        whole=True,
    ),
)

"""Serves facts about the model that answers, and reloads it on request."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta

from features.errors import RegularsError
from serving.api.loaded_model import Champion
from serving.api.operation import Call, Operation, in_thread
from serving.api.problems import Refusal, not_ready
from serving.api.quality.measured import QUALITY, ModelQuality
from serving.api.state import ServerState


class FeatureFacts(msgspec.Struct, frozen=True):
    """One feature of the model."""

    name: str
    family: str
    unit: str
    meaning: str


class Drift(msgspec.Struct, frozen=True):
    """How far the probabilities of the latest run have moved from those of training."""

    as_of: date
    customers: int
    probability_psi: Annotated[
        float, Meta(description="population stability index of the probabilities; above 0.25 they have moved")
    ]


class Reloaded(msgspec.Struct, frozen=True):
    """The model that serves after a reload."""

    model_version: str
    former_version: str | None


class LessFacts(msgspec.Struct, frozen=True):
    """Whether a forecast of accounts that buy less serves, and how well it did on dates that it had not seen."""

    is_on: bool
    words: Annotated[str, Meta(description="why it serves or not, in one sentence")]
    letter: Annotated[str | None, Meta(description="its grade, A to C; null: nothing could be judged")] = None
    rule: Annotated[str | None, Meta(description="the best rule, against which it is graded")] = None
    measures: Annotated[
        dict[str, float], Meta(description="means over the test dates, of the model and, as rule_…, of the best rule")
    ] = {}


class ModelAnswer(msgspec.Struct, frozen=True):
    """Facts about the model that answers."""

    model_version: str
    candidate: str
    horizon_days: int
    active_days: int
    follow_days: Annotated[int, Meta(description="next_order_on assumes an order within so many days")]
    trained_until: Annotated[date, Meta(description="the model learnt from nothing on or after this day")]
    training_dates: tuple[date, ...]
    why: Annotated[str, Meta(description="why this candidate was chosen")]
    currency: str
    zone: str
    metrics: Annotated[dict[str, float | None], Meta(description="measured in the backtest, out of time")]
    quality: Annotated[ModelQuality, Meta(description="grade, list, bands and groups, measured out of time")]
    features: list[FeatureFacts]
    source: Annotated[str, Meta(description='"registry", or "local copy" while the registry is down')]
    trouble: Annotated[str | None, Meta(description="why the registry's champion does not serve; null: it does")]
    drift: Annotated[Drift | None, Meta(description="null: no run yet, or the model has no reference distribution")]
    left_window_days: Annotated[int, Meta(description="left_probability is P(no order within so many days)")]
    left_by: Annotated[
        Literal["blend", "gaps"],
        Meta(description="blend: learnt on that window; gaps: the log was too short, so by the shop's own gaps"),
    ]
    shrinking: Annotated[LessFacts, Meta(description="of shrunk_probability")]
    lost_categories: Annotated[LessFacts, Meta(description="of category_lost_probability")]


def model(call: Call) -> ModelAnswer:
    """Answer what the model is, how good it was, and which features it uses."""
    server = call.server
    champion = server.need_champion()
    trouble = None if server.champions is None else server.champions.trouble
    return model_answer(champion, trouble, drift_of(server, champion))


def reload_model(call: Call) -> Reloaded:
    """Load the registry's champion now."""
    server = call.server
    server.need_settings()
    assert server.champions is not None
    former = None if server.champion is None else server.champion.version
    try:
        now = server.champions.registry_champion(patiently=False)
    except RegularsError as error:
        serves = f"; version {former} serves on" if former else ""
        raise Refusal(409, "model-refused", f"{error.in_public}{serves}") from None
    except Exception as error:  # noqa: BLE001 — a registry can fail in any way
        raise not_ready(f"the model registry cannot be read at the moment: {type(error).__name__}") from None
    return Reloaded(now.version, former)


def drift_of(server: ServerState, champion: Champion) -> Drift | None:
    """Return how far the latest run's probabilities lie from those that the champion was trained on."""
    reference = champion.bundle.reference.get("probability")
    found = server.probabilities()
    if reference is None or found is None or not reference.quantiles:
        return None
    run, values = found
    return Drift(run.as_of, run.customers, reference.stability_index(np.asarray(values, dtype=np.float64)))


def model_answer(champion: Champion, trouble: str | None, drift: Drift | None) -> ModelAnswer:
    """Return the answer that shows a model's facts."""
    bundle = champion.bundle
    return ModelAnswer(
        model_version=champion.version,
        candidate=bundle.candidate,
        horizon_days=bundle.definition.horizon_days,
        active_days=bundle.definition.active_days,
        follow_days=bundle.timing.follow_days,
        trained_until=bundle.trained_until,
        training_dates=bundle.training_dates,
        why=bundle.why,
        currency=bundle.money.currency,
        zone=bundle.zone,
        metrics=dict(bundle.metrics),
        quality=msgspec.convert(bundle.quality, ModelQuality),
        features=[FeatureFacts(f.name, f.family, f.unit, f.meaning) for f in bundle.features],
        source=champion.source,
        trouble=trouble,
        drift=drift,
        left_window_days=bundle.left.window_days,
        left_by=bundle.left.facts["by"],
        shrinking=msgspec.convert(bundle.buys_less.shrink.facts, LessFacts),
        lost_categories=msgspec.convert(bundle.buys_less.category.facts, LessFacts),
    )


LESS: dict[str, Any] = {
    "is_on": True,
    "words": "accounts that shrink: on, grade A, log loss 0.402 against 0.437 of the rule newest_two",
    "letter": "A", "rule": "newest_two",
    "measures": {"log_loss": 0.402, "auroc": 0.79, "rule_log_loss": 0.437, "rule_auroc": 0.74},
}  # fmt: skip

OPERATIONS = (
    Operation(
        name="model",
        tag="model",
        method="GET",
        path="/v1/model",
        roles=("scores", "lists"),
        summary="Facts about the model that answers",
        description="What the model is, how good it was out of time, and how far the latest scores have moved from "
        "those of training.",
        run=in_thread(model),
        gives=ModelAnswer,
        example={
            "model_version": "3",
            "candidate": "lightgbm",
            "horizon_days": 30,
            "active_days": 90,
            "follow_days": 90,
            "trained_until": "2026-03-01",
            "training_dates": ["2025-12-01", "2026-01-01", "2026-02-01"],
            "why": "lightgbm beats the best rule, recency_rule, over 5 test dates",
            "currency": "EUR",
            "zone": "Europe/Athens",
            "metrics": {"auroc": 0.86, "brier": 0.09},
            "quality": QUALITY,
            "features": [
                {
                    "name": "overdue",
                    "family": "rhythm",
                    "unit": "ratio",
                    "meaning": "silence measured in usual gaps: 1 = the next order is due today",
                }
            ],
            "source": "registry",
            "trouble": None,
            "drift": {"as_of": "2026-03-02", "customers": 1540, "probability_psi": 0.012},
            "left_window_days": 90,
            "left_by": "blend",
            "shrinking": LESS,
            "lost_categories": {
                "is_on": False,
                "words": "categories bought no more: off, as no column says what was bought",
                "letter": None,
                "rule": None,
                "measures": {},
            },
        },
    ),
    Operation(
        name="reload_model",
        tag="model",
        method="POST",
        path="/v1/model/reload",
        roles=("admin",),
        summary="Load the registry's champion now",
        description="The server looks for a new champion every few seconds by itself; this request answers once it has "
        "looked. A version that fails its probe is refused with 409, and the one before serves on. With several "
        "workers the answer is of one of them.",
        run=in_thread(reload_model),
        gives=Reloaded,
        example={"model_version": "4", "former_version": "3"},
        needs=(409,),
    ),
)

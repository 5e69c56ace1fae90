"""Facts about the model that answers, and the order to look for a newer one."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta

from features.errors import RegularsError
from serving.api.champion import Champion
from serving.api.desk import Desk
from serving.api.operation import Call, Operation, in_thread
from serving.api.problems import Refusal, not_ready


class FeatureFacts(msgspec.Struct, frozen=True):
    """What one feature of the model is."""

    name: str
    family: str
    unit: str
    meaning: str


class Drift(msgspec.Struct, frozen=True):
    """How far the scores of the latest run lie from those of training."""

    as_of: date
    customers: int
    probability_psi: Annotated[
        float, Meta(description="population stability index of the probabilities; above 0.25 they have moved")
    ]


class Reloaded(msgspec.Struct, frozen=True):
    """What serves after the registry was asked."""

    model_version: str
    former_version: str | None


class ModelAnswer(msgspec.Struct, frozen=True):
    """Facts about the model that answers."""

    model_version: str
    candidate: str
    horizon_days: int
    active_days: int
    follow_days: Annotated[int, Meta(description="next_order_on holds for who orders within so many days")]
    trained_until: Annotated[date, Meta(description="nothing on or after this day was known in training")]
    training_dates: tuple[date, ...]
    why: Annotated[str, Meta(description="why this candidate was chosen")]
    currency: str
    zone: str
    metrics: Annotated[dict[str, float | None], Meta(description="measured out of time, in the backtest")]
    quality: Annotated[dict[str, Any], Meta(description="grade, bands and the list it would have made, out of time")]
    features: list[FeatureFacts]
    source: Annotated[str, Meta(description='"registry", or "local copy" while the registry is down')]
    trouble: Annotated[str | None, Meta(description="why the registry's champion is not the one that serves")]
    drift: Annotated[Drift | None, Meta(description="null: no run yet, or the model knows no distribution")]


def model(call: Call) -> ModelAnswer:
    """Answer what the champion is, what it was measured at, and what it looks at."""
    desk = call.desk
    champion = desk.need_champion()
    trouble = None if desk.champions is None else desk.champions.trouble
    return model_answer(champion, trouble, drift_of(desk, champion))


def reload_model(call: Call) -> Reloaded:
    """Look for a newer champion now."""
    desk = call.desk
    desk.need_settings()
    assert desk.champions is not None
    former = None if desk.champion is None else desk.champion.version
    try:
        now = desk.champions.look(patiently=False)
    except RegularsError as error:
        serves = f"; version {former} serves on" if former else ""
        raise Refusal(409, "model-refused", f"{error}{serves}") from None
    except Exception as error:  # noqa: BLE001 — a registry can fail in any way
        raise not_ready(f"the model registry cannot be read at the moment: {type(error).__name__}") from None
    return Reloaded(now.version, former)


def drift_of(desk: Desk, champion: Champion) -> Drift | None:
    """Return how far the latest run's probabilities lie from those that the champion was trained on."""
    reference = champion.bundle.reference.get("probability")
    found = desk.probabilities()
    if reference is None or found is None or not reference.quantiles:
        return None
    run, values = found
    return Drift(run.as_of, run.customers, reference.stability_index(np.asarray(values, dtype=np.float64)))


def model_answer(champion: Champion, trouble: str | None, drift: Drift | None) -> ModelAnswer:
    """Return a model's facts as they are written in an answer."""
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
        quality=bundle.quality,
        features=[FeatureFacts(f.name, f.family, f.unit, f.meaning) for f in bundle.features],
        source=champion.source,
        trouble=trouble,
        drift=drift,
    )


OPERATIONS = (
    Operation(
        name="model",
        method="GET",
        path="/v1/model",
        roles=("scores", "lists"),
        summary="Facts about the model that answers",
        description="What it is, how good it was out of time, and how far today's scores lie from those of training.",
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
            "why": "blend beats the best rule, recency_rule, over 5 test dates",
            "currency": "EUR",
            "zone": "Europe/Athens",
            "metrics": {"auroc": 0.86, "brier": 0.09},
            "quality": {"grade": {"grade": "A", "skill": 0.157}},
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
        },
        needs=(503,),
    ),
    Operation(
        name="reload_model",
        method="POST",
        path="/v1/model/reload",
        roles=("admin",),
        summary="Look for a newer champion now",
        description="The server looks by itself every few seconds; this answers once it has. A version that fails its "
        "probe is refused with 409, and the one before serves on. With several workers it speaks for one of them.",
        run=in_thread(reload_model),
        gives=Reloaded,
        example={"model_version": "4", "former_version": "3"},
        needs=(409, 503),
    ),
)

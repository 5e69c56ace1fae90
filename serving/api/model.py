"""Facts about the model that answers."""

from __future__ import annotations

from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response

from serving.api.desk import Champion, Desk
from serving.api.messages import FeatureFacts, ModelAnswer
from serving.api.reading import answer


class Model(HTTPEndpoint):
    """GET /v1/model."""

    async def get(self, request: Request) -> Response:
        """Answer what the champion is, what it was measured at, and what it looks at."""
        desk: Desk = request.app.state.desk
        return answer(model_answer(desk.need_champion()))


def model_answer(champion: Champion) -> ModelAnswer:
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
    )

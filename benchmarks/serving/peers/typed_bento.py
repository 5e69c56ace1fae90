"""The look-up as a BentoML service with a typed method, as BentoML's own pages show it, all settings as they come."""

from __future__ import annotations

import bentoml

from benchmarks.serving.peers.look_up import Scores, connected, looked_up


@bentoml.service
class Scoring:
    """Stored scores by customer id."""

    def __init__(self) -> None:
        self.book = connected()

    @bentoml.api(route="/v1/scores")
    def scores(self, customer_ids: list[str]) -> Scores:
        """Answer stored scores."""
        return looked_up(self.book, customer_ids)

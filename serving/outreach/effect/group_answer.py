"""The effect in one group of accounts as it is answered: money in major units."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from serving.outreach.effect.estimate import Estimate, MoneyEstimate
from serving.scores import Share


class AnyTimeAnswer(msgspec.Struct, frozen=True):
    """The figures with 95 % intervals that hold at every look together; values as those of the fixed sample."""

    difference: Annotated[Estimate, Meta(description="of the share kept")]
    customers_kept: Annotated[Estimate, Meta(description="customers")]
    money_kept: Annotated[MoneyEstimate, Meta(description="no spend cut")]


class GroupEffectAnswer(msgspec.Struct, frozen=True):
    """One group of accounts, treated against held out, by intention to treat."""

    name: Annotated[str, Meta(description='of the group; "all" overall')]
    treated: Annotated[int, Meta(description="accounts that were meant to be contacted")]
    holdout: Annotated[int, Meta(description="accounts that were held out")]
    contacted: Annotated[int, Meta(description="the treated accounts that really were contacted")]
    leaked: Annotated[int, Meta(description="the held-out accounts that were contacted all the same")]
    kept_treated: Annotated[
        Share | None, Meta(description="share of the treated that ordered within the horizon; null: none treated")
    ]
    kept_holdout: Annotated[
        Share | None, Meta(description="the same share of the held-out, as counted; null: none held out")
    ]
    kept_expected: Annotated[
        float | None,
        Meta(
            description="share of the treated that would have ordered uncontacted, predicted from the held-out at the "
            "same risk and value; as counted where there are too few for that; null: none held out"
        ),
    ]
    difference: Annotated[Estimate, Meta(description="kept_treated − kept_expected; 0.05 = five points")]
    customers_kept: Annotated[Estimate, Meta(description="difference × treated, customers")]
    money_each: Annotated[
        MoneyEstimate,
        Meta(
            description="mean difference of the spend per treated account, no spend cut, measured in the value at risk"
        ),
    ]
    money_kept: Annotated[MoneyEstimate, Meta(description="money_each × treated")]
    money_unscaled: Annotated[
        MoneyEstimate,
        Meta(description="money_kept without the assumption that a contact saves a share of what is at risk; wider"),
    ]
    money_capped: Annotated[
        MoneyEstimate,
        Meta(
            description="money_unscaled with every spend capped at the percentile that was declared beforehand: what "
            "does not depend on a few"
        ),
    ]
    spend_per_order: Annotated[
        MoneyEstimate,
        Meta(description="how much more a day with orders of the treated brings: spend ÷ days with an order"),
    ]
    any_time: Annotated[
        AnyTimeAnswer, Meta(description="the same with intervals that hold however often one looks: see methods")
    ]

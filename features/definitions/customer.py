"""Customer: what the shop's customers file says, for any column of it that a shop uses as a feature.

Columns are data: region, segment, tier, age group … each attribute of a log gets the same two features without an edit
here. None is ever a reason: where a customer lives or how old somebody is tells nobody what to do on Monday.
"""

from __future__ import annotations

from features.aggregates import CODE, LearntNumber
from features.codes import ATTRIBUTE, CodeTable
from features.feature import Example, Feature

# What the examples below are read by.
EXAMPLE_VALUE = "north"
EXAMPLE_TABLE = CodeTable(-100_000, {EXAMPLE_VALUE: 0.25}, {EXAMPLE_VALUE: 0.5}, usual_share=0.4)


def features_of(attribute: str) -> tuple[Feature, ...]:
    """Return the features of one attribute.

    >>> [feature.name for feature in features_of("region")]
    ['customer_region_share', 'customer_region_log_odds']
    """
    words, on = attribute.replace("_", " "), ATTRIBUTE + attribute
    known = {attribute: EXAMPLE_VALUE}
    return (
        Feature(
            name=f"customer_{attribute}_share",
            family=f"customer: {words}",
            unit="share",
            meaning=f"{words}: how many of the customers who can churn have the same",
            value=LearntNumber(CODE, on=on, learnt="share"),
            example=Example(0.25, orders=[(5, 20)], attributes=known),
        ),
        Feature(
            name=f"customer_{attribute}_log_odds",
            family=f"customer: {words}",
            unit="score",
            meaning=f"{words}: log-odds by which those with the same churned more than others of their rhythm",
            value=LearntNumber(CODE, on=on, learnt="log_odds"),
            example=Example(0.5, orders=[(5, 20)], attributes=known),
        ),
    )

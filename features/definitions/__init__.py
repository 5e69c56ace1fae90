"""The features: definitions only, each file a page of a marketing textbook.

To add a feature, add a `Feature` to the file of its subject; nothing else needs an edit.
"""

from __future__ import annotations

from features.definitions import basket, care, customer, engagement, rfm, rhythm, trend
from features.feature import EventKind, FeatureSet
from features.log import Log


def default_features(kinds: tuple[EventKind, ...] = (), attributes: tuple[str, ...] = ()) -> FeatureSet:
    """Return the features of a shop that has the given kinds of events and knows the given attributes of customers.

    >>> "event_mail_clicked_90d" in default_features((EventKind("mail_clicked"),)).names
    True
    """
    ordered = (*rfm.FEATURES, *rhythm.FEATURES, *trend.FEATURES, *basket.FEATURES, *care.FEATURES)
    engaged = (f for kind in kinds for f in engagement.features_of(kind))
    known = (f for attribute in attributes for f in customer.features_of(attribute))
    return FeatureSet((*ordered, *engaged, *known), kinds, attributes)


def features_for(log: Log) -> FeatureSet:
    """Return the features that a log has the data for.

    >>> from features.log import Lines
    >>> from features.roll_up import roll_up
    >>> features_for(roll_up(Lines.of(["ann"], [1], [700]))).kinds
    ()
    """
    return default_features(engagement.event_kinds(log), log.attributes)

"""The features: definitions only, each file a page of a marketing textbook.

To add a feature, add a `Feature` to the file of its subject; nothing else needs an edit.
"""

from __future__ import annotations

from features.definitions import basket, care, engagement, rfm, rhythm, trend
from features.feature import EventKind, FeatureSet


def default_features(kinds: tuple[EventKind, ...] = ()) -> FeatureSet:
    """Return the features of a shop that has the given kinds of events.

    >>> "event_mail_clicked_90d" in default_features((EventKind("mail_clicked"),)).names
    True
    """
    ordered = (*rfm.FEATURES, *rhythm.FEATURES, *trend.FEATURES, *basket.FEATURES, *care.FEATURES)
    return FeatureSet((*ordered, *(f for kind in kinds for f in engagement.features_of(kind))), kinds)

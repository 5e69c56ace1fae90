"""Which column names the person where persons stand in a file of their own."""

from __future__ import annotations

from features.guess.sample import Sample
from features.language.messages import sentence

_PERSON = ("unique", "person", "customer", "client", "member", "user", "account", "household", "mail", "phone")
_ID = ("id", "no", "nr", "number", "code", "key", "mail", "phone")


def take_person(sample: Sample) -> None:
    """Take the customer from the persons file: the id that is named so, else the first column."""
    first = sample.file.persons_from
    if first is None or "customer_id" in sample.given:
        return
    own = [index for index in range(first, len(sample.plain)) if sample.filled(index)]
    ids = [index for index in own if sample.plain[index].endswith(_ID)]
    found = next(iter([*(n for word in _PERSON for n in ids if word in sample.plain[n]), *ids, *own]), None)
    if found is None:
        return
    sample.given["customer_id"] = found
    sample.used.add(found)
    sample.assume(sentence('The customer is "{column}": it says who stands behind an id.', column=sample.name(found)))

# SPDX-License-Identifier: Apache-2.0
"""Whether a request says plainly, and with no other words, what is to be done with which data or model.

All words together may be unlike those of the requests that the linear model knows, as where a number is uncommon; of
"trainiere auf ./boards mit 1.000 Epochen" nothing is open nevertheless.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.number_formats import NUMBER_FORMATS

if TYPE_CHECKING:
    from router.words import Words

_ASKING = ("action", "named")
_SMALL = (
    "joins_steps",
    "prepositions",
    "articles",
    "elided",
    "leads_on",
    "pleases",
    "polite",
    "bidden",
    "contrasts",
    "now",
)
_OPEN = ("doubt", "hesitation", "retraction", "withdrawal", "put_off", "done_already", "unheeded", "foreign", "other")


def is_plain(words: Words) -> bool:
    """Whether every word is one of a phrase that is read, or a small one, and each step has its verb and its object."""
    reading, use = words.reading, words.reading.grammar
    if words.account.unknown or words.account.asked or words.intent.question or words.intent.likely:
        return False
    if reading.told or reading.narrated or reading.theirs or any(reading.of(kind, negated=None) for kind in _OPEN):
        return False
    verbs = {m.start for kind in _ASKING for m in reading.of(kind)}
    if any(step.place not in verbs for step in words.intent.steps):
        return False
    if not any(token.kind in {"path", "job"} for token in reading.tokens):
        return False
    small = {word for name in _SMALL for word in use[name]} | set(NUMBER_FORMATS)
    refused = {n for m in reading.mentions if m.negated for n in range(m.start - 2, m.start)}
    said = {n for m in reading.mentions for n in m.places}
    return all(
        n in said
        or token.kind in {"path", "job", "break", "override", "action"}
        or token.word in small
        or (n in refused and token.word in use["not"] | use["do_support"])
        for n, token in enumerate(reading.tokens)
    )

# SPDX-License-Identifier: Apache-2.0
"""Parents that are named by what they are: the last training, the best trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from router.patterns import Mention
    from router.reading import Reading


def parents_of(reading: Reading, mentions: Iterable[Mention], *, trains: bool) -> tuple[str, ...]:
    """Parents that are named by what they are; a training has one only where it goes on from it."""
    found = []
    for mention in mentions:
        kind, _, name = mention.group.partition(":")
        before = {token.word for token in reading.tokens[max(0, mention.start - 4) : mention.start]}
        theirs = {token.word for token in reading.tokens[slice(*reading.clause(mention.start))]}
        goes_on = before & reading.grammar["from_a_model"] or theirs & reading.grammar["goes_on"]
        behind = {token.word for token in reading.tokens[mention.end : mention.end + 4]}
        origin = behind & reading.grammar["as_origin"] and behind & reading.grammar["origin"]
        if kind == "parent" and (not trains or goes_on or origin) and not _of_a_period(reading, mention):
            found.append(name)
    if "best_trial" in found:  # "the best trial of last night's search for the classifier"
        found = [name for name in found if name != "last_model"]
    return tuple(dict.fromkeys(found))


def _of_a_period(reading: Reading, mention: Mention) -> bool:
    """Whether "last" is said of a time, and of no model far behind it: "too many last year, so I want the engine"."""
    behind = mention.start + 1
    return behind not in mention.places and reading.tokens[behind].word in reading.grammar["periods"]

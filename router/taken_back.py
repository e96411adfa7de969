# SPDX-License-Identifier: Apache-2.0
"""Steps that a later clause takes back, or leaves out by asking for one of them alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.order import behind_colon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.patterns import Mention
    from router.reading import Reading


def not_taken_back(reading: Reading, found: Sequence[Mention]) -> Sequence[Mention]:
    """The phrases without those of actions that a later clause rules out, or all before one that is to be the only one.

    "train it, then evaluate it … no, leave out the training", "he wants an export as well. I see it otherwise: only
    train it"
    """
    name = {m: m.group.partition(":")[2] for m in found}
    ruled_out = [m for m in reading.of("action", negated=True) if m.start not in reading.remarks]
    ruled_out += [m for kind in ("action", "noun") for m in reading.of(kind, negated=True) if _is_dropped(reading, m)]
    kept = [
        m
        for m in found
        if not any(
            one.group.partition(":")[2] == name[m] and one.start > m.end and reading.clause(one.start)[0] > m.start
            for one in ruled_out
        )
    ]
    only = max((m.start for m in kept if is_only(reading, m)), default=-1)
    return [m for m in kept if m.start >= only] or found


def _is_dropped(reading: Reading, mention: Mention) -> bool:
    """Whether a step is dropped, and not only denied: "leave out the training", "lass den Export weg"."""
    return any(
        token.word in reading.grammar["drops"] for token in reading.tokens[max(0, mention.start - 3) : mention.start]
    )


def is_only(reading: Reading, mention: Mention) -> bool:
    """Whether a clause begins with "only", and goes on with a phrase: "only evaluate that one"."""
    start, stop = reading.clause(mention.start)
    if (colon := behind_colon(reading, start, mention.start)) is not None:
        start = colon
    words = [token.word for token in reading.tokens[start : mention.start]]
    joins = reading.grammar["separates"] | reading.grammar["awaits"] | reading.grammar["prepositions"]
    restricts = bool(words) and words[0] in reading.grammar["restricts"] and joins.isdisjoint(words)
    behind = {token.word for token in reading.tokens[mention.end : stop]}
    return restricts and mention.group.startswith("action") and reading.grammar["awaits"].isdisjoint(behind)

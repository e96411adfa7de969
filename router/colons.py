# SPDX-License-Identifier: Apache-2.0
"""Refusals that end at a colon, as they are of something else: "under no circumstances turn the HPO off: train …"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.tokens import sentence_begin
from router.vocabulary import AUTOML

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from router.patterns import Mention
    from router.tokens import Token

    Grammar = Mapping[str, frozenset[str]]

_OF_ELSE = ("searches", "search_nouns", "tuned_at_all", "exceeds")


def is_behind_colon(tokens: Sequence[Token], place: int) -> bool:
    """Whether more than a blank stands before a word, as after a colon: "skip it: *train* …"."""
    return 0 < place < len(tokens) and tokens[place].start - tokens[place - 1].end > 1


def ends_refusal(tokens: Sequence[Token], place: int, grammar: Grammar) -> bool:
    """Whether a colon before a word ends what is said of the search or of a limit, or a plea stands behind it.

    As in "don't forget the search: train …", "it must not take longer than 6 hours: train …". What only points ahead
    ("never do this: train …") denies what is behind.
    """
    if not is_behind_colon(tokens, place):
        return False
    if tokens[place].word in grammar["pleases"]:
        return True  # "without you I can't do it: please train …"
    said = {token.word for token in tokens[sentence_begin(tokens, place) : place]}
    return AUTOML in said or any(not grammar[use].isdisjoint(said) for use in _OF_ELSE)


def refusal_ends_between(tokens: Sequence[Token], places: range, grammar: Grammar) -> bool:
    """Whether a colon that ends a refusal stands in a stretch."""
    return any(ends_refusal(tokens, n, grammar) for n in places)


def is_around_colon(tokens: Sequence[Token], mention: Mention, grammar: Grammar) -> bool:
    """Whether what is asked for stands behind a refusal: "must not *run* over 6 hours: classifier *training*"."""
    places = range(mention.start + 1, mention.end)
    return mention.group.startswith("action:") and refusal_ends_between(tokens, places, grammar)


def other_order(tokens: Sequence[Token], places: range, asking: Sequence[Mention]) -> int:
    """Where an order with data begins behind a colon, for another step than those before it; where all ends if none.

    As in "no evaluation, Ms Egger does that herself: train the segmentation on ./masks".
    """
    colon = next((n for n in places[1:] if is_behind_colon(tokens, n)), places.stop)
    behind = range(colon, places.stop)
    said = {m.group.partition(":")[2] for m in asking if m.start < colon}
    ordered = {m.group.partition(":")[2] for m in asking if m.start in behind}
    data = any(tokens[n].kind == "path" for n in behind)
    return colon if data and ordered and said.isdisjoint(ordered) else places.stop

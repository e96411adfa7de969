# SPDX-License-Identifier: Apache-2.0
"""What is negated: by the words before a phrase, behind it, or carried over from the phrase before."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from router.tokens import BREAK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.patterns import Mention
    from router.tokens import Token
    from router.vocabulary import Vocabulary

_SHOWN, _LONGEST = 3, 5


def with_negation(tokens: Sequence[Token], mentions: Sequence[Mention], vocabulary: Vocabulary) -> list[Mention]:
    """The mentions of one layer in order, each with whether it is negated."""
    found: list[Mention] = []
    for mention in sorted(mentions, key=lambda m: m.places):
        negated = _negated(tokens, mention.start, vocabulary) or _negated_behind(tokens, mention, vocabulary)
        negated = negated or _forbidden(tokens, mention, vocabulary)
        negated = negated and not _asks_why_not(tokens, mention, vocabulary)
        negated = negated and not _is_limit(tokens, mention, vocabulary)
        if not negated and found and found[-1].negated:
            negated = _carried(tokens, found[-1], mention, vocabulary)
        found.append(mention._replace(negated=bool(negated)))
    return found


def _forbidden(tokens: Sequence[Token], mention: Mention, vocabulary: Vocabulary) -> bool:
    """Whether its clause begins by forbidding all of it: "under no circumstances should the classifier be trained"."""
    if not mention.group.startswith(("action", "noun", "verb")):
        return False
    begin = next((n for n in range(mention.start, 0, -1) if tokens[n - 1].kind == "break"), 0)
    openers = vocabulary.grammar["openers"]
    words = [token.word for token in tokens[begin : mention.start]]
    words = list(itertools.dropwhile(openers.__contains__, words))
    last = next((n for n, word in enumerate(words[:_LONGEST]) if word in vocabulary.grammar["forbids"]), None)
    if last is None or set(words[last:]) & (vocabulary.grammar["substitutes"] | vocabulary.grammar["separates"]):
        return False
    return tuple(words[: last + 1]) in vocabulary.negations.get(words[last], ())


def _asks_why_not(tokens: Sequence[Token], mention: Mention, vocabulary: Vocabulary) -> bool:
    """Whether a question only asks why something does not do something: "why can't ChangeNet see my GPU?"."""
    before = [token.word for token in tokens[max(0, mention.start - 3) : mention.start]]
    asks = len(before) == 3 and before[0] in vocabulary.questions and before[2] in vocabulary.grammar["not"]
    return asks and mention.group == "model"


def _is_limit(tokens: Sequence[Token], mention: Mention, vocabulary: Vocabulary) -> bool:
    """Whether what is not to be exceeded is a limit: "must not exceed 90 minutes", "nicht laenger als 3 Stunden"."""
    words = {token.word for token in tokens[max(0, mention.start - 2) : mention.start + 1]}
    instead = words & vocabulary.grammar["substitutes"]  # "int8 rather than fp16"
    return mention.group.startswith("value:") and bool(words & vocabulary.grammar["exceeds"]) and not instead


def never_without(tokens: Sequence[Token], mentions: list[Mention]) -> list[Mention]:
    """Two negations in one clause ask for both: "never train untuned", "do not train without the search"."""
    found = list(mentions)
    for place, one in enumerate(mentions):
        if not (one.negated and one.group.startswith("action:train")):
            continue
        for here, other in enumerate(mentions[place + 1 :], place + 1):
            if other.start < one.end:
                continue
            between = tokens[one.end : other.start]
            turned_off = (other.group == "policy:off") is not other.negated
            if other.group.startswith("policy:") and not any(token.kind == "break" for token in between) and turned_off:
                found[place] = one._replace(negated=False)
                found[here] = other._replace(group="policy:on", negated=False)
    return found


def _negated(tokens: Sequence[Token], start: int, vocabulary: Vocabulary) -> bool:
    """Whether the words directly before a token negate it; two negations, as in "don't skip", are none."""
    place, negated = start, False
    still = vocabulary.still if _mostly_german(tokens, vocabulary) else frozenset[str]()
    while place > 0:
        ending_so = () if tokens[place - 1].word in still else vocabulary.negations.get(tokens[place - 1].word, ())
        phrase = next((p for p in ending_so if _stands_before(tokens, place, p)), None)
        if phrase:
            negated, place = not negated, place - len(phrase)
        elif tokens[place - 1].word in vocabulary.negation_fillers:
            place -= 1
        else:
            break
    return negated


def _mostly_german(tokens: Sequence[Token], vocabulary: Vocabulary) -> bool:
    """Whether a request is in a language in which `no` says "still", as it does in the dialects of German."""
    shown = sum(token.word in vocabulary.capitalising for token in tokens)
    return shown >= _SHOWN and shown * 5 > len(tokens)


def _stands_before(tokens: Sequence[Token], place: int, phrase: tuple[str, ...]) -> bool:
    return tuple(token.word for token in tokens[max(0, place - len(phrase)) : place]) == phrase


def _negated_behind(tokens: Sequence[Token], mention: Mention, vocabulary: Vocabulary) -> bool:
    """German: `Trainiere nicht, werte nur aus`."""
    behind = [token.word for token in tokens[mention.end : mention.end + 2]]
    if not behind or behind[0] not in vocabulary.post_negations or not mention.group.startswith(("action", "policy")):
        return False
    return len(behind) == 1 or behind[1] == BREAK


def _carried(tokens: Sequence[Token], before: Mention, mention: Mention, vocabulary: Vocabulary) -> bool:
    """Whether a negation reaches over to the next phrase, as in "don't train or export"."""
    between = [token.word for token in tokens[before.end : mention.start]]
    joined = any(word in vocabulary.continuations for word in between)
    return joined and all(word in vocabulary.continuations | vocabulary.negation_fillers for word in between)

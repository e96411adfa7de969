# SPDX-License-Identifier: Apache-2.0
"""What the linear model of `ranking` sees of a request: its words, and what the rules find in it, wherever it stands.

The rules' own answer is no part of it: on the requests that they were made with it is nearly always right, and a model
that is trained on these would follow it where it is wrong.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from router.clauses import clauses_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from router.patterns import Mention
    from router.reading import Reading

_PREFIXES, _PARTS = (4, 6), (4, 5)
_ASKING = ("action", "named", "verb", "noun")
_OURS = ("model", "trade", "task", "parent")
_BESIDE = frozenset({"remark", "other", "pointer", "correction"})
_MOST, _LONG = 3, 3


def evidence(reading: Reading, *, question: bool, without: frozenset[int] = frozenset()) -> Iterator[str]:
    """The features of a request, some of them several times; `question` tells whether it is one by its first words.

    The words and values of the tokens `without` are left out.
    """
    told = without
    yield from of_words([token.word for n, token in enumerate(reading.tokens) if n not in told])
    asking = [m for kind in _ASKING for m in reading.of(kind)]
    yield from _of_kinds(reading, told)
    yield from _of_phrases(reading, asking)
    yield from _of_clauses(reading, asking, question=question)
    yield from _of_neighbours(reading, told)


def of_words(words: Sequence[str]) -> Iterator[str]:
    """Each word, its beginnings, its parts of four and five letters, and each pair of neighbours.

    The parts are what a misspelt word, or a German compound, has in common with others.
    """
    yield "bias"
    if words:
        yield f"first {words[0]}"
    for word in words:
        yield word
        if word.isalpha():
            yield from (f"{word[:length]}-" for length in _PREFIXES if len(word) > length)
            whole = f"^{word}$"
            yield from (f"c:{whole[n : n + length]}" for length in _PARTS for n in range(len(whole) - length + 1))
    yield from (f"{one} {other}" for one, other in itertools.pairwise(words))


def _of_kinds(reading: Reading, told: frozenset[int]) -> Iterator[str]:
    """Which kinds of phrases and tokens there are, and what of them is ours."""
    for mention in (m for m in reading.mentions if m.start not in told):
        negated = "!" if mention.negated else ""
        yield f"k:{negated}{mention.group.partition(':')[0]}"
        yield f"g:{negated}{mention.group}"
    kinds = [token.kind for token in reading.tokens]
    yield from (f"t:{kind}" for kind in ("path", "job", "override", "number", "quote") if kind in kinds)
    yield from (f"{kind}s:{min(kinds.count(kind), _MOST)}" for kind in ("job", "path"))
    yield from (f"jobof:{token.text.partition('-')[0]}" for token in reading.tokens if token.kind == "job")
    named = "+".join(kind for kind in _OURS if reading.of(kind))
    yield f"ours:{named}"
    yield f"ours:{named}{'|job' * ('job' in kinds)}{'|path' * ('path' in kinds)}."


def _of_phrases(reading: Reading, asking: Sequence[Mention]) -> Iterator[str]:
    """Where phrases stand that ask for something, how long they are, and which of them stand together."""
    for mention in asking:
        before = reading.tokens[mention.start - 1].kind if mention.start else ""
        place = "in" if before not in {"", "break"} else "clause" if before else "start"
        yield f"{place} {mention.group}"
        yield f"len{min(len(mention.places), _LONG)} {mention.group}"
        if mention.start in reading.told:
            yield f"told {mention.group}"
    groups = sorted({m.group for m in asking})
    yield from (f"{one}&{other}" for one, other in itertools.combinations(groups, 2))


def _of_clauses(reading: Reading, asking: Sequence[Mention], *, question: bool) -> Iterator[str]:
    """The moods of the clauses, with what each asks for."""
    clauses = clauses_of(reading.text, reading.tokens, [m for m in asking if not m.negated], reading.grammar)
    for clause in clauses:
        yield f"mood:{clause.mood}"
        yield from (f"mood:{clause.mood} {m.group}" for m in clause.asking)
    yield f"clauses:{min(len(clauses), _MOST + 1)}"
    if question:
        yield "question"
    yield from ("?" for token in reading.tokens if token.text == "?")
    yield from ("?end" for token in reading.tokens[-1:] if token.text == "?")


def _of_neighbours(reading: Reading, told: frozenset[int]) -> Iterator[str]:
    """Two and three neighbours where at least one is a phrase that a rule knows, by its kind."""
    said = ["^", *_with_phrases(reading, told), "$"]
    yield from (f"s:{one} {other}" for one, other in itertools.pairwise(said) if "[" in one + other)
    inner = said[1:-1]
    for three in zip(inner, inner[1:], inner[2:], strict=False):
        if any("[" in one for one in three):
            yield f"s:{' '.join(three)}"


def _with_phrases(reading: Reading, told: frozenset[int]) -> Iterator[str]:
    """The words of a request, each phrase as its group or kind."""
    owner: dict[int, Mention] = {}
    for mention in reading.mentions:
        if mention.group.partition(":")[0] not in _BESIDE:
            for place in mention.places:
                owner.setdefault(place, mention)
    last: Mention | None = None
    for place, token in enumerate(reading.tokens):
        if place in told:
            continue
        here = owner.get(place)
        if here is None:
            yield token.word
        elif here is not last:
            kind = here.group.partition(":")[0]
            yield f"[{'!' if here.negated else ''}{here.group if kind in _ASKING else kind}]"
        last = here

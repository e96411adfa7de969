# SPDX-License-Identifier: Apache-2.0
"""Which clauses of a request ask, and which only tell what is the case: "Engine is built. Evaluate it on ./lot"."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from router.patterns import Mention
    from router.tokens import Token

_ASKING = frozenset({"action", "named", "verb", "noun"})
_DROPPED = _ASKING | {"foreign", "other", "pointer"}
_SENTENCE_ENDS = frozenset(".!?\n;")
_SUBJECTS_BEFORE_S = frozenset({"it", "that", "there", "here", "what", "who", "he", "she", "this", "everything"})


class Background(NamedTuple):
    """The tokens of clauses that only tell, and those of them that tell of the past or rule something out."""

    told: frozenset[int] = frozenset()
    past: frozenset[int] = frozenset()

    def kept(self, mentions: Iterable[Mention]) -> list[Mention]:
        """The mentions without what is asked for in clauses that only tell, and without values of the past."""
        return [m for m in mentions if not self._drops(m, m.group.partition(":")[0])]

    def _drops(self, mention: Mention, kind: str) -> bool:
        if mention.start in self.past and (kind in {"value", "policy"}):
            return True
        return mention.start in self.told and (kind in _DROPPED or mention.group == "policy:named")


class _Clause(NamedTuple):
    """The tokens of a clause, whether it ends as a question, and what of it asks for something."""

    places: range
    question: bool
    asking: tuple[Mention, ...]


def background(
    text: str, tokens: Sequence[Token], mentions: Sequence[Mention], grammar: Mapping[str, frozenset[str]]
) -> Background:
    """The clauses that only tell, of a request in which another clause asks."""
    asking = [m for m in mentions if m.group.partition(":")[0] in _ASKING and not m.negated]
    clauses = list(_clauses(text, tokens, asking, grammar))
    if len(clauses) < 2:
        return Background()
    reader = _Reader(tokens, grammar)
    kinds = [reader.kind(clause) for clause in clauses]
    if "asks" not in kinds and "open" not in kinds:
        return Background()
    sure = "asks" in kinds
    telling = [c for c, kind in zip(clauses, kinds, strict=True) if kind == "tells" and (sure or not c.asking)]
    told = frozenset(n for clause in telling for n in clause.places)
    past = frozenset(n for clause in telling if reader.is_past(clause) for n in clause.places)
    return Background(told, past)


def _clauses(
    text: str, tokens: Sequence[Token], asking: Sequence[Mention], grammar: Mapping[str, frozenset[str]]
) -> Iterable[_Clause]:
    """The clauses: what punctuation, a colon, or a word such as "so" sets apart; a subordinate one stays with its own."""
    start = 0
    for place in range(len(tokens) + 1):
        if place < len(tokens) and not _divides(text, tokens, place, grammar):
            continue
        end = place
        if end > start:
            places = range(start, end)
            theirs = tuple(m for m in asking if m.start in places)
            yield _Clause(places, _is_question(tokens, end), theirs)
        start = place + 1 if place < len(tokens) and tokens[place].kind == "break" else place


def _divides(text: str, tokens: Sequence[Token], place: int, grammar: Mapping[str, frozenset[str]]) -> bool:
    token = tokens[place]
    if token.kind == "break":
        behind = tokens[place + 1].word if place + 1 < len(tokens) else ""
        return token.text in _SENTENCE_ENDS or behind not in grammar["subordinates"]
    if place and ":" in text[tokens[place - 1].end : token.start]:
        return True
    return bool(place) and token.word in grammar["concludes"] and tokens[place - 1].kind != "break"


def _is_question(tokens: Sequence[Token], end: int) -> bool:
    rest = (token.text for token in tokens[end:] if token.kind == "break" and token.text in _SENTENCE_ENDS)
    return next(rest, "") == "?"


class _Reader(NamedTuple):
    tokens: Sequence[Token]
    grammar: Mapping[str, frozenset[str]]

    def kind(self, clause: _Clause) -> str:
        """`asks` for something of ours, `open` where it asks for what no phrase knows, `tells`, or `none` of these."""
        words = [self.tokens[n].word for n in clause.places]
        first = self._first(clause)
        finite = self._finite(clause, first)
        asks = "asks" if clause.asking else "open"
        if self._is_wish(words) or clause.question:
            return asks
        if finite is None:
            return "asks" if clause.asking else "open" if self._commands(first) else "none"
        if clause.asking and clause.asking[0].start <= first and finite > clause.asking[0].end:
            return "asks"
        if self._commands(first) and finite > first:
            return asks
        return "tells"

    def is_past(self, clause: _Clause) -> bool:
        """Whether a clause tells of the past, or says that something is not so."""
        words = {self.tokens[n].word for n in clause.places}
        return bool(words & (self.grammar["past"] | self.grammar["not"] | self.grammar["rules_out"]))

    def _first(self, clause: _Clause) -> int:
        """The first token that is more than an opening such as "ok, please now"."""
        return next((n for n in clause.places if self.tokens[n].word not in self.grammar["openers"]), clause.places.stop)

    def _commands(self, place: int) -> bool:
        return place < len(self.tokens) and self.tokens[place].word in self.grammar["bids"]

    def _is_wish(self, words: Sequence[str]) -> bool:
        """Whether the words wish for something, as "we need", and do not say that nothing is wished for."""
        for place, word in enumerate(words):
            if word in self.grammar["wishes"]:
                before = set(words[max(0, place - 3) : place])
                persons = before & self.grammar["wishing"]
                behind = set(words[place + 1 : place + 2])
                if persons and not (before | behind) & (self.grammar["not"] | self.grammar["rules_out"]):
                    return True
        return any(word in self.grammar["obliges"] for word in words)

    def _finite(self, clause: _Clause, first: int) -> int | None:
        """The first finite verb behind a subject."""
        for n in clause.places:
            word = self.tokens[n].word
            if n <= first and n != clause.places.start + 1:
                continue
            if word == "s" and n and self.tokens[n - 1].word not in _SUBJECTS_BEFORE_S:
                continue
            if self.tokens[n].kind == "word" and word in self.grammar["finite"]:
                return n
        return None

# SPDX-License-Identifier: Apache-2.0
"""Cuts a request into clauses, and tells the mood of each: what it asks, wishes, bids or tells."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Literal, NamedTuple

from router.participles import begins_with_participle
from router.tokens import SENTENCE_ENDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from router.patterns import Mention
    from router.tokens import Token

# It asks, or wishes, for something that a phrase knows; bids for what no phrase knows; tells what is the case.
Mood = Literal["asks", "wishes", "bids", "tells", "none"]
_VALUE = 4
_HAS = frozenset({"has", "have"})
_BEFORE_S = frozenset({"it", "that", "there", "here", "what", "who", "he", "she", "this", "everything"})


class Clause(NamedTuple):
    """The tokens of a clause, the number of its sentence, its mood, and the phrases in it that ask for something.

    `goes_on` tells that it continues what was asked before ("then …"), `announces` that a colon ends it.
    """

    places: range
    sentence: int
    mood: Mood
    asking: tuple[Mention, ...]
    goes_on: bool = False
    announces: bool = False

    @property
    def asks(self) -> bool:
        """Whether it asks for something that a phrase knows."""
        return self.mood in {"asks", "wishes"}


def clauses_of(
    text: str, tokens: Sequence[Token], asking: Sequence[Mention], grammar: Mapping[str, frozenset[str]]
) -> list[Clause]:
    """The clauses: what punctuation, a colon, or a word such as "so" sets apart; subordinate ones belong to them."""
    reader, found, sentence = _Reader(text, tokens, grammar), [], 0
    for places in reader.cut():
        theirs = tuple(m for m in asking if m.start in places)
        mood = reader.mood(places, theirs)
        goes_on = any(tokens[n].word in grammar["separates"] for n in list(places)[:2])
        found.append(Clause(places, sentence, mood, theirs, goes_on, reader.announces(places)))
        end = places.stop
        sentence += end < len(tokens) and tokens[end].kind == "break" and tokens[end].text in SENTENCE_ENDS
    return found


def is_ordered(tokens: Sequence[Token], places: range, mention: Mention, grammar: Mapping[str, frozenset[str]]) -> bool:
    """Whether a passive orders what a phrase of a clause asks for: "ought to be exported", "müsste gestoppt werden"."""
    if tokens[mention.start].word in grammar["would"] and mention.group.startswith("action"):
        return True  # "I would appreciate it if the classifier was trained"
    joins = grammar["concludes"] | grammar["joins_steps"] | grammar["separates"]
    goes_on = bool(places) and tokens[places.start].word in joins
    opening = [tokens[n].word for n in places[:5] if tokens[n].word not in joins]
    if opening[:1] and opening[0] in grammar["expletives"] and grammar["would"] & set(opening):
        return not mention.group.startswith("noun")  # "it would be good to see a list of all jobs"
    around = range(max(places.start, mention.start - 2), min(places.stop, mention.end + 1))
    if mention.group.startswith("noun") or not any(tokens[n].word in grammar["passive"] for n in around):
        return False
    before = {tokens[n].word for n in range(places.start, mention.end)}
    ends = tokens[places.stop - 1].word in grammar["passive"]  # "…, danach ausgewertet werden"
    return bool(before & grammar["orders_passive"]) or (goes_on and ends)


def not_before(words: Sequence[str], grammar: Mapping[str, frozenset[str]]) -> bool:
    """Whether something is to be over first: "not before you've exported it"."""
    return any(one in grammar["not"] and other in grammar["until"] for one, other in itertools.pairwise(words))


class _Reader(NamedTuple):
    text: str
    tokens: Sequence[Token]
    grammar: Mapping[str, frozenset[str]]

    def cut(self) -> Iterable[range]:
        """The tokens of each clause."""
        start = 0
        for place in range(len(self.tokens) + 1):
            if place < len(self.tokens) and not self._divides(place):
                continue
            if place > start:
                yield range(start, place)
            start = place + (place < len(self.tokens) and self.tokens[place].kind == "break")

    def _divides(self, place: int) -> bool:
        token = self.tokens[place]
        if token.kind == "break":
            behind = self.tokens[place + 1].word if place + 1 < len(self.tokens) else ""
            return token.text in SENTENCE_ENDS or behind not in self.grammar["subordinates"]
        if not place:
            return False
        concludes = token.word in self.grammar["concludes"] and self.tokens[place - 1].kind != "break"
        return concludes or self._colon_before(place)

    def _colon_before(self, place: int) -> bool:
        return ":" in self.text[self.tokens[place - 1].end : self.tokens[place].start]

    def announces(self, places: range) -> bool:
        """Whether a colon ends a clause."""
        return places.stop < len(self.tokens) and self._colon_before(places.stop)

    def mood(self, places: range, asking: Sequence[Mention]) -> Mood:
        """The mood of a clause, by its finite verb, and by what stands before it."""
        places = self._behind_value(places, asking)
        first = next((n for n in places if self.tokens[n].word not in self.grammar["openers"]), places.stop)
        finite = self._finite(places, first)
        if self._is_placed(places):
            finite = None
        bids = first < places.stop and self.tokens[first].word in self.grammar["bids"]
        if begins_with_participle([self.tokens[n].word for n in places[:2]], self.grammar) or (
            asking
            and not self._is_to_come(places)
            and (self._is_habit(places, asking[0]) or self._comes_after(places) or self._is_over(places))
        ):
            return "tells"
        if self._wishes(places) or (asking and self._remains(places, asking)):
            return "wishes" if asking else "none"
        if self._is_question(places) or self._waits(places):
            return "asks" if asking else "bids"
        if finite is None or (bids and finite >= first):
            return "asks" if asking else "bids" if bids else "none"
        noun = bool(asking) and asking[0].group.startswith("noun")
        whole = bool(asking) and finite in asking[0].places  # "masks are what we need", not "the engine is built"
        whole = whole and self.grammar["done"].isdisjoint(self.tokens[n].word for n in asking[0].places)
        lacks = whole and self.tokens[finite].word in self.grammar["lacks"]  # "the classifier needs training"
        opens = bool(asking) and not noun and asking[0].start <= first
        if lacks or (opens and (whole or finite > asking[0].start + 1)):
            return "asks"
        ordered = asking and self._is_to_come(places)
        return "asks" if ordered or any(is_ordered(self.tokens, places, m, self.grammar) for m in asking) else "tells"

    def _behind_value(self, places: range, asking: Sequence[Mention]) -> range:
        """The clause without a value that ends the sentence before it: "…, 30 epochs *and then let it judge …*"."""
        if not asking or self.tokens[places.start].kind != "number":
            return places
        leads, others = (
            self.grammar["leads_on"] | self.grammar["with_it"],
            self.grammar["somebody"] | self.grammar["people"],
        )
        for n in range(places.start + 1, min(places.start + _VALUE, asking[0].start)):
            joins = self.tokens[n].word in self.grammar["joins_steps"]
            before = {self.tokens[m].word for m in range(n + 1, asking[0].start)} if joins else set()
            if before & leads and not before & others:
                return range(n + 1, places.stop)
            if joins or self.tokens[n].word in self.grammar["finite"]:
                return places
        return places

    def _comes_after(self, places: range) -> bool:
        """Whether a clause only says what somebody does later: "before I start yet another training, …"."""
        first, second = ([self.tokens[n].word for n in places[:2]] + ["", ""])[:2]
        return first in self.grammar["before"] and second in self.grammar["speakers"]

    def _is_to_come(self, places: range) -> bool:
        """Whether another step is to come before it: "before the engine is built, …", "before you measure it, …"."""
        words = [self.tokens[n].word for n in places]
        to_come = self.grammar["will_be"].intersection(words[1:]) or self.grammar["told"].intersection(words[1:2])
        return words[0] in self.grammar["before"] and bool(to_come)

    def _is_over(self, places: range) -> bool:
        """Whether a clause only says after what it is to be: "after the export ran yesterday, …"."""
        words = [self.tokens[n].word for n in places]
        return bool(self.grammar["awaits"].intersection(words[:2]) and self.grammar["before_now"].intersection(words))

    def _is_question(self, places: range) -> bool:
        rest = (t.text for t in self.tokens[places.stop :] if t.kind == "break" and t.text in SENTENCE_ENDS)
        return next(rest, "") == "?"

    def _waits(self, places: range) -> bool:
        """Whether a clause begins with what has to happen first, as "once it is through, …"."""
        restricts = self.grammar["restricts_to"]
        opening = [n for n in places[:3] if self.tokens[n].word not in restricts][:2]  # "but only after it was trained"
        words = [self.tokens[n].word for n in places]
        if not not_before(words[:3], self.grammar) and not any(
            self.tokens[n].word in self.grammar["awaits"] for n in opening
        ):
            return False
        said = self.grammar["past"] | self.grammar["orders"]
        happened = any(one in self.grammar["wishing"] and other in said for one, other in itertools.pairwise(words))
        return not happened or bool(set(words[1:2]) & self.grammar["wishing"])

    def _is_habit(self, places: range, asking: Mention) -> bool:
        """Whether somebody does what elsewhere would be asked for: "we export to ONNX every week"."""
        subject = self.tokens[places.start].word in self.grammar["habit"]
        wish = self.tokens[asking.start].word in self.grammar["wishes"]  # "we need it trained"
        return subject and asking.start == places.start + 1 and not (wish or asking.group.startswith("noun"))

    def _remains(self, places: range, asking: Sequence[Mention]) -> bool:
        """Whether a clause says of a step that it is what is left to do, or will do."""
        said = {n for n in places if self.tokens[n].word in self.grammar["remains"]}
        said |= {n for n in places[:-2] if self.tokens[n].word == "next" and self.tokens[n + 2].word == "is"}
        over = {self.tokens[n].word for n in places} & self.grammar["not"]
        return bool(said) and not over and said.isdisjoint(n for m in asking for n in m.places)

    def _is_placed(self, places: range) -> bool:
        """Whether two neighbouring words say when a step comes: "the export comes last", "first comes …"."""
        order = self.grammar["goes_first"] | self.grammar["goes_last"] | self.grammar["goes_next"]
        pairs = [{self.tokens[n].word, self.tokens[m].word} for n, m in itertools.pairwise(places)]
        return any(pair & self.grammar["comes"] and pair & order for pair in pairs)

    def _wishes(self, places: range) -> bool:
        """Whether a clause wishes for something, as "we need", and does not say that nothing is wished for."""
        words = [self.tokens[n].word for n in places]
        for place, word in enumerate(words):
            before = words[max(0, place - 3) : place]
            if word in self.grammar["obliges"] or (word in _HAS and words[place + 1 : place + 2] == ["to"]):
                return True
            refuses = set(before[-2:]) & (self.grammar["not"] | self.grammar["rules_out"])
            wish = word in self.grammar["wishes"] or (word == "like" and set(before) & self.grammar["would"])
            asks = word in self.grammar["asks_for"] and set(words[place + 1 : place + 3]) & self.grammar["for_that"]
            would = word in self.grammar["would"] and set(words[place + 1 : place + 4]) & self.grammar["had"]
            subject = set(before) | set(words[place + 1 : place + 2] if place else ())  # "dann will ich …"
            if (wish or asks or would) and subject & self.grammar["wishing"] and not refuses:
                return True
        return False

    def _stems(self, place: int) -> bool:
        """Whether a participle says what something is made of, right behind it."""
        made = self.tokens[place].word in self.grammar["past"]
        return made and self.tokens[place + 1].word in self.grammar["stem_from"]

    def _finite(self, places: range, first: int) -> int | None:
        """The first finite verb behind a subject, before any subordinate clause."""
        if places and self.tokens[places.start].word in self.grammar["past"] & self.grammar["finite"]:
            return places.start
        subject = self.tokens[places.start].word in self.grammar["subjects"]
        for n in list(places)[1:]:
            word = self.tokens[n].word
            if n <= first:
                continue
            is_verb = self.tokens[n].kind == "word" and (word != "s" or self.tokens[n - 1].word in _BEFORE_S)
            is_verb = is_verb and (word != "am" or self.tokens[n - 1].word == "i")  # and not German: "am Ende"
            if word in self.grammar["stems"] and self.tokens[n + 1 : n + 2] and self._stems(n):
                continue  # "the engine made from it"
            if is_verb and (word in self.grammar["finite"] or (subject and len(word) > 4 and word.endswith("ed"))):
                return n
            if word in self.grammar["subordinates"]:
                return None
        return None

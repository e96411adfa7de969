# SPDX-License-Identifier: Apache-2.0
"""What a request that repeats a step is cut into, and what each piece has: jobs, data, values, "then", "again"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from router.number_formats import NUMBER_FORMATS
from router.said_data import is_no_data, is_ruled_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from router.patterns import Mention
    from router.reading import Reading

_OPENING, _LONGEST_LABEL = 4, 2
_TELLS_OF = ("task", "model", "trade", "value", "policy", "engine", "runner", "profile", "parent", "noun")
_ASKING = ("action", "named", "noun")


class Chunk(NamedTuple):
    """Words between commas, "and" and "then": what they say, and how they lead on.

    `verb` is the phrase that asks for an action. It `goes_on` by a word such as "then", or as an `item` of a list; it
    is said to be done `again`, or of `all` steps, or `counts` them ("once …, once …"); it is `brief` where it has no
    other words than what a step that is repeated needs. `joins` is the "and", or the comma, that stands before it,
    `first` the first token that says something.
    """

    places: range
    verb: Mention | None
    jobs: tuple[str, ...]
    paths: tuple[str, ...]
    values: frozenset[tuple[str, str]]
    tasks: frozenset[str]
    policy: bool
    goes_on: bool
    again: bool
    all: bool
    counts: bool
    brief: bool
    joins: str
    item: bool
    first: int

    @property
    def has_content(self) -> bool:
        """Whether it says anything of what a step works on, or how."""
        return bool(self.jobs or self.paths or self.values or self.tasks or self.policy)

    @property
    def leads_up(self) -> bool:
        """Whether it only begins a step, of which the next one says more."""
        said = self.jobs or self.paths or self.values or self.tasks or self.verb
        return self.brief and (self.goes_on or self.again) and not said


@dataclass(frozen=True, slots=True)
class Cutter:
    """Cuts a reading into chunks; `verbs` are those that a step of it may have, `stated` its values by their tokens."""

    reading: Reading
    verbs: frozenset[str]
    stated: Sequence[tuple[int, str, str]]

    def chunks(self) -> Iterator[Chunk]:
        """The chunks in their order; the number of an item, or "then a second one,", belongs to what follows."""
        item, begin = False, -1
        for places in self._cut():
            if self._is_label(places):
                item = True
                continue
            chunk = self._chunk(range(begin if begin >= 0 else places.start, places.stop), item=item)
            if chunk.leads_up and self.reading.tokens[places.stop : places.stop + 1] and self._has_comma(places.stop):
                begin = chunk.places.start
                continue
            yield chunk
            item, begin = False, -1

    def _has_comma(self, place: int) -> bool:
        return self.reading.tokens[place].text in {",", ":"}

    def _cut(self) -> Iterator[range]:
        start, tokens = 0, self.reading.tokens
        joins = self.reading.grammar["joins_steps"]
        leads = {n for n, token in enumerate(tokens) if token.word in joins or self._leads_on(n)}
        for place in range(len(tokens) + 1):
            ends = place == len(tokens) or tokens[place].kind == "break"
            led = place > start and place in leads and place - 1 not in leads
            if (ends or led) and place > start:
                yield range(start, place)
                start = place
            start += ends

    def _is_label(self, places: range) -> bool:
        """Whether it numbers an item: "1.", "b)"."""
        token = self.reading.tokens[places.start]
        closes = self.reading.text[token.end : token.end + 1] in {")", "."}
        return len(places) == 1 and closes and len(token.text) <= _LONGEST_LABEL and token.text.isalnum()

    def _leads_on(self, place: int) -> bool:
        """Whether a word leads on to another step: "then", "after that", and not "after the export"."""
        use, tokens = self.reading.grammar, self.reading.tokens
        if place >= len(tokens) or tokens[place].word in use["leads_on"]:
            return place < len(tokens)
        behind = [token.word for token in tokens[place + 1 : place + 2]]
        return tokens[place].word in use["thereafter"] and not use["that_before"].isdisjoint(behind)

    def _chunk(self, places: range, *, item: bool) -> Chunk:
        reading, use = self.reading, self.reading.grammar
        tokens, words = reading.tokens, [reading.tokens[n].word for n in places]
        break_ = tokens[places.start - 1] if places.start and tokens[places.start - 1].kind == "break" else None
        joined = words[0] in use["joins_steps"]
        opening = words[:_OPENING]
        return Chunk(
            places=places,
            verb=next((m for m in self._asking() if m.start in places), None),
            jobs=tuple(t.text for n in places if (t := tokens[n]).kind == "job" and not is_ruled_out(reading, n)),
            paths=tuple(t.text for n in places if (t := tokens[n]).kind == "path" and not is_no_data(t.text)),
            values=frozenset((name, value) for n, name, value in self.stated if n in places) | self._formats(places),
            tasks=frozenset(m.group for m in reading.of("task") if m.start in places),
            policy=any(m.start in places for m in reading.of("policy", negated=None)),
            goes_on=item or self._leads_on(places.start) or (joined and self._leads_on(places.start + 1)),
            again=any(word in use["says_again"] for word in (*opening, words[-1])),
            all=not use["both"].isdisjoint((words[0], words[-1], *words[1:2])),
            counts=self._counts(places),
            brief=self._is_brief(places),
            joins="and" if joined else break_.text if break_ else "",
            item=item,
            first=self._first(places),
        )

    def _asking(self) -> Iterator[Mention]:
        """What asks for an action of the steps, and is not only told."""
        reading = self.reading
        aside = reading.told | reading.narrated | reading.past | reading.remarks
        parents = {n for m in reading.of("parent") for n in m.places}
        for mention in sorted((m for kind in _ASKING for m in reading.of(kind)), key=lambda m: m.start):
            verb = mention.group.partition(":")[2]
            if verb in self.verbs and mention.start not in aside and parents.isdisjoint(mention.places):
                yield mention

    def _formats(self, places: range) -> frozenset[tuple[str, str]]:
        words = (self.reading.tokens[n].word for n in places)
        return frozenset(("number_format", word) for word in words if word in NUMBER_FORMATS)

    def _first(self, places: range) -> int:
        """The first token that is neither a word such as "and" nor a preposition or an article."""
        use, tokens = self.reading.grammar, self.reading.tokens
        small = use["joins_steps"] | use["prepositions"] | use["articles"]
        return next((n for n in places if tokens[n].kind != "word" or tokens[n].word not in small), places.start)

    def _counts(self, places: range) -> bool:
        """Whether it begins with "once", or "one", behind "and" or a comma."""
        tokens, use = self.reading.tokens, self.reading.grammar
        first = next((n for n in places if tokens[n].word not in use["joins_steps"]), places.start)
        return not use["counts_off"].isdisjoint((tokens[first].word, tokens[first].spelled))

    def _is_brief(self, places: range) -> bool:
        """Whether all of its words are phrases that say something, or words that say that it is repeated."""
        reading, use = self.reading, self.reading.grammar
        said = {n for kind in _TELLS_OF for m in reading.of(kind, negated=None) for n in m.places}
        said |= {n for m in self._asking() for n in m.places}
        small = (
            use["leads_on"]
            | use["thereafter"]
            | use["says_again"]
            | use["elided"]
            | use["joins_steps"]
            | use["prepositions"]
        )
        small |= use["articles"] | use["any_one"] | use["both"] | use["pleases"] | use["contrasts"] | use["counts_off"]
        small |= use["polite"] | use["bidden"] | set(NUMBER_FORMATS)
        return all(
            n in said or reading.tokens[n].kind not in {"word", "action", "quote"} or reading.tokens[n].word in small
            for n in places
        )

# SPDX-License-Identifier: Apache-2.0
"""What only tells of an action: "we trained it", "if we had trained it", "I'll export it myself", "…, never mind"."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from router.clauses import not_before
from router.colons import other_order
from router.tokens import clauses_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from router.patterns import Mention
    from router.tokens import Token

    Grammar = Mapping[str, frozenset[str]]

_ASKING, _STATES = frozenset({"action", "named", "verb", "noun"}), frozenset({"value", "policy"})
_MOST, _ENDS, _BY_HAND = 3, frozenset(".!?;\n"), frozenset({("by", "hand"), ("von", "hand")})


class Narration(NamedTuple):
    """The mentions without those that only tell; `places` are the tokens of the clauses that do.

    `alone` says that nothing else is asked for, and no value is given elsewhere.
    """

    mentions: list[Mention]
    places: frozenset[int] = frozenset()
    alone: bool = False


def without_narrated(tokens: Sequence[Token], mentions: list[Mention], grammar: Grammar) -> Narration:
    """The mentions without the actions that somebody did, did not do, does without us, or takes back."""
    asking = [m for m in mentions if _kind(m) in _ASKING]
    clauses = [_Clause(tokens, clause, grammar).without_order(asking) for clause in clauses_in(tokens)]
    verbs = {n for clause in clauses for n in clause.narrated()}
    verbs |= _carried(tokens, verbs, grammar)
    withdrawn = _withdrawn(tokens, mentions, grammar)
    if _waits_for_all(tokens, grammar) and not any(_kind(m) in _ASKING and not m.negated for m in mentions):
        return Narration(mentions, frozenset(range(len(tokens))), alone=True)
    if not verbs and not withdrawn:
        return Narration(mentions)
    told_of = {"action:": verbs, "": {n for n in verbs if tokens[n].word not in grammar["only_past"]}}  # "how it ran"
    kept = [
        m
        for m in mentions
        if _kind(m) not in _ASKING
        or not (told_of["action:" if _kind(m) == "action" else ""] & set(m.places) or m in withdrawn)
    ]
    gone = verbs | {m.start for m in withdrawn}
    places = frozenset(n for clause in clauses if gone & set(clause.places) for n in clause.places)
    told = places | {n for m in withdrawn for n in range(m.end)}
    asked = any(_kind(m) in _ASKING and not m.negated for m in kept)
    given = any(_kind(m) in _STATES and m.start not in told for m in kept)
    data = any(token.kind in {"path", "job"} and n not in told for n, token in enumerate(tokens))
    return Narration(kept, places, not (asked or given or data))


def _kind(mention: Mention) -> str:
    return mention.group.partition(":")[0]


def _sentences(tokens: Sequence[Token]) -> Iterator[range]:
    start = 0
    for place in range(len(tokens) + 1):
        if place == len(tokens) or (tokens[place].kind == "break" and tokens[place].text in _ENDS):
            if place > start:
                yield range(start, place)
            start = place + 1


class _Clause(NamedTuple):
    tokens: Sequence[Token]
    places: range
    grammar: Grammar

    def narrated(self) -> Iterator[int]:
        """The verbs of the clause that tell what was done, with what they say it of; all of what nobody does now."""
        words = [self.tokens[n].word for n in self.places]
        tells = self._is_relative if self._is_question() else self._tells
        for here, word in enumerate(words):
            if word in self.grammar["done"] and tells(words, here):
                takes_object = word in self.grammar["takes_object"]  # "they built an engine"
                yield from self.places[here:] if takes_object else self.places[here : here + 1]
        if self._is_unreal(words) or self._does_alone(words) or self._was_back_then(words):
            yield from self.places
        yield from self._named(words)

    def without_order(self, asking: Sequence[Mention]) -> _Clause:
        """The clause without an order behind a colon, where only before it somebody says that he does something."""
        stop = other_order(self.tokens, self.places, asking)
        alone = [n for n in self.places if self.tokens[n].word in self.grammar["alone"]]
        return self._replace(places=range(self.places.start, stop)) if alone and alone[-1] < stop else self

    def _is_question(self) -> bool:
        end = self.places.stop
        return end < len(self.tokens) and self.tokens[end].text == "?"

    def _is_relative(self, words: Sequence[str], here: int) -> bool:
        """Whether a question only tells which one is meant: "how good is the model we trained for …?"."""
        asks = self.grammar["perfect"] | self.grammar["auxiliaries"] | {"did", "if"}
        return here > 1 and words[here - 1] in self.grammar["doers"] and words[here - 2] not in asks

    def _tells(self, words: Sequence[str], here: int) -> bool:
        """Whether a verb tells what was done, would have been done, or is not wished for."""
        use = self.grammar
        before = [word for word in words[:here] if word not in use["adverbs"]]
        if self._is_fronted(words, here):
            return True
        if before and words[here] in use["only_past"] and use["conditions"].isdisjoint(before):
            return True
        not_yet = (use["awaits"] | use["conditions"]).intersection(words[:here]) or not_before(words[:here], use)
        if not before or not_yet:  # "once we trained it, …"
            return False
        if self._is_not_wished(words, here, before):
            return True
        if (use["would"] | use["unreal"]).intersection(before):
            return False
        at_end = self._is_german_perfect(words, here) if words[here] in use["done_at_end"] else False
        return at_end or (words[here] not in use["done_at_end"] and self._is_finite(words, here, before))

    def _is_fronted(self, words: Sequence[str], here: int) -> bool:
        """Whether a participle that opens a clause tells what was done: "trainiert und exportiert wurde in Graz"."""
        opens = self.grammar["done_at_end"] | self.grammar["joins_steps"]
        behind = next((word for word in words if word not in opens), "")
        return here < words.index(behind or words[-1]) and behind in self.grammar["was"] | self.grammar["been_done"]

    def _is_german_perfect(self, words: Sequence[str], here: int) -> bool:
        """Whether a participle at the end of a clause tells what was done: "wir haben ihn trainiert"."""
        use = self.grammar
        ends = here == len(words) - 1 or words[here + 1] in use["joins_steps"] | use["have_done"]
        return ends and bool(use["have_done"].intersection((*words[:here], *words[here + 1 : here + 2])))

    def _is_finite(self, words: Sequence[str], here: int, before: Sequence[str]) -> bool:
        """Whether a verb has a subject that did it: "we trained", "trainierten wir", "they have trained"."""
        use = self.grammar
        behind = use["doers"].intersection(words[here + 1 : here + 2]) and words[here] in use["done_before_doer"]
        perfect = len(before) > 1 and before[-1] in use["perfect"] - use["was"] - use["passive_is"]
        does = before[-1] in use["doers"] | use["people"]
        return does or bool(behind) or perfect or self._is_dated(words, before)

    def _is_unreal(self, words: Sequence[str]) -> bool:
        """Whether it is said what would have been: "had we built an engine", "wenn wir es trainiert haetten"."""
        use = self.grammar
        done = [n for n, word in enumerate(words) if word in use["done"]]
        if not done:
            return False
        if words[0] in use["had_first"]:
            return use["unreal"].isdisjoint(words)
        times = use["before_now"] | use["back_then"] | use["seasons"]
        if words[-1] in use["done_at_end"] and use["had_been"].intersection(words) and times.intersection(words):
            return True  # "ich haette es gern im Mai trainiert"
        before = any("had" in words[max(0, n - 2) : n] for n in done)
        behind = any(use["had_been"].intersection(words[n + 1 : n + 2]) for n in done)
        return bool(use["conditions"].intersection(words) and (before or behind))

    def _is_not_wished(self, words: Sequence[str], here: int, before: Sequence[str]) -> bool:
        """Whether nobody wants it done: "I don't need the classifier trained"."""
        wish = next((n for n, word in enumerate(before) if word in self.grammar["wishes"]), 0)
        return bool(wish) and before[wish - 1] in self.grammar["not"] and here == len(words) - 1

    def _is_dated(self, words: Sequence[str], before: Sequence[str]) -> bool:
        """Whether somebody who is named did it at a time that is over: "Nadia exported the model last week"."""
        use = self.grammar
        if (use["wishes"] | use["gets"]).intersection(before) or before[-1] in use["articles"]:
            return False
        if self._is_on_a_day(words, before):
            return True
        if use["prepositions"].intersection(before):
            return False
        return any(
            (word in use["last_time"] and other in use["periods"]) or other in use["before_now"]
            for word, other in pairwise(words)
        )

    def _is_on_a_day(self, words: Sequence[str], before: Sequence[str]) -> bool:
        """Whether a name and a weekday stand around the verb alone: "Ines evaluated on Tuesday"."""
        use = self.grammar
        behind = words[len(before) + 1 :]
        brief = len(before) == 1 and len(behind) == 2
        return brief and behind[0] in use["prepositions"] and behind[1] in use["weekdays"]

    def _named(self, words: Sequence[str]) -> Iterator[int]:
        """What is only a name, each word of it with a capital: "her boat is named Evaluate The Last Training"."""
        for here, pair in enumerate(pairwise(words)):
            if pair[0] not in self.grammar["be"] or pair[1] not in self.grammar["names"]:
                continue
            for n in range(self.places.start + here + 2, self.places.stop):
                if not self.tokens[n].text[0].isupper():
                    break
                yield n

    def _was_back_then(self, words: Sequence[str]) -> bool:
        """Whether something was so at a time that is over: "the best of the training was the coffee back then"."""
        said = [word for n, word in enumerate(words) if word != "back" or words[n + 1 : n + 2] == ["then"]]
        return all(self.grammar[use].intersection(said) for use in ("was_so", "back_then"))

    def _does_alone(self, words: Sequence[str]) -> bool:
        """Whether somebody says that he does it himself: "I'll export the better one myself"."""
        use = self.grammar
        alone = any(
            (word in use["alone"] and before not in use["prepositions"]) or (before, word) in _BY_HAND
            for before, word in pairwise(words)
        )
        does = any(one in use["doers"] and other in use["does"] for one, other in pairwise(words))
        subject = does or words[0] in use["doers"] or bool(use["does"].intersection(words[1:2]))
        return alone and subject and (use["wishes"] | use["would"]).isdisjoint(words)


def _carried(tokens: Sequence[Token], verbs: Iterable[int], grammar: Grammar) -> set[int]:
    """The verbs that go on with what is told: "we trained it, then exported it and built an engine"."""
    found: set[int] = set()
    joins = grammar["joins_steps"] | grammar["separates"] | grammar["adverbs"] | grammar["doers"]
    for verb in verbs:
        end = next((s.stop for s in _sentences(tokens) if verb in s), len(tokens))
        for place in range(verb + 1, end):
            before = tokens[max(verb + 1, place - _MOST) : place]
            said = tokens[place].word in grammar["done"] and before and before[-1].word in joins
            if said or (tokens[place].word in grammar["done"] and before and before[-1].kind == "break"):
                found.add(place)
    return found


def _waits_for_all(tokens: Sequence[Token], grammar: Grammar) -> bool:
    """Whether nothing at all is to be done before something happens: "nothing until the audit is over"."""
    said = pairwise(token.word for token in tokens if token.text != ",")
    return any(one in grammar["nothing"] and other in grammar["until"] for one, other in said)


def _is_conditional(tokens: Sequence[Token], mention: Mention, grammar: Grammar) -> bool:
    """Whether something is only taken back in a case that a short clause names: "if not, leave it alone"."""
    before = [clause for clause in clauses_in(tokens) if clause.stop <= mention.start][-1:]
    words = [tokens[n].word for clause in before for n in clause]
    return len(words) in range(1, _MOST + 1) and words[0] in grammar["conditions"] and words[-1] in grammar["not"]


def _withdrawn(tokens: Sequence[Token], mentions: Sequence[Mention], grammar: Grammar) -> list[Mention]:
    """What a request ends by taking back as a whole: "it would be nice to retrain it, but no, leave it alone"."""
    ends = [m for m in mentions if m.group == "withdrawal" and not _is_conditional(tokens, m, grammar)]
    if not ends:
        return []
    asking = [m for m in mentions if _kind(m) in _ASKING and not set(m.places) & set(ends[-1].places)]
    if any(m.start > ends[-1].start for m in asking):  # "we'd evaluate it, but skip that; masks for ./lot"
        sentence = next(s for s in _sentences(tokens) if ends[-1].start in s)
        return [m for m in asking if m.start in sentence and m.end <= ends[-1].start]
    return [] if any(token.kind in {"path", "job", "number"} for token in tokens[ends[-1].end :]) else asking

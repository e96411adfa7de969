# SPDX-License-Identifier: Apache-2.0
"""What is no request, as others do it, or as the words say that there is nothing to do: "Ines exports it herself"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.colons import other_order
from router.tokens import clause_at, clauses_in, folded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from router.patterns import Mention
    from router.tokens import Token
    from router.vocabulary import Vocabulary

    Grammar = Mapping[str, frozenset[str]]

_ASKING = ("action:", "named:", "noun:", "verb:")
_OF_THEIRS = ("value:", "runner:", "profile:", "foreign:craft")
_OURS = ("model", "task:")
_CHANGING = frozenset({"verb:cancel", "verb:remove", "verb:resume"})  # others only look, or answer
_NEAR, _LONG, _OWNS = 4, 6, 3


def with_left_alone(
    tokens: Sequence[Token], mentions: Sequence[Mention], vocabulary: Vocabulary
) -> tuple[list[Mention], frozenset[int]]:
    """The mentions, those negated which others do or nobody is to do; and the tokens that tell of what others do."""
    reader = _Others(tokens, vocabulary, [m for m in mentions if m.group.startswith(_ASKING)])
    theirs = frozenset(n for clause in clauses_in(tokens) for n in reader.theirs(clause))
    idle = any(m.group == "idle" and _leaves_all(tokens, m, vocabulary.grammar) for m in mentions)
    if not (theirs or idle):
        return list(mentions), theirs
    same = any(token.word in vocabulary.grammar["points_there"] for n, token in enumerate(tokens) if n not in theirs)
    asked = any(m.group.startswith(_ASKING) and m.start not in theirs for m in mentions)
    # "Tom trains 50 epochs; train on ./lot", not "… the same here"
    drops: tuple[str, ...] = () if same or not asked else _OF_THEIRS
    if drops and any(m.group.startswith(_OURS) and m.start not in theirs for m in mentions):
        drops = (*drops, "foreign:model")  # "train the segmentation; my supervisor compares it with her own U-Net"
    kept = [m for m in mentions if m.start not in theirs or not m.group.startswith(drops)] if drops else mentions
    return [_judged(tokens, m, theirs, vocabulary.grammar, idle=idle) for m in kept], theirs


def _judged(
    tokens: Sequence[Token], mention: Mention, theirs: frozenset[int], grammar: Grammar, *, idle: bool
) -> Mention:
    if mention.start in theirs and mention.group in {"policy:on", "policy:named", "policy:off"}:
        return mention._replace(group="action:train", negated=True)  # "Priya starts the search on Monday"
    if not mention.group.startswith(_ASKING):
        return mention
    acts = not mention.group.startswith("verb:") or mention.group in _CHANGING
    gone = mention.start in theirs or (idle and acts and not _is_bidden(tokens, mention, grammar))
    return mention._replace(negated=True) if gone else mention


def _leaves_all(tokens: Sequence[Token], mention: Mention, grammar: Grammar) -> bool:
    """Whether there is nothing to do at all, and not merely no link: "that has nothing to do with the export"."""
    clause = clause_at(tokens, mention.start)
    front = {tokens[n].word for n in range(clause.start, mention.start)}
    spares = {token.word for token in tokens[mention.start : mention.end]} & grammar["not"]
    if spares and not front <= grammar["openers"] | grammar["pronouns"] | grammar["concludes"] | grammar["adverbs"]:
        return False  # "the settings, don't touch"
    before = {token.word for token in tokens[max(0, mention.start - _NEAR) : mention.start]}
    behind = {token.word for token in tokens[mention.end : mention.end + 1]}
    return (grammar["has_had"] | grammar["have_done"]).isdisjoint(before) and (
        grammar["with_it"] | grammar["other_than"]
    ).isdisjoint(behind)


def _is_bidden(tokens: Sequence[Token], mention: Mention, grammar: Grammar) -> bool:
    """Whether a clause begins with a phrase, says please, or wishes for it."""
    clause = clause_at(tokens, mention.start)
    before = {tokens[n].word for n in range(clause.start, mention.start)}
    if before <= grammar["openers"] | grammar["adverbs"]:
        return True
    words = {tokens[n].word for n in clause}
    return bool(words & (grammar["pleases"] | (grammar["wishes"] - grammar["will"])))


class _Others:
    """Finds in a clause what a person who is named, or spoken of, does."""

    def __init__(self, tokens: Sequence[Token], vocabulary: Vocabulary, asking: Sequence[Mention]) -> None:
        self.tokens, self.vocabulary, self.use, self.asking = tokens, vocabulary, vocabulary.grammar, asking

    def theirs(self, clause: range) -> range:
        """The tokens of a clause from whoever does something on; none where nobody else does, or it only tells when."""
        first = self.tokens[clause.start].word
        when = self.use["awaits"] | self.use["conditions"] | self.use["before"] | self.use["relative"]
        if first in when:
            return range(0)
        part = self._part(clause)
        return (self._done_by_others(part) if part != clause else range(0)) or self._done_by_others(clause)

    def _done_by_others(self, clause: range) -> range:
        if self._is_by_whom(clause) or self._is_job_of(clause):
            return clause
        for place in clause:
            if self.tokens[place].kind == "word" and (begin := self._begin(place, clause)) is not None:
                return range(begin, self._end(place, clause))
        return range(0)

    def _begin(self, verb: int, clause: range) -> int | None:
        """The first token of a clause that tells what somebody does, by its finite verb; None where it does not."""
        word = folded(self.tokens[verb].text)  # and not what it may be a misspelling of: "cancels"
        behind = self.tokens[verb + 1].word if verb + 1 < clause.stop else ""
        takes = word != "takes" or behind in self.use["takes_on"]
        does = (word in self.use["does_it"] and takes) or self._is_to(verb, clause)
        before = self._over_adverbs(verb, clause)
        if does and before is not None and self._is_person(before):
            return clause.start if word in self.use["does_it_first"] else before
        return clause.start if self._is_before_doer(verb, clause) else None

    def _is_to(self, verb: int, clause: range) -> bool:
        """Whether a verb goes on with what is being done, or is to be: "will export", "is exporting", "wird …"."""
        word = self.tokens[verb].word
        behind = [self.tokens[n].word for n in range(verb + 1, min(verb + 1 + _NEAR, clause.stop))]
        behind = [one for one in behind if one not in self.use["adverbs"]][:1]
        if self._is_shall(verb, clause):
            return True
        if word in self.use["will"]:
            return not self.use["do_it"].isdisjoint(behind)
        ongoing = self.use["doing_it"] | self.use["about_to"]
        return word in self.use["be"] and not ongoing.isdisjoint(behind)

    def _is_shall(self, verb: int, clause: range) -> bool:
        """German: whether a clause says what somebody is to do: "Priya wird ihn am Montag trainieren"."""
        last = self.tokens[clause.stop - 1].word
        return self.tokens[verb].word in self.use["shall_be"] and last in self.use["later_done"]

    def _is_before_doer(self, verb: int, clause: range) -> bool:
        """German: whether the subject stands behind a verb: "das wertet Ines aus", "den Export mache ich selbst"."""
        word, behind = folded(self.tokens[verb].text), verb + 1
        if behind >= clause.stop or not (word in self.use["does_it_first"] or self._is_shall(verb, clause)):
            return False
        cares = word.startswith("kuemmer")
        while cares and behind + 1 < clause.stop and self.tokens[behind].word in self.use["oneself"]:
            behind += 1
        if self.tokens[behind].word in self.use["doers"]:
            return (cares and verb > clause.start) or any(self.tokens[n].word in self.use["alone"] for n in clause)
        while behind + 1 < clause.stop and self._tells_when(behind):
            behind += 1
        while behind + 1 < clause.stop and self.tokens[behind].word in self.use["articles"]:
            behind += 1
        people = self.tokens[behind].word in self.use["people"] | self.use["parties"]
        titled = people or (self._is_titled(behind) and behind + 1 < clause.stop)
        return verb > clause.start and (titled or self._is_name(behind))

    def _tells_when(self, place: int) -> bool:
        """Whether a word tells when; a preposition only with one behind it: "am Freitag", not "für die Blinker"."""
        word, times = folded(self.tokens[place].text), self._times()
        leads = word in self.use["prepositions"] - self.use["adverbs"]
        return folded(self.tokens[place + 1].text) in times - self.use["articles"] if leads else word in times

    def _times(self) -> frozenset[str]:
        """Words that tell when: "baut morgen Herr Vogel", "exportiert am Freitag Ines"."""
        kinds = ("adverbs", "later_times", "weekdays", "next", "periods", "prepositions")
        return frozenset[str]().union(*(self.use[kind] for kind in kinds))

    def _is_by_whom(self, clause: range) -> bool:
        """Whether a clause says by whom it will be done: "the evaluation will be done by Ines"."""
        words = [self.tokens[n].word for n in clause]
        will = self.use["will"].intersection(words) and self.use["passive"].intersection(words)
        if not (will or self.use["shall_be"].intersection(words)) or not (
            self.use["wishes"] - self.use["will"]
        ).isdisjoint(words):
            return False
        return any(
            self.tokens[n].word in self.use["by_whom"] and (self._is_person(n + 1) or self._is_titled(n + 1))
            for n in clause[:-1]
        )

    def _is_job_of(self, clause: range) -> bool:
        """Whether a clause says whose job it is: "exporting it is Tom's job", "der Export ist Toms Sache"."""
        words = [self.tokens[n].word for n in clause]
        here = range(clause.start, clause.stop)
        if self.use["is_job"].intersection(words) and (jobs := [n for n in here if self._is_job(n)]):
            before = range(max(clause.start, jobs[0] - _OWNS), jobs[0])
            behind = range(jobs[0] + 1, min(jobs[0] + 1 + _OWNS, clause.stop))
            to = {self.tokens[n].word for n in behind} & self.use["is_job"]  # "my task is to train it"
            return (not to and any(self._owns(n) for n in before)) or any(self._is_person(n) for n in behind)
        places = (n for n in here[1:-2] if self.tokens[n].word in self.use["falls_to"])
        return any(
            self.tokens[n + 1].word in self.use["falls_to_whom"]
            and any(self._owns(m) or self._is_titled(m) for m in range(n + 2, min(n + 4, clause.stop)))
            for n in places
        )

    def _part(self, clause: range) -> range:
        """What stands behind a colon, or a word that joins it to an order with data: "train on ./a und den …"."""
        begin = clause.start
        for n in () if self._is_person(begin) else clause[1:]:
            colon = self.tokens[n].start - self.tokens[n - 1].end > 1
            joined = self.tokens[n - 1].word in self.use["joins_steps"] and n - 1 > clause.start
            ordered = self.tokens[clause.start].word not in self.use["articles"]
            carried = any(self.tokens[m].kind in {"path", "job"} for m in range(begin, n - 1))
            if colon or (joined and ordered and carried):
                begin = n
        return range(begin, clause.stop)

    def _is_job(self, place: int) -> bool:
        return self.tokens[place].word in self.use["jobs_of_somebody"]

    def _owns(self, place: int) -> bool:
        """Whether a word says whose something is: "Tom's", "Toms", "our"."""
        if self.tokens[place].word in self.use["somebodys"]:
            return True
        return self._is_person(place) and self.tokens[place].word not in self.use["third"]

    def _is_titled(self, place: int) -> bool:
        return folded(self.tokens[place].text) in self.use["titles"]

    def _over_adverbs(self, place: int, clause: range) -> int | None:
        here = place - 1
        if here >= clause.start and self.tokens[place].start - self.tokens[here].end > 1:
            return None  # a colon stands between them
        while here >= clause.start and self.tokens[here].word in self.use["adverbs"]:
            here -= 1
        return here if here >= clause.start else None

    def _is_person(self, place: int) -> bool:
        token = self.tokens[place]
        if token.kind != "word":
            return False
        return token.word in self.use["people"] | self.use["third"] | self.use["parties"] or self._is_name(place)

    def _is_name(self, place: int) -> bool:
        """Whether a word is a name: it has a capital, and nothing knows it as it stands."""
        token = self.tokens[place]
        if token.kind != "word" or not token.text[0].isupper():
            return False
        if place and self.tokens[place - 1].word in self.use["titles"]:
            return True
        patterns, called = self.vocabulary.patterns, token.text.istitle() and place > 0
        behind = self.tokens[place + 1 : place + 2]
        if called and behind and behind[0].text == "will" and not patterns.knows(token.word):
            return True  # "…: Ana will build it"; some dialect has a word of that spelling
        unknown = folded(token.text) not in self.vocabulary.known
        misspelt = len(token.text) >= _LONG and patterns.knows(token.word)
        return unknown and not misspelt and not self.vocabulary.foreign.knows(token.word)

    def _end(self, verb: int, clause: range) -> int:
        """Where what somebody does ends: before a word that joins an order to it."""
        joins = self.use["joins_steps"] | self.use["contrasts"] | self.use["concludes"]
        for place in range(verb + 1, (stop := other_order(self.tokens, range(verb, clause.stop), self.asking)) - 1):
            if self.tokens[place].word in joins and self.tokens[place + 1].word not in self.use["does_it"]:
                return place
        return stop

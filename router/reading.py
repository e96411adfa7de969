# SPDX-License-Identifier: Apache-2.0
"""Reads a request: its tokens, the phrases in them, what is negated, and which words nothing knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from router.attributes import with_attributes
from router.background import background
from router.called_off import with_called_off
from router.clauses import is_ordered, not_before
from router.clock_durations import with_clock_durations
from router.compound_numerals import compound_numerals
from router.denied import without_answers
from router.dictation import with_dictated_paths, with_named_figures
from router.left_alone import with_left_alone
from router.lexer import Hooks, tokenize
from router.narration import without_narrated
from router.negation import never_without, with_negation
from router.numerals import with_numerals
from router.patterns import Mention, longest
from router.put_off import left_to_others, with_put_off
from router.refused_training import nor_plain
from router.seeming import asking_phrases, counts_processes, is_part_of_a_name, other_model, own_numbers, within_steps
from router.spoken_numbers import with_spoken_numbers
from router.suggestions import without_polite_not
from router.tokens import Token, clause_at
from router.vocabulary import vocabulary_of
from router.words_of_tokens import (
    action_names,
    backbones,
    is_action,
    is_data,
    is_slot,
    parts,
    spelled,
    with_automl,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from router.declarations import Skill

_KINDS = (
    "policy",
    "neutral",
    "foreign",
    "correction",
    "verb",
    "action",
    "value",
    "parent",
    "task",
    "model",
    "trade",
    "noun",
)
_RANK = {kind: place for place, kind in enumerate(_KINDS)}
# Of phrases that share words the longest counts, within a layer: "plain training" is both an action and a policy.
_LAYERS = (
    frozenset({"action", "noun", "verb", "neutral", "foreign"}),
    frozenset({"model", "trade", "task", "engine", "foreign"}),
    frozenset({"policy"}),
    frozenset({"doubt", "hesitation", "retraction"}),
    frozenset({"correction"}),
    frozenset({"instead"}),
    frozenset({"withdrawal"}),
    frozenset({"idle", "spared"}),
    frozenset({"put_off", "done_already", "unheeded"}),
    frozenset({"unread"}),
    frozenset({"option"}),
    frozenset({"setting"}),
    frozenset({"value", "runner", "profile", "parent", "other", "pointer", "remark"}),
)


@dataclass(slots=True)
class Reading:
    """The tokens of a request and the mentions in them, those of one layer never sharing a token.

    `grammar` holds the words of the language files by their use, `corrected` maps a misspelt word to what it was read
    as, `remarks` are tokens of clauses that only tell why, `told` those that tell what is the case, `past` what
    no longer is, or is not; `theirs` those of what others do, `narrated` those of clauses that say what was done, which
    is all where `only_told`.
    """

    text: str
    tokens: list[Token]
    mentions: list[Mention]
    grammar: Mapping[str, frozenset[str]]
    corrected: dict[str, str] = field(default_factory=dict)
    remarks: set[int] = field(default_factory=set)
    told: frozenset[int] = frozenset()
    past: frozenset[int] = frozenset()
    narrated: frozenset[int] = frozenset()
    theirs: frozenset[int] = frozenset()
    only_told: bool = False
    _kinds: dict[str, list[Mention]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _counted: int = field(default=-1, init=False, repr=False, compare=False)
    _clauses: dict[int, range] = field(default_factory=dict, init=False, repr=False, compare=False)

    def of(self, kind: str, *, negated: bool | None = False) -> list[Mention]:
        """The mentions of a kind (the part of the group before the colon); `negated` None takes all."""
        if self._counted != len(self.mentions):
            self._kinds.clear()
            for mention in self.mentions:
                self._kinds.setdefault(mention.group.partition(":")[0], []).append(mention)
            self._counted = len(self.mentions)
        return [m for m in self._kinds.get(kind, ()) if negated is None or m.negated is negated]

    def names(self, kind: str) -> tuple[str, ...]:
        """What follows the colon in the groups of a kind, without repetition."""
        return tuple(dict.fromkeys(m.group.partition(":")[2] for m in self.of(kind)))

    def said(self, mention: Mention) -> str:
        """The user's own words of a mention."""
        return self.text[self.tokens[mention.start].start : self.tokens[mention.end - 1].end]

    def asking_words(self) -> list[str]:
        """The words without those of clauses that only tell."""
        return [token.word for n, token in enumerate(self.tokens) if n not in self.told]

    def background(self) -> tuple[str, ...]:
        """The user's own words of what is only told."""
        runs: list[list[int]] = []
        for place in sorted(self.told):
            if runs and runs[-1][-1] == place - 1:
                runs[-1].append(place)
            else:
                runs.append([place])
        return tuple(self.text[self.tokens[run[0]].start : self.tokens[run[-1]].end] for run in runs)

    def clause(self, place: int) -> tuple[int, int]:
        """The first token of the clause that a token stands in, and the one behind its last."""
        if (places := self._clauses.get(place)) is None:
            places = self._clauses[place] = clause_at(self.tokens, place)
        return places.start, places.stop

    def clauses(self, part: range) -> Iterator[range]:
        """The tokens of each clause that a part has words of, whole."""
        stop = -1
        for place in part:
            if place >= stop and self.tokens[place].kind != "break":
                clause = range(*self.clause(place))
                yield clause
                stop = clause.stop


def read(text: str, skill: Skill) -> Reading:
    """Read a request by the language files and the words that the skill declares."""
    vocabulary = vocabulary_of(skill)
    names = {*skill.info["train_policy"]["names"], skill.info["train_policy"]["slot"]}
    hooks = Hooks(
        partial(is_action, skill), partial(is_data, skill), partial(is_slot, skill, names), vocabulary.grammar
    )
    tokens = _without_slash(tokenize(text, hooks), skill)
    tokens = with_dictated_paths(text, tokens, vocabulary.grammar, vocabulary.spoken_signs)
    corrected: dict[str, str] = {}
    numerals = {**vocabulary.numerals, **compound_numerals(tokens, vocabulary.numerals)}
    tokens = [one for token in tokens for one in ((token,) if token.word in numerals else parts(token, vocabulary))]
    tokens = [token if token.word in numerals else spelled(token, vocabulary, corrected) for token in tokens]
    tokens = with_automl(without_polite_not(tokens, vocabulary.grammar), vocabulary)
    tokens = with_clock_durations(text, tokens, vocabulary.grammar)
    tokens = with_numerals(tokens, numerals, vocabulary.numeral_joiners)
    tokens = with_attributes(with_spoken_numbers(tokens, vocabulary.grammar), vocabulary.grammar)
    tokens = with_named_figures(tokens, vocabulary.grammar)
    found = [*vocabulary.patterns.find(tokens), *backbones(text, tokens, vocabulary)]
    found = [
        m for m in found if m.group != "neutral" or text[tokens[m.end - 1].end :][:1] != "="
    ]  # "inference data=./lot"
    found = within_steps(tokens, asking_phrases(text, tokens, found, vocabulary.grammar), vocabulary.grammar)
    found += (m for m in vocabulary.foreign.find(tokens) if not counts_processes(tokens, m, vocabulary.grammar))
    mentions = action_names(tokens)
    layers = []
    for layer in _LAYERS:
        of_layer = [m for m in found if m.group.partition(":")[0] in layer]
        layers.append(longest(own_numbers(tokens, of_layer, vocabulary.grammar), _RANK))
    for kept in layers:
        resolved = (
            m
            for m in kept
            if not m.group.startswith("foreign")
            or ((m in layers[0] or other_model(m, layers[0])) and not is_part_of_a_name(tokens, m, found))
        )
        mentions += with_negation(tokens, list(resolved), vocabulary)
    mentions = never_without(tokens, sorted(dict.fromkeys(mentions), key=lambda m: m.places))
    mentions = nor_plain(tokens, mentions, vocabulary.grammar)
    mentions = without_answers(text, tokens, mentions, vocabulary.grammar)
    mentions = with_put_off(tokens, mentions, vocabulary.grammar)
    mentions = with_called_off(tokens, mentions, vocabulary)
    mentions, theirs = with_left_alone(tokens, mentions, vocabulary)
    mentions = [m._replace(group="action:train") if m.negated and m.group == "action:retrain" else m for m in mentions]
    narration = without_narrated(tokens, mentions, vocabulary.grammar)
    behind = background(text, tokens, narration.mentions, vocabulary.grammar)
    others = left_to_others(tokens, behind.mentions, vocabulary.grammar)
    remarks = others.union(theirs) | _remarks(tokens, behind.mentions, vocabulary.grammar) | behind.told
    reading = Reading(text, tokens, behind.mentions, vocabulary.grammar, corrected, remarks, behind.told, behind.past)
    reading.theirs = theirs
    reading.narrated, reading.only_told = narration.places, narration.alone
    return reading


def _without_slash(tokens: list[Token], skill: Skill) -> list[Token]:
    """The tokens with the model's name for the command of a chat that opens them: "/changenet train on ./lot"."""
    first = tokens[0] if tokens else None
    name = first.text.removeprefix("/").lower() if first and first.kind == "path" else ""
    if first and first.text == f"/{name}" and name in skill.info["language"]["triggers"]:
        return [Token("word", name, name, first.start + 1, first.end), *tokens[1:]]
    return tokens


def _is_asked(tokens: Sequence[Token], mention: Mention, grammar: Mapping[str, frozenset[str]]) -> bool:
    """Whether a remark is who is asked to do something: "can somebody export it?", "somebody ought to export it"."""
    behind = [
        token.word for token in tokens[mention.end : mention.end + 2] if token.word not in grammar["restricts_to"]
    ]
    if not_before([token.word for token in tokens[mention.end : mention.end + 2]], grammar):
        return True  # "…, though not before it has been evaluated"
    if tokens[mention.start].word == "so" and grammar["wishes"].intersection(behind[:1]):
        return True  # "so I only want to know …"
    if grammar["pleases"].intersection(behind[:1]):
        return True  # "kann jemand bitte …"
    led = mention.start and tokens[mention.start - 1].word in grammar["leads_on"]
    if led and tokens[mention.start].word in grammar["therewith"]:
        return True  # "und dann damit die Platinen prüfen"
    if any(token.word in grammar["polite"] for token in tokens[max(0, mention.start - 2) : mention.start]):
        return True
    return any(token.word in grammar["orders_passive"] for token in tokens[mention.end : mention.end + 1])


def _remarks(tokens: Sequence[Token], mentions: Sequence[Mention], grammar: Mapping[str, frozenset[str]]) -> set[int]:
    """The tokens of clauses that tell why, from their first word to the end of the clause."""
    found: set[int] = set()
    asked = [m for m in mentions if m.group.partition(":")[0] in {"action", "verb"}]
    for mention in mentions:
        if mention.group == "remark" and not _is_asked(tokens, mention, grammar):
            end = next((n for n in range(mention.start, len(tokens)) if tokens[n].kind == "break"), len(tokens))
            clause = range(mention.start, end)
            if not any(is_ordered(tokens, clause, m, grammar) for m in asked if m.start in clause):
                found.update(clause)
    return found

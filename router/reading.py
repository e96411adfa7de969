# SPDX-License-Identifier: Apache-2.0
"""Reads a request: its tokens, the phrases in them, what is negated, and which words nothing knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from router.background import background
from router.clauses import is_ordered
from router.dictation import with_dictated_paths, with_named_figures
from router.lexer import Hooks, tokenize
from router.negation import never_without, with_negation
from router.numerals import with_numerals
from router.patterns import Mention, longest
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
    from collections.abc import Iterable, Mapping, Sequence

    from router.declarations import Skill
    from router.tokens import Token

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
_BESIDE, _WORDS = 2, 2
_RANK = {kind: place for place, kind in enumerate(_KINDS)}
# Of phrases that share words the longest counts, within a layer: "plain training" is both an action and a policy.
_LAYERS = (
    frozenset({"action", "noun", "verb", "neutral", "foreign"}),
    frozenset({"model", "trade", "task", "engine", "foreign"}),
    frozenset({"policy"}),
    frozenset({"doubt", "hesitation", "retraction"}),
    frozenset({"correction"}),
    frozenset({"instead"}),
    frozenset({"value", "runner", "profile", "parent", "other", "pointer", "remark"}),
)


@dataclass(slots=True)
class Reading:
    """The tokens of a request and the mentions in them, those of one layer never sharing a token.

    `grammar` holds the words of the language files by their use, `corrected` maps a misspelt word to what it was read
    as, `remarks` are tokens of clauses that only tell why, `told` those that tell what is the case, `past` what
    no longer is, or is not.
    """

    text: str
    tokens: list[Token]
    mentions: list[Mention]
    grammar: Mapping[str, frozenset[str]]
    corrected: dict[str, str] = field(default_factory=dict)
    remarks: set[int] = field(default_factory=set)
    told: frozenset[int] = frozenset()
    past: frozenset[int] = frozenset()

    def of(self, kind: str, *, negated: bool | None = False) -> list[Mention]:
        """The mentions of a kind (the part of the group before the colon); `negated` None takes all."""
        wanted = [m for m in self.mentions if m.group.partition(":")[0] == kind]
        return [m for m in wanted if negated is None or m.negated is negated]

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
        breaks = [n for n, token in enumerate(self.tokens) if token.kind == "break"]
        start = max((n + 1 for n in breaks if n < place), default=0)
        return start, min((n for n in breaks if n >= place), default=len(self.tokens))


def read(text: str, skill: Skill) -> Reading:
    """Read a request by the language files and the words that the skill declares."""
    vocabulary = vocabulary_of(skill)
    names = {*skill.info["train_policy"]["names"], skill.info["train_policy"]["slot"]}
    hooks = Hooks(
        partial(is_action, skill), partial(is_data, skill), partial(is_slot, skill, names), vocabulary.grammar
    )
    tokens = tokenize(text, hooks)
    tokens = with_dictated_paths(text, tokens, vocabulary.grammar, vocabulary.spoken_signs)
    corrected: dict[str, str] = {}
    tokens = [one for token in tokens for one in parts(token, vocabulary)]
    tokens = [spelled(token, vocabulary, corrected) for token in tokens]
    tokens = with_automl(tokens, vocabulary)
    tokens = with_numerals(tokens, vocabulary.numerals, vocabulary.numeral_joiners)
    tokens = with_named_figures(tokens, vocabulary.grammar)
    found = [*vocabulary.patterns.find(tokens), *backbones(tokens, vocabulary)]
    found = [_without_number(tokens, m, found) for m in found if not _belongs_before(text, tokens, m)]
    engines = {n for m in found if m.group == "action:gen_trt_engine" for n in m.places}
    found = [m for m in found if not _builds(tokens, m, vocabulary.grammar["builds"]) or engines.isdisjoint(m.places)]
    found = [m for m in found if not _is_a_run(tokens, m, vocabulary.grammar["a_run"])]
    parents = [m for m in found if m.group.startswith("parent:")]
    found = [m for m in found if not _hands_over(tokens, m, parents, vocabulary.grammar["builds"])]
    found = [m for m in found if not _comes_next(tokens, m, vocabulary.grammar["separates"])]
    found = [m for m in found if not _of_engine(tokens, m, vocabulary.grammar["engines"])]
    found += vocabulary.foreign.find(tokens)
    mentions = action_names(tokens)
    layers = []
    for layer in _LAYERS:
        of_layer = [m for m in found if m.group.partition(":")[0] in layer]
        timed = [m for m in of_layer if not _is_time(m, tokens, vocabulary.grammar)]
        layers.append(longest((m for m in timed if not _robs(m, timed, tokens)), _RANK))
    for kept in layers:
        resolved = (
            m
            for m in kept
            if not m.group.startswith("foreign")
            or (m in layers[0] and not _of_golden(tokens, m))
            or (_other_model(m, layers[0]) and not _of_golden(tokens, m))
        )
        mentions += with_negation(tokens, list(resolved), vocabulary)
    mentions = never_without(tokens, sorted(dict.fromkeys(mentions), key=lambda m: m.places))
    behind = background(text, tokens, mentions, vocabulary.grammar)
    remarks = _remarks(tokens, behind.mentions, vocabulary.grammar) | behind.told
    return Reading(text, tokens, behind.mentions, vocabulary.grammar, corrected, remarks, behind.told, behind.past)


def _builds(tokens: Sequence[Token], mention: Mention, verbs: frozenset[str]) -> bool:
    """Whether what may be a training builds something, as an engine is: "build an engine from line.onnx"."""
    return mention.group == "action:train" and tokens[mention.start].word in verbs


def _is_a_run(tokens: Sequence[Token], mention: Mention, before: frozenset[str]) -> bool:
    """Whether "run" is what is to be made, and no verb: "one plain run of the classifier on ./lot"."""
    first = tokens[mention.start].word == "run" and mention.start > 0
    return mention.group == "action:inference" and first and tokens[mention.start - 1].word in before


def _hands_over(tokens: Sequence[Token], mention: Mention, parents: Sequence[Mention], builds: frozenset[str]) -> bool:
    """Whether what seems to be a training hands over what is there: "give me the best trial as an fp8 model"."""
    if mention.group != "action:train" or tokens[mention.start].word not in builds:
        return False
    return any(m.group == "parent:best_trial" and mention.start < m.start < m.end < mention.end for m in parents)


def _comes_next(tokens: Sequence[Token], mention: Mention, separates: frozenset[str]) -> bool:
    """Whether what elsewhere only names an export is the next step: "train it, followed by an export"."""
    before = {token.word for token in tokens[max(0, mention.start - 2) : mention.start]}
    return mention.group == "neutral" and tokens[mention.end - 1].word == "export" and bool(before & separates)


def _of_engine(tokens: Sequence[Token], mention: Mention, engines: frozenset[str]) -> bool:
    """Whether a number format is that of an engine, and nothing is quantised: "make an int8 engine"."""
    if mention.group != "action:quantize" or len(mention.places) < 2:
        return False
    formats = (n for n in mention.places if tokens[n].word in {"int8", "fp8"})
    return any(token.word in engines for n in formats for token in tokens[max(0, n - _BESIDE) : n + _BESIDE])


def _is_time(mention: Mention, tokens: Sequence[Token], grammar: Mapping[str, frozenset[str]]) -> bool:
    """Whether what may be an image size is a time: "cap the training at 4 hours"."""
    behind = {token.word for token in tokens[mention.end : mention.end + 1]}
    return mention.group == "value:image_size" and bool(behind & grammar["time_units"])


def _robs(mention: Mention, others: Sequence[Mention], tokens: Sequence[Token]) -> bool:
    """Whether a value takes another one's number: "30 epochs on two GPUs", "batch 4 and 30 epochs"."""
    before, start = mention.start - 1, mention.start
    if not mention.group.startswith("value:") or before < 0:
        return False
    if tokens[before].kind == "number":
        taken = any(m.group == mention.group and before in m.places and start in m.places for m in others)
        return taken and not _is_of_name(before, others, tokens)
    several = sum(tokens[n].kind == "number" for n in mention.places) > 1 and tokens[start].kind == "number"
    return several and any(
        m.group.startswith("value:") and m.group != mention.group and m.start < start == m.end - 1 for m in others
    )


def _is_of_name(number: int, others: Sequence[Mention], tokens: Sequence[Token]) -> bool:
    """Whether a number belongs to the name before it, as in a list of names each with its figure: "epochs 9 gpus 4"."""
    named = [m for m in others if m.group.startswith("value:") and m.places[-1] == number]
    return any(tokens[m.start].kind == "word" and not _robs(m, others, tokens) for m in named)


def _other_model(mention: Mention, said: Iterable[Mention]) -> bool:
    """Whether another model is named, and not by a phrase that means nothing: "the golden image classifier"."""
    known = {n for m in said if m.group == "neutral" for n in m.places}
    return mention.group == "foreign:model" and known.isdisjoint(mention.places)


def _of_golden(tokens: Sequence[Token], mention: Mention) -> bool:
    """Whether what may name another model is the golden image's: "a run of the golden-image classifier"."""
    return mention.start > 0 and tokens[mention.start - 1].word in {"golden", "reference"}


def _belongs_before(text: str, tokens: Sequence[Token], mention: Mention) -> bool:
    """Whether a value begins with the number of the name before it, as `2 gpus` in "nodes=2 gpus=8"."""
    start = mention.start
    if not start or (glue := text[tokens[start - 1].end : tokens[start].start]) not in {"=", ":"}:
        return False
    if mention.group.startswith("action:"):
        return glue == "=" and tokens[start - 1].word == "task"  # "task=classify data=./lot"
    return mention.group.startswith("value:") and tokens[start].kind == "number" and len(mention.places) > 1


def _without_number(tokens: Sequence[Token], mention: Mention, others: Iterable[Mention]) -> Mention:
    """A correction without the number that it ends with, where a value begins with that: "no, make it 35 epochs"."""
    last = mention.places[-1]
    if mention.group != "correction" or tokens[last].kind != "number" or len(mention.places) < _WORDS:
        return mention
    begins = any(m.group.startswith("value:") and m.start == last and m.end > last + 1 for m in others)
    return mention._replace(places=mention.places[:-1]) if begins else mention


def _is_asked(tokens: Sequence[Token], mention: Mention, grammar: Mapping[str, frozenset[str]]) -> bool:
    """Whether a remark is who is asked to do something: "can somebody export it?", "somebody ought to export it"."""
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

# SPDX-License-Identifier: Apache-2.0
"""Which clauses of a request ask, and which only tell what is the case: "Engine is built. Evaluate it on ./lot"."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from router.clauses import Clause, clauses_of
from router.tokens import clause_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from router.patterns import Mention
    from router.tokens import Token

_ASKING = frozenset({"action", "named", "verb", "noun"})
_OURS = frozenset({"model", "task", "trade", "parent"})
_NOT_PAST = frozenset({"task", "policy"})
_WHOLE_PHRASE = 3
_WHOLE = frozenset({"verb:stage", "verb:doctor", "verb:demo", "verb:data_synthesize", "verb:data_check"})
_CARRIES = frozenset({"path", "job"})


class Background(NamedTuple):
    """The tokens of clauses that only tell; `past` those that tell what happened.

    `mentions` are those of the request without what these clauses seem to ask for.
    """

    mentions: list[Mention]
    told: frozenset[int] = frozenset()
    past: frozenset[int] = frozenset()


def background(
    text: str, tokens: Sequence[Token], mentions: list[Mention], grammar: Mapping[str, frozenset[str]]
) -> Background:
    """The clauses that only tell, of a request in which another clause asks."""
    asking = [m for m in mentions if _kind(m) in _ASKING and not m.negated]
    clauses = clauses_of(text, tokens, asking, grammar)
    asked = [c for c in clauses if c.asks]
    if not asked:
        searching = [m for m in mentions if m.group in {"policy:on", "policy:off", "policy:named"}]
        asked = [c for c in clauses if _searches(c, searching, mentions)]
    if len(clauses) < 2 or not (asked or any(c.mood == "bids" for c in clauses)):
        return Background(mentions)
    whole = [c for c in asked if _names_ours(c, clauses, tokens, mentions, grammar)]
    if asked and not whole:
        return Background(mentions)
    full = [c for c in whole if c.mood == "asks"]
    telling = [c for c in clauses if _tells(c, tokens, full, sure=bool(asked))]
    for before, clause in pairwise(clauses):
        if before in telling and clause not in telling and _is_listed(before, clause):
            telling.append(clause)
    told = frozenset(n for c in telling for n in c.places)
    past = frozenset(n for c in telling if _is_past(c, tokens, mentions, grammar) for n in c.places)
    front = [m for m in mentions if m.start not in told]
    kept = [
        m
        for m in mentions
        if m.start not in told
        or _is_denied(m)
        or _is_announced(m, clauses[0])
        or _opens_with_it(m, tokens, grammar)
        or not _drops(m, front, tokens, told, past=m.start in past)
    ]
    return Background(kept, told, past)


def _kind(mention: Mention) -> str:
    return mention.group.partition(":")[0]


def _searches(clause: Clause, searching: Iterable[Mention], mentions: Iterable[Mention]) -> bool:
    """Whether a clause asks for a training by naming the search, and what is trained: "so HPO for the classifier"."""
    ours = any(m.start in clause.places and _kind(m) in {"model", "task", "trade"} for m in mentions)
    return clause.mood == "none" and ours and any(m.start in clause.places for m in searching)


def _names_ours(
    clause: Clause,
    clauses: Iterable[Clause],
    tokens: Sequence[Token],
    mentions: Iterable[Mention],
    grammar: Mapping[str, frozenset[str]],
) -> bool:
    """Whether the sentence of a clause names this model, its trade, data or a job, or a long phrase says it whole."""
    if any(len(m.places) >= _WHOLE_PHRASE or m.group in _WHOLE for m in clause.asking):
        return True
    places = {n for c in clauses if c.sentence == clause.sentence for n in c.places}
    if any(m.group.startswith("action") for m in clause.asking) and any(
        tokens[n].word in grammar["holds_format"] for n in clause.places
    ):
        return True
    if clause.asking and clause.asking[0].group.startswith("verb") and any(token.kind == "job" for token in tokens):
        return True
    named = any(m.start in places and _kind(m) in _OURS for m in mentions)
    return named or any(tokens[n].kind in {*_CARRIES, "action"} for n in places)


def _tells(clause: Clause, tokens: Sequence[Token], full: Sequence[Clause], *, sure: bool) -> bool:
    """Whether a clause only tells: by its mood, or as it leads up to a whole request."""
    return (clause.mood == "tells" and (sure or not clause.asking)) or _stands_before(clause, full, tokens)


def _is_listed(told: Clause, clause: Clause) -> bool:
    """Whether a clause only goes on with what is told: "I know I said train, evaluate, export"."""
    return bool(told.asking and clause.asking) and told.sentence == clause.sentence and len(clause.places) == 1


def _stands_before(clause: Clause, full: Sequence[Clause], tokens: Sequence[Token]) -> bool:
    """Whether a clause leads up to a whole request: it asks for nothing, or only wishes for what is then asked for."""
    later = next((c for c in full if c.places.start > clause.places.start), None)
    if later is None:
        return False
    carries = any(tokens[n].kind in _CARRIES for n in clause.places)
    if clause.announces and clause.mood == "asks" and later.places.start == clause.places.stop:
        return not carries and all(m.group.startswith("verb") for m in clause.asking)
    if clause.mood == "wishes":
        return clause.sentence < later.sentence and not carries and not later.goes_on
    figures = any(tokens[n].kind == "number" for n in clause.places)
    if clause.mood == "none" and later.goes_on and (carries or figures):
        return False  # "8 epochs on ./lot; then evaluate it"
    return clause.mood == "none" and not clause.asking and (clause.sentence < later.sentence or clause.announces)


def _is_past(
    clause: Clause, tokens: Sequence[Token], mentions: Iterable[Mention], grammar: Mapping[str, frozenset[str]]
) -> bool:
    """Whether a clause tells what happened; who said or decided something hands on an order, and a denial is one.

    What belongs to a name or an order, as in "the changed pixels" and "leave AutoML switched off", tells nothing.
    """
    ordered = {n for m in mentions if _kind(m) in _NOT_PAST for n in m.places}
    words = {tokens[n].word for n in clause.places if n not in ordered}
    lasting = {tokens[n].word for n in clause.places if n and tokens[n - 1].word in grammar["is_done"]}
    orders = grammar["orders"] | grammar["not"] | grammar["nothing"]
    return clause.mood == "tells" and bool((words - lasting) & grammar["past"]) and not words & orders


def _is_denied(mention: Mention) -> bool:
    """Whether a clause that tells rules out what a noun names: "leave out the training"."""
    return mention.negated and _kind(mention) == "noun"


def _is_topic(mention: Mention, tokens: Sequence[Token]) -> bool:
    """Whether another model is named before all, and is what the request is about: "mask r-cnn, inference on …"."""
    end = next((n for n in range(len(tokens)) if tokens[n].kind == "break"), len(tokens))
    return mention.group == "foreign:model" and mention.end == end and mention.start <= 1


def _is_announced(mention: Mention, first: Clause) -> bool:
    """Whether a colon stands behind the clause that begins with another model: "SegFormer on our tiles: train …"."""
    return mention.group == "foreign:model" and first.announces and mention.start - first.places.start <= 1


def _has_job(tokens: Sequence[Token], told: frozenset[int]) -> bool:
    """Whether a job is named that is not only told of."""
    return any(token.kind == "job" and n not in told for n, token in enumerate(tokens))


def _drops(
    mention: Mention, front: Sequence[Mention], tokens: Sequence[Token], told: frozenset[int], *, past: bool
) -> bool:
    """Whether a mention of a clause that only tells says nothing of what is asked for."""
    kind = _kind(mention)
    if _is_topic(mention, tokens):
        return False
    in_front = {_kind(m) for m in front if not (m.negated and _kind(m) in {"runner", "task"})}
    if kind == "foreign":
        path = any(token.kind == "path" for token in tokens)
        return _has_job(tokens, told) or bool(in_front & {"model", "task"}) or (path and "trade" in in_front)
    if kind == "policy":
        corrects = any(m.group == "correction" and m.end <= mention.start for m in front)
        twice = mention.group == "policy:on" and "policy" in in_front and not corrects
        return not mention.negated and (twice or mention.group == "policy:named" or past)
    if kind == "parent":
        return (
            "parent" in in_front
            or _has_job(tokens, told)
            or any(m.group == "action:train" and not m.negated for m in front)
        )
    if kind in {"task", "runner"}:
        return kind in in_front
    return kind in _ASKING | {"other", "pointer"}


def _opens_with_it(mention: Mention, tokens: Sequence[Token], grammar: Mapping[str, frozenset[str]]) -> bool:
    """Whether the clause of a phrase on the search says with or without what: ", with the search switched on"."""
    return (
        mention.group.startswith("policy")
        and tokens[clause_at(tokens, mention.start).start].word in grammar["with_or_without"]
    )

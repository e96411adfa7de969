# SPDX-License-Identifier: Apache-2.0
"""What a letter says beside its request: whom it is to, who signs it, why it asks, and which models others have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.tokens import sentence_begin, sentence_end

if TYPE_CHECKING:
    from collections.abc import Collection

    from router.intent import Intent
    from router.patterns import Mention
    from router.reading import Reading

_ADDRESS, _SIGNED, _NEAR = 8, 10, 3


def is_address(reading: Reading, place: int) -> bool:
    """Whether a token belongs to the address or the ending: "Dear forwarding team, …", "Regards, the supplier"."""
    tokens, use = reading.tokens, reading.grammar
    if place < _ADDRESS and not use["greets"].isdisjoint(token.word for token in tokens[:2]):
        end = next((n for n, token in enumerate(tokens) if token.kind == "break"), _ADDRESS + 1)
        if place < end <= _ADDRESS:
            return True
    return is_ending(reading, place)


def is_ending(reading: Reading, place: int) -> bool:
    """Whether a token belongs to the ending of a letter, or stands behind it: "Viele Grüße, A. Kern"."""
    tokens = reading.tokens
    if len(tokens) - place > _SIGNED:
        return False
    clauses = [range(*reading.clause(place))]
    while len(clauses) < _NEAR and clauses[-1].start > 1:
        clauses.append(range(*reading.clause(clauses[-1].start - 2)))
    return any(len(c) <= _SIGNED and _closes(reading, c) for c in clauses)


def _closes(reading: Reading, clause: range) -> bool:
    """Whether a short clause only ends a letter: "with kind regards", "Viele Grüße"."""
    tokens, use = reading.tokens, reading.grammar
    if not clause or not all(tokens[n].kind == "word" for n in clause):
        return False
    said = any(m.start in clause for m in reading.mentions if not m.group.startswith("foreign"))
    return not said and (tokens[clause[0]].word in use["closes"] or tokens[clause[-1]].word in use["closes_last"])


def tells_why(reading: Reading, intent: Intent, mention: Mention) -> bool:
    """Whether a word such as "because" begins the clause of a mention, in which nothing is asked for."""
    clause = range(*reading.clause(mention.start))
    asked = {step.place for step in intent.steps} | ({intent.mention.start} if intent.mention else set())
    begins = (m for m in reading.of("remark") if m.start in clause[:2] and m.start < mention.start)
    return any(begins) and asked.isdisjoint(clause) and _is_reason(reading, clause)


def _is_reason(reading: Reading, clause: range) -> bool:
    return not reading.grammar["reasons"].isdisjoint(reading.tokens[n].word for n in clause[:2])


def tells_of_several(reading: Reading) -> bool:
    """Whether several jobs are said to run: "there are three running", "es laufen gerade vier"."""
    tokens, use = reading.tokens, reading.grammar
    values = {n for m in reading.of("value", negated=None) for n in m.places}
    for place, token in enumerate(tokens):
        if token.kind != "number" or token.value <= 1 or place in values:
            continue
        clause = range(*reading.clause(place))
        near = [tokens[n].word for n in clause if abs(n - place) <= _NEAR]
        behind = tokens[place + 1].word if place + 1 < clause.stop else ""
        counted = behind in {"", *use["running"], *use["be"], *use["of"]}
        if counted and not use["running"].isdisjoint(near):
            return True
    return False


def is_elsewhere(reading: Reading, mention: Mention) -> bool:
    """Whether a machine is another one, as its place is told: "on the machine in the lab"."""
    tokens, use = reading.tokens, reading.grammar
    behind = [token.word for token in tokens[mention.end : mention.end + 2]]
    if mention.group != "runner:local" or len(behind) < 2 or len(mention.places) < _NEAR:
        return False
    any_one = not use["definite"].isdisjoint(tokens[n].word for n in mention.places)
    return any_one and behind[0] in use["lies_in"] and behind[1] in use["articles"]


def is_of_other_things(reading: Reading, mention: Mention) -> bool:
    """Whether nothing has to be done only about what somebody does himself: "that I answer myself, da müsst ihr …"."""
    sentence = range(sentence_begin(reading.tokens, mention.start), sentence_end(reading.tokens, mention.start))
    idle = any(not set(m.places).isdisjoint(mention.places) for m in reading.of("idle", negated=None))
    words = {reading.tokens[n].word for n in sentence}
    return idle and not words.isdisjoint(reading.grammar["alone"])


def is_model_of_others(reading: Reading, intent: Intent, mention: Mention) -> bool:
    """Whether another model is only told of, as somebody has it, in a sentence beside those that ask for ours.

    As in "She compares it with her own U-Net", "the anomaly model is handled by another agent".
    """
    places = [one.place for one in intent.steps if not one.implied]
    sentence = range(sentence_begin(reading.tokens, mention.start), sentence_end(reading.tokens, mention.start))
    if not places or any(n in sentence for n in places) or not _names_ours(reading, places):
        return False
    use, tokens = reading.grammar, reading.tokens
    words = [tokens[n].word for n in sentence]
    if not (use["wishes"] | use["orders_passive"] | use["substitutes"] | use["with_us"]).isdisjoint(words):
        return False
    if _is_question(reading, sentence):
        return False
    clause = range(*reading.clause(mention.start))
    before = {tokens[n].word for n in range(max(clause.start + 1, mention.start - _NEAR), mention.start)}
    owned = mention.start - 2 > clause.start and not use["their_own"].isdisjoint(before)
    behind = range(mention.end, clause.stop - 1)
    handled = any(tokens[n].word in use["by_whom"] and tokens[n + 1].word in use["their_own"] for n in behind)
    return owned or handled


def _is_question(reading: Reading, sentence: range) -> bool:
    """Whether a sentence asks something."""
    return sentence.stop < len(reading.tokens) and reading.tokens[sentence.stop].text == "?"


def _names_ours(reading: Reading, places: Collection[int]) -> bool:
    """Whether this model is named, or the sentences of all steps name its task."""
    if reading.of("model"):
        return True
    named, tokens = [m.start for m in reading.of("task")], reading.tokens
    begins = {sentence_begin(tokens, n) for n in named}
    return all(sentence_begin(tokens, place) in begins for place in places)

# SPDX-License-Identifier: Apache-2.0
"""Tells a question from a wish that has the form of one: "could you train …?", "is possible to train …?"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.tokens import BREAK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.reading import Reading


def is_question(reading: Reading, questions: frozenset[str]) -> bool:
    """Whether the request asks about something, and does not ask politely for it to be done."""
    words = [token.word for token in reading.tokens]
    if any(_opens(reading, m.start) and not _asked_behind(reading, m.start) for m in reading.of("action")):
        return False
    if not words or reading.tokens[0].kind != "word":
        return False
    polite = words[0] in reading.grammar["polite"]
    asks_to = bool(set(words[1:3]) & reading.grammar["addressed"])
    if words[1:2] == [BREAK] or _wishes_impersonally(reading, words) or _asks_somebody(reading, words):
        return False
    if polite and (asks_to or _is_to_be_done(reading, words)):
        return False
    if words[0] in reading.grammar["auxiliaries"]:
        return set(words[1:2]) <= reading.grammar["persons"] and len(words) > 1
    return words[0] in questions and not (_tells_when(reading, words) or _tells_what(reading, words))


def _tells_what(reading: Reading, words: Sequence[str]) -> bool:
    """Whether the first words say what is wanted: "what we need is a training", "was ich brauche, ist ein Export"."""
    wanted = bool(set(words[2:4]) & (reading.grammar["wishes"] | reading.grammar["needed"]))
    return wanted and bool(set(words[1:2]) & reading.grammar["persons"]) and "?" not in reading.text


def _tells_when(reading: Reading, words: Sequence[str]) -> bool:
    """Whether the first words say when it is to be done: "when you are free, train it"."""
    opens = words[0] in reading.grammar["after"] | {"when"} and bool(set(words[1:2]) & reading.grammar["persons"])
    return opens and not any(token.text == "?" for token in reading.tokens)


def _is_to_be_done(reading: Reading, words: Sequence[str]) -> bool:
    """Whether it asks for something to be done: "could a training be set up on ./lot?"."""
    end = words.index(BREAK) if BREAK in words else len(words)
    passive = set(words[:end]) & reading.grammar["passive"]
    if len({m.group for m in reading.of("value")} | {m.group for m in reading.of("runner")}) > 1:
        return True  # "could the search go on Kubernetes with 24 trials?"
    return bool(passive) and (
        any(token.kind in {"path", "job"} for token in reading.tokens)
        or not reading.grammar["pleases"].isdisjoint(words)
    )


def _asks_somebody(reading: Reading, words: Sequence[str]) -> bool:
    """Whether somebody is asked to do it, whoever that is: "kann jemand bitte den Klassifikator anlernen?"."""
    use = reading.grammar
    asks = bool(use["somebody"].intersection(words[1:2]) and use["pleases"].intersection(words[2:4]))
    return asks and use["whether"].isdisjoint(words) and BREAK not in words[:-1] and bool(reading.of("action"))


def _wishes_impersonally(reading: Reading, words: Sequence[str]) -> bool:
    """Whether it is a wish in the form of a question: "is possible to train …?", "is wished a training", with data."""
    start = [word for word in words[:5] if word not in reading.grammar["expletives"]]
    carries = any(token.kind in {"path", "job"} for token in reading.tokens)
    return carries and words[0] in reading.grammar["finite"] and bool(set(start[1:2]) & reading.grammar["possible"])


def _asked_behind(reading: Reading, place: int) -> bool:
    return any(token.text == "?" for token in reading.tokens[place:])


def _opens(reading: Reading, place: int) -> bool:
    """Whether a token opens a clause behind another one."""
    return place > 0 and (
        reading.tokens[place - 1].kind == "break"
        or ":" in reading.text[reading.tokens[place - 1].end : reading.tokens[place].start]
    )

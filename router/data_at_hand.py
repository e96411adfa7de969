# SPDX-License-Identifier: Apache-2.0
"""Whether an order names data of this skill that lies there, so that it leaves no doubt for which model it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.staged import place_of
from router.layout import tasks_of
from router.said_data import is_model_file

if TYPE_CHECKING:
    from router.declarations import Skill
    from router.reading import Reading
    from router.words import Words

_LEAVES_OPEN = ("hesitation", "doubt", "other", "pointer", "withdrawal", "put_off", "unheeded", "done_already")


def is_order_on_our_data(words: Words, skill: Skill) -> bool:
    """Whether one action opens the request, nothing of it is left open, and its data, or its model, lies there."""
    reading, steps = words.reading, words.intent.steps
    if len(steps) != 1 or steps[0].command or steps[0].implied or words.account.unknown or words.account.asked:
        return False
    if not _opens(reading, steps[0].place) or _leaves_open(words):
        return False
    files = [path for path in words.whole.no_data if is_model_file(path)]
    return names_our_data(words, skill) or any(_place(path).is_file() for path in files)


def names_our_data(words: Words, skill: Skill) -> bool:
    """Whether a folder that is named lies there, and is laid out as data of this skill is."""
    return any(_shows_ours(path, skill) for path, _ in words.whole.paths)


def _opens(reading: Reading, place: int) -> bool:
    """Whether a verb opens the request, or one that asks politely ends in it."""
    words = [token.word for token in reading.tokens]
    polite = not reading.grammar["pleases"].isdisjoint(words[:place])
    asked = "?" in (token.text for token in reading.tokens)
    alone = polite and not any(token.kind == "break" for token in reading.tokens[:-1])
    return alone or (not asked and not place)


def _leaves_open(words: Words) -> bool:
    """Whether words choose, contradict each other on the search, rule the action out, or put it off."""
    reading = words.reading
    if any(reading.of(kind, negated=None) for kind in _LEAVES_OPEN) or words.refused or len(words.whole.policies) > 1:
        return True
    chooses = {token.word for token in reading.tokens} & (reading.grammar["choice"] | reading.grammar["either"])
    return bool(chooses) and not reading.of("correction", negated=None)


def _shows_ours(path: str, skill: Skill) -> bool:
    place = _place(path)
    return "://" not in place_of(path) and place.exists() and bool(tasks_of(place, skill.info))


def _place(path: str) -> Path:
    return Path(place_of(path)).expanduser()

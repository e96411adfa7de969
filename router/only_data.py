# SPDX-License-Identifier: Apache-2.0
"""Requests that name nothing of this skill but a place of data, or a file: "train on /data/set7"."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from core.staged import place_of
from router.layout import tasks_of
from router.reading import read

if TYPE_CHECKING:
    from router.declarations import Skill
    from router.reading import Reading
    from router.words import Words

_OURS = ("model", "trade", "task", "parent", "engine")
_OF_ANY_MODEL = frozenset({"data_type", "number_format", "precision", "data"})
_NEAR = 4
_BETWEEN_WORDS = re.compile(r"[\W\d_]+")


def strange_place(words: Words, skill: Skill) -> str:
    """The place of data, or the file, where nothing else says that this skill is meant, nor does what lies there.

    Data of this skill is told by the layout of its folder, or by a word of the trade in its name.
    """
    reading, said = words.reading, words.whole
    step = words.intent.steps[0]
    if len(words.intent.steps) > 1 or step.named or step.implied or any(reading.of(kind) for kind in _OURS):
        return ""
    if said.jobs or said.parents or said.policies or said.overrides or said.runners or said.profiles:
        return ""
    if not _OF_ANY_MODEL.issuperset((*said.values, *said.unclear)):
        return ""
    places = [*(path for path, _ in said.paths), *said.no_data]
    if len(places) != 1 or _is_of_ours(reading):
        return ""
    theirs = (reading.tokens[n].text for n in sorted(reading.theirs) if reading.tokens[n].kind == "path")
    return "" if any(_is_ours(place, skill) for place in (*places, *theirs)) else places[0]


def _is_of_ours(reading: Reading) -> bool:
    """Whether somebody who asks made the model: "the net we trained yesterday"."""
    use, words = reading.grammar, [token.word for token in reading.tokens]
    does = (n for n, word in enumerate(words) if word in use["doers"])
    return any(not use["done"].isdisjoint(words[n + 1 : n + _NEAR]) for n in does)


def _is_ours(place: str, skill: Skill) -> bool:
    named = read(_BETWEEN_WORDS.sub(" ", place).strip(), skill)
    if any(named.of(kind) for kind in ("model", "trade", "task")):
        return True
    return "://" not in place_of(place) and bool(tasks_of(Path(place_of(place)).expanduser(), skill.info))

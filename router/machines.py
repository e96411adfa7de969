# SPDX-License-Identifier: Apache-2.0
"""Machines that are named and on which nothing is to run: "the GPU box is free", "the engine goes on the PC"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.as_it_is import was_used
from router.asked_steps import ENGINE_VERB

if TYPE_CHECKING:
    from collections.abc import Collection

    from router.patterns import Mention
    from router.reading import Reading

_MAKE_FILES = frozenset({"export", "quantize", ENGINE_VERB})


def is_no_runner(reading: Reading, mention: Mention, verbs: Collection[str]) -> bool:
    """Whether a machine is only spoken of, or was used before, beside the actions that `verbs` names."""
    if was_used(reading, mention.start):
        return True
    return (mention.group == "runner:unclear" and _is_subject(reading, mention)) or _is_put_on(reading, mention, verbs)


def _is_subject(reading: Reading, mention: Mention) -> bool:
    """Whether it is only told how a machine is: "the GPU box is free until Wednesday"."""
    behind = {token.word for token in reading.tokens[mention.end : mention.end + 1]}
    on_it = reading.tokens[mention.start].word in reading.grammar["prepositions"]
    return not on_it and not behind.isdisjoint(reading.grammar["be"])


def _is_put_on(reading: Reading, mention: Mention, verbs: Collection[str]) -> bool:
    """Whether it is only told onto which machine a file goes that is made: "build the engine, it goes on the PC"."""
    before = {token.word for token in reading.tokens[max(0, mention.start - 1) : mention.start]}
    return _MAKE_FILES.issuperset(verbs) and not before.isdisjoint(reading.grammar["goes_onto"])

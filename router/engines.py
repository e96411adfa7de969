# SPDX-License-Identifier: Apache-2.0
"""Tells whether an engine is to be built, or is there already and is only run; and names of tasks from verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.patterns import Mention
    from router.reading import Reading

MEASURING = frozenset({"evaluate", "inference"})


def within(reading: Reading, mention: Mention, said: Sequence[Mention]) -> bool:
    """Whether a word that names a task stands within what is asked for, or behind the model's name.

    "make of ChangeNet classify the engine", "model=changenet_classify data=./lot action=train"
    """
    if mention.group != "action:inference":
        return False
    names = {m.end for m in reading.of("model")} if mention.start in _labels(reading) else set[int]()
    others = [m for m in said if m is not mention]
    if mention.start in _labels(reading) and any(m.end == mention.start for m in others):
        return True  # "train classify data=./lot"
    return any(m.start < mention.start and mention.end < m.end for m in others) or (
        bool(others) and mention.start in names
    )


def _labels(reading: Reading) -> set[int]:
    """The tokens that are the bare names of tasks."""
    return {n for n, token in enumerate(reading.tokens) if token.word in {"classify", "segment"}}


def runs_engine(reading: Reading, mention: Mention) -> bool:
    """Whether a phrase asks for an engine to be run, as "TRT inference" and "deploy_evaluate" do."""
    if mention.group.startswith(("named:deploy_", "named:trt_", "named:tensorrt_")):
        return True
    if mention.group.partition(":")[2] not in MEASURING:
        return False
    near = range(mention.start - 1, mention.end + 1)
    return any(n in near for m in reading.of("engine") for n in m.places)


def builds(reading: Reading, mention: Mention) -> bool:
    """Whether a phrase says that an engine is to be built, and does not merely name one."""
    words = {reading.tokens[n].word for n in range(max(0, mention.start - 2), mention.end)}
    return bool(words & reading.grammar["builds"])


def goes_before(reading: Reading, noun: Mention, said: Sequence[Mention]) -> bool:
    """Whether an engine that is only named comes before what is run: "onnx, engine, then trt inference"."""
    return not any(m.start < noun.start for m in said if runs_engine(reading, m))

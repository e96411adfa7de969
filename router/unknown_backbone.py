# SPDX-License-Identifier: Apache-2.0
"""The words beside "backbone" that may be the name of one which is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.patterns import Mention
from router.stated import Stated

if TYPE_CHECKING:
    from router.reading import Reading
    from router.stated import Values
    from router.vocabulary import Vocabulary


def run_before(reading: Reading, place: int) -> list[int]:
    """The tokens of the name that stands before a token: `ResNet-50` of "ResNet-50 backbone"."""
    run: list[int] = []
    here = place - 1
    while here >= 0 and reading.tokens[here].kind in {"word", "number"}:
        if run and reading.tokens[here].end == reading.tokens[run[0]].start:
            run.insert(0, here)
        elif run and not _glued(reading, here, run[0]):
            break
        else:
            run.insert(0, here)
        here -= 1
    return run


def run_after(reading: Reading, place: int) -> list[int]:
    """The tokens of the name that stands behind a token: `convnext_tiny` of "backbone: convnext_tiny"."""
    here = place + 1
    while here < len(reading.tokens) and reading.tokens[here].word in {"of", "is", "to", "as"}:
        here += 1
    run: list[int] = []
    while here < len(reading.tokens) and reading.tokens[here].kind in {"word", "number"}:
        if run and not _glued(reading, run[-1], here):
            break
        run.append(here)
        here += 1
    return run


def _glued(reading: Reading, one: int, other: int) -> bool:
    between = reading.text[reading.tokens[one].end : reading.tokens[other].start]
    return between in {"", "-", "_", "/", "."}


def named_backbone(reading: Reading, vocabulary: Vocabulary, values: Values) -> None:
    """A backbone of a name that is not known: `with a ResNet-50 backbone`, `backbone: convnext_tiny`."""
    if any(one.name == "backbone" for one in values.stated):
        return
    for place, token in enumerate(reading.tokens):
        if token.word not in {"backbone", "encoder"}:
            continue
        for run in (run_before(reading, place), run_after(reading, place)):
            said = reading.text[reading.tokens[run[0]].start : reading.tokens[run[-1]].end] if run else ""
            words = {reading.tokens[n].word for n in run}
            foreign = any(set(m.places) & set(run) for m in reading.of("foreign"))
            known = foreign or words & vocabulary.known or any(reading.tokens[n].kind == "path" for n in run)
            if said and not known and any(letter.isalpha() for letter in said):
                values.stated.append(Stated("backbone", said, run[0]))
                reading.mentions = [m for m in reading.mentions if not set(m.places) & set(run)]
                reading.mentions.append(Mention("value:backbone", tuple(run)))
                return

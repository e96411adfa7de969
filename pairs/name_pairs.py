# SPDX-License-Identifier: Apache-2.0
"""Pairs that names of pictures tell without a table: `board1_ok.png` and `board1_golden.png`, or `ok/board1.png`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from core.verdicts import PASS
from pairs.import_rows import NO_GOLDEN, FoundPair, Gathered
from pairs.import_words import BAD, GOLDEN, GOOD, TESTED, words_in

if TYPE_CHECKING:
    from pairs.picture_index import PictureIndex

UNNAMED = "neither verdict nor golden in its name"
_Key = tuple[str, ...]


class _Named(NamedTuple):
    """What a picture's path says: words that are its own, whether it is golden, and its verdict."""

    key: _Key
    golden: bool
    label: str


def _read(path: str) -> _Named:
    words = words_in(path)
    plain = [word.casefold() for word in words]
    golden = any(word in GOLDEN for word in plain)
    verdicts = [i for i, word in enumerate(plain) if word in GOOD | BAD]
    last = verdicts[-1] if verdicts else -1
    label = "" if last < 0 or golden else PASS if plain[last] in GOOD else words[last]
    key = tuple(word for i, word in enumerate(plain) if word not in GOLDEN | TESTED and (golden or i != last))
    return _Named(key, golden, label)


def pairs_by_name(index: PictureIndex) -> Gathered:
    """The pairs among the pictures of a folder; golden images that nothing is compared with are no pairs."""
    goldens: dict[_Key, str] = {}
    tests: list[tuple[str, _Named]] = []
    found = Gathered()
    for name, path in index.paths.items():
        read = _read(name)
        if read.golden:
            goldens.setdefault(read.key, path)
        elif read.label:
            tests.append((name, read))
        else:
            found.leave_out(0, UNNAMED, name)
    for name, read in tests:
        golden = _golden_of(read.key, goldens)
        if golden is None:
            found.leave_out(0, NO_GOLDEN, name)
        else:
            found.pairs.append(FoundPair(0, index.paths[name], golden, read.label, name))
    return found


def _golden_of(key: _Key, goldens: dict[_Key, str]) -> str | None:
    """The golden image of the same words, or of the most of them from the start; one without any serves all."""
    starts = (key[:length] for length in range(len(key), -1, -1))
    return next((goldens[start] for start in starts if start in goldens), None)

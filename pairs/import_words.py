# SPDX-License-Identifier: Apache-2.0
"""The words that inspection tables and file names use for good and bad boards, golden images, columns and splits.

English and German, as AOI machines and quality systems write them: OK/NG, pass/fail, good/bad, io/nio (in Ordnung).
"""

from __future__ import annotations

import re
from pathlib import PurePath

GOOD = frozenset({"ok", "okay", "pass", "passed", "good", "normal", "io", "gut", "accept", "accepted"})
BAD = frozenset(
    {"ng", "nok", "notok", "nopass", "fail", "failed", "bad", "nio", "defect", "defective", "reject"}
    | {"rejected", "schlecht", "fehler", "faulty", "abnormal", "anomaly", "notgood"}
)
# Values that decide nothing: their rows are not used.
UNDECIDED = frozenset(
    {"", "unknown", "unclear", "unsure", "na", "nan", "none", "null", "skip", "pending", "retest", "tbd"}
)
GOLDEN = frozenset({"golden", "gold", "reference", "ref", "referenz", "template", "temp", "tmpl", "master", "soll"})
TESTED = frozenset({"test", "tested", "image", "img", "picture", "photo", "file", "filename", "bild", "foto", "datei"})
LABEL = frozenset({"label", "result", "verdict", "class", "status", "judgement", "judgment", "ergebnis", "decision"})
BOARD = frozenset(
    {"board", "boardid", "panel", "serial", "serialno", "serialnumber", "sn", "barcode", "pcb", "leiterplatte"}
)
SPLIT = frozenset({"split", "subset", "set", "partition", "usage"})
# Columns of 0 and 1 (or false and true) in which 1 is a defect, and in which 1 is good.
ONE_IS_BAD = frozenset({"label", "class", "target", "defect", "defective", "ng", "fail", "failed", "anomaly", "bad"})
ONE_IS_GOOD = frozenset({"ok", "pass", "passed", "good", "io", "gut"})
_WORD = re.compile(r"[^\W_]+")


def plain(text: str) -> str:
    """A word without capitals and marks: `N.i.O.` and `nio` are one, as `Not OK` and `not_ok`."""
    return "".join(_WORD.findall(text)).casefold()


def words_in(path: str) -> list[str]:
    """The words of a relative path without its ending, as written: `a/board1_ok.png` has a, board1 and ok."""
    return _WORD.findall(str(PurePath(path).with_suffix("")))


def is_named(column: str, known: frozenset[str]) -> bool:
    """Whether a column's name is one of the known words, or holds one."""
    return plain(column) in known or any(word.casefold() in known for word in _camel_words(column))


def _camel_words(column: str) -> list[str]:
    return _WORD.findall(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column))

# SPDX-License-Identifier: Apache-2.0
"""Paths in words: quoted, with blanks, relative, or a bare folder name."""

from __future__ import annotations

import re
from pathlib import Path

EXTENSIONS = (
    r"csv|xlsx?|jsonl?|tsv|tar\.gz|tgz|zip|jpe?g|png|bmp|tiff?|pth|pt|ckpt|safetensors|onnx|engine|trt|hdf5|ya?ml|db"
)
_MOST_WORDS = 9
_SHORTEST_FOLDER = 3
_NUMBERED = re.compile(r"\s(?=\w*\d)\w{1,6}(?=\s*(?:[.,;!?\n]|$))")
_TAKES_NUMBER = re.compile(r"(?:lot|line|los|linie|board|rev|batch|shift)$", re.IGNORECASE)
_ENDS = ".,:;!?)]}\"'`"
_OF_COMPOUND = re.compile(r"-[A-Z\u00c4\u00d6\u00dc][a-z\u00e4\u00f6\u00fc\u00df]+$")  # "PASS/NO_PASS-Urteile"
_PATH_INSIDE = re.compile(r"\w[,;.:]?\s+(?:~|\.{1,2})?/\w")  # "train it on /data/lot", "train the classifier, /lot"
_SHORTENED = re.compile(r"\bw/o?(?!\w)", re.IGNORECASE)  # "w/o hpo"
_SENTENCE = re.compile(r"\w+(?:\s+\w+){2,}[.!?]")  # "I take that back."
_NAMED_BY_MARK = re.compile(r"/[\"'`]")


def whole_path(said: str, text: str, start: int) -> str:
    """A path that says itself that it is one, with the words after it that belong to it: `./my boards/line 3/`.

    They belong to it where they end in a slash, or where what they make is there. A name that begins with a quotation
    mark goes on to the last slash: what stands in it is no order.
    """
    stripped = said.rstrip(_ENDS) or said
    if _NAMED_BY_MARK.search(said) and "/" in (line := text[start + len(said) :].partition("\n")[0]):
        return said + line[: line.rindex("/") + 1]
    if stripped.endswith("/") or len(stripped) < len(said):
        return stripped
    rest = text[start + len(said) :].partition("\n")[0]
    if _TAKES_NUMBER.search(said) and (number := _NUMBERED.match(rest)):
        return said + number[0]
    longest, so_far, words = stripped, said, re.split(r"(\s+)", rest)
    for blank, word in list(zip(words[1::2], words[2::2], strict=False))[:_MOST_WORDS]:
        if word.startswith(("./", "../", "/", "~")) or "://" in word:
            break
        so_far += blank + word
        plain = so_far.rstrip(_ENDS)
        if plain.endswith("/") or exists(plain):
            longest = plain
        if word[-1:] in ",;!?":
            break
    return longest


def exists(path: str) -> bool:
    """Whether there is something of that name; one that no system takes is none."""
    try:
        return Path(path).expanduser().exists()
    except (OSError, ValueError):
        return False


def quotes_path(inside: str, *, expected: bool) -> bool:
    """Whether what stands in quotation marks is a path, and not words; `expected` by the word before it."""
    inside = _SHORTENED.sub("", inside)
    if _SENTENCE.fullmatch(inside):
        return False
    looks_so = "/" in inside or "\\" in inside or re.search(rf"\w\.(?:{EXTENSIONS})$", inside, re.IGNORECASE)
    return expected or (bool(looks_so) and not _PATH_INSIDE.search(inside))


def relative_path(said: str, ordinary: frozenset[str], *, expected: bool) -> str | None:
    """`data/boards` as a path where one is expected, where it looks like nothing else, or where it is there.

    `ordinary` are words that people join by a slash, such as PASS/NO_PASS.
    """
    plain = said.rstrip(_ENDS)
    parts = [part for part in re.split(r"[/_]", _OF_COMPOUND.sub("", plain).lower()) if part]
    marked = plain.count("/") > 1 and re.search(r"[\d_.]", plain)
    spoken = ordinary.issuperset(parts)
    if len(plain) > _SHORTEST_FOLDER and ((expected and not spoken) or marked or plain.endswith("/") or exists(plain)):
        return plain
    return None

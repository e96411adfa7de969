# SPDX-License-Identifier: Apache-2.0
"""Lines with secrets of many formats, none of which passes, and ordinary lines, which stay as they are.

The secrets are drawn here from the templates in secrets_corpus/, so that the repository holds none.
"""

from __future__ import annotations

import base64
import json
import random
import re
import string
from pathlib import Path
from typing import Any

import pytest

from core.documents import read_yaml
from core.redaction import MASK, Redactor, redact, redact_text

CORPUS = Path(__file__).parent / "secrets_corpus"
DATA: dict[str, Any] = read_yaml(CORPUS / "formats.yaml")
ORDINARY = (CORPUS / "ordinary.txt").read_text().splitlines()
OF_RUNS = (CORPUS / "logs_of_runs.txt").read_text().splitlines()
ALPHABETS = {
    "alnum": string.ascii_letters + string.digits,
    "upper": string.ascii_uppercase + "234567",
    "digits": string.digits,
    "hex": string.digits + "abcdef",
    "b64": string.ascii_letters + string.digits + "+/",
    "b64url": string.ascii_letters + string.digits + "-_",
    "lower": string.ascii_lowercase,
}
PLACE = re.compile(r"\{(\w+)(?::(\d+))?\}")


class Draw:
    """Fills templates; `parts` are the random pieces of which none may be seen afterwards."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)
        self.parts: list[str] = []

    def fill(self, template: str) -> str:
        return PLACE.sub(
            lambda found: getattr(self, f"_{found[1]}", self._letters)(found[1], int(found[2] or 0)), template
        )

    def _chars(self, kind: str, length: int) -> str:
        return "".join(self._random.choices(ALPHABETS[kind], k=length))

    def _kept(self, part: str) -> str:
        self.parts.append(part)
        return part

    def _letters(self, kind: str, length: int) -> str:
        text = self._chars(kind, length)
        # A body begins and ends with a letter or digit; one without a digit is as rare as it is unlucky.
        return self._kept(
            text
            if kind in {"digits", "upper"} or length < 12
            else f"k{text[1:-2]}7k"
            if kind != "hex"
            else f"a{text[1:-2]}7a"
        )

    def _uuid(self, *_: Any) -> str:
        return self._kept("-".join(self._chars("hex", n) for n in (8, 4, 4, 4, 12)))

    def _word(self, *_: Any) -> str:
        return self._kept("zq" + self._chars("lower", 7))

    def _jwt(self, *_: Any) -> str:
        head, body = (_b64({"alg": "HS256", "n": self._chars("alnum", 8)}) for _ in range(2))
        return self._kept(f"{head}.{body}.{self._chars('b64url', 43)}")

    def _basic(self, *_: Any) -> str:
        return self._kept(base64.b64encode(f"bob:{self._chars('alnum', 14)}".encode()).decode())

    def _ngc(self, *_: Any) -> str:
        name = self._chars("lower", 20) + self._chars("digits", 6)
        tail = "-".join(self._chars("hex", n) for n in (8, 4, 4, 4, 12))
        return self._kept(base64.b64encode(f"{name}:{tail}".encode()).decode())

    def _pemline(self, *_: Any) -> str:
        return f"-----BEGIN PRIVATE KEY-----\\n{self._kept(self._chars('b64', 64))}\\n-----END PRIVATE KEY-----\\n"

    def _pem(self, prefix: str) -> str:
        return "\n".join(prefix + self._kept(self._chars("b64", n)) for n in (64, 64, 64, 22))

    def _pembody(self, *_: Any) -> str:
        return self._pem("")

    def _pemindent(self, *_: Any) -> str:
        return self._pem("  ")

    def _pemlog(self, *_: Any) -> str:
        return "\n".join("INFO " + self._kept(self._chars("b64", 64)) for _ in range(3))


def _b64(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def lines_with_secrets() -> list[tuple[str, str, list[str]]]:
    found = []
    for entry in DATA["formats"]:
        shared = {"anywhere": DATA["anywhere_lines"], "keyed": DATA["keyed_lines"]}
        for line in shared.get(entry["lines"]) or entry["lines"] if isinstance(entry["lines"], str) else entry["lines"]:
            draw = Draw(f"{entry['name']} {line}")
            text = line.replace("§", draw.fill(entry["secret"]))
            found.append((entry["name"], text, draw.parts))
    for line in (CORPUS / "lines_with_secrets.txt").read_text().splitlines():
        draw = Draw(line)
        found.append(("a line of its own", draw.fill(line), draw.parts))
    return found


SECRET_LINES = lines_with_secrets()


def seen(parts: list[str], text: str) -> list[str]:
    """The drawn pieces of which eight characters in a row, or all where they are fewer, are still to be read."""
    return [p for p in parts if len(p) > 3 and any(p[i : i + 8] in text for i in range(max(1, len(p) - 7)))]


def test_the_corpus_is_large_and_broad() -> None:
    assert len(SECRET_LINES) >= 300
    assert len({name for name, _, _ in SECRET_LINES}) >= 50
    assert len(set(ORDINARY)) >= 300


def test_no_secret_passes() -> None:
    assert [(name, line) for name, line, parts in SECRET_LINES if seen(parts, redact_text(line))] == []


def test_lines_that_trainings_and_their_platforms_write_stay_as_they_are() -> None:
    assert [line for line in OF_RUNS if redact_text(line) != line] == []
    assert len(set(OF_RUNS)) >= 100


def test_ordinary_lines_stay_as_they_are() -> None:
    assert [(line, redact_text(line)) for line in ORDINARY if redact_text(line) != line][2:] == []


@pytest.mark.parametrize("template", DATA["blocks"])
@pytest.mark.parametrize("size", [7, 1 << 20])
def test_secrets_of_several_lines_are_masked_and_what_follows_is_not(template: str, size: int) -> None:
    draw = Draw(template)
    text = draw.fill(template)
    redactor = Redactor()
    masked = "".join(redactor.feed(text[i : i + size]) for i in range(0, len(text), size)) + redactor.flush()
    assert seen(draw.parts, masked) == []
    assert "after it" in masked
    assert masked.count("\n") == text.count("\n")


def test_a_text_comes_out_the_same_in_any_pieces() -> None:
    text = "".join(f"{line}\n" for _, line, _ in SECRET_LINES) + "\n".join(ORDINARY)
    whole = redact_text(text)
    assert whole.splitlines()[len(SECRET_LINES) :] == redact_text("\n".join(ORDINARY)).splitlines()
    redactor, pieces, draw = Redactor(), [], random.Random(1)
    place = 0
    while place < len(text):
        size = draw.randint(1, 200)
        pieces.append(redactor.feed(text[place : place + size]))
        place += size
    assert "".join(pieces) + redactor.flush() == whole


@pytest.mark.parametrize("seed", range(4))
def test_a_line_is_masked_alike_by_itself_and_between_others(seed: int) -> None:
    lines = [line for _, line, _ in SECRET_LINES if "\n" not in line and "PRIVATE KEY" not in line]
    mixed = [line for line in (*lines, *ORDINARY, *[""] * 40) if redact_text(f"{line}\nvalue: x") == alone(line)]
    assert len(mixed) > 1000
    random.Random(seed).shuffle(mixed)
    assert redact_text("\n".join(mixed)).split("\n") == [redact_text(line) for line in mixed]


def alone(line: str) -> str:
    """The line with one below it that it says nothing about."""
    return redact_text(line) + "\nvalue: x"


def test_documents_are_masked_as_lines_are() -> None:
    tree = {"lines": [line for _, line, _ in SECRET_LINES], "ordinary": ORDINARY}
    masked = redact(tree)
    assert seen([part for _, _, parts in SECRET_LINES for part in parts], "\n".join(masked["lines"])) == []
    assert masked["ordinary"] == [redact_text(line) for line in ORDINARY]


@pytest.mark.parametrize("place", [65_000, 65_500, 66_000, 131_000])
def test_a_secret_in_a_line_without_an_end_is_found_wherever_the_line_is_cut(place: int) -> None:
    for shift in range(0, 6000, 211):
        secret = "hf_" + "A1b2" * 8
        line = "x" * (place + shift) + f",password={secret},y=" + "z" * 9000
        redactor = Redactor()
        masked = "".join(redactor.feed(line[i : i + 8192]) for i in range(0, len(line), 8192)) + redactor.flush()
        assert "A1b2A1b2" not in masked
        assert masked.count(MASK) == 1
        assert len(masked) == len(line) - len(secret) + len(MASK)


def test_a_secret_that_never_ends_is_masked_in_bounded_memory() -> None:
    redactor = Redactor()
    masked = "".join(redactor.feed(piece) for piece in ["token=" + "A1b2" * 50_000, *["C3d4" * 50_000] * 5, " after\n"])
    assert "A1b2" not in masked
    assert "C3d4" not in masked
    assert masked.endswith(" after\n")

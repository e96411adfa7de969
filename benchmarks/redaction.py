# SPDX-License-Identifier: Apache-2.0
"""What following a log costs: megabytes of lines, fed in pieces as they are read, their secrets masked.

    python benchmarks/redaction.py [--megabytes 8]

Prints the processor seconds of the best of three runs for lines without a word that may name a secret, with such words,
with an assigned secret in each, with a vendor's token in each, and of ten kinds of secrets in turn; and how many times
the first kind that is.
"""

from __future__ import annotations

import argparse
import random
import re
import string
import sys
import time
from typing import TYPE_CHECKING

from core.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable

_PIECE = 64 * 1024
_LETTERS = string.ascii_letters + string.digits
_TIME = "2026-11-27 10:00:01,123 INFO"
_KINDS = (
    "env HF_TOKEN=hf_§34 set",
    "Authorization: Bearer §40",
    '{"password": "§14", "user": "bob"}',
    "GET https://bob:§12@host.example/x HTTP/1.1",
    "--api-key §32 --verbose",
    "https://host.example/a?X-Amz-Signature=§64&x=1",
    "password: §14",
    "mysql -u root -p§14 jobs",
    "Set-Cookie: session=§40; Path=/",
    "step 17 loss 0.4",
)
LINES: dict[str, Callable[[int, random.Random], str]] = {
    "plain": lambda n, r: (
        f"{_TIME} trainer.py:88 - epoch {n // 100} step {n} loss={r.random():.4f} lr=3.0e-04 eta 0:12:31"
    ),
    "words": lambda n, _: (
        f"{_TIME} tokenizer.py:88 - key frame {n}: {n * 7} tokens, cache_key hit, passed {n} of 9 sessions"
    ),
    "assigned": lambda n, r: f"{_TIME} client.py:88 - request {n} with api_key={_drawn(r, 32)} took {n % 97} ms",
    "token": lambda n, r: f"{_TIME} client.py:88 - using hf_{_drawn(r, 34)} for request {n}",
    "ten kinds": lambda n, r: _filled(_KINDS[n % len(_KINDS)], r),
}


def _drawn(draw: random.Random, length: int) -> str:
    return "".join(draw.choices(_LETTERS, k=length))


def _filled(template: str, draw: random.Random) -> str:
    return re.sub(r"§(\d+)", lambda place: _drawn(draw, int(place[1])), template)


def main() -> int:
    """Measure each kind of lines and print a row for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=8.0)
    given = parser.parse_args()
    base = 0.0
    for kind, line in LINES.items():
        text = _text(line, int(given.megabytes * 1e6))
        spent = min(_seconds(text) for _ in range(3))
        base = base or spent
        print(f"{kind:>10}  {spent:.2f} s  {spent / base:.1f} times plain", flush=True)
    return 0


def _text(line: Callable[[int, random.Random], str], size: int) -> str:
    draw, lines, length = random.Random(1), [], 0  # noqa: S311 - repeatable
    while length < size:
        lines.append(line(len(lines), draw) + "\n")
        length += len(lines[-1])
    return "".join(lines)


def _seconds(text: str) -> float:
    redactor, begun = Redactor(()), time.process_time()
    for place in range(0, len(text), _PIECE):
        redactor.feed(text[place : place + _PIECE])
    redactor.flush()
    return time.process_time() - begun


if __name__ == "__main__":
    sys.exit(main())

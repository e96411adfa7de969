# SPDX-License-Identifier: Apache-2.0
"""Everything random about an attack, drawn from one seed."""

from __future__ import annotations

import random

from odd_values import NUMBERS, ODD_BYTES, TEXTS, YAML

PROGRAMS = frozenset({"changenet", "visual_changenet"})


class Draw:
    """Draws from one seed; the cases are for these programs alone."""

    def __init__(self, seed: str, programs: frozenset[str] = PROGRAMS) -> None:
        self.chance = random.Random(seed)
        self.programs = programs

    def value(self) -> str:
        return self.chance.choice(self.chance.choice((TEXTS, NUMBERS, YAML)))

    def typed(self) -> str:
        """A word as it can be typed: no NUL, and short enough for a command line."""
        return self.value().replace("\x00", "")[:100_000]

    def spoiled(self, data: bytes) -> bytes:
        """The bytes with one to four changes."""
        changed = bytearray(data)
        for _ in range(self.chance.randint(1, 4)):
            at = self.chance.randrange(len(changed) + 1)
            kind = self.chance.randrange(6)
            if kind == 0:
                del changed[at:]
            elif kind == 1 and at < len(changed):
                changed[at] ^= 1 << self.chance.randrange(8)
            elif kind == 2:
                changed[at:at] = self.chance.choice(ODD_BYTES)
            elif kind == 3:
                del changed[at : at + self.chance.randint(1, 40)]
            elif kind == 4:
                changed[at:at] = changed[: self.chance.randint(0, 200)]
            else:
                changed[at:at] = self.chance.randbytes(self.chance.randint(1, 30))
        return bytes(changed)

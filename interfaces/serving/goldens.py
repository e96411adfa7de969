# SPDX-License-Identifier: Apache-2.0
"""Golden images that are sent once and named by id from then on. The id follows from the pictures."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from core.errors import InputError, PlatformError
from core.served_pairs import Golden

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.served_pairs import Picture

UNKNOWN, FULL = "golden.unknown", "golden.full"
_DIGITS = 24
_MOST_BYTES = 1 << 30


def golden_of(pictures: Sequence[Picture]) -> Golden:
    """Golden pictures by the name that follows from them."""
    found = hashlib.sha256()
    for picture in pictures:
        found.update(f"{len(picture.data)} {picture.shape}\n".encode())
        found.update(picture.data)
    return Golden(found.hexdigest()[:_DIGITS], tuple(pictures))


class Goldens:
    """The registered ones, as they were sent, within `most_bytes`."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most = most_bytes
        self._known: dict[str, Golden] = {}
        self._bytes = 0

    def __len__(self) -> int:
        """How many there are."""
        return len(self._known)

    @property
    def ids(self) -> list[str]:
        """All ids, the first one registered first."""
        return list(self._known)

    def add(self, golden: Golden) -> None:
        """Register one; again changes nothing.

        Raises:
            PlatformError: there is no room.
        """
        if golden.name in self._known:
            return
        size = _size(golden)
        if self._bytes + size > self._most:
            remedy = "remove some: DELETE /golden/ID"
            raise PlatformError("there is no room for more golden images", code=FULL, where="golden", remedy=remedy)
        self._known[golden.name] = golden
        self._bytes += size

    def get(self, name: str) -> Golden:
        """The one of that id.

        Raises:
            InputError: there is none.
        """
        if name not in self._known:
            remedy = "register it with POST /golden; a server that was started anew knows none"
            raise InputError(f"there is no golden image {name!r}", code=UNKNOWN, where="golden_id", remedy=remedy)
        return self._known[name]

    def remove(self, name: str) -> None:
        """Forget one.

        Raises:
            InputError: there is none.
        """
        self._bytes -= _size(self.get(name))
        del self._known[name]


def _size(golden: Golden) -> int:
    return sum(len(picture.data) for picture in golden.pictures)

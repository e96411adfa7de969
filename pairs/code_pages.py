# SPDX-License-Identifier: Apache-2.0
"""Text in the code page of some computer, told by what its characters look like; never guessed between two.

Western letters stand alone among ASCII ones. The double-byte pages put their common characters into parts of their own.
"""

from __future__ import annotations

import locale
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CODE_PAGES = {
    "cp1252": "Windows-1252 (Western European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "gb18030": "GBK (simplified Chinese)",
    "big5": "Big5 (traditional Chinese)",
    "cp932": "Shift-JIS (Japanese)",
    "cp949": "CP949 (Korean)",
}
_WESTERN = re.compile(rb"(?<=[A-Za-z])[\x80-\xff]{1,2}|[\x80-\xff]{1,2}(?=[A-Za-z])")
_FOREIGN = re.compile(rb"[\x80-\xff]+")
_PLAUSIBLE = 0.9
_LOOKED_AT = 1_000_000  # characters


def decode(data: bytes, found: Callable[[str], int]) -> tuple[str, str]:
    """The text and the code page that it is in; of several that could be, the one in which most names are found.

    `found` counts the names in a text that are on the disk. Among pages that are equal in that, that of this machine
    counts.

    Raises:
        LookupError: no page fits, or several fit alike; its arguments are their names.
    """
    texts = {page: text for page in CODE_PAGES if (text := _decoded(data, page)) is not None}
    on_disk = {page: found(text) for page, text in texts.items()}
    best = [page for page in texts if on_disk[page] == max(on_disk.values())]
    if len(best) > 1:
        best = [page for page in best if _fits(data, texts[page], page)]
    if len(best) > 1 and (own := _own_page()) in best:
        best = [own]
    if len(best) != 1:
        raise LookupError(*best)
    return texts[best[0]], best[0]


def _decoded(data: bytes, page: str) -> str | None:
    try:
        return data.decode(page)
    except UnicodeDecodeError:
        return None


def _own_page() -> str:
    try:
        return {"gbk": "gb18030", "gb2312": "gb18030"}.get(own := locale.getencoding().lower().replace("-", ""), own)
    except ValueError:
        return ""


def _fits(data: bytes, text: str, page: str) -> bool:
    """Whether nearly all characters beyond ASCII are such as texts in this page are made of."""
    beside_ascii = sum(map(len, _WESTERN.findall(data))) / max(1, sum(map(len, _FOREIGN.findall(data))))
    if page == "cp1252":
        return beside_ascii >= _PLAUSIBLE
    if page == "cp1251" and beside_ascii > 1 - _PLAUSIBLE:
        return False
    characters = [character for character in text[:_LOOKED_AT] if ord(character) > 127]
    return sum(_is_common(one, page) for one in characters) >= _PLAUSIBLE * len(characters)


def _is_common(character: str, page: str) -> bool:
    if page == "cp1251":
        return "\u0400" <= character <= "\u045f"
    code = character.encode(page)
    lead, trail = (code[0], code[1]) if len(code) == 2 else (0, 0)
    if page == "gb18030":
        return 0xA1 <= lead <= 0xD7 and trail >= 0xA1
    if page == "big5":
        return 0xA1 <= lead <= 0xC6
    if page == "cp932":
        return "\u3000" <= character <= "\u30ff" or 0x88 <= lead <= 0x97
    return "\uac00" <= character <= "\ud7a3" and 0xB0 <= lead <= 0xC8 and trail >= 0xA1

# SPDX-License-Identifier: Apache-2.0
"""Where things stand in a bank, and what bank.json says of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from core.documents import read_json
from core.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

BANK_FILE = "bank.json"
SKILLS, WHEELS, PINS = "skills", "wheels", "constraints.txt"
# Of a folder for a machine without a network, which holds a bank among others.
OFFLINE_FILE, BANK, PACKAGES, BACKBONE, IMAGES = "offline.json", "bank", "packages", "backbone", "images"
FORMAT = 1


class BankError(InputError):
    """A bank that is broken, was changed, or is not trusted."""

    code = "bank"


@dataclass(frozen=True, slots=True)
class Bank:
    """What a bank brings: names of skills (folders below skills/), and the wheel (file name below wheels/)."""

    name: str
    version: str
    skills: tuple[str, ...]
    wheel: str
    format: int = FORMAT

    def to_json(self) -> dict[str, Any]:
        """The document of bank.json."""
        return asdict(self) | {"skills": list(self.skills)}


def read_bank(folder: Path) -> Bank:
    """What bank.json of a folder says.

    Raises:
        BankError: it is missing, broken, of another format, or names what leads elsewhere.
    """
    place = folder / BANK_FILE
    document = read_json(place, BankError)
    known = document if isinstance(document, dict) else {}
    name, version, wheel, skills = (known.get(key) for key in ("name", "version", "wheel", "skills"))
    names = skills if isinstance(skills, list) else []
    if known.get("format") != FORMAT or not names or not all(_is_name(one) for one in (*names, name, version, wheel)):
        remedy = "build it with this version: changenet package OUT"
        raise BankError(f"this is no bank of format {FORMAT}", code="bank.format", where=str(place), remedy=remedy)
    return Bank(str(name), str(version), tuple(names), str(wheel))


def _is_name(value: Any) -> bool:
    """Whether a value is the name of one file or folder, which leads nowhere else."""
    return isinstance(value, str) and value not in {"", ".", ".."} and not set(value) & set("/\\\0\n")

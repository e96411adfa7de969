# SPDX-License-Identifier: Apache-2.0
"""Installs a bank for one user, whole or not at all, and removes it again without a rest."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.cache import default_cache
from core.errors import MissingInputError
from interfaces.bank.agents import skill_folders
from interfaces.bank.checksums import SIGNATURE, SUMS, copy_checked, require_signature
from interfaces.bank.environment import make_environment
from interfaces.bank.layout import BANK_FILE, PINS, SKILLS, WHEELS, Bank, BankError, read_bank
from interfaces.bank.record import Record, missing_folders, read_record, remove, write_record

if TYPE_CHECKING:
    from collections.abc import Callable

COMMANDS = ("changenet", "visual_changenet")
_LINK = ".venv"  # where SKILL.md tells agents to find the commands


@dataclass(frozen=True, slots=True)
class Home:
    """A user's home: `root` is the installation's folder, `cache` what the commands keep, `bin` where shells look."""

    folder: Path
    is_own: bool
    root: Path
    cache: Path
    bin: Path


@dataclass(frozen=True, slots=True)
class Wish:
    """How a bank is to be installed; `signers` is the file of trusted keys, `wheels` a folder of packages."""

    agents: str | None
    engine: bool
    wheels: Path | None
    signers: Path | None
    unsigned: bool


def home_at(named: str | None) -> Home:
    """The home that is named, else the user's own, where $XDG_DATA_HOME and $CHANGENET_CACHE count."""
    folder = Path(named).expanduser().absolute() if named else Path.home()
    data = os.environ.get("XDG_DATA_HOME") if named is None else None
    root = (Path(data) if data else folder / ".local" / "share") / "changenet"
    cache = default_cache() if named is None else folder / ".cache" / "changenet"
    return Home(folder, named is None, root, cache, folder / ".local" / "bin")


def install_bank(bank_folder: Path, home: Home, wish: Wish, say: Callable[[str], None]) -> Record:
    """Check a bank, then install it; returns the record of what was put.

    Raises:
        BankError: the bank is broken, changed or not trusted; something of its own is installed, or stands in the way.
        RequestError: as `skill_folders`. PlatformError: as `make_environment` and `require_signature`.
    """
    _clear_the_way(home)
    with tempfile.TemporaryDirectory(prefix="changenet-bank-") as folder:
        staged = Path(folder)
        signer = _staged(bank_folder, staged, wish)
        bank = read_bank(staged)
        targets = _targets(staged, bank, skill_folders(wish.agents, home.folder, is_own_home=home.is_own))
        record = _planned(bank, home, targets, signer)
        try:
            _put(staged, bank, home, wish, targets, record, say)
        except BaseException:
            remove(record)
            raise
    return record


def uninstall_bank(home: Home) -> tuple[Record, list[str]]:
    """Remove what was installed; returns its record, and folders that stay as others put something into them.

    Raises:
        MissingInputError: nothing is installed. BankError: its record is damaged.
    """
    record = read_record(home.root)
    if record is None:
        message = "nothing is installed in this home"
        raise MissingInputError(message, code="bank.absent", where=str(home.root), remedy="changenet install BANK")
    return record, remove(record)


def _clear_the_way(home: Home) -> None:
    """Remove what an installation left that was killed; refuse to install over one that is complete."""
    record = read_record(home.root)
    if record is None:
        if home.root.exists():
            message = "there is something here that no installation recorded"
            raise BankError(message, code="bank.exists", where=str(home.root), remedy="move it away")
        return
    if record.complete:
        message = f"version {record.version} is installed here"
        remedy = "changenet uninstall" + ("" if home.is_own else f" --home {home.folder}")
        raise BankError(message, code="bank.installed", where=str(home.root), remedy=remedy)
    remove(record)


def _staged(bank: Path, staged: Path, wish: Wish) -> str:
    """Copy the bank to where nobody else writes, and check it there; returns who signed it, "" for not asked."""
    if not (bank / BANK_FILE).is_file():
        remedy = "build one: changenet package OUT"
        raise BankError("there is no bank here", code="bank.missing", where=str(bank), remedy=remedy)
    for name in (SUMS, SIGNATURE):
        if (bank / name).is_file() and not (bank / name).is_symlink():
            shutil.copyfile(bank / name, staged / name)
    signer = "" if wish.unsigned else require_signature(staged, wish.signers)
    copy_checked(bank, staged)
    return signer


def _targets(staged: Path, bank: Bank, folders: list[Path]) -> dict[Path, Path]:
    """Where each skill goes, and from where."""
    targets = {folder / name: staged / SKILLS / name for folder in folders for name in bank.skills}
    for target, source in targets.items():
        if target.exists() or target.is_symlink():
            message = "a skill of this name is there, and was not put there by this program"
            raise BankError(message, code="bank.exists", where=str(target), remedy="move it away")
        if not (source / "SKILL.md").is_file():
            remedy = "get the bank again"
            raise BankError("the bank lists a skill that it does not hold", where=str(source.name), remedy=remedy)
    return targets


def _planned(bank: Bank, home: Home, targets: dict[Path, Path], signer: str) -> Record:
    files = [str(target / _LINK) for target in targets]
    folders = [folder for place in (home.root, home.bin, *targets) for folder in missing_folders(place)]
    for target, source in targets.items():
        for path in source.rglob("*"):
            (folders if path.is_dir() else files).append(str(target / path.relative_to(source)))
    files += [str(home.bin / name) for name in COMMANDS if not (home.bin / name).exists()]
    owned = [str(home.root), *([] if home.cache.exists() else [str(home.cache)])]
    folders += [] if home.cache.exists() else missing_folders(home.cache.parent)
    skills = tuple(map(str, targets))
    return Record(bank.version, signer, tuple(owned), tuple(files), tuple(dict.fromkeys(folders)), skills)


def _put(  # noqa: PLR0913, PLR0917 - one step of one function, with all that it needs
    staged: Path,
    bank: Bank,
    home: Home,
    wish: Wish,
    targets: dict[Path, Path],
    record: Record,
    say: Callable[[str], None],
) -> None:
    home.root.mkdir(parents=True)
    write_record(home.root, record)
    environment = home.root / "environment"
    say("making the environment" + (", with the engine" if wish.engine else ""))
    wheel = staged / WHEELS / bank.wheel
    make_environment(environment, wheel, staged / PINS, engine=wish.engine, wheels=wish.wheels)
    for target, source in targets.items():
        say(f"putting {target}")
        shutil.copytree(source, target)
        (target / _LINK).symlink_to(environment)
    home.bin.mkdir(parents=True, exist_ok=True)
    for name in COMMANDS:
        if str(home.bin / name) in record.files:
            (home.bin / name).symlink_to(environment / "bin" / name)
    write_record(home.root, replace(record, complete=True))

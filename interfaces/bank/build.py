# SPDX-License-Identifier: Apache-2.0
"""Builds a bank from a checkout: whatever it was built from, the same sources give the same bytes."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from importlib import resources
from pathlib import Path

from core.documents import parse_yaml
from core.errors import RequestError
from core.files import write_json
from core.installation import checkout, version
from interfaces.bank import checksums
from interfaces.bank.client_form import write_client_form
from interfaces.bank.layout import BANK_FILE, PINS, SKILLS, WHEELS, Bank, BankError
from interfaces.bank.manifests import PLUGIN, manifests
from interfaces.bank.wheel import build_wheel

_CARRIED = "changenet_skill/"  # the skill's files inside the wheel, as setup.py puts them there
_AUTOML = "automl"
_STARTER = "install.sh"


def build_bank(out: Path, key: Path | None) -> Bank:
    """Build a bank at `out`, whole or not at all; an earlier bank there is replaced.

    Raises:
        RequestError: this code stands in no checkout. BankError: `out` is something else, or the key can't sign.
        PlatformError: as `build_wheel` and `checksums.sign`.
    """
    source = checkout()
    if source is None:
        message = "a bank is built from a checkout, and this program was installed"
        raise RequestError(
            message, code="bank.checkout", remedy="run `changenet package` in a checkout of this project"
        )
    if out.is_symlink() or (
        out.exists() and not (out / BANK_FILE).is_file() and (not out.is_dir() or any(out.iterdir()))
    ):
        message = "there is something here that is no bank"
        raise BankError(message, code="bank.exists", where=str(out), remedy="name a new folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as folder:
        made = Path(folder) / "bank"
        bank = _fill(made, source)
        checksums.write_sums(made)
        if key is not None:
            checksums.sign(made, key)
        _replace(out, made, Path(folder) / "old")
    return bank


def _fill(made: Path, source: Path) -> Bank:
    wheel = build_wheel(source, made / WHEELS)
    skill = _unpack_skill(wheel, made / SKILLS)
    automl = _split_automl(skill)
    write_client_form(skill)
    summary = _front_matter(skill)["description"]
    for name, document in manifests(version(), summary.split(". ")[0] + ".").items():
        (made / name).parent.mkdir(exist_ok=True)
        write_json(made / name, document)
    shutil.copy(source / PINS, made / PINS)
    shutil.copy(source / "LICENSE", made / "LICENSE")
    starter = resources.files("interfaces.bank").joinpath(_STARTER).read_text(encoding="utf-8")
    (made / _STARTER).write_text(starter, encoding="utf-8")
    bank = Bank(PLUGIN, version(), (skill.name, automl.name), wheel.name)
    write_json(made / BANK_FILE, bank.to_json())
    _same_modes(made)
    return bank


def _unpack_skill(wheel: Path, skills: Path) -> Path:
    """The skill's files out of the wheel, in a folder of the skill's name, as the standard wants it."""
    passing = skills / "unpacked"
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith(_CARRIED) and not name.endswith((".py", "/"))]
        for name in names:
            target = passing / name.removeprefix(_CARRIED)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(name))
    return passing.rename(skills / _front_matter(passing)["name"])


def _split_automl(skill: Path) -> Path:
    """The AutoML skill as a folder of its own; the model skill keeps it too, as its pages point there."""
    own = skill.with_name(_front_matter(skill / _AUTOML)["name"])
    shutil.copytree(skill / _AUTOML, own)
    shutil.copy(skill / "LICENSE", own / "LICENSE")
    return own


def _front_matter(folder: Path) -> dict[str, str]:
    text = (folder / "SKILL.md").read_text(encoding="utf-8")
    found: dict[str, str] = parse_yaml(text.split("---\n")[1], str(folder / "SKILL.md"))
    return found


def _same_modes(made: Path) -> None:
    for path in (made, *made.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.name == _STARTER else 0o644)


def _replace(out: Path, made: Path, old: Path) -> None:
    if out.exists():
        out.rename(old)
    made.rename(out)

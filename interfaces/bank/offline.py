# SPDX-License-Identifier: Apache-2.0
"""What a machine without a network needs, in one folder: the bank, every package as a wheel, weights, images.

What can't be had here is no error: the folder says what is missing, whether that is needed, and how to bring it.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import read_json
from core.errors import ChangenetError, RequestError
from core.files import write_json, write_text
from core.installation import version
from interfaces.bank import checksums
from interfaces.bank.build import build_bank
from interfaces.bank.extras import extras_of
from interfaces.bank.layout import BACKBONE, BANK, IMAGES, OFFLINE_FILE, PACKAGES, PINS, WHEELS, BankError
from interfaces.bank.packages import collect_wheels, platform_words
from runners.platforms.table import capabilities
from runners.staging.weights import Published, record_of, stage_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from router.declarations import Skill

_KEY = "model.backbone.pretrained_backbone_path"
_STARTER, _PAGE = "install.sh", "offline_README.md.j2"


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that the machine needs: `place` in the folder, empty where it is missing, for which `remedy` is.

    `needed`: nothing runs there without it; `use` says what it is for.
    """

    name: str
    use: str
    needed: bool
    place: str = ""
    digest: str = ""
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        """The entry of offline.json."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Wanted:
    """For which runner; `images` are other images than those of its actions, `backbone` a file of weights."""

    runner: str
    images: tuple[str, ...] = ()
    backbone: Path | None = None


def build_offline(out: Path, key: Path | None, wanted: Wanted, skill: Skill, say: Callable[[str], None]) -> list[Piece]:
    """Build the folder at `out`, whole or not at all; an earlier one is replaced. Returns all pieces, missing ones too.

    Raises:
        RequestError, BankError, PlatformError: as `build_bank` and `collect_wheels`, or `out` is something else.
    """
    _require_replaceable(out)
    needs_image = capabilities(wanted.runner).needs_image
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as folder:
        made = Path(folder) / "offline"
        made.mkdir()
        backbone = _backbone(made, wanted, skill, say)
        say("building the bank")
        bank = build_bank(made / BANK, key)
        wheel = made / BANK / WHEELS / bank.wheel
        say("collecting the packages")
        collect_wheels(wheel, made / BANK / PINS, made / PACKAGES, wanted.runner)
        pieces = [Piece("packages", f"the commands, for {platform_words()}", needed=True, place=PACKAGES)]
        pieces.append(backbone)
        names = wanted.images or (tuple(_images(skill)) if needs_image else ())
        pieces += [_image(made, name, say) for name in names]
        _write_pages(made, wanted, pieces)
        checksums.write_sums(made)
        if key is not None:
            checksums.sign(made, key)
        if out.exists():
            out.rename(Path(folder) / "old")
        made.rename(out)
    return pieces


def _require_replaceable(out: Path) -> None:
    known = out.is_dir() and (not any(out.iterdir()) or isinstance(_document(out), dict))
    if out.is_symlink() or (out.exists() and not known):
        message = "there is something here that was not made by `changenet package --offline`"
        raise BankError(message, code="bank.exists", where=str(out), remedy="name a new folder")


def _document(out: Path) -> Any:
    return read_json(out / OFFLINE_FILE, BankError) if (out / OFFLINE_FILE).is_file() else None


def _backbone(made: Path, wanted: Wanted, skill: Skill, say: Callable[[str], None]) -> Piece:
    """The published weights: those that are named, or staged here, or fetched now."""
    source: dict[str, Any] = skill.spec_params("train")[_KEY]
    usual = Path(source["staged_path"])
    own = wanted.backbone or (usual if usual.is_file() else None)
    target = made / BACKBONE / usual.name
    use = "trainings of the profile container; the profile laptop has its weights in the packages"
    name, needed = f"{source['huggingface_repo']}/{source['file']}", capabilities(wanted.runner).needs_image
    published = Published(source["huggingface_repo"], source["file"], None, source["token"])
    try:
        weights = stage_weights(published, target, own, say)
        if own and record_of(own).is_file():  # it knows of which revision they are
            shutil.copyfile(record_of(own), record_of(target))
    except ChangenetError as problem:
        if wanted.backbone:
            raise
        shutil.rmtree(made / BACKBONE, ignore_errors=True)
        remedy = f"{problem.message}. Bring the file here, and say: --backbone FILE"
        return Piece(name, use, needed, remedy=remedy)
    return Piece(name, use, needed, f"{BACKBONE}/{usual.name}", f"sha256:{weights.sha256}")


def _images(skill: Skill) -> Iterator[str]:
    yield skill.image("train")
    if skill.deploys:
        yield skill.image(skill.deploy_actions[0])


def _image(made: Path, name: str, say: Callable[[str], None]) -> Piece:
    """The archive of an image that the engine here has; nothing is pulled, which can take tens of gigabytes."""
    from runners.platforms.docker_engine import host_named
    from runners.platforms.docker_image import find_image, save_image

    use = "the container of the actions"
    archive = f"{IMAGES}/{name.replace('/', '_').replace(':', '_')}.tar"
    remedy = f"docker pull {name}, here, and make the folder again; or there: docker load"
    try:
        found = find_image(host_named(), name)
        if found is None:
            return Piece(name, use, needed=True, remedy=f"no engine here has it: {remedy}")
        say(f"saving {name}")
        save_image(host_named(), name, made / archive)
    except ChangenetError as problem:
        return Piece(name, use, needed=True, remedy=f"{problem.message}: {remedy}")
    return Piece(name, use, needed=True, place=archive, digest=found.digest)


def _write_pages(made: Path, wanted: Wanted, pieces: list[Piece]) -> None:
    from jinja2 import Environment, StrictUndefined

    files = resources.files("interfaces.bank")
    page = files.joinpath(_PAGE).read_text(encoding="utf-8")
    jinja = Environment(undefined=StrictUndefined, trim_blocks=True, autoescape=False)  # noqa: S701 - no page of the web
    facts = {"pieces": pieces, "runner": wanted.runner, "platform": platform_words(), "version": version()}
    write_text(made / "README.md", jinja.from_string(page).render(facts))
    write_text(made / "install.sh", files.joinpath(_STARTER).read_text(encoding="utf-8"))
    (made / "install.sh").chmod(0o755)
    document = {"version": version(), "runner": wanted.runner, "platform": platform_words()}
    document["extras"] = extras_of(made / PACKAGES)
    write_json(made / OFFLINE_FILE, document | {"pieces": [piece.to_json() for piece in pieces]})


def require_offline_words(*, offline: bool, named: dict[str, Any]) -> None:
    """What only an offline folder takes is refused without --offline.

    Raises:
        RequestError: naming the first.
    """
    given = next((name for name, value in named.items() if value), None)
    if given and not offline:
        message = f"--{given} is for a folder that is carried to a machine without a network"
        raise RequestError(message, code="request.option", where=f"--{given}", remedy="add --offline, or leave it out")

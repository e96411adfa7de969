# SPDX-License-Identifier: Apache-2.0
"""`stage backbone`: fetch published backbone weights once, so that a run finds them as a local file."""

from __future__ import annotations

import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.errors import PlatformError
from core.files import atomic_path
from core.installation import require
from core.redaction import redact_text
from interfaces.options import argument, option
from interfaces.outcome import Outcome
from interfaces.skill import the_skill

if TYPE_CHECKING:
    from interfaces.outcome import Reporter

_KEY = "model.backbone.pretrained_backbone_path"


@dataclass(frozen=True, slots=True)
class StageOptions:
    """What is fetched, and where to."""

    what: Literal["backbone"] = argument("the C-RADIOv2-B backbone of the classify task")
    out: str | None = option("folder for the file", metavar="DIR", otherwise="./backbone")


def stage(options: StageOptions, reporter: Reporter) -> Outcome:
    """Fetch the weights that skill_info.yaml names for the classify backbone into a folder.

    The token that the hub may ask for is read by its client from the environment or its own login, never written here.

    Raises:
        PlatformError: the hub's client is not installed, or the hub gives no file.
    """
    source: dict[str, Any] = the_skill().spec_params("train")[_KEY]
    usual = Path(source["staged_path"])
    target = Path(options.out) / usual.name if options.out else usual
    if not target.is_file():
        reporter.say(f"fetching {source['file']} of {source['huggingface_repo']}")
        _copy(_download(source["huggingface_repo"], source["file"], source["token"]), target)
    path = str(target.resolve())
    keys = f"-s {shlex.quote(f'{_KEY}={path}')} -s model.backbone.type={source['backbone_type']}"
    mount = f"{path}:{source['destination_path']}"
    text = f"{path}\nnext: changenet run train {keys} …\nor in a container: -v {shlex.quote(mount)}"
    return Outcome({"path": path, "mount": mount, "backbone_type": source["backbone_type"], "spec_key": _KEY}, text)


def _copy(cached: Path, target: Path) -> None:
    with atomic_path(target) as temporary:
        shutil.copyfile(cached, temporary)


def _download(repository: str, name: str, token: str) -> Path:
    require("stage", "huggingface_hub")
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return Path(hf_hub_download(repository, name))
    except (HfHubHTTPError, OSError, ValueError) as problem:
        reason = redact_text(str(problem).strip().partition("\n")[0])
        raise PlatformError(
            f"the hub did not give {name}: {reason}",
            code="stage.hub",
            where=repository,
            remedy=f"check the network and {token}, or copy the file to this machine and give its path",
        ) from None

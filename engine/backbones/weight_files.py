# SPDX-License-Identifier: Apache-2.0
"""Reads weight files: safetensors and PyTorch checkpoints, without ever running code that a file carries."""

from __future__ import annotations

import pickle
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from core.errors import CheckpointError
from engine.torch_files import damaged_part

if TYPE_CHECKING:
    from collections.abc import Mapping

SUFFIXES = (".safetensors", ".pth", ".pt", ".ckpt", ".bin")
_WRAPPERS = ("state_dict", "model", "teacher", "module", "backbone", "student")
_KEY_PREFIXES = ("module.", "model.", "backbone.")
_STAGING_REMEDY = (
    "Stage the file first (changenet stage backbone), then give its local path in "
    "model.backbone.pretrained_backbone_path."
)
_SAFETENSORS_REMEDY = "Convert it to .safetensors where you trust the file, or ask its publisher for one."


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Read the tensors of a weight file, unwrapped: no `state_dict` or `teacher` level, no `module.` prefixes.

    Raises:
        CheckpointError: the file is missing, no weight file, broken, would run code, or holds no tensors.
    """
    file = _existing_file(path)
    _refuse_stand_ins(file)
    content = _read_safetensors(file) if _is_safetensors(file) else _read_torch(file)
    weights = _without_prefixes(_tensors(content))
    if not weights:
        raise _error("no_tensors", "holds no tensors", file, "Give a file that holds a state_dict.")
    return weights


def _existing_file(path: str | Path) -> Path:
    text = str(path)
    if "://" in text or text.startswith("hf:"):
        raise CheckpointError(
            "pretrained weights are read from a local file, not from a URL",
            code="checkpoint.remote",
            where=text.split("?", maxsplit=1)[0],
            remedy=_STAGING_REMEDY,
        )
    file = Path(path)
    if file.is_dir():
        raise _error("not_a_file", "is a folder, not a weight file", file, f"Give a file: {', '.join(SUFFIXES)}.")
    if not file.is_file():
        raise _error("missing_file", "does not exist", file, _missing_remedy(text))
    if file.suffix.lower() not in SUFFIXES:
        raise _error("suffix", "is not called like a weight file", file, f"Known suffixes: {', '.join(SUFFIXES)}.")
    return file


def _missing_remedy(text: str) -> str:
    looks_like_repository = re.fullmatch(r"[\w.-]+/[\w.-]+", text) and not text.lower().endswith(SUFFIXES)
    return _STAGING_REMEDY if looks_like_repository else "Check the path."


def _refuse_stand_ins(file: Path) -> None:
    """Refuse what downloads leave behind instead of the weights."""
    start = _head(file, 512)
    if not start:
        raise _error("empty", "is empty", file, "Download it again.")
    if start.startswith(b"version https://git-lfs"):
        raise _error("git_lfs", "is a git-lfs pointer, not the weights", file, "Run `git lfs pull` where it came from.")
    if start.lstrip().lower().startswith((b"<!doctype html", b"<html", b"<?xml")):
        remedy = "Download it again; gated models need an accepted licence and a token at that step."
        raise _error("html", "is a web page, not the weights", file, remedy)


def _head(file: Path, size: int) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(size)
    except OSError as error:
        raise _error("unreadable", f"can't be read: {error.strerror}", file, "Check its permissions.") from error


def _is_safetensors(file: Path) -> bool:
    """Safetensors begin with the length of a JSON header; the content counts, not the suffix."""
    return _head(file, 9)[8:] == b"{"


def _read_safetensors(file: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(file)
    except (SafetensorError, OSError, ValueError) as error:
        raise _broken(file, error) from error


def _read_torch(file: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on old pickle protocols
            content = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise _unsafe_or_broken(file, error) from error
    except Exception as error:
        raise _broken(file, error) from error
    if part := damaged_part(file):
        remedy = "Download or copy it again and compare its checksum."
        raise _error("broken", f"was damaged: {part} does not have its checksum", file, remedy)
    return content


def _unsafe_or_broken(file: Path, error: Exception) -> CheckpointError:
    wanted = re.search(r"(?:GLOBAL|global)s? `?([\w.]+)`? ", str(error))
    if wanted is None:
        return _broken(file, error)
    message = f"asks to run code ({wanted.group(1)}) when it is read, which is refused"
    return _error("unsafe", message, file, _SAFETENSORS_REMEDY)


def _broken(file: Path, error: Exception) -> CheckpointError:
    size = file.stat().st_size
    message = f"is no readable weight file, or is cut off after {size:,} bytes ({_reason(error)})"
    return _error("broken", message, file, "Download or copy it again and compare its size and checksum.")


def _reason(error: Exception) -> str:
    """The part of torch's long advice that names the cause."""
    inner = re.search(r"WeightsUnpickler error:\s*([^.\n]+)", str(error))
    if inner is not None:
        return inner.group(1).strip()
    lines = str(error).strip().splitlines()
    return lines[0].split(". ")[0][:120] if lines and not lines[0].isdigit() else type(error).__name__


def _error(code: str, message: str, file: Path, remedy: str) -> CheckpointError:
    return CheckpointError(f"the file {message}", code=f"checkpoint.{code}", where=str(file), remedy=remedy)


def _tensors(content: Any) -> dict[str, Tensor]:
    """The tensors of the innermost wrapper that has some."""
    if not isinstance(content, dict):
        return {}
    tensors = {key: value for key, value in content.items() if isinstance(key, str) and isinstance(value, Tensor)}
    for wrapper in _WRAPPERS:
        inner = _tensors(content.get(wrapper))
        if len(inner) > len(tensors):
            return inner
    return tensors


def _without_prefixes(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Strip the names of wrapping modules, as often as they occur."""
    stripped = dict(weights)
    while True:
        prefix = next((p for p in _KEY_PREFIXES if any(key.startswith(p) for key in stripped)), None)
        if prefix is None:
            return stripped
        stripped = {key.removeprefix(prefix): value for key, value in stripped.items()}

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pickle
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import save_file

from core.errors import CheckpointError
from engine.backbones.weight_files import read_weights

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WEIGHTS = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}


class RunsCode:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return subprocess.getoutput, ("touch /nowhere/at/all",)


@pytest.mark.parametrize(
    "content",
    [
        WEIGHTS,
        {"state_dict": WEIGHTS, "epoch": 3},
        {"model": WEIGHTS},
        {"teacher": {f"backbone.{key}": value for key, value in WEIGHTS.items()}, "student": {}},
        {"state_dict": {f"module.model.{key}": value for key, value in WEIGHTS.items()}},
        {"epoch": 1, "model": {"state_dict": {f"model.backbone.{key}": value for key, value in WEIGHTS.items()}}},
    ],
)
@pytest.mark.parametrize("suffix", [".pth", ".pt", ".ckpt"])
def test_wrappers_and_prefixes_are_taken_off(tmp_path: Path, content: dict[str, Any], suffix: str) -> None:
    torch.save(content, tmp_path / f"weights{suffix}")
    read = read_weights(tmp_path / f"weights{suffix}")
    assert read.keys() == WEIGHTS.keys()
    assert torch.equal(read["a.weight"], WEIGHTS["a.weight"])


@pytest.mark.parametrize("name", ["weights.safetensors", "misnamed.pth"])
def test_safetensors_are_known_by_content(tmp_path: Path, name: str) -> None:
    save_file({f"module.{key}": value for key, value in WEIGHTS.items()}, tmp_path / name)
    assert torch.equal(read_weights(tmp_path / name)["a.bias"], WEIGHTS["a.bias"])


def test_the_old_checkpoint_format_is_read(tmp_path: Path) -> None:
    torch.save(WEIGHTS, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert torch.equal(read_weights(tmp_path / "old.pth")["a.weight"], WEIGHTS["a.weight"])


def test_only_the_prefix_of_decorated_keys_goes(tmp_path: Path) -> None:
    save_file({"model.patch_embed.backbone.stem": torch.ones(1), "head": torch.ones(1)}, tmp_path / "w.safetensors")
    assert set(read_weights(tmp_path / "w.safetensors")) == {"patch_embed.backbone.stem", "head"}


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("pointer.pth", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 393\n", "checkpoint.git_lfs"),
        ("page.safetensors", b"<!DOCTYPE html><html><body>Access denied</body></html>", "checkpoint.html"),
        ("page.pth", b"\n  <HTML><head>", "checkpoint.html"),
        ("empty.pth", b"", "checkpoint.empty"),
        ("noise.pth", bytes(range(256)) * 20, "checkpoint.broken"),
        ("text.ckpt", b"hello", "checkpoint.broken"),
        ("header.safetensors", (40).to_bytes(8, "little") + b'{"a":', "checkpoint.broken"),
        ("model.onnx", b"\x08\x08", "checkpoint.suffix"),
    ],
)
def test_stand_ins_for_weights_are_named(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        read_weights(file)
    assert (caught.value.code, caught.value.where) == (code, str(file))
    assert caught.value.remedy


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_cut_off_file_is_broken(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"whole{suffix}"
    many = {f"layer{i}.weight": torch.rand(8, 8) for i in range(20)}
    if suffix == ".pth":
        torch.save(many, file)
    else:
        save_file(many, file)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(CheckpointError, match="cut off") as caught:
        read_weights(file)
    assert caught.value.code == "checkpoint.broken"
    assert "\n" not in caught.value.message


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path) -> None:
    torch.save({"state_dict": WEIGHTS, "hyper_parameters": RunsCode()}, tmp_path / "evil.ckpt")
    with pytest.raises(CheckpointError, match="getoutput") as caught:
        read_weights(tmp_path / "evil.ckpt")
    assert caught.value.code == "checkpoint.unsafe"
    assert "safetensors" in caught.value.remedy


def test_a_bare_pickle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bare.pth").write_bytes(pickle.dumps(RunsCode(), protocol=2))
    with pytest.raises(CheckpointError) as caught:
        read_weights(tmp_path / "bare.pth")
    assert caught.value.code in {"checkpoint.unsafe", "checkpoint.broken"}


@pytest.mark.parametrize("content", [{"epoch": 3}, [1, 2], torch.ones(3), {"state_dict": {"step": 1}}, {1: WEIGHTS}])
def test_a_file_without_named_tensors_is_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "bare.pth")
    with pytest.raises(CheckpointError, match="no tensors") as caught:
        read_weights(tmp_path / "bare.pth")
    assert caught.value.code == "checkpoint.no_tensors"


def test_folders_and_missing_files_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="folder"):
        read_weights(tmp_path)
    with pytest.raises(CheckpointError, match="does not exist"):
        read_weights(tmp_path / "none.pth")


def test_an_unreadable_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "loop.pth").symlink_to("loop.pth")
    with pytest.raises(CheckpointError, match="does not exist"):
        read_weights(tmp_path / "loop.pth")


@pytest.mark.parametrize(
    "reference", ["https://example.org/model.safetensors?token=secret", "hf://org/model", "org/Model-B"]
)
def test_remote_names_get_the_staging_remedy_and_keep_no_token(reference: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        read_weights(reference)
    assert "stage" in caught.value.remedy
    assert "secret" not in str(caught.value)

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from core.addresses import is_address, is_repository, is_store


@pytest.mark.parametrize(
    "place",
    [
        "https://huggingface.co/nvidia/C-RADIOv2-B/resolve/main/model.safetensors",
        "HTTPS://huggingface.co/nvidia/C-RADIOv2-B",
        "//huggingface.co/nvidia/C-RADIOv2-B",
        "hf.co/nvidia/C-RADIOv2-B",
        "huggingface.co/nvidia/C-RADIOv2-B/model.safetensors",
        "huggingface:nvidia/C-RADIOv2-B",
        "hf://nvidia/C-RADIOv2-B/model.safetensors",
        "hf:nvidia/C-RADIOv2-B",
        "ngc://nvidia/tao/changenet",
        "s3://bucket/model.pth",
        "GS://bucket/model.pth",
    ],
)
def test_an_address_is_told_in_every_spelling(place: str) -> None:
    assert is_address(place)


@pytest.mark.parametrize(
    "place",
    [
        "/data/pretrained_models/C-RADIOv2_B.safetensors",
        "backbone/c_radio_v2_b.safetensors",
        "./weights",
        "boards",
        "runs.2026/model.pth",
        "C:\\weights\\model.pth",
        "file:///data/model.pth",
        "package:efficientnet-lite0",
    ],
)
def test_a_path_is_no_address_and_no_store(place: str) -> None:
    assert not is_address(place)
    assert not is_store(place)


def test_only_stores_are_stores() -> None:
    assert all(map(is_store, ("s3://bucket/x", "S3://bucket/x", "gs://bucket", "az://container/x")))
    assert not any(map(is_store, ("https://host/x", "hf://owner/name", "s3:bucket", "huggingface:owner/name", "s3/x")))


def test_a_repository_has_two_parts_and_no_file_ending() -> None:
    assert all(map(is_repository, ("nvidia/C-RADIOv2-B", "nvidia/C-RADIOv2.5-B", "owner/name")))
    assert not any(map(is_repository, ("backbone/model.safetensors", "a/b/c", "/data/x", "./x/y", "model.pth")))

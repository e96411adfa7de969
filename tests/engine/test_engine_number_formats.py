# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from core.errors import SpecError
from engine.number_formats import check_precision, in_single_precision


@pytest.mark.parametrize(
    ("accelerator", "precision", "instead"),
    [
        ("cpu", "16-mixed", "bf16-mixed"),
        ("mps", "16-mixed", "bf16-mixed"),
        ("mps", "64-true", "32-true"),
        ("cuda", "bf16-mixed", "16-mixed"),
    ],
)
def test_a_format_that_a_device_can_not_train_in_is_refused_simulated(
    accelerator: str, precision: str, instead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A GPU without bfloat16: there is none where tests run.
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    with pytest.raises(SpecError, match="can't train in") as error:
        check_precision(precision, accelerator)  # type: ignore[arg-type]
    assert error.value.where == "train.precision"
    assert instead in error.value.remedy


@pytest.mark.parametrize(
    ("accelerator", "precision"), [("cpu", "bf16-mixed"), ("cpu", "64-true"), ("cuda", "16-mixed"), ("mps", "32-true")]
)
def test_other_formats_are_not(accelerator: str, precision: str) -> None:
    check_precision(precision, accelerator)  # type: ignore[arg-type]


def test_pictures_are_prepared_in_32_bit_within_a_training_of_another_format() -> None:
    bytes_of_picture = torch.arange(256, dtype=torch.uint8)
    exact = torch.arange(256) / 255.0
    weight = torch.ones(4, 4)
    torch.set_default_dtype(torch.bfloat16)
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert not torch.equal((bytes_of_picture / 255.0).float(), exact)  # what would be lost
            with in_single_precision(torch.device("cpu")):
                assert torch.equal(bytes_of_picture / 255.0, exact)
                assert (weight @ weight).dtype == torch.float32
            assert (weight @ weight).dtype == torch.bfloat16
        assert torch.get_default_dtype() == torch.bfloat16
    finally:
        torch.set_default_dtype(torch.float32)

# SPDX-License-Identifier: Apache-2.0
"""Which devices an action runs on: GPUs where there are some, else the processor."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import torch

from core.cores import usable_cores
from core.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

Accelerator = Literal["cpu", "cuda", "mps"]
_logger = logging.getLogger(__name__)


class DeviceSettings(Protocol):
    """The keys that sections of the spec have in common."""

    @property
    def num_gpus(self) -> int: ...  # noqa: D102
    @property
    def gpu_ids(self) -> Sequence[int]: ...  # noqa: D102
    @property
    def num_nodes(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Devices:
    """What training runs on: `devices` are ids of GPUs, or a number of processes."""

    accelerator: Accelerator
    devices: list[int] | int = 1
    num_nodes: int = 1

    @property
    def processes(self) -> int:
        """Processes in all, one for each device."""
        return self.num_nodes * (self.devices if isinstance(self.devices, int) else len(self.devices))


def training_devices(settings: DeviceSettings, section: str = "train") -> Devices:
    """The devices to train on. A process that torchrun started takes the number of processes from it.

    Where several GPUs are asked for and there is none, as many processes train on the processor, one a core at most:
    steps and batches are then those of as many GPUs.

    Raises:
        SpecError: a GPU is named that is not there.
    """
    accelerator = _accelerator(settings, section)
    if "TORCHELASTIC_RUN_ID" in os.environ:
        here, everywhere = int(os.environ["LOCAL_WORLD_SIZE"]), int(os.environ["WORLD_SIZE"])
        return Devices(accelerator, here, everywhere // here)
    if accelerator == "cuda":
        return Devices("cuda", list(settings.gpu_ids), settings.num_nodes)
    if accelerator == "mps":
        return Devices("mps")
    return Devices("cpu", _processes(settings, section), settings.num_nodes)


def _processes(settings: DeviceSettings, section: str) -> int:
    asked, cores = max(1, settings.num_gpus), usable_cores()
    if asked > cores:
        message = "%s.num_gpus is %d, more than this machine has cores: %d train, and a step sees %d batches, not %d."
        _logger.warning(message, section, asked, cores, cores, asked)
    count = min(asked, cores)
    if count > 1:
        _logger.info("%d processes train together.", count)
    return count


def share_cores(devices: Devices) -> None:
    """Give each of the processes that compute on this machine's processor its part of the cores.

    OMP_NUM_THREADS, where it is set, is respected.
    """
    if "OMP_NUM_THREADS" not in os.environ:
        here = devices.devices if isinstance(devices.devices, int) else 1
        torch.set_num_threads(max(1, usable_cores() // here))


def scoring_device(settings: DeviceSettings, section: str) -> torch.device:
    """The one device that evaluate and inference use.

    Raises:
        SpecError: a GPU is named that is not there.
    """
    accelerator = _accelerator(settings, section)
    return torch.device("cuda", settings.gpu_ids[0]) if accelerator == "cuda" else torch.device(accelerator)


def _accelerator(settings: DeviceSettings, section: str) -> Accelerator:
    if settings.num_gpus == 0:
        return "cpu"
    if torch.cuda.is_available():
        _check_ids(settings.gpu_ids, section)
        return "cuda"
    if torch.backends.mps.is_available():
        _tell_of_ids(settings, section, "one GPU, which has no id")
        return "mps"
    _logger.info("There is no GPU on this machine: running on the processor.")
    _tell_of_ids(settings, section, "no GPU")
    return "cpu"


def _tell_of_ids(settings: DeviceSettings, section: str, what: str) -> None:
    if settings.num_gpus > 1 or list(settings.gpu_ids) != [0]:
        _logger.warning("%s.gpu_ids %s are not used: this machine has %s.", section, list(settings.gpu_ids), what)


def _check_ids(ids: Sequence[int], section: str) -> None:
    there = torch.cuda.device_count()
    absent = [number for number in ids if number >= there]
    if absent or not ids:
        raise SpecError(
            f"the GPUs {list(ids)} are asked for, but this machine has {there}",
            code="spec.gpu_ids",
            where=f"{section}.gpu_ids",
            remedy=f"choose from {list(range(there))}, or set {section}.num_gpus=0 for the processor",
        )

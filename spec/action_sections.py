# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: FBT003 - True and False are default values here, not switches of a call
"""`evaluate`, `inference`, `inspect`: a section for each use of a model."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from spec.fields import EMBEDDED, BatchSize, Count, Index, Section, knob


class ModelUse(Section):
    """Running a trained model over a data set."""

    num_gpus: Index = knob(
        1, "Devices; 0, or no GPU at all, uses the processor.", le=1024, unit="devices", popular=True
    )
    gpu_ids: list[Index] = knob([0], "Which devices are used, one for each of num_gpus.", popular=True)
    num_nodes: Count = knob(1, "Machines that work together.", le=1024, unit="nodes", popular=True)
    checkpoint: str = knob("", "Checkpoint (.pth) of the model to use.", popular=True)
    trt_engine: str | None = knob(None, "TensorRT engine to use; the deploy actions read this instead of a checkpoint.")
    results_dir: str | None = knob(
        None, "Folder for the results; null for the action's own under the root results_dir."
    )
    batch_size: BatchSize = knob(-1, "Pairs per step; -1 for the data set's batch_size.", unit="pairs")
    vis_after_n_batches: Count = knob(
        16, "Segment: batches between pictures of predicted masks.", le=1000000, unit="batches"
    )
    region_gap: int = knob(
        8,
        "Segment: marked pixels with no more than so many pixels between them are one region; labelled ones as well. "
        "0 joins those that touch.",
        ge=0,
        le=256,
        unit="pixels",
        engines=list(EMBEDDED),
    )
    evidence_maps: bool = knob(
        True,
        "Classify: write for each pair a picture of where the model sees a difference, named in the column `evidence`.",
        engines=list(EMBEDDED),
    )


class Evaluate(ModelUse):
    """Measuring a trained model on labelled pairs."""


class Inference(ModelUse):
    """Scoring pairs with a trained model."""


class Inspect(Section):
    """Inspecting whole pictures of boards; only the embedded engine does that."""

    num_gpus: Index = knob(0, "Devices; 0, or no GPU at all, uses the processor.", le=1, unit="devices")
    gpu_ids: list[Index] = knob([0], "Which device is used.")
    num_nodes: Count = knob(1, "Machines that work together.", le=1, unit="nodes")
    checkpoint: str = knob(
        "",
        "Checkpoint (.pth) of the model to use; empty, in segment_inspect, for the plain difference of the registered "
        "pictures, which no data has taught what is harmless.",
        popular=True,
    )
    golden: str = knob(
        "",
        "Golden picture, or a folder of them; a CSV file with the columns golden and test names both.",
        popular=True,
    )
    test: str = knob(
        "",
        "Picture to inspect, or a folder of them; empty where `golden` is a CSV file.",
        popular=True,
    )
    results_dir: str | None = knob(None, "Folder for the results; null for `inspect` under the root results_dir.")
    threshold: float | None = knob(
        None,
        "Score from which a pixel counts as changed; null for the checkpoint's, and 0.2 of the range of grey levels "
        "without one.",
        ge=0,
        le=1,
        popular=True,
    )
    region_gap: int = knob(
        8,
        "Changed pixels with no more than so many pixels between them are one region.",
        ge=0,
        le=256,
        unit="pixels",
    )
    least_area: Count = knob(12, "Regions of fewer changed pixels are left out.", le=1000000, unit="pixels")
    calibrate_to: float | None = knob(
        None,
        "Share of good boards that may be flagged. With it all pairs are taken for good, and the model's "
        "threshold is set for them, in a file of its own.",
        ge=0,
        lt=1,
    )
    defect_sizes: Annotated[list[float], Field(min_length=2, max_length=2)] = knob(
        [6.0, 60.0],
        "Smallest and largest size of the defects that are drawn into the pairs of a calibration.",
        unit="pixels",
    )
    crop: Annotated[int, Field(ge=16, le=8192)] | None = knob(
        None,
        "Side of the squares of the golden picture that the model looks at; null for the size of the pictures that it "
        "was trained on.",
        unit="pixels",
        popular=True,
    )

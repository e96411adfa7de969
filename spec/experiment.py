# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: FBT003 - True and False are default values here, not switches of a call
"""The whole experiment spec: what `visual_changenet` takes, whichever the action and the task."""

from __future__ import annotations

from typing import Literal

from spec.action_sections import Evaluate, Inference, Inspect
from spec.dataset_section import Dataset
from spec.deploy_sections import Export, GenTrtEngine, Quantize
from spec.fields import CONTAINER, Section, knob, section
from spec.model_section import Model
from spec.train_section import Train

__all__ = ["Experiment", "Wandb"]


class Wandb(Section):
    """Logging to Weights & Biases. The key is taken from the environment, never from here."""

    enable: bool = knob(False, "Log to Weights & Biases.", option_engines={"true": list(CONTAINER)})
    project: str = knob("TAO Toolkit", "Project that the run is listed in.", min_length=1)
    entity: str | None = knob(None, "User or team that owns the project.")
    group: str | None = knob(None, "Group that the run belongs to.")
    name: str = knob("Visual ChangeNet training", "Name of the run.", min_length=1)
    tags: list[str] = knob(["visual_changenet"], "Tags of the run.")
    reinit: bool = knob(False, "Allow several runs in one process.")
    sync_tensorboard: bool = knob(False, "Send what is written for TensorBoard as well.")
    save_code: bool = knob(False, "Upload the source of the run.")
    run_id: str | None = knob(None, "Id of a run to go on with.")


class Experiment(Section):
    """The whole experiment spec."""

    task: Literal["classify", "segment"] = knob(
        "classify", "What is learnt: a verdict for each pair, or a mask of what changed.", popular=True
    )
    model_name: str | None = knob("visual_changenet", "Name of the network.")
    encryption_key: str | None = knob(None, "Key of encrypted checkpoints; masked wherever a spec is written or shown.")
    results_dir: str = knob("/results", "Folder under which each action makes its own.", popular=True)
    wandb: Wandb = section(Wandb, "Logging to Weights & Biases.")
    model: Model = section(Model, "The network.")
    dataset: Dataset = section(Dataset, "Where the pairs are, how they are read and combined.")
    train: Train = section(Train, "Optimisation, schedule, checkpoints, devices.")
    evaluate: Evaluate = section(Evaluate, "Measuring a trained model on labelled pairs.")
    inference: Inference = section(Inference, "Scoring pairs with a trained model.")
    inspect: Inspect = section(Inspect, "Inspecting whole pictures of boards.")
    export: Export = section(Export, "Writing a trained model as ONNX.")
    quantize: Quantize = section(Quantize, "Post-training quantisation of a trained model.")
    gen_trt_engine: GenTrtEngine = section(GenTrtEngine, "Building a TensorRT engine from an ONNX file.")

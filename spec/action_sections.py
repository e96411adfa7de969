# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: FBT003 - True and False are default values here, not switches of a call
"""`evaluate`, `inference`, `inspect`, `export`, `quantize`, `gen_trt_engine`: a section for each use of a model."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from spec.fields import CONTAINER, EMBEDDED, BatchSize, Count, Index, Scalar, Section, knob, section

InputSide = Annotated[int, Field(ge=32, le=16384)]


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


class Export(Section):
    """Writing a trained model as ONNX."""

    results_dir: str | None = knob(None, "Folder for the results; null for `export` under the root results_dir.")
    gpu_id: Index = knob(0, "GPU to export on.", le=1023)
    checkpoint: str = knob("", "Checkpoint (.pth) of the model to export.", popular=True)
    onnx_file: str = knob("", "ONNX file to write; it must not exist.", popular=True)
    on_cpu: bool = knob(False, "Export for use without a GPU.")
    input_channel: Literal[3] = knob(3, "Colour channels of the input.", unit="channels")
    input_width: InputSide = knob(224, "Width of the combined input of all lightings.", unit="pixels", popular=True)
    input_height: InputSide = knob(896, "Height of the combined input of all lightings.", unit="pixels", popular=True)
    opset_version: int = knob(17, "ONNX operator set.", ge=11, le=25)
    batch_size: BatchSize = knob(-1, "Batch size of the ONNX input; -1 leaves it open.", unit="pairs")
    verbose: bool = knob(False, "Write the exporter's own messages to the log.")
    format: Literal["onnx", "xdl"] = knob("onnx", "File format.", option_engines={"xdl": list(CONTAINER)})
    serialize_nvdsinfer: bool = knob(False, "Write DeepStream configuration files beside the model.")
    parity_pairs: Count = knob(
        1000,
        "Most pairs of the validation split on which the exported model has to give the checkpoint's verdicts; of a "
        "longer split as many are taken, spread evenly over it.",
        le=1000000,
        unit="pairs",
        engines=list(EMBEDDED),
    )
    self_test_pairs: Index = knob(
        4,
        "Pairs of the validation split that the file holds, with their pictures and scores, so that it can be tested "
        "where it is used; 0 for none.",
        le=64,
        unit="pairs",
        engines=list(EMBEDDED),
    )


class TensorQuantization(Section):
    """How the weights or the activations of some layers are quantised."""

    dtype: Literal["int8", "fp8_e4m3fn", "fp8_e5m2", "native"] = knob(
        "int8", "Number format; `native` leaves them as they are."
    )
    observer_or_fake_quant: str = knob("", "Name of the backend's range observer; empty for the backend's choice.")
    quant_axis: int | None = knob(
        None, "Axis that gets its own scale for each index; null for one scale in all.", ge=-8, le=7
    )
    observer_or_fake_quant_kwargs: dict[str, Scalar] = knob({}, "Settings of the observer.")


class LayerQuantization(Section):
    """What happens to the layers of one name pattern."""

    module_name: str = knob(
        "*", "Pattern (fnmatch) of module names, or else of class names such as Linear.", min_length=1
    )
    weights: TensorQuantization | None = knob(None, "Quantisation of their weights; null for none.")
    activations: TensorQuantization | None = knob(None, "Quantisation of their activations; null for none.")


class Quantize(Section):
    """Post-training quantisation of a trained model."""

    backend: Literal["torchao", "modelopt.pytorch", "modelopt.onnx", "onnxruntime"] = knob(
        "torchao",
        "Library that quantises.",
        popular=True,
        option_engines={
            "onnxruntime": list(EMBEDDED),
            **{name: list(CONTAINER) for name in ("torchao", "modelopt.pytorch", "modelopt.onnx")},
        },
        engine_defaults={"embedded": "onnxruntime"},
    )
    mode: Literal["weight_only_ptq", "static_ptq"] = knob(
        "weight_only_ptq",
        "Weights only, or weights and activations with ranges measured on calibration images.",
        engine_defaults={"embedded": "static_ptq"},
    )
    algorithm: Literal["minmax", "max", "entropy", "awq_clip", "awq_lite", "awq_full", "rtn_dq"] = knob(
        "minmax",
        "How value ranges are found; torchao does without.",
        option_engines={name: list(CONTAINER) for name in ("awq_clip", "awq_lite", "awq_full", "rtn_dq")},
    )
    calibration_pairs: Count = knob(
        128,
        "Pairs that ranges are measured on: of the training pairs, or of half of the validation pairs where no "
        "training pairs are named.",
        le=100000,
        unit="pairs",
        engines=list(EMBEDDED),
    )
    most_flips: Index = knob(
        0,
        "Verdicts on the held-out validation pairs that may differ from the model's; layers go back to float, the "
        "worst first, until no more do.",
        le=1000000,
        unit="pairs",
        engines=list(EMBEDDED),
    )
    least_speedup: Annotated[float, Field(ge=0, le=100)] = knob(
        1.0,
        "How many times as quick as before a model with quantised activations has to be on this machine; 0 takes it "
        "at any speed.",
        engines=list(EMBEDDED),
    )
    layers: list[LayerQuantization] = knob([], "Layers by name pattern; an empty list quantises all that can be.")
    skip_names: list[str] = knob([], "Patterns of names that are left as they are.")
    model_path: str = knob("", "Checkpoint to quantise, or the ONNX file for modelopt.onnx.", popular=True)
    results_dir: str | None = knob(None, "Folder for the results; null for `quantize` under the root results_dir.")
    backend_kwargs: dict[str, Scalar] = knob({}, "Further settings of the backend.")
    device: Annotated[str, Field(pattern=r"^(cuda|cpu|trt|cuda:[0-9]+)$")] = knob(
        "cuda",
        "Where calibration runs: cuda (the processor where there is none), cuda:N, cpu, or trt for modelopt.onnx.",
    )


class Calibration(Section):
    """Calibration images of an INT8 engine."""

    cal_image_dir: list[str] = knob([], "Folders of calibration images; needed for int8.")
    cal_cache_file: str = knob("", "File that the measured scales are kept in; needed for int8.")
    cal_batch_size: Count = knob(1, "Images per calibration step.", le=4096, unit="images", popular=True)
    cal_batches: Count = knob(
        1,
        "Calibration steps; together they should see at least a tenth of the training images.",
        le=1000000,
        popular=True,
    )


class Tensorrt(Section):
    """How TensorRT builds the engine."""

    data_type: Literal["fp32", "fp16", "int8", "FP32", "FP16", "INT8"] = knob(
        "fp32", "Number format of the engine.", popular=True
    )
    workspace_size: Index = knob(1024, "Memory that the builder may use.", le=1048576, unit="MB")
    min_batch_size: Count = knob(1, "Smallest batch that the engine takes.", le=4096, unit="pairs", popular=True)
    opt_batch_size: Count = knob(1, "Batch size that the engine is quickest at.", le=4096, unit="pairs", popular=True)
    max_batch_size: Count = knob(8, "Largest batch that the engine takes.", le=4096, unit="pairs", popular=True)
    layers_precision: list[str] = knob([], "Number format of single layers, each as name:format.")
    calibration: Calibration = section(Calibration, "Calibration images of an INT8 engine.")


class GenTrtEngine(Section):
    """Building a TensorRT engine from an ONNX file."""

    results_dir: str | None = knob(
        None, "Folder for the results; null for `gen_trt_engine` under the root results_dir."
    )
    gpu_id: Index = knob(0, "GPU to build the engine on, and for.", le=1023, popular=True)
    onnx_file: str = knob("", "Exported ONNX file.", popular=True)
    trt_engine: str | None = knob(None, "Engine file to write; null for one in the results folder.", popular=True)
    timing_cache: str | None = knob(None, "File of measured kernel times, read and written to build quicker.")
    batch_size: BatchSize = knob(
        -1, "Batch size of the ONNX input; -1 where it was left open.", unit="pairs", popular=True
    )
    verbose: bool = knob(False, "Write TensorRT's own messages to the log.")
    tensorrt: Tensorrt = section(Tensorrt, "How TensorRT builds the engine.")

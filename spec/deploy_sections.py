# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: FBT003 - True and False are default values here, not switches of a call
"""`export`, `quantize`, `gen_trt_engine`: a section for each way to make a model ready for use elsewhere."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from spec.fields import CONTAINER, EMBEDDED, BatchSize, Count, Index, Scalar, Section, knob, section

InputSide = Annotated[int, Field(ge=32, le=16384)]


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
    serialize_nvdsinfer: bool = knob(
        False, "Write DeepStream configuration files beside the model.", option_engines={"true": list(CONTAINER)}
    )
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
        "int8",
        "Number format; `native` leaves them as they are.",
        option_engines={name: list(CONTAINER) for name in ("fp8_e4m3fn", "fp8_e5m2")},
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

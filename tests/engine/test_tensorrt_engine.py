# SPDX-License-Identifier: Apache-2.0
"""Down to the calls that TensorRT gets: its place is taken by a stand-in, for the real one needs a GPU."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

from core.errors import JobFailedError, PlatformError, SpecError
from engine.export.tensorrt_action import _batches, _calibration, build
from engine.export.tensorrt_engine import CalibrationData, build_engine
from spec.deploy_sections import GenTrtEngine

if TYPE_CHECKING:
    from pathlib import Path


class StandIn:
    """Takes the place of the module `tensorrt`, and writes down what is asked of it."""

    def __init__(self, version: int, *, parses: bool = True, builds: bool = True) -> None:
        self.calls: dict[str, Any] = {"flags": []}
        self._parses, self._builds = parses, builds
        self.Logger = type(
            "Logger", (), {"VERBOSE": 4, "WARNING": 2, "__init__": lambda _, level: self._note("level", level)}
        )
        self.BuilderFlag = SimpleNamespace(**({"FP16": "fp16", "INT8": "int8"} if version < 11 else {}))
        self.NetworkDefinitionCreationFlag = SimpleNamespace(
            STRONGLY_TYPED=1, **({"EXPLICIT_BATCH": 0} if version < 11 else {})
        )
        self.MemoryPoolType = SimpleNamespace(WORKSPACE="workspace")
        self.IInt8EntropyCalibrator2 = object

    def _note(self, name: str, value: Any) -> None:
        self.calls[name] = value

    def Builder(self, _logger: Any) -> Any:  # noqa: N802 - the name that TensorRT has
        profile = SimpleNamespace(
            set_shape=lambda name, *sizes: self.calls.setdefault("shapes", {}).update({name: sizes})
        )
        entries = [SimpleNamespace(name=name, shape=(-1, 3, 8, 8)) for name in ("input_1", "input_2")]
        network = SimpleNamespace(num_inputs=2, get_input=lambda number: entries[number])
        made = SimpleNamespace(serialize=lambda: b"times, measured anew")
        self.config = SimpleNamespace(
            set_memory_pool_limit=lambda pool, size: self._note("pool", (pool, size)),
            add_optimization_profile=lambda given: self._note("profile", given is profile),
            set_flag=self.calls["flags"].append,
            create_timing_cache=lambda known: known,
            set_timing_cache=lambda known, ignore_mismatch: self._note("times", known) is None and not ignore_mismatch,
            get_timing_cache=lambda: made,
        )

        def build(_network: Any, config: Any) -> Any:
            if calibrator := getattr(config, "int8_calibrator", None):
                self.calls["cache"] = calibrator.read_calibration_cache()
                batches = []
                while (batch := calibrator.get_batch(["input_1", "input_2"])) is not None:
                    batches.append(batch)
                self.calls["batches"] = (calibrator.get_batch_size(), batches)
                calibrator.write_calibration_cache(b"ranges")
            return b"engine" if self._builds else None

        return SimpleNamespace(
            create_network=lambda flags: self._note("network", flags) or network,
            create_builder_config=lambda: self.config,
            create_optimization_profile=lambda: profile,
            build_serialized_network=build,
        )

    def OnnxParser(self, _network: Any, _logger: Any) -> Any:  # noqa: N802 - the name that TensorRT has
        def parse(content: bytes) -> bool:
            onnx.checker.check_model(onnx.load_model_from_string(content))
            return self._parses

        return SimpleNamespace(parse=parse, num_errors=1, get_error=lambda number: f"error {number}")


def graph(*, quantised: bool = False) -> onnx.ModelProto:
    shape = ["batch", 3, 8, 8]
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("input_1", "input_2", "output")
    ]
    nodes = [helper.make_node("Add", ["input_1", "input_2"], ["sum" if quantised else "output"])]
    weights = []
    if quantised:
        weights = [
            helper.make_tensor("scale", TensorProto.FLOAT, [], [0.1]),
            helper.make_tensor("zero", TensorProto.UINT8, [], [0]),
        ]
        nodes += [
            helper.make_node("QuantizeLinear", ["sum", "scale", "zero"], ["small"]),
            helper.make_node("DequantizeLinear", ["small", "scale", "zero"], ["output"]),
        ]
    made = helper.make_graph(nodes, "sum", values[:2], values[2:], initializer=weights)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def section(**tensorrt: Any) -> GenTrtEngine:
    top = {name: tensorrt.pop(name) for name in ("timing_cache", "verbose") if name in tensorrt}
    return GenTrtEngine.model_validate({**top, "tensorrt": tensorrt})


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Any:
    def put(version: int = 10, **how: bool) -> StandIn:
        made = StandIn(version, **how)
        monkeypatch.setitem(sys.modules, "tensorrt", made)  # type: ignore[arg-type]  # it takes a module's place
        return made

    return put


@pytest.mark.parametrize(("asked", "flags"), [("fp32", []), ("FP16", ["fp16"])])
def test_sizes_workspace_and_number_format_reach_the_builder(stand_in: Any, asked: str, flags: list[str]) -> None:
    trt = stand_in()
    how = section(
        data_type=asked, workspace_size=512, min_batch_size=1, opt_batch_size=4, max_batch_size=16, verbose=True
    )
    assert build_engine(graph(), how, None) == b"engine"
    assert trt.calls["flags"] == flags
    assert (trt.calls["network"], trt.calls["level"], trt.calls["profile"]) == (1, 4, True)
    assert trt.calls["pool"] == ("workspace", 512 << 20)
    sizes = ((1, 3, 8, 8), (4, 3, 8, 8), (16, 3, 8, 8))
    assert trt.calls["shapes"] == {"input_1": sizes, "input_2": sizes}


def test_int8_is_calibrated_once_and_its_ranges_are_kept(stand_in: Any, tmp_path: Path) -> None:
    cache = tmp_path / "cal.bin"
    how = section(data_type="int8", calibration={"cal_cache_file": str(cache)})
    batches = (
        {name: np.full((2, 3, 8, 8), number, np.float32) for name in ("input_1", "input_2")} for number in (1, 2)
    )
    trt = stand_in()
    data = CalibrationData(batches, lambda pixels: (pixels, int(pixels[0, 0, 0, 0])), 2)
    assert build_engine(graph(), how, data) == b"engine"
    assert trt.calls["flags"] == ["fp16", "int8"]
    assert trt.calls["batches"] == (2, [[1, 1], [2, 2]])
    assert (trt.calls["cache"], cache.read_bytes()) == (None, b"ranges")
    again = stand_in()
    assert build_engine(graph(), how, None) == b"engine"
    assert (again.calls["cache"], again.calls["batches"]) == (b"ranges", (1, []))
    with pytest.raises(SpecError, match="int8 needs calibration"):
        build_engine(graph(), section(data_type="int8"), None)


@pytest.mark.parametrize(("version", "quantised", "flags"), [(10, True, 3), (11, True, 2), (11, False, 2)])
def test_quantised_files_and_newer_releases_are_built_strongly_typed(
    stand_in: Any, capsys: pytest.CaptureFixture[str], version: int, quantised: bool, flags: int
) -> None:
    trt = stand_in(version)
    assert build_engine(graph(quantised=quantised), section(data_type="int8"), None) == b"engine"
    assert (trt.calls["network"], trt.calls["flags"]) == (flags, [])
    assert "tensorrt.data_type=int8 has no effect" in capsys.readouterr().out


def test_measured_times_are_kept(stand_in: Any, tmp_path: Path) -> None:
    path = tmp_path / "times.bin"
    for known in (b"", b"times, measured anew"):
        trt = stand_in()
        build_engine(graph(), section(timing_cache=str(path)), None)
        assert trt.calls["times"] == known
    assert path.read_bytes() == b"times, measured anew"


def test_pictures_of_the_folders_are_what_ranges_are_measured_on(tmp_path: Path) -> None:
    for number in range(5):
        Image.new("RGB", (10, 9), (40 * number, 0, 0)).save(tmp_path / f"{number}.png")
    settings = {"input": {"mean": [0.0, 0.0, 0.0], "std": [1.0, 1.0, 1.0]}, "white_level": 65535}
    batches = list(_batches(sorted(tmp_path.iterdir())[:4], graph(), settings, 2))
    assert [{name: part.shape for name, part in batch.items()} for batch in batches] == [
        {"input_1": (2, 3, 8, 8), "input_2": (2, 3, 8, 8)}
    ] * 2
    ours, theirs = (batches[1][name][:, 0, 0, 0] * 255 for name in ("input_2", "input_1"))
    assert ours == pytest.approx([80, 120])
    assert theirs == pytest.approx([80, 80])  # each second picture beside another one


def test_what_tensorrt_refuses_is_told(stand_in: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(parses=False)
    with pytest.raises(JobFailedError, match="does not take the file: error 0"):
        build_engine(graph(), section(), None)
    stand_in(builds=False)
    with pytest.raises(JobFailedError, match="built no engine"):
        build_engine(graph(), section(), None)
    stand_in()
    with pytest.raises(SpecError, match="smallest, best and largest batch are 4, 1, 8"):
        build_engine(graph(), section(min_batch_size=4), None)
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(PlatformError, match="TensorRT can't be loaded"):
        build_engine(graph(), section(), None)


@pytest.mark.parametrize("quantised", [False, True])
def test_no_picture_is_read_where_the_ranges_are_known(tmp_path: Path, quantised: bool) -> None:
    cache = tmp_path / "cal.bin"
    calibration = {"cal_image_dir": [str(tmp_path / "absent")], "cal_cache_file": str(cache)}
    run: Any = SimpleNamespace(
        experiment=SimpleNamespace(gen_trt_engine=section(data_type="int8", calibration=calibration))
    )
    if not quantised:
        with pytest.raises(SpecError, match="0 pictures are there"):
            _calibration(run, graph(), {})
        cache.write_bytes(b"ranges")
    assert _calibration(run, graph(quantised=quantised), {}) is None


def test_an_engine_is_built_on_the_gpu_that_is_named(
    stand_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in()
    chosen: list[int] = []
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device", lambda number: chosen.append(number) or nullcontext())
    how = GenTrtEngine.model_validate({"gpu_id": 2, "trt_engine": str(tmp_path / "model.engine")})
    run: Any = SimpleNamespace(experiment=SimpleNamespace(gen_trt_engine=how))
    build(run, SimpleNamespace(write=lambda *_, **__: None), graph(), {})  # type: ignore[arg-type]  # a status file
    assert ((tmp_path / "model.engine").read_bytes(), chosen) == (b"engine", [2])

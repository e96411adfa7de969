# SPDX-License-Identifier: Apache-2.0
"""Which actions the embedded engine runs: what skill_info.yaml declares, asked of the engine itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core import dotted
from core.errors import ChangenetError, PlatformError
from engine.cli import main
from router.decision import decide
from router.declarations import load_skill
from router.types import Request
from runners.planning.engines import not_embedded
from runners.planning.prepare import prepare

SKILL = load_skill(Path(__file__).parents[2])


@pytest.mark.parametrize("action", SKILL.actions)
def test_the_engine_refuses_what_is_refused_before_a_launch_and_nothing_else(
    action: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = SKILL.command(action, str(SKILL.template_path(action)))[1:]

    # The templates name no data, so that no action gets far.
    code = main([*argv, f"results_dir={tmp_path}"])

    assert code == 1
    refused = "the embedded engine has no" in "".join(capsys.readouterr())
    assert refused == (action in not_embedded(SKILL, action))


@pytest.mark.parametrize("runner", ["docker", "slurm", "kubernetes"])
def test_what_the_container_does_not_have_is_refused_by_the_plan(runner: str, tmp_path: Path) -> None:
    export = {**SKILL.info["actions"]["export"], "container": False}
    own = replace(SKILL, info={**SKILL.info, "actions": {**SKILL.info["actions"], "export": export}})
    request = Request(action="export", runner=runner, results_root=str(tmp_path))
    decision = decide(request, own)

    with pytest.raises(PlatformError, match="the container has no export") as caught:
        prepare(decision, own)

    assert "--runner local" in caught.value.remedy
    assert prepare(decision, SKILL).image


REFUSED = {
    "wandb.enable": ("train", True),
    "export.format": ("export", "xdl"),
    "export.serialize_nvdsinfer": ("export", True),
    "quantize.backend": ("quantize", "modelopt.onnx"),
    "quantize.algorithm": ("quantize", "awq_lite"),
    "quantize.layers": ("quantize", [{"module_name": "*", "weights": {"dtype": "fp8_e5m2"}}]),
}
MODEL = {"export": "export.checkpoint", "quantize": "quantize.model_path"}


@pytest.mark.parametrize("key", REFUSED)
def test_a_value_that_the_engine_refuses_is_refused_by_its_plan_and_not_by_that_of_the_container(
    key: str, boards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    action, value = REFUSED[key]
    given = {key: value} | ({MODEL[action]: str(tmp_path / "model.pth")} if action in MODEL else {})
    (tmp_path / "model.pth").touch()
    asked = Request(action=action, automl_policy="off", data=str(boards), overrides=given, results_root=str(tmp_path))
    here, there = (decide(replace(asked, runner=runner), SKILL) for runner in ("local", "docker"))

    with pytest.raises(ChangenetError) as caught:
        prepare(here, SKILL)
    spec = tmp_path / "spec.yaml"
    spec.write_text(json.dumps(dotted.nest(given | {"results_dir": str(tmp_path)})))
    main([SKILL.command(action, str(spec))[1], "-e", str(spec)])

    assert (caught.value.code, key in str(caught.value)) == ("spec.engine", True)
    assert key in "".join(capsys.readouterr())
    assert dotted.get(prepare(there, SKILL).spec, key) == value


def test_what_the_processor_can_not_do_is_refused_by_the_plan_where_there_is_no_gpu(
    boards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"train.precision": "16-mixed"}
    asked = Request(action="train", automl_policy="off", data=str(boards), overrides=given, results_root=str(tmp_path))
    monkeypatch.setattr("runners.planning.prepare.has_gpu", lambda: False)

    with pytest.raises(ChangenetError, match=r"the processor can't do train\.precision=16-mixed"):
        prepare(decide(replace(asked, runner="local"), SKILL), SKILL)

    monkeypatch.setattr("runners.planning.prepare.has_gpu", lambda: True)
    assert prepare(decide(replace(asked, runner="local"), SKILL), SKILL).spec["train"]["precision"] == "16-mixed"
    assert prepare(decide(replace(asked, runner="docker"), SKILL), SKILL).spec["train"]["precision"] == "16-mixed"

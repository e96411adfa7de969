# SPDX-License-Identifier: Apache-2.0
"""Another model, with other names of task, actions, keys and files, is run by the same code: a skill is data."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import DataError, DeclarationError, SpecError
from router.decision import decide
from router.declarations import load_skill
from router.types import Request
from runners import api
from runners.model_rules import InheritedKeys, rules_of
from runners.planning.prepare import prepare

Changenet = Callable[..., tuple[int, dict[str, Any]]]
SPLITS = {"fit_csv": "train", "check_csv": "val"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The second skill, with a command that runs on this Python."""
    folder = tmp_path / "skill"
    shutil.copytree(Path(__file__).with_name("second_skill"), folder)
    command = folder / "line_fit"
    command.write_text(f"#!{sys.executable}\n{command.read_text().partition(chr(10))[2]}")
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Points of y = 1 + 2x."""
    for split in ("train", "val", "test"):
        (tmp_path / "data" / split).mkdir(parents=True)
        rows = "".join(f"{n / 10},{1 + n / 5}\n" for n in range(10))
        (tmp_path / "data" / split / "points.csv").write_text(f"x,y\n{rows}")
    return tmp_path / "data"


@pytest.fixture
def changenet(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Changenet:
    """Exit code and document of a command on the second skill."""
    monkeypatch.setenv("CHANGENET_SKILL_DIR", str(root))

    def run(*words: str) -> tuple[int, dict[str, Any]]:
        argv = [str(Path(sys.executable).with_name("changenet")), *words, "--json"]
        done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout)

    return run


def test_words_are_routed_and_planned_by_what_the_skill_declares(changenet: Changenet, root: Path, data: Path) -> None:
    code, document = changenet("plan", f"fit a line on {data}, no AutoML", "-s", "num_epochs=3", "--full")
    plan = document["plan"]
    assert (code, plan["action"], plan["task"], plan["profile"]) == (0, "fit", "regress", "plain")
    assert plan["command"] == [str(root / "line_fit"), "fit", "-e", "{job}/spec.yaml"]
    assert plan["spec"]["dataset"] == {name: str(data / split / "points.csv") for name, split in SPLITS.items()}
    assert plan["provenance"]["fit.keep_every"]["source"] == "adjusted"
    assert [change["reason"] for change in plan["adjustments"]] == ["weights must be kept at least once"]
    assert "the words do not name Fit Line" in str(changenet("plan", "fit it, no AutoML")[1]["decision"]["reasons"])
    code, document = changenet("plan", "bend a line")
    assert (code, document["error"]["message"]) == (2, "'bend' can't be run: lines are straight")


def test_a_job_runs_is_gone_on_with_and_is_measured_by_its_parent(changenet: Changenet, data: Path) -> None:
    code, trained = changenet("run", "fit", "--data", str(data), "--automl", "off", "-s", "degree=2")
    assert (code, trained["job"]["state"]) == (0, "COMPLETE")
    parent = trained["job"]["id"]

    code, gone_on = changenet(
        "run", "fit", "--data", str(data), "--automl", "off", "--parent", parent, "-s", "num_epochs=40"
    )
    assert code == 0
    assert gone_on["job"]["metrics"]["squared_error"] < trained["job"]["metrics"]["squared_error"]

    code, measured = changenet("run", "measure", "--data", str(data), "--parent", parent)
    assert (code, measured["verdict"]) == (0, f"squared error {measured['job']['metrics']['squared_error']:.3f}")
    page = Path(measured["job"]["results_dir"]) / "report.html"
    assert page.read_text() == f"<p>{measured['verdict']}</p>"
    assert changenet("report", measured["job"]["id"])[1]["verdict"] == measured["verdict"]
    assert changenet("report", parent)[1]["error"]["code"] == "report.nothing"

    code, refused = changenet("run", "measure", "--data", str(data), "--parent", parent, "-s", "degree=1")
    assert (code, refused["error"]["code"]) == (3, "parent.architecture")


def test_steps_in_words_run_in_order_with_the_model_handed_on(changenet: Changenet, data: Path) -> None:
    code, done = changenet("run", f"fit a line on {data}, no AutoML, then measure it")
    assert code == 0
    fitted, measured = (step["job"] for step in done["steps"])
    assert (fitted["action"], measured["action"]) == ("fit", "measure")
    assert measured["parent_job_id"] == fitted["id"]

    code, planned = changenet("plan", f"measure a line on {data} with the model from before")
    assert (code, planned["plan"]["parent_job_id"]) == (0, fitted["id"])
    assert f"the last model is {fitted['id']}" in planned["decision"]["reasons"]


def test_a_training_is_tuned_by_automl(changenet: Changenet, data: Path) -> None:
    code, search = changenet("run", f"fit a line on {data}", "--trials", "2")
    assert code == 0
    best = json.loads(next(data.parent.glob("results/automl-*/best_rec.json")).read_text())
    assert (best["action"], best["metric"], best["direction"]) == ("fit", "squared_error", "minimize")
    assert [trial["state"] for trial in best["trials"]] == ["complete", "complete"]
    assert list(best["trials"][1]["setting"]) == ["fit.lr"]
    assert set(best["evaluations"]) == {"winner.test"}
    assert best["evaluations"]["winner.test"]["metrics"]["squared_error"] == pytest.approx(best["score"])
    assert "automl-fit-" in json.dumps(search)
    # What the search says next can be run.
    assert changenet("plan", "evaluate", "--data", str(data), "--parent", best["job_id"])[1]["plan"]["action"] == (
        "measure"
    )


def test_data_target_and_values_are_checked_by_the_rules_of_the_skill(root: Path, data: Path) -> None:
    skill, slots = load_skill(root), {"action": "fit", "data": str(data), "automl_policy": "off"}

    def planned(**overrides: Any) -> Any:
        asked = Request(**slots, results_root=str(data.parent / "results"), overrides=overrides)  # type: ignore[arg-type]
        return prepare(decide(asked, skill), skill)

    with pytest.raises(SpecError, match="'low' is not a number"):
        planned(target="low")
    with pytest.raises(SpecError, match="weights must be kept at least once"):
        planned(**{"fit.keep_every": 30})
    (data / "val" / "points.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="the columns are not x and y"):
        api.launch(planned())


def test_a_skill_without_rules_has_none(root: Path, data: Path) -> None:
    info = root / "skill_info.yaml"
    head, _, rest = info.read_text().partition("model_rules:\n")
    info.write_text(head + rest[rest.index("resources:") :])
    skill = load_skill(root)
    assert rules_of(skill).inherited == InheritedKeys()
    request = Request(action="fit", data=str(data), automl_policy="off", overrides={"target": "low", "num_epochs": 3})

    plan = prepare(decide(request, skill), skill, store=api.open_store(str(data.parent / "results")))

    assert (plan.adjustments, plan.spec["fit"]["keep_every"], plan.spec["line"]["target"]) == ((), 5, "low")
    assert api.launch(plan).state == "COMPLETE"


@pytest.mark.parametrize("hook", ["rules.py:absent", "absent.py:constraints", "no.such.module:constraints"])
def test_a_rule_that_is_not_there_is_told_by_its_line(root: Path, data: Path, hook: str) -> None:
    info = root / "skill_info.yaml"
    info.write_text(info.read_text().replace("constraints: rules.py:constraints", f"constraints: {hook}"))
    line = next(n for n, text in enumerate(info.read_text().splitlines(), 1) if "constraints:" in text)
    skill = load_skill(root)

    with pytest.raises(DeclarationError) as caught:
        prepare(decide(Request(action="fit", data=str(data), automl_policy="off"), skill), skill)

    assert caught.value.where == f"{info}:{line}"
    assert f"key model_rules > constraints: '{hook}' can't be used" in caught.value.message
    assert caught.value.remedy

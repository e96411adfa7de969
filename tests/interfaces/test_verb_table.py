# SPDX-License-Identifier: Apache-2.0
"""The table of verbs, and what is derived from it: command line, tool definitions, repeated calls."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import shlex
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from core.errors import RequestError
from interfaces.command_line import parse
from interfaces.options import declared, words_of
from interfaces.outcome import Reporter
from interfaces.table import VERBS
from interfaces.tool_definitions import member_name, tool_definitions
from interfaces.variables import VARIABLES
from interfaces.verbs.demo import DemoOptions, demo, training
from interfaces.verbs.request_options import RUNNER, RequestOptions, request_of
from router.types import Request
from runners.platforms.table import PLATFORMS

if TYPE_CHECKING:
    from interfaces.verb import Verb

FULL = (
    'run train --data boards --train a --train b --eval c --infer d --calibration e -s x.y=1 -s z="a b" '
    '--task classify --automl on --target "far<=1% at recall=99%" --parent p --runner local --profile laptop '
    "--gpus 0 --nodes 1 "
    "--results r --engine /bin/e --algorithm asha --trials 3 --total-epochs 9 --wall-minutes 1.5 --seed 3 --pin 1 "
    "--pin 2 --range lr=1e-4..1e-2 --no-test --dry-run --detach"
)


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_a_verb_takes_a_frozen_options_dataclass_and_a_reporter_and_returns_an_outcome(verb: Verb) -> None:
    function, options = verb.load(), verb.options()
    assert dataclasses.is_dataclass(options)
    assert options.__dataclass_params__.frozen  # type: ignore[attr-defined]
    annotations = inspect.get_annotations(function)
    assert (list(annotations), annotations["return"]) == (["options", "reporter", "return"], "Outcome")
    assert function.__doc__
    names = [name for entry in declared(options) for name in (entry.flag, entry.short) if name]
    assert len(names) == len(set(names))


def test_words_and_options_are_two_forms_of_one_call() -> None:
    options = parse(shlex.split(FULL)).options
    assert parse(["run", *shlex.split(words_of(options))]).options == options
    assert words_of(parse(["jobs"]).options) == ""
    assert request_of(options) == Request(
        action="train",
        task="classify",
        automl_policy="on",
        data="boards",
        train_datasets=("a", "b"),
        eval_dataset="c",
        inference_dataset="d",
        calibration_dataset=("e",),
        overrides={"x.y": 1, "z": "a b", "target": "far<=1% at recall=99%"},
        parent_job_id="p",
        runner="local",
        profile="laptop",
        gpus=0,
        nodes=1,
        results_root="r",
    )


def test_every_slot_of_a_request_has_an_option() -> None:
    names = {field.name for field in dataclasses.fields(RequestOptions)}
    slots = {field.name for field in dataclasses.fields(Request)} - {"text", "action", "platform"}
    assert slots <= names


def test_every_setting_of_a_runner_has_an_option_and_every_such_option_sets_one() -> None:
    asked = {entry.name for entry in declared(RequestOptions) if entry.group == RUNNER}
    rows = [row.settings for row in PLATFORMS.values() if row.settings]
    assert asked == {field.name for module in rows for field in dataclasses.fields(import_module(module).SETTINGS)}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("plan", "train", "--gpus", "two"), "'two' is not a whole number"),
        (("plan", "train", "--wall-minutes", "soon"), "'soon' is not a number"),
        (("plan", "train", "--automl", "cut"), "invalid choice: 'cut'"),
        (("status",), "required: JOB"),
        (("data",), "required: COMMAND"),
        (("data", "mend"), "invalid choice: 'mend'"),
        (("--", "plan"), "invalid choice: '--'"),
        (("--json", "plan"), "unrecognized arguments: --json"),
    ],
)
def test_words_that_make_no_call_are_refused(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(RequestError, match=re.escape(said)) as caught:
        parse(words)
    assert "--help`" in caught.value.remedy


def test_tool_definitions_are_valid_described_and_say_what_may_be_harmed() -> None:
    tools = {tool["name"]: tool for tool in tool_definitions()}
    sys.stdout.write(json.dumps(list(tools.values()), indent=2))
    verbs = {name.replace(" ", "_") for name, verb in VERBS.items() if verb.is_tool}
    assert tools.keys() == verbs | {"actions", "launch", "wait"}
    for tool in tools.values():
        Draft202012Validator.check_schema(tool["inputSchema"])
        properties: dict[str, Any] = tool["inputSchema"]["properties"]
        assert all(entry["description"] for entry in properties.values())
        assert set(tool["inputSchema"].get("required", ())) <= properties.keys()
        assert not {"results_root", "engine"} & properties.keys()
    plan, status = tools["plan"]["inputSchema"]["properties"], tools["status"]
    assert plan["automl_policy"]["enum"] == ["on", "off"]
    assert plan["overrides"]["items"] == {"type": "string"}
    assert "train_datasets[], eval_dataset" in plan["splits"]["description"]
    assert plan["automl"]["type"] == "object"
    assert "trials, total_epochs, wall_minutes" in plan["automl"]["description"]
    assert plan["gpus"]["type"] == "integer"
    assert (status["inputSchema"]["required"], status["annotations"]) == (["job"], {"readOnlyHint": True})
    assert tools["cancel"]["annotations"] == {"destructiveHint": True}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_no_group_of_options_is_named_like_an_option(verb: Verb) -> None:
    entries = declared(verb.options())
    groups = {member_name(entry.group) for entry in entries if entry.group}
    assert not groups & {entry.name for entry in entries if not entry.group}


def test_all_tool_definitions_together_fit_a_context() -> None:
    assert len(json.dumps(tool_definitions(), separators=(",", ":"))) < 8_000


def test_environment_variables_are_those_that_the_program_reads(project_root: Path) -> None:
    rooms = ("automl", "core", "interfaces", "router", "runners")
    texts = [path.read_text() for room in rooms for path in (project_root / room).rglob("*.py")]
    read = {name for text in texts for name in re.findall(r"\"(CHANGENET_[A-Z_]+[A-Z])\"", text)}
    marks = {"CHANGENET_JOB_ID", "CHANGENET_CHAIN"}  # set for what a job, or a chain, starts, and by nobody else
    assert read == set(VARIABLES) | marks
    named = {entry.env for verb in VERBS.values() for entry in declared(verb.options()) if entry.env}
    assert named == {"CHANGENET_RESULTS", "CHANGENET_ENGINE"}


def test_the_demo_prints_the_call_that_it_makes() -> None:
    options = training(DemoOptions(trials=2, epochs=1), Path("demo/boards"), Path("my results"))
    words = words_of(options)
    assert words.startswith("train --data demo/boards -s num_epochs=1 -s batch_size=8 ")
    assert "--results 'my results'" in words
    assert parse(["run", *shlex.split(words)]).options == options


def test_a_verb_tells_its_reporter_and_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []

    class Listener(Reporter):
        def say(self, text: str) -> None:
            told.append(text)

    boards, results = str(tmp_path / "boards"), str(tmp_path / "results")
    for words in (
        ["data", "synthesize", boards, "--boards", "3", "--size", "64", "--components", "4"],
        ["data", "check", boards],
        ["plan", "train", "--data", boards, "--automl", "off", "-s", "batch_size=2"],
        ["run", "train", "--data", boards, "--dry-run", "--trials", "2", "-s", "batch_size=2"],
        ["jobs", "--results", results],
    ):
        command = parse(words)
        assert command.verb.load()(command.options, Listener()).document
    with pytest.raises(RequestError, match="trials"):
        demo(DemoOptions(str(tmp_path), trials=0), Listener())
    assert told[0] == f"using the boards in {tmp_path / 'boards'}"
    assert told[1].startswith(f"\nchangenet run train --data {tmp_path / 'boards'} ")
    assert capfd.readouterr() == ("", "")

# SPDX-License-Identifier: Apache-2.0
"""Requests that are for a command of the skill: which one, on what, and the line that is typed for it."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from router.notes import listed
from router.tokens import JOB_ID
from router.types import Command, Decision, Question

if TYPE_CHECKING:
    from collections.abc import Collection

    from router.notes import Notes
    from router.one_action import Case
    from router.reading import Reading
    from router.spoken import Spoken
    from router.types import Request


_MILLIMETRES = {"mm": 1, "millimeter": 1, "millimetre": 1, "cm": 10, "micron": 0.001, "microns": 0.001, "um": 0.001}


class _Form(NamedTuple):
    """How a command is typed; it can't do without so many `jobs`, and `data`; of the values it takes `values`.

    `flags` are those of its options that values of the words go to.
    """

    name: str
    jobs: int = 0
    data: bool = False
    extra: str = ""
    values: tuple[str, ...] = ()
    flags: tuple[tuple[str, str], ...] = ()


_ADVISED = (
    "batch_size",
    "image_size",
    "epochs",
    "trials",
    "gpus",
    "nodes",
    "precision",
    "data_type",
    "lights",
    "backbone",
)
_FORMS = {
    "jobs": _Form("jobs"),
    "status": _Form("status", jobs=1),
    "logs": _Form("logs", jobs=1),
    "cancel": _Form("cancel", jobs=1),
    "result": _Form("result", jobs=1),
    "report": _Form("report", jobs=1),
    "diagnose": _Form("diagnose", jobs=1),
    "compare": _Form("compare", jobs=2),
    "remove": _Form("remove", jobs=1),
    "resume": _Form("run", jobs=1, extra="--resume"),
    "data_check": _Form("data check", data=True),
    "data_import": _Form("data import", data=True),
    "data_synthesize": _Form(
        "data synthesize", values=("seed", "lights", "image_size"), flags=(("seed", "--seed"), ("image_size", "--size"))
    ),
    "stage": _Form("stage", extra="backbone", values=("backbone",)),
    "doctor": _Form("doctor"),
    "advise": _Form("advise", values=_ADVISED),
    "inspect": _Form("inspect"),
    "calibrate": _Form("calibrate", jobs=1, data=True, values=("target",), flags=(("target", "--far"),)),
    "serve": _Form("serve", jobs=1),
    "watch": _Form("watch", data=True),
    "demo": _Form("demo"),
}


def command_of(verb: str, spoken: Spoken, results_root: str | None = None) -> tuple[Command, Question | None]:
    """The command that a verb of the words stands for, with what is said of it; and the question that is open."""
    form = _FORMS[verb]
    paths = [path for path, _ in spoken.paths]
    values: dict[str, Any] = {name: value for name, value in spoken.values.items() if name in form.values}
    if spoken.jobs and form.jobs == 1:
        values["job"] = spoken.jobs[0]
    elif spoken.jobs:
        values["jobs"] = list(spoken.jobs)
    if spoken.parents and form.jobs and not spoken.jobs:
        values["parent"] = spoken.parents[0]
    if paths and verb == "inspect":
        values["images"] = paths
    elif paths and (form.data or not form.jobs):
        values["data"] = paths[0]
    words = _line(verb, form, spoken, paths)
    words += [word for name, flag in form.flags if name in values for word in (flag, _typed(values[name]))]
    if results_root and (form.jobs or verb == "jobs"):
        words += ["--results", results_root]
    missing = _missing(verb, form, spoken, paths)
    return Command(verb, values, f"changenet {shlex.join(words)}"), missing


def _line(verb: str, form: _Form, spoken: Spoken, paths: list[str]) -> list[str]:
    words = [*form.name.split(), *([form.extra] if form.extra else [])]
    if verb == "resume" and spoken.jobs and not spoken.jobs[0].startswith("automl-"):
        action = JOB_ID.fullmatch(spoken.jobs[0])
        words = ["run", action[1] if action else "train", "--automl", "off", "--parent"]
    words += [*spoken.jobs[: form.jobs], *["JOB"] * (form.jobs - len(spoken.jobs))]
    words += spoken.jobs[:1] if verb == "inspect" else ()
    words += paths if form.data or not form.jobs else []
    if form.data and not paths:
        words.append("DIR")
    if verb == "watch" and spoken.jobs:
        words += ["--model", spoken.jobs[0]]
    return words


def _typed(value: Any) -> str:
    """A value as an option takes it; a target is typed by its share of false alarms, both sides of a picture by one."""
    if isinstance(value, dict):
        return f"{round(100 * value['false_alarms'], 6):g}%" if "false_alarms" in value else "SHARE"
    return str(max(value) if isinstance(value, list) else value)


def _tell_unused(command: Command, spoken: Spoken, notes: Notes) -> None:
    """Values of the words that neither the line of a command nor its other readers take."""
    form = _FORMS[command.verb]
    carried = {name for name, _ in form.flags} | ({*form.values} if command.verb in {"advise", "stage"} else set())
    for name, value in spoken.values.items():
        if name not in carried:
            notes.warn(f"{form.name} is typed without '{name}' ({value}): say what else it is for, or leave it out")


def _missing(verb: str, form: _Form, spoken: Spoken, paths: list[str]) -> Question | None:
    if form.jobs == 1 and not spoken.jobs and not spoken.parents:
        return Question("job", f"Which job? `changenet jobs` lists them ({verb} takes one).")
    if form.jobs > max(1, len(spoken.jobs)):
        return Question("jobs", f"Which two jobs? `changenet jobs` lists them ({verb} takes two).")
    if form.data and not paths:
        return Question("data", f"Which folder, file or URI is {verb.replace('_', ' ')} for?")
    return None


def _advice(values: dict[str, Any], reading: Reading) -> str:
    """What the words say of board, defect, backbone, batch and image size, as options."""
    board, lengths = "", []
    tokens = reading.tokens
    for place, token in enumerate(tokens[:-1]):
        unit = _MILLIMETRES.get(tokens[place + 1].word)
        if token.kind != "number" or unit is None:
            continue
        if place > 1 and tokens[place - 1].word in {"x", "by", "mal"} and tokens[place - 2].kind == "number":
            board = f"{tokens[place - 2].value * unit:g}x{token.value * unit:g}"
        else:
            lengths.append(token.value * unit)
    size = values.get("image_size")
    given = {
        "--board": board,
        "--defect": f"{min(lengths):g}" if lengths and board else "",
        "--backbone": values.get("backbone", ""),
        "--batch": values.get("batch_size", ""),
        "--image": max(size) if isinstance(size, list) else size or "",
    }
    return "".join(f" {flag} {shlex.quote(str(value))}" for flag, value in given.items() if value)


def _drawing(command: Command, reading: Reading, said: Collection[str]) -> str:
    """The line that draws: how many boards the words ask for, or into whose good pairs."""
    own, place = "changenet data synthesize", command.values.get("data")
    if place and not reading.grammar["from_own"].isdisjoint(said):
        return f"{own} DIR --from {shlex.quote(place)}"
    line = command.line if place else command.line.replace(own, f"{own} DIR", 1)
    for number, token in enumerate(reading.tokens):
        after = reading.tokens[number + 1 : number + 3]
        if token.kind == "number" and any(one.word in reading.grammar["drawn"] for one in after):
            return f"{line} --boards {token.value:g}"
    return line


def command_step(request: Request, verb: str, spoken: Spoken, before: Decision | None, case: Case) -> Decision:
    """The decision on a command that stands among other steps: its job, or its data, may be that of the step before."""
    if before and not spoken.jobs and before.command and "job" in before.command.values:
        spoken = replace(spoken, jobs=(before.command.values["job"],))
    if before and not spoken.paths and before.request.data and _FORMS[verb].data:
        spoken = replace(spoken, paths=((before.request.data, None),))
    command, question = command_of(verb, spoken, request.results_root)
    notes = case.notes
    _tell_unused(command, spoken, notes)
    if question and not (before and before.action):
        notes.ask(question)
    data = request.data or command.values.get("data")
    return Decision(
        skill=case.skill.name,
        action=None,
        task=None,
        route=None,
        automl_policy=request.automl_policy or case.skill.info["train_policy"]["default"],
        policy_source="slot" if request.automl_policy else "default",
        request=replace(request, data=data),
        reasons=tuple(notes.reasons),
        warnings=tuple(notes.warnings),
        missing=tuple(notes.missing),
        command=command,
        stated=command.values,
    )


def command_decision(request: Request, case: Case) -> Decision:
    """The decision on a request that is for a command."""
    words, notes, mention = case.words, case.notes, case.words.intent.mention
    spoken = words.whole
    if request.parent_job_id and not spoken.jobs:
        spoken = replace(spoken, jobs=(request.parent_job_id,))
    command, question = command_of(str(words.intent.verb), spoken, request.results_root)
    _tell_unused(command, spoken, notes)
    if command.verb == "advise":
        if command.values.get("data_type", "int8") != "int8" and not spoken.engine:
            kept = {name: value for name, value in command.values.items() if name != "data_type"}
            command = replace(command, values={**kept, "precision": command.values["data_type"]})
        command = replace(command, line=f"{command.line}{_advice(command.values, words.reading)}")
    drops_one = command.verb == "compare" and any(m.group == "verb:remove" for m in words.reading.of("verb"))
    if drops_one:
        command = replace(command, values={**command.values, "remove": "worse"})
    said = {token.word for token in words.reading.tokens}
    if command.verb == "data_synthesize":
        command = replace(command, line=_drawing(command, words.reading, said))
    if command.verb == "jobs" and said & words.reading.grammar["running"]:
        command = replace(command, line=f"{command.line} --running")
    notes.because(f'{command.verb}: "{words.reading.said(mention)}"' if mention else command.verb)
    if words.intent.alternatives:
        text = f"{listed(words.intent.alternatives)}: which one is meant? Which one is first?"
        question = Question("action", text, words.intent.alternatives)
    elif spoken.others and len(spoken.jobs) < max(1, _FORMS[command.verb].jobs) and not drops_one:
        question = Question("job", f"Which one is '{spoken.others[0]}'? `changenet jobs` lists them.")
    if question:
        notes.ask(question)
    return Decision(
        skill=case.skill.name,
        action=None,
        task=None,
        route=None,
        automl_policy=request.automl_policy or case.skill.info["train_policy"]["default"],
        policy_source="slot" if request.automl_policy else "default",
        request=request,
        reasons=tuple(notes.reasons),
        warnings=tuple(notes.warnings),
        missing=tuple(notes.missing),
        command=command,
        stated=command.values,
        not_understood=words.account.unknown,
    )

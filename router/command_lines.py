# SPDX-License-Identifier: Apache-2.0
"""The line that is typed for a command of the skill, with what the words say of jobs, data and values."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from router.said_data import is_model_file
from router.tokens import JOB_ID
from router.types import Command, Question

if TYPE_CHECKING:
    from collections.abc import Collection

    from router.reading import Reading
    from router.spoken import Spoken


_NAMES = {"num_epochs": "epochs"}
_OF_FILES = frozenset({"serve", "calibrate", "watch"})
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
FORMS = {
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
    "inspect": _Form("inspect", values=("margin",), flags=(("margin", "--threshold"),)),
    "calibrate": _Form("calibrate", jobs=1, data=True, values=("target",), flags=(("target", "--far"),)),
    "serve": _Form("serve", jobs=1),
    "watch": _Form("watch", data=True),
    "demo": _Form("demo"),
}


def command_of(verb: str, spoken: Spoken, results_root: str | None = None) -> tuple[Command, Question | None]:
    """The command that a verb of the words stands for, with what is said of it; and the question that is open."""
    form = FORMS[verb]
    judge = model_file(verb, spoken)
    spoken = replace(spoken, jobs=(judge,)) if judge else spoken
    paths = [path for path, _ in spoken.paths]
    typed = {_NAMES.get(key, key): value for key, value in spoken.overrides.items()}
    values: dict[str, Any] = {name: value for name, value in (typed | spoken.values).items() if name in form.values}
    if judge:
        values["model"] = judge
    elif spoken.jobs and form.jobs == 1:
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


def model_file(verb: str, spoken: Spoken) -> str:
    """The model's file that a command works with in place of a job, where the words name one and no job."""
    files = [one for one in spoken.no_data if is_model_file(one)]
    return files[0] if verb in _OF_FILES and len(files) == 1 and not spoken.jobs else ""


def _line(verb: str, form: _Form, spoken: Spoken, paths: list[str]) -> list[str]:
    words = [*form.name.split(), *([form.extra] if form.extra else [])]
    if verb == "resume" and spoken.jobs and not spoken.jobs[0].startswith("automl-"):
        action = JOB_ID.fullmatch(spoken.jobs[0])
        words = ["run", action[1] if action else "train", "--automl", "off", "--parent"]
    words += [*spoken.jobs[: form.jobs], *["JOB"] * (form.jobs - len(spoken.jobs))]
    words += spoken.jobs[:1] if verb == "inspect" else ()
    words += paths if form.data or not (form.jobs or verb == "advise") else []
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


def _missing(verb: str, form: _Form, spoken: Spoken, paths: list[str]) -> Question | None:
    if form.jobs == 1 and not spoken.jobs and not spoken.parents:
        return Question("job", f"Which job? `changenet jobs` lists them ({verb} takes one).")
    if form.jobs > max(1, len(spoken.jobs)):
        return Question("jobs", f"Which two jobs? `changenet jobs` lists them ({verb} takes two).")
    if form.data and not paths:
        return Question("data", f"Which folder, file or URI is {verb.replace('_', ' ')} for?")
    return None


def advice(values: dict[str, Any], reading: Reading) -> str:
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


def drawing(command: Command, reading: Reading, said: Collection[str]) -> str:
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

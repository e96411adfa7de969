# SPDX-License-Identifier: Apache-2.0
"""What is said of a command beside its job, data and values: into its line where it has an option, else asked about."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import RequestError
from router.command_lines import FORMS
from router.notes import listed
from router.said_data import PICTURES, is_model_file
from router.types import Question
from router.unread_values import said_last

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.patterns import Mention
    from router.reading import Reading
    from router.spoken import Spoken
    from router.types import Command

_ENDING, _TABLE = re.compile(r"\.[a-z][a-z0-9]{1,4}$"), ".csv"
_GOES_ON = "resume"
_PAIR = 2
_PLACELESS = frozenset({"report", "serve", "cancel", "remove", "logs", "status"})
# Commands that make or run something, so that a value which they are typed without is missed.
_MAKING = frozenset({_GOES_ON, "data_synthesize", "report"})
_TAKING = {"advise": ("backbone", "batch_size", "image_size"), "stage": ("backbone",)}
_OF_TIME = frozenset({"hours", "trial_minutes", "parallel"})  # told of what is or was, as often as asked for
_SETTINGS = ("weights", "frozen", "goldens", "loss", "device", "platform", "data")


def require_pictures(command: Command) -> None:
    """Check that what is to be inspected may be pictures.

    Raises:
        RequestError: a file is of another kind.
    """
    for place in command.values.get("images", ()) if command.verb == "inspect" else ():
        if _ENDING.search(place.lower()) and not place.lower().endswith((*PICTURES, _TABLE)):
            remedy = "name two pictures, two folders of them or a CSV of pairs: changenet inspect GOLDEN TEST"
            message = f"'{place}' is no picture, and pictures are what is inspected"
            raise RequestError(message, code="request.not_for_this_skill", where="request", remedy=remedy)


def with_options(command: Command, spoken: Spoken, reading: Reading) -> Command:
    """The command with what its line has an option for: the model that inspects, the target, the runner."""
    line = command.line
    if command.verb == "inspect":
        line = _inspected_by(command, spoken, reading)
    elif command.verb == "report":
        target = _target(spoken.values.get("target"))
        line += f" --target {shlex.quote(target)}" if target else ""
    elif command.verb == "data_synthesize":
        line = _drawn(command, spoken)
    elif command.verb == "serve":
        port = _port(reading)
        line += f" --listen 127.0.0.1:{port}" if port else ""
    elif command.verb == "watch":
        golden = shlex.quote(_golden(spoken))
        line = line.replace(f" {golden}", f" --golden {golden}")
    elif command.verb == _GOES_ON and spoken.jobs:
        line = _gone_on(command, spoken)
    return replace(command, line=line)


def _gone_on(command: Command, spoken: Spoken) -> str:
    """The line that goes on with a training, on the runner that is named, with the keys that are set."""
    known = [name for name in spoken.runners if name != "unclear"]
    options = [f"--runner {known[0]}"] if len(known) == 1 and _goes_alone(command) else []
    options += [f"-s {shlex.quote(f'{key}={value}')}" for key, value in spoken.overrides.items()]
    return " ".join([command.line, *options])


def _drawn(command: Command, spoken: Spoken) -> str:
    """The line that draws, with task and share of defects, and the folder that is made of one's own pairs."""
    paths, line = [path for path, _ in spoken.paths], command.line
    if " --from " in line and len(paths) == _PAIR:
        line = line.replace(" DIR ", f" {shlex.quote(paths[1])} ", 1)
    if "target" in carried(command, spoken):
        line += f" --defect-rate {spoken.values['target']['recall']:g}"
    return f"{line} --task {spoken.tasks[0]}" if spoken.tasks[:1] == ("segment",) else line


def _port(reading: Reading) -> str:
    """The port of this machine that is named; nothing where there is none, or another one's address."""
    found = [m for m in reading.of("option", negated=None) if m.group == "option:serve"]
    numbers = [reading.tokens[n].text for m in found for n in m.places if reading.tokens[n].kind == "number"]
    return numbers[0] if len(numbers) == len(found) == 1 else ""


def _golden(spoken: Spoken) -> str:
    """The golden picture, or pictures, that stand beside the folder which is watched."""
    paths = [path for path, _ in spoken.paths]
    named = [path for path in paths[1:] if path.lower().endswith(PICTURES) or "golden" in path.lower()]
    return named[0] if len(paths) == _PAIR and named else ""


def carried(command: Command, spoken: Spoken) -> set[str]:
    """The values of the words that `with_options` puts into the line."""
    if command.verb in _TAKING:
        return set(_TAKING[command.verb])
    target = set(spoken.values.get("target") or {})
    if (command.verb, target) == ("data_synthesize", {"recall"}) or (command.verb == "report" and "recall" in target):
        return {"target"}
    return set()


def open_options(command: Command, spoken: Spoken, reading: Reading) -> Iterator[Question]:
    """What is asked about a command: what it is typed without, and which of several places is meant."""
    name = FORMS[command.verb].name
    if missed := [*_missed_values(command, spoken), *_missed(command, reading)]:
        text = f"`changenet {name}` is typed without {listed(repr(one) for one in missed)}: leave it out, or type it"
        yield Question("request", f"{text} yourself; `changenet {name} --help` shows its options.")
    unused = [one for one in spoken.no_data if is_model_file(one) and shlex.quote(one) not in command.line]
    if unused and command.verb not in {"inspect", "compare"}:
        yield Question("model", f"What is {listed(unused)} for? `changenet {name}` is typed without it.")
    places = tuple(path for path, _ in spoken.paths)
    if command.verb == "inspect":
        if spoken.parents and not (spoken.jobs or spoken.no_data):
            yield Question("model", "Which model inspects: name its job, or its file? `changenet jobs` lists them.")
        yield from _about_pictures(places, [*spoken.jobs, *(one for one in spoken.no_data if is_model_file(one))])
    elif command.verb == _GOES_ON:
        yield from _about_going_on(command, spoken, places)
    elif text := _about_places(command, spoken, places):
        yield Question("data", text, places if len(places) > 1 else ())


def _about_pictures(places: tuple[str, ...], models: list[str]) -> Iterator[Question]:
    if len(models) > 1:
        yield Question("model", f"{listed(models)}: which one is the model? One inspects.", tuple(models))
    if len(places) > _PAIR:
        yield Question("images", f"{listed(places)}: which are golden and test? Inspect takes these two.", places)
    if len(places) == 1 and places[0].lower().endswith(PICTURES):
        yield Question("images", f"Inspect takes two pictures, golden and test. Which one goes with {places[0]}?")


def _about_going_on(command: Command, spoken: Spoken, places: tuple[str, ...]) -> Iterator[Question]:
    if spoken.policies.get("on") and _goes_alone(command):
        text = f"'{spoken.policies['on']}': a training that is gone on with is no search. Should it go on as it was,"
        yield Question("automl_policy", f"{text} or a search be made? `changenet run train --automl on` makes one.")
    if set(spoken.runners) == {"unclear"}:
        yield Question("runner", "Which runner does that machine take: this one, a container, a cluster?")
    if places:
        text = f"What is {places[0]} for? A job that is gone on with has its data"
        yield Question("data", f"{text}: leave it out, or train on it.")


def _about_places(command: Command, spoken: Spoken, places: tuple[str, ...]) -> str:
    """What is asked where more places are named than a command takes, or one and it takes none."""
    if command.verb == "data_check" and len(places) > 1:
        return f"One folder is checked at a time. Which one: {listed(places)}?"
    if command.verb == "compare" and places and len(spoken.jobs) > 1:
        return f"compare reads the figures of two jobs, no data: evaluate both on {places[0]} first?"
    if command.verb in _PLACELESS and places and spoken.jobs:
        return f"What is {places[0]} for? `changenet {FORMS[command.verb].name}` is typed without it."
    if command.verb == "watch" and len(places) > 1 and not _golden(spoken):
        return f"What is each of {listed(places)} for: the folder that is watched, golden pictures?"
    return ""


def _goes_alone(command: Command) -> bool:
    """Whether one training goes on, and no search."""
    return "--parent" in command.line


def _inspected_by(command: Command, spoken: Spoken, reading: Reading) -> str:
    """The line that inspects by the model's file which the words name, or by none."""
    own = "changenet inspect"
    models = [one for one in spoken.no_data if is_model_file(one)]
    if spoken.jobs or not (models or _without_model(reading)):
        return command.line
    judge = shlex.quote(models[0]) if models else "none"
    return command.line.replace(own, f"{own} {judge}", 1)


def _without_model(reading: Reading) -> bool:
    return any(m.group == "option:no_model" for m in reading.of("option", negated=None))


def _target(target: dict[str, float] | None) -> str:
    """A target of a report as its option takes it; nothing without a recall."""
    if not target or "recall" not in target:
        return ""
    recall = f"{round(100 * target['recall'], 6):g}%"
    if "false_alarms" not in target:
        return f"recall>={recall}"
    return f"far<={round(100 * target['false_alarms'], 6):g}% at recall={recall}"


def _missed_values(command: Command, spoken: Spoken) -> Iterator[str]:
    if command.verb not in _MAKING:
        return
    form = FORMS[command.verb]
    typed = {name for name, _ in form.flags} | carried(command, spoken) | _OF_TIME
    for name, value in spoken.values.items():
        if name not in typed and name not in form.values:
            yield f"{name} {value}"
    yield from (name for name in spoken.unclear if name not in typed)


def _missed(command: Command, reading: Reading) -> Iterator[str]:
    """The user's own words of what the line has no option for."""
    for mention in _said_of(command, reading):
        if mention.start not in reading.told and mention.start not in reading.past:
            yield reading.said(said_last(mention))


def _said_of(command: Command, reading: Reading) -> Iterator[Mention]:
    if command.verb != "serve" or not _port(reading):
        yield from (m for m in reading.of("option", negated=None) if m.group == f"option:{command.verb}")
    if command.verb == _GOES_ON:
        kinds = {f"unread:{kind}" for kind in _SETTINGS}
        yield from (m for m in reading.of("unread", negated=None) if m.group in kinds)

# SPDX-License-Identifier: Apache-2.0
"""The files that an action reads: made absolute, looked for on this machine, and asked for where they are missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.addresses import is_address, is_fetched, is_repository
from core.errors import DataError
from core.problem import Problem
from router.consistency import RESUME
from router.types import Question
from runners.planning.data_places import absolute, is_remote, require_there
from runners.planning.engines import PACKAGE
from runners.planning.parents import candidates
from runners.planning.plan import JOB_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from router.declarations import Skill
    from router.types import Request
    from runners.planning.data_tables import DataTables
    from runners.planning.layers import Layers
    from runners.planning.parents import Wanted
    from runners.planning.resolved import ResolvedRequest

_WEIGHTS = ("pretrained_backbone", "pretrained_model")  # short names of the keys of weights to start from
Paths = dict[str, str | list[str]]


def input_keys(layers: Layers, skill: Skill) -> list[str]:
    """The keys of the action's spec that name files or folders to be read."""
    declared = skill.action_info(layers.schema.action)["inputs"]
    return [key for key in declared if layers.schema.node(key) is not None]


def weight_keys(skill: Skill, action: str) -> list[str]:
    """The spec keys of weights that a training starts from: the backbone's first, then those of a whole model."""
    names = skill.shorthand_keys(action)
    return [names[name] for name in _WEIGHTS if name in names]


def model_keys(layers: Layers, skill: Skill) -> set[str]:
    """The keys of files that hold a model or a part of one: they are read where they lie, and never from a store."""
    inputs, tables = skill.action_info(layers.schema.action)["inputs"], skill.data_sources(layers.schema.action)
    return {key for key, entry in inputs.items() if entry["type"] == "file" and key not in tables}


def not_here_yet(layers: Layers, skill: Skill) -> list[str]:
    """A warning of data elsewhere that is fetched at the launch: nothing of it is known before."""
    all_places = (place for value in inputs_of(layers, skill).values() for place in _places(value))
    first, *others = dict.fromkeys(place for place in all_places if is_fetched(str(place))) or (None,)
    if first is None:
        return []
    count = f" and {len(others)} more are" if others else " is"
    told = "`changenet run` fetches that and plans with what it finds, `changenet stage data` fetches it now"
    return [f"{first}{count} not on this machine yet: {told}"]


def settle_paths(
    layers: Layers, skill: Skill, wanted: Sequence[Wanted], *, local: bool, staged: bool = True
) -> list[Problem]:
    """Make the paths that the user gave absolute; returns those that are not on this machine, where it must be `local`.

    Paths that a profile suggests are not looked for: `open_questions` asks for them. Places elsewhere are given as they
    lie here once they are `staged`.
    """
    problems = []
    action, weights = layers.schema.action, weight_keys(skill, layers.schema.action)
    models = model_keys(layers, skill)
    outputs = [f"{skill.section(action)}.results_dir", *skill.action_info(action)["outputs"]]
    for key in [*input_keys(layers, skill), *outputs]:
        value, origin = layers.get(key), layers.provenance.get(key)
        if not value or origin is None or origin.source not in {"override", "shorthand"}:
            continue
        try:
            found = [
                place
                if _is_no_path(place, weights=key in weights)
                else _settled(place, look=key not in outputs, local=local, model=key in models, staged=staged)
                for place in _places(value)
            ]
        except DataError as problem:
            problems.append(Problem(problem.code, key, problem.message, problem.remedy))
            continue
        problems += _wrong_kind(key, wanted, found)
        if local and key in outputs:
            problems += [_no_folder(key, place) for place in found if is_remote(str(place))]
        layers.put(key, found if isinstance(value, list) else found[0], origin.source, origin.detail)
    return problems


def _no_folder(key: str, place: str) -> Problem:
    """The engine would make a folder that is called like the URI."""
    remedy = "give a folder of this machine, and copy what the job leaves"
    return Problem("data.remote", key, f"{place} is no folder of this machine, on which the action runs", remedy)


def _wrong_kind(key: str, wanted: Sequence[Wanted], places: list[Any]) -> list[Problem]:
    """A file that can't be what the field takes, by its ending: it would fail seconds after the launch."""
    want = next((want for want in wanted if want.key == key and want.suffixes), None)
    endings = [ending for _, some in want.kinds for ending in some] if want else []
    wrong = [
        place
        for place in places
        if want and not str(place).startswith(PACKAGE) and Path(str(place)).suffix not in endings
    ]
    if not want or not wrong:
        return []
    remedy = f"give a {want.kind} file ({' or '.join(endings)}), or --parent JOB"
    return [Problem(f"{want.kind}.suffix", key, f"{wrong[0]} is no {want.kind} file", remedy)]


def _settled(place: str, *, look: bool, local: bool, model: bool, staged: bool) -> str:
    """The whole path. A relative one has to be here wherever the action runs: elsewhere it would lead nowhere."""
    if model and (is_address(place) or is_repository(place)) and not Path(place).exists():
        remedy = "copy the file to this machine and give its path; `changenet stage backbone` fetches backbone weights"
        raise DataError(f"'{place}' is no file, and nothing downloads it", code="data.address", remedy=remedy)
    whole = absolute(place, staged=staged and look)
    if look and not is_remote(whole) and (local or not Path(place).expanduser().is_absolute()):
        require_there(whole)
    return whole


def _is_no_path(place: Any, *, weights: bool) -> bool:
    """Whether a value is left as it is: no text, or weights that something would have to download."""
    if not isinstance(place, str) or place.startswith((PACKAGE, JOB_FOLDER)):
        return True
    return weights and (is_address(place) or is_repository(place)) and not Path(place).exists()


def _places(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def inputs_of(layers: Layers, skill: Skill) -> Paths:
    """The places that the action reads, by key."""
    values = {key: layers.get(key) for key in input_keys(layers, skill)}
    return {key: value for key, value in values.items() if value and not str(value).startswith(PACKAGE)}


def open_questions(layers: Layers, resolved: ResolvedRequest, asked: Sequence[Question] = ()) -> Iterator[Question]:
    """What the action needs and nobody gave, each asked once: data by source, then the parent's artifact.

    `asked` are the questions that the decision left open; what is known here of their answers is put to them.
    """
    known = {question.slot: question for question in _open(layers, resolved)}
    for question in asked:
        found = known.pop(question.slot, question)
        yield replace(question, choices=question.choices or found.choices)
    yield from known.values()


def _open(layers: Layers, resolved: ResolvedRequest) -> Iterator[Question]:
    request, tables, task = resolved.request, resolved.tables, resolved.skill.task_of(resolved.action)
    needed = {
        key: entry
        for key, entry in tables.entries.items()
        if not entry.get("optional") and not (resolved.embedded and entry.get("needed_by") == "container")
    }
    empty = dict.fromkeys(entry["source"] for key, entry in needed.items() if not layers.get(key))
    for source in empty:
        yield Question(source, _ask_for_data(source, request, tables, resolved.skill.info["tasks"][task]))
    declared = resolved.skill.action_info(resolved.action)["inputs"]
    for want in resolved.wanted:
        optional = want.how == RESUME or declared.get(want.key, {}).get("optional", False)
        if not optional and not layers.get(want.key):
            choices = tuple(candidates(resolved.store, [want], task))
            nothing = "" if choices else " No finished job has one yet, so this is blocked until one does."
            text = f"Which {want.kind} shall be used for {want.key}?"
            text += " Name the job that wrote it (--parent JOB), or set the key."
            yield Question("parent_job_id", text + nothing, choices)


def _ask_for_data(source: str, request: Request, tables: DataTables, task: Mapping[str, Any]) -> str:
    rule = tables.sources.get(source, {})
    rows = [entry for entry in tables.entries.values() if entry["source"] == source]
    *firsts, last = rule.get("subfolders", ()) or ("",)
    names = f"{', '.join(firsts)} or {last}" if firsts else last
    looked = f" '{request.data}' has no folder or table named {names}." if request.data and names else ""
    kind = f"{task['dataset_type']}, format {' or '.join(task['formats'])}"
    return (
        f"Where is the {rule.get('intent', source)} data ({source})?{looked} "
        f"Give a folder or URI that holds {_contents(rows)} ({kind})."
    )


def _contents(rows: list[dict[str, Any]]) -> str:
    """What a data source holds, in words: tables first, then what comes packed or as a folder."""
    names = [row["path"] for row in rows if row["runtime"] == "file"]
    names += [f"{row['folder']}/ (or {row['path']})" for row in rows if row["runtime"] == "extracted_folder"]
    names += [f"{', '.join(row['archives'])} (or these unpacked)" for row in rows if row["runtime"] == "folder"]
    return " and ".join(dict.fromkeys(names))


def missing_weights(layers: Layers, key: str | None, *, local: bool) -> Iterator[Question]:
    """Asks for the backbone weights of `key` that a profile counts on and this machine does not have."""
    path, origin = (layers.get(key), layers.provenance.get(key)) if key else (None, None)
    if not local or not path or origin is None or origin.source != "profile" or path.startswith(PACKAGE):
        return
    try:
        require_there(path)
    except DataError:
        text = f"The profile {origin.detail} starts from {path}, which is not on this machine. Where are the weights?"
        yield Question(str(key), f"{text} `changenet stage backbone` fetches them and prints the path to set.")

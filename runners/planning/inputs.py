# SPDX-License-Identifier: Apache-2.0
"""The files that an action reads: made absolute, looked for on this machine, and asked for where they are missing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import DataError
from core.problem import Problem
from router.types import Question
from runners.planning.data_sources import absolute, is_remote, require_there
from runners.planning.parents import RESUME, candidates
from runners.planning.plan import JOB_FOLDER
from runners.planning.profiles import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.declarations import Skill
    from router.types import Request
    from runners.jobs.store import JobStore
    from runners.planning.data_sources import DataTables
    from runners.planning.layers import Layers
    from runners.planning.parents import Wanted

_MORE_INPUTS = ("train.pretrained_model_path",)
_PACKAGE = "package:"
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
Paths = dict[str, str | list[str]]


def input_keys(layers: Layers, skill: Skill) -> list[str]:
    """The keys of the action's spec that name files or folders to be read."""
    declared = list(skill.action_info(layers.schema.action)["inputs"])
    return [key for key in dict.fromkeys([*declared, *_MORE_INPUTS]) if layers.schema.node(key) is not None]


def settle_paths(layers: Layers, skill: Skill, *, local: bool) -> list[Problem]:
    """Make the paths that the user gave absolute; returns those that are not on this machine, where it must be `local`.

    Paths that a profile suggests are not looked for: `open_questions` asks for them.
    """
    problems = []
    outputs = ["results_dir", f"{skill.section(layers.schema.action)}.results_dir", "train.checkpointer.dirpath"]
    for key in [*input_keys(layers, skill), *outputs, *skill.action_info(layers.schema.action)["outputs"]]:
        value, origin = layers.get(key), layers.provenance.get(key)
        if not value or origin is None or origin.source not in {"override", "shorthand"}:
            continue
        try:
            looked_for = local and key not in outputs
            found = [p if _is_no_path(key, p) else _settled(p, look=looked_for) for p in _places(value)]
        except DataError as problem:
            problems.append(Problem(problem.code, key, problem.message, problem.remedy))
            continue
        problems += _wrong_kind(skill, key, found)
        layers.put(key, found if isinstance(value, list) else found[0], origin.source, origin.detail)
    return problems


def _wrong_kind(skill: Skill, key: str, places: list[Any]) -> list[Problem]:
    """A file that can't be what the field takes, by its ending: it would fail seconds after the launch."""
    artifact = skill.info["parent_artifacts"].get(key)
    wrong = [place for place in places if artifact and Path(str(place)).suffix not in artifact["suffixes"]]
    if not artifact or not wrong:
        return []
    endings = " or ".join(artifact["suffixes"])
    remedy = f"give a {artifact['kind']} file ({endings}), or --parent JOB"
    return [Problem(f"{artifact['kind']}.suffix", key, f"{wrong[0]} is no {artifact['kind']} file", remedy)]


def _settled(place: str, *, look: bool) -> str:
    whole = absolute(place)
    if look and not is_remote(whole):
        require_there(whole)
    return whole


def _is_no_path(key: str, place: Any) -> bool:
    """Whether a value is left as it is: no text, or weights that something would have to download (`owner/name`)."""
    if not isinstance(place, str) or place.startswith((_PACKAGE, JOB_FOLDER)):
        return True
    is_weights = key in {WEIGHTS, *_MORE_INPUTS}
    return is_weights and bool(_REPOSITORY.fullmatch(place)) and not Path(place).suffix and not Path(place).exists()


def _places(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def inputs_of(layers: Layers, skill: Skill) -> Paths:
    """The places that the action reads, by key."""
    values = {key: layers.get(key) for key in input_keys(layers, skill)}
    return {key: value for key, value in values.items() if value and not str(value).startswith(_PACKAGE)}


def open_questions(
    layers: Layers, request: Request, tables: DataTables, wanted: list[Wanted], store: JobStore
) -> Iterator[Question]:
    """What the action needs and nobody gave: data by source, then the parent's artifact."""
    empty = {entry["source"]: entry for key, entry in tables.entries.items() if not layers.get(key)}
    for source, entry in empty.items():
        yield Question(source, _ask_for_data(source, entry, request, tables))
    for want in wanted:
        if want.how != RESUME and not layers.get(want.key):
            choices = tuple(candidates(store, [want]))
            nothing = "" if choices else " No finished job has one yet, so this is blocked until one does."
            text = f"Which {want.kind} shall be used for {want.key}? Name the job that wrote it, or set the key."
            yield Question("parent_job_id", text + nothing, choices)


def _ask_for_data(source: str, entry: dict[str, Any], request: Request, tables: DataTables) -> str:
    rule = tables.sources.get(source, {})
    files = entry["path"] or ", ".join(entry.get("archives", ()))
    holds = "dataset.csv and images/ (or images.tar.gz)" if entry["path"] else f"{files} (or these unpacked)"
    looked = f" {request.data} has no {' or '.join(rule.get('subfolders', ()))} folder with it." if request.data else ""
    return (
        f"Where is the {rule.get('intent', source)} data ({source})?{looked} Give a folder or URI that holds {holds}."
    )


def missing_weights(layers: Layers, *, local: bool) -> Iterator[Question]:
    """Asks for backbone weights that a profile counts on and this machine does not have."""
    path, origin = layers.get(WEIGHTS), layers.provenance.get(WEIGHTS)
    if not local or not path or origin is None or origin.source != "profile" or path.startswith(_PACKAGE):
        return
    try:
        require_there(path)
    except DataError:
        text = f"The profile {origin.detail} starts from {path}, which is not on this machine. Where are the weights?"
        yield Question(WEIGHTS, f"{text} `changenet stage backbone` fetches them and prints the path to set.")

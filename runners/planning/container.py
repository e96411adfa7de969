# SPDX-License-Identifier: Apache-2.0
"""Where a container finds what its action reads and writes, as mounts; and the texts of a spec rewritten to that.

Data lies below /data as it lies on this machine from its common folder on, models in /data/models, backbone weights
where skill_info.yaml says that the container expects them; all of it can only be read. The results folder is /results.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from runners.names import archive_stem
from runners.planning.inputs import inputs_of, model_keys
from runners.planning.plan import JOB_FOLDER, Mount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from router.declarations import Skill
    from runners.planning.layers import Layers
    from runners.planning.plan import Plan
    from runners.planning.resolved import ResolvedRequest

SPEC_FOLDER = f"{JOB_FOLDER}/container"
"""The folder of the job that the container reads its spec from."""
SPEC_PATH = "/specs/spec.yaml"
_DATA, _MODELS, _RESULTS, _OUTPUTS = "/data", "/data/models", "/results", "/outputs"
_RESERVED = frozenset({"models", "pretrained_models"})


def mounts_of(layers: Layers, resolved: ResolvedRequest) -> tuple[Mount, ...]:
    """What the container of a plan has to see: spec, data, models and results, then what the user adds."""
    inputs, models = inputs_of(layers, resolved.skill), model_keys(layers, resolved.skill)
    data = [place for key, value in inputs.items() if key not in models for place in _places(value)]
    found = [Mount(SPEC_FOLDER, str(PurePosixPath(SPEC_PATH).parent))]
    found += [mount for group in _by_store(data) for mount in _data_mounts(group)]
    found += _model_mounts({key: str(inputs[key]) for key in inputs if key in models}, resolved)
    found += _output_mounts(layers, resolved)
    found += [_own_mount(text) for text in resolved.platform.get("mount", ())]
    return tuple(_apart(found))


def mounts_as_if(plan: Plan, skill: Skill) -> tuple[Mount, ...]:
    """The mounts of a plan; those that it would have in a container, where it has none, spec and results among them."""
    if plan.mounts:
        return plan.mounts
    tables = skill.data_sources(plan.action)
    data = [place for key, value in plan.inputs.items() if key in tables for place in _places(value)]
    models = [place for key, value in plan.inputs.items() if key not in tables for place in _places(value)]
    found = [Mount(SPEC_FOLDER, str(PurePosixPath(SPEC_PATH).parent))]
    found += [mount for group in _by_store(data) for mount in _data_mounts(group)]
    found += [Mount(place, f"{_MODELS}/{PurePosixPath(place).name}") for place in dict.fromkeys(models)]
    found.append(Mount(str(plan.spec["results_dir"]), _RESULTS, read_only=False))
    return tuple(_apart(found))


def in_container(value: Any, mounts: Iterable[Mount]) -> Any:
    """A copy of `value` in which every text that names a mounted place, or one inside it, is that of the container."""
    return _renamed(value, [(mount.source, mount.target) for mount in mounts])


def as_staged(plan_inputs: Mapping[str, Any], mounts: Sequence[Mount], staged: Mapping[str, Any]) -> list[Mount]:
    """The mounts of a plan with what stands for each input by now: `staged` is the spec by dotted keys.

    A folder of links, such as a data set whose parts were packed, is mounted part by part: links would lead nowhere.
    """
    now = {
        before: after
        for key, value in plan_inputs.items()
        for before, after in zip(_places(value), _places(staged.get(key, value)), strict=True)
    }
    found = [Mount(now.get(mount.source, mount.source), mount.target, mount.read_only) for mount in mounts]
    return [part for mount in found for part in _without_links(mount)]


def _renamed(value: Any, names: Sequence[tuple[str, str]]) -> Any:
    longest_first = sorted(names, key=lambda pair: -len(pair[0]))

    def renamed(inner: Any) -> Any:
        if isinstance(inner, dict):
            return {key: renamed(item) for key, item in inner.items()}
        if isinstance(inner, list | tuple):
            return [renamed(item) for item in inner]
        if not isinstance(inner, str):
            return inner
        for before, after in longest_first:
            if inner == before or inner.startswith(f"{before}/"):
                return after + inner[len(before) :]
        return inner

    return renamed(value)


def _by_store(places: Iterable[str]) -> Iterator[list[str]]:
    """The places of this machine, and those of each store, apart."""
    groups: dict[str, list[str]] = {}
    for place in places:
        groups.setdefault("/".join(place.split("/")[:3]) if "://" in place else "", []).append(place)
    yield from groups.values()


def _data_mounts(places: list[str]) -> Iterator[Mount]:
    """Each place by itself, below a folder that is called like the one that all of them share."""
    common = os.path.commonpath(places)
    name = archive_stem(PurePosixPath(common).name)
    home = PurePosixPath(_DATA) / (f"{name}-data" if name in _RESERVED else name)
    for place in dict.fromkeys(places):
        inside = PurePosixPath(place).relative_to(common)
        yield Mount(place, str(home / inside.parent / archive_stem(inside.name)) if inside.name else str(home))


def _model_mounts(files: Mapping[str, str], resolved: ResolvedRequest) -> Iterator[Mount]:
    expected = {
        key: rule for key, rule in resolved.skill.spec_params(resolved.action).items() if isinstance(rule, dict)
    }
    for key, place in files.items():
        rule = expected.get(key, {})
        where = rule.get("destination_path")
        if where and place == where and not Path(place).exists():
            yield Mount(str(Path(rule["staged_path"]).absolute()), where)
        elif place.startswith("/") and where and PurePosixPath(where).suffix == PurePosixPath(place).suffix:
            yield Mount(place, where)
        elif place.startswith("/") or "://" in place:
            yield Mount(place, f"{_MODELS}/{PurePosixPath(place).name}")


def _output_mounts(layers: Layers, resolved: ResolvedRequest) -> Iterator[Mount]:
    """The results folder, and each other place that the action writes to."""
    skill, action = resolved.skill, resolved.action
    declared = skill.action_info(action)["outputs"]
    results = str(layers.get("results_dir"))
    yield Mount(results, _RESULTS, read_only=False)
    for key in (*declared, f"{skill.section(action)}.results_dir"):
        place = layers.get(key)
        if place and not is_below(str(place), results):
            folder = PurePosixPath(str(place))
            folder = folder.parent if declared.get(key, {}).get("type") == "file" else folder
            yield Mount(str(folder), f"{_OUTPUTS}/{folder.name}", read_only=False)


def _own_mount(text: str) -> Mount:
    place, _, target = text.rpartition(":")
    return Mount(place, target)


def _apart(mounts: Sequence[Mount]) -> Iterator[Mount]:
    """Each place once, but for what lies inside another one that is seen anyway; no two of them at one path."""
    taken: dict[str, str] = {}
    for mount in mounts:
        outer = [other for other in mounts if other != mount and is_below(mount.source, other.source)]
        if mount.source in taken.values() or any(mount.source != o.source and o.read_only for o in outer):
            continue
        target = mount.target
        while target in taken:
            target = f"{target.removesuffix(PurePosixPath(target).suffix)}-2{PurePosixPath(target).suffix}"
        taken[target] = mount.source
        yield Mount(mount.source, target, mount.read_only)


def _without_links(mount: Mount) -> Iterator[Mount]:
    folder = Path(mount.source)
    children = sorted(folder.iterdir()) if mount.read_only and folder.is_dir() else []
    if any(child.is_symlink() for child in children):
        for child in children:
            yield Mount(os.path.realpath(child), f"{mount.target}/{child.name}")
    else:
        yield mount


def is_below(place: str, folder: str) -> bool:
    """Whether a place is a folder, or lies in it."""
    return place == folder or place.startswith(f"{folder}/")


def _places(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]

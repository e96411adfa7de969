# SPDX-License-Identifier: Apache-2.0
"""A spec as people write it: sections left empty, values still to be filled in, `~` for home, and what was chosen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import read_yaml
from core.dotted import flatten, get, parse_override, put
from core.errors import SpecError
from core.redaction import is_secret_key
from spec.actions import ACTIONS, TASK_DEFAULTS
from spec.load import default_tree, full_default_tree
from spec.schema_tree import is_section

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from spec.actions import ActionSpec

Tree = dict[str, Any]
_TO_FILL_IN = "???"  # as OmegaConf marks it
# With another one of these another network is trained: one that is written is kept, wherever its file comes from.
_NETWORK = ("model.backbone.type", "model.classify.difference_module", "model.classify.difference_head")
_OF_A_TEMPLATE = 0.9  # the share of a template's keys that tells a file that was made from it


def read_written(spec_file: Path, overrides: Sequence[str], command: str) -> tuple[Tree, set[str]]:
    """A spec file with overrides, and the keys that the user chose.

    Whoever writes a key chooses its value, though it be the default. A file that was made from a template holds all
    defaults: nobody chose those, but for the ones that decide which network is trained, and those that no template
    holds, unless the file has all of them as well.

    Raises:
        InputError: the file is no spec, an override is none, or a value can't be meant.
    """
    tree = _without_empty_sections(_read(spec_file))
    written = set(flatten(tree))
    given = dict(parse_override(text) for text in overrides)
    for key, value in given.items():
        put(tree, key, value)
    action = _action(task_of(tree), command)
    templates = _templates(command)
    made_from_template = any(_is_made_from(written, keys) for keys in templates)
    usual = full_default_tree(task_of(tree))
    tree = _meant(tree, usual, action)
    kept: Collection[str] = written
    if made_from_template:
        added = set() if _is_made_from(written, flatten(usual).keys()) else written.difference(*templates)
        kept = {*_NETWORK, *added}
    chosen = {key for key, value in flatten(tree).items() if key in kept or get(usual, key, _TO_FILL_IN) != value}
    return tree, chosen | given.keys()


def _read(spec_file: Path) -> Tree:
    tree = read_yaml(spec_file, SpecError)
    if tree is None:
        tree = {}
    if not isinstance(tree, dict):
        raise SpecError("the spec is no mapping of keys to values", where=str(spec_file), remedy="begin with a section")
    return tree


def _without_empty_sections(tree: Tree, parts: tuple[str, ...] = ()) -> Tree:
    """A section with nothing below it, as where all its lines are comments, is as good as left out."""
    kept: Tree = {}
    for name, value in tree.items():
        place = (*parts, str(name))
        inner = _without_empty_sections(value, place) if isinstance(value, dict) else value
        if inner not in ({}, None) or not is_section(place):
            kept[name] = inner
    return kept


def _templates(command: str) -> list[set[str]]:
    """The keys of each template of the command, which may be that of a deploy action."""
    names = [action.name for action in ACTIONS.values() if action.command == command]
    return [set(flatten(default_tree(name))) for name in names]


def _is_made_from(written: Collection[str], keys: Collection[str]) -> bool:
    """Whether a file has nearly all of the keys."""
    return sum(_is_in(key, written) for key in keys) >= _OF_A_TEMPLATE * len(keys)


def _is_in(key: str, written: Collection[str]) -> bool:
    """Whether a key is written, or the map that it would stand in is."""
    return key in written or key.rpartition(".")[0] in written


def _action(task: str, command: str) -> ActionSpec:
    """The action of the skill behind a command; one that a task does not have is refused once the spec is read."""
    of_command = [a for a in ACTIONS.values() if a.command == command]
    return next((a for a in of_command if a.task == task), of_command[0])


def task_of(tree: Tree) -> str:
    """The task whose defaults fill a spec; a wrong one is told when the spec is checked."""
    return next((name for name in TASK_DEFAULTS if tree.get("task") == name), "classify")


def _meant(tree: Tree, usual: Tree, action: ActionSpec, prefix: str = "") -> Tree:
    meant: Tree = {}
    for name, value in tree.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict):
            meant[name] = _meant(value, usual, action, f"{key}.")
        elif value != _TO_FILL_IN or not _left_open(key, usual, action):
            meant[name] = _meant_text(key, value) if isinstance(value, str) else value
    return meant


def _left_open(key: str, usual: Tree, action: ActionSpec) -> bool:
    """Whether a value that is still to be filled in may be: the action at hand does not use it.

    Raises:
        SpecError: it is needed.
    """
    if get(usual, key, _TO_FILL_IN) == _TO_FILL_IN:
        return False  # no key of the spec, which is told when it is checked
    if not action.uses(key):
        return True
    remedy = "give a value, or leave the line out for the default"
    raise SpecError(f"the value is still to be filled in ({_TO_FILL_IN})", code="spec.value", where=key, remedy=remedy)


def _meant_text(key: str, text: str) -> str:
    if "\0" in text or not _is_utf8(text):
        message = "the value holds a character that no path and no file can have"
        raise SpecError(message, code="spec.value", where=key, remedy="write it without control characters, in UTF-8")
    if not text.startswith("~") or is_secret_key(key.rpartition(".")[2]):
        return text
    try:
        return str(Path(text).expanduser())
    except RuntimeError:
        remedy = "write the path in full"
        raise SpecError(f"'{text}' names nobody's home folder", code="spec.value", where=key, remedy=remedy) from None


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)

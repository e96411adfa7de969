# SPDX-License-Identifier: Apache-2.0
"""Answers that are kept, so that many plans which ask the same of the disk ask it once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

Answer = TypeVar("Answer")
Names = tuple[str, ...]
Notes = dict[tuple["Callable[[Any], Any]", Names], Any]


class Memory:
    """Keeps answers as long as its holder lives; an error is no answer, and is met again by whoever asks again."""

    def __init__(self) -> None:
        self._answers: dict[Hashable, Any] = {}
        self._readings: dict[Hashable, list[tuple[Notes, Any]]] = {}

    def once(self, key: Hashable, find: Callable[[], Answer]) -> Answer:
        """The answer to `key`, found at the first call."""
        if key not in self._answers:
            self._answers[key] = find()
        found: Answer = self._answers[key]
        return found

    def once_for(self, key: Hashable, tree: Mapping[str, Any], find: Callable[[dict[str, Any]], Answer]) -> Answer:
        """What `find` answers for a nested dictionary; found once for all that agree in what it reads there.

        Beside the tree, the answer may depend on nothing that changes while this memory lives.
        """
        known = self._readings.setdefault(key, [])
        for notes, answer in known:
            if all(look(_at(tree, names)) == seen for (look, names), seen in notes.items()):
                kept: Answer = answer
                return kept
        fresh: Notes = {}
        found = find(_Watched(tree, (), fresh))
        known.append((fresh, found))
        return found


_ABSENT = object()


def _at(tree: Any, names: Names) -> Any:
    for name in names:
        if not isinstance(tree, dict) or name not in tree:
            return _ABSENT
        tree = tree[name]
    return tree


def _itself(value: Any) -> Any:
    return value


def _is_section(value: Any) -> bool:
    return isinstance(value, dict)


class _Watched(dict[str, Any]):
    """A nested dictionary that notes what is read: values by their path, sections where they are listed."""

    def __init__(self, tree: Mapping[str, Any], names: Names, notes: Notes) -> None:
        super().__init__(tree)
        self._whole, self._names, self._notes = tree, names, notes

    def _note(self, name: str) -> Any:
        value, names = super().get(name, _ABSENT), (*self._names, name)
        if isinstance(value, dict):
            self._notes[_is_section, names] = True
            return _Watched(value, names, self._notes)
        self._notes[_itself, names] = value
        return value

    def __getitem__(self, name: str) -> Any:
        found = self._note(name)
        if found is _ABSENT:
            raise KeyError(name)
        return found

    def get(self, name: str, default: Any = None) -> Any:
        found = self._note(name)
        return default if found is _ABSENT else found

    def __contains__(self, name: object) -> bool:
        return self._note(str(name)) is not _ABSENT

    def __bool__(self) -> bool:
        self._notes[bool, self._names] = bool(self._whole)
        return bool(self._whole)

    __hash__ = None


def _listing(name: str) -> Callable[..., Any]:
    of_dict = getattr(dict, name)

    def method(self: _Watched, *arguments: Any) -> Any:
        self._notes[_itself, self._names] = self._whole
        return of_dict(self, *arguments)

    return method


for _name in ("__iter__", "__len__", "__eq__", "__or__", "__ror__", "__repr__", "keys", "values", "items", "copy"):
    setattr(_Watched, _name, _listing(_name))

# SPDX-License-Identifier: Apache-2.0
"""What skill_info.yaml says of the data of an action: which keys it fills, and how its files and folders are called."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from core.file_names import is_archive
from runners.model_rules import ModelRules
from runners.names import archive_stem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from router.declarations import Skill

Entry = dict[str, Any]


class DataTables(NamedTuple):
    """What skill_info.yaml says: spec key to its source and file; source to the folders that may hold it.

    By a file named in `tables`, or one of the folders `first_parts`, a folder is known to hold data of this skill.
    What else its tables may be called, and where they may lie, `of_folder` tells by split; `importing` is the command
    that makes such data of other tables and pictures. `staged` says whether what
    lies elsewhere is fetched to this machine for the action.
    """

    entries: Mapping[str, Entry]
    sources: Mapping[str, Entry]
    tables: frozenset[str]
    first_parts: frozenset[str]
    of_folder: Callable[[Path], Mapping[str, Path]]
    importing: Callable[[Path], str]
    staged: bool = True

    @classmethod
    def of(cls, skill: Skill, action: str, rules: ModelRules, *, staged: bool = True) -> DataTables:
        """The tables of an action."""
        rows = [row for of_action in skill.info["data_sources"].values() for row in of_action.values()]
        tables = frozenset(row["path"] for row in rows if row["runtime"] == "file")
        first_parts = frozenset(part for row in rows for part in part_names(row)[:1])
        entries = skill.data_sources(action)
        reads_table = any(row["runtime"] == "file" for row in entries.values())
        of_folder = cache(rules.data_tables if reads_table else ModelRules().data_tables)
        sources, importing = (
            skill.info["dataset_sources"],
            rules.data_import if reads_table else ModelRules().data_import,
        )
        return cls(entries, sources, tables, first_parts, of_folder, importing, staged)

    def names_file(self, place: str) -> bool:
        """Whether a place is an archive or a table itself, by its ending, and not the folder that holds it."""
        return is_archive(place) or Path(place).suffix in {Path(name).suffix for name in self.tables}


def part_names(entry: Entry) -> list[str]:
    """The folders of which the data set of a row consists; each may be an archive as well."""
    return [archive_stem(name) for name in entry.get("archives", ())]


def all_parts(skill: Skill) -> list[str]:
    """The parts of every data set of several folders that the skill knows."""
    rows = (row for of_action in skill.info["data_sources"].values() for row in of_action.values())
    return list(dict.fromkeys(part for row in rows for part in part_names(row)))

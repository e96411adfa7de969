# SPDX-License-Identifier: Apache-2.0
"""Commands that documents, help, remedies and hints name are commands that exist."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.errors import ChangenetError
from interfaces.command_line import EXAMPLES, group_menu, parse, top_menu, verb_parser
from interfaces.options import declared
from interfaces.table import GROUPS, VERBS

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SKILL.md",
    "automl/SKILL.md",
    "references/*.md",
    "benchmarks/README.md",
)
ROOMS = ("automl", "boards", "core", "engine", "interfaces", "pairs", "reports", "router", "runners", "scoring", "spec")
_BLOCK = re.compile(r"```(?:bash|sh|console)?\n(.*?)```", re.DOTALL)
# A command in running text ends with its quotation marks, brackets, line, or sentence.
_NAMED = re.compile(r"(?<![\w/.@-])changenet ([a-z|]+(?:-[a-z]+)*(?: [a-z|]+)?)([^`\n]*)")
_FLAG = re.compile(r"(?<![\w-])(--[a-z][a-z-]+|-[a-z])\b")


def _documents(root: Path) -> Iterator[tuple[str, str]]:
    for pattern in DOCUMENTS:
        for path in sorted(root.glob(pattern)):
            yield path.name, path.read_text()


def _texts_of(root: Path) -> Iterator[tuple[str, str]]:
    """Every text in the source of every room; what is filled in reads X."""
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            nodes, name = list(ast.walk(ast.parse(path.read_text()))), path.relative_to(root)
            inner = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
            for node in nodes:
                if isinstance(node, ast.JoinedStr):
                    text = "".join(p.value if isinstance(p, ast.Constant) else "X" for p in node.values)  # type: ignore[misc]
                    yield f"{name}:{node.lineno}", text
                elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
                    yield f"{name}:{node.lineno}", node.value


@pytest.fixture(scope="module")
def source_texts() -> list[tuple[str, str]]:
    """Every text in the source, with its place."""
    return list(_texts_of(Path(__file__).resolve().parents[2]))


def _verbs(words: str) -> list[str]:
    """The verbs that the words begin with; `a|b` means both."""
    first, _, second = words.partition(" ")
    if first in GROUPS:
        return [f"{first} {kind}" for kind in second.split("|")] if second else [first]
    return first.split("|")


def _flags(verb: str) -> set[str]:
    declarations = declared(VERBS[verb].options())
    return {"--json", "-h", "--help"} | {name for entry in declarations for name in (entry.flag, entry.short) if name}


def _wrong(text: str) -> list[str]:
    """What is wrong with the commands that a text names."""
    found = []
    for words, rest in _NAMED.findall(text):
        for verb in _verbs(words):
            if verb in GROUPS:
                continue
            if verb not in VERBS:
                found.append(f"changenet {verb}: no such verb")
                continue
            unknown = set(_FLAG.findall(rest)) - _flags(verb)
            found += [f"changenet {verb} {flag}: no such option" for flag in sorted(unknown)]
    return found


def _blocks(root: Path) -> list[tuple[str, list[str]]]:
    found = []
    for name, text in _documents(root):
        lines = [line.strip() for block in _BLOCK.findall(text) for line in block.replace("\\\n", " ").splitlines()]
        for line in lines:
            words = shlex.split(line.removeprefix("$ "), comments=True) if line.startswith(("changenet", "$ ")) else []
            if words[:1] == ["changenet"]:
                found.append((f"{name}: {line}", words[1:]))
    return found


def test_every_changenet_command_in_a_block_of_the_documents_parses(project_root: Path) -> None:
    commands = _blocks(project_root)
    assert commands
    for where, words in commands:
        try:
            parse([word for word in words if word != "--help"])
        except ChangenetError as error:
            pytest.fail(f"{where}: {error}")


def test_examples_in_the_help_texts_parse() -> None:
    shown = EXAMPLES + "".join(verb.examples for verb in VERBS.values())
    lines = [line.strip() for line in shown.splitlines() if line.strip().startswith("changenet ")]
    assert len(lines) > 20
    for line in lines:
        parse(shlex.split(re.split(r"\s{3,}", line)[0])[1:])


def test_every_command_that_a_document_names_exists(project_root: Path) -> None:
    texts = list(_documents(project_root))
    assert sum(len(_NAMED.findall(text)) for _, text in texts) > 40
    assert [f"{name}: {wrong}" for name, text in texts for wrong in _wrong(text)] == []


def test_every_command_that_the_source_names_exists(source_texts: list[tuple[str, str]]) -> None:
    """Remedies, hints, `next:` lines, help and docstrings of all rooms."""
    assert sum(len(_NAMED.findall(text)) for _, text in source_texts) > 40
    assert [f"{where}: {wrong}" for where, text in source_texts for wrong in _wrong(text)] == []


def test_every_option_that_a_message_of_the_commands_names_exists(source_texts: list[tuple[str, str]]) -> None:
    known = {"--version"}.union(*(_flags(verb) for verb in VERBS))
    rooms = ("interfaces/", "automl/", "router/")
    texts = [(where, text) for where, text in source_texts if where.startswith(rooms)]
    named = {(where, flag) for where, text in texts for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)}
    assert len(named) > 20
    assert sorted((where, flag) for where, flag in named if flag not in known) == []


def test_a_command_that_is_not_there_would_be_noticed() -> None:
    assert _wrong("see `changenet mend JOB`") == ["changenet mend: no such verb"]
    assert _wrong("`changenet jobs|statsu X`") == ["changenet statsu: no such verb"]
    assert _wrong("`changenet data mend`") == ["changenet data mend: no such verb"]
    assert _wrong("next: changenet run train --dta X -s a=b") == ["changenet run --dta: no such option"]


def test_help_of_every_verb_lists_its_options() -> None:
    listed = top_menu().format_help().split()
    assert all(name.partition(" ")[0] in listed for name in VERBS)
    assert all(f"    {name.split()[1]}" in group_menu(name.split()[0]).format_help() for name in VERBS if " " in name)
    for name, verb in VERBS.items():
        text = verb_parser(verb).format_help()
        assert text.startswith(f"usage: changenet {name} [-h] [--json]")
        assert [flag for flag in _flags(name) if flag not in text] == []


def test_files_that_the_documents_link_to_are_there(project_root: Path) -> None:
    broken = []
    for pattern in DOCUMENTS:
        for path in sorted(project_root.glob(pattern)):
            targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text())
            broken += [f"{path.name}: {target}" for target in targets if not (path.parent / target).exists()]
    assert broken == []

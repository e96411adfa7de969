# SPDX-License-Identifier: Apache-2.0
"""Commands that the documentation shows are commands that exist."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest

from core.errors import RequestError
from interfaces.arguments import build_parser

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "SKILL.md", "automl/SKILL.md", "references/*.md", "benchmarks/README.md")
_BLOCK = re.compile(r"```(?:bash|sh|console)?\n(.*?)```", re.DOTALL)


def _lines(text: str) -> list[str]:
    return [line.strip() for block in _BLOCK.findall(text) for line in block.replace("\\\n", " ").splitlines()]


def _commands(root: Path, program: str) -> list[tuple[str, list[str]]]:
    found = []
    for pattern in DOCUMENTS:
        for path in sorted(root.glob(pattern)):
            for line in _lines(path.read_text()):
                words = shlex.split(line.removeprefix("$ "), comments=True) if line.startswith((program, "$ ")) else []
                if words[:1] == [program]:
                    found.append((f"{path.name}: {line}", words[1:]))
    return found


def test_every_changenet_command_in_the_documents_parses(project_root: Path) -> None:
    commands = _commands(project_root, "changenet")
    assert commands
    parser = build_parser()
    for where, words in commands:
        try:
            parser.parse_args([word for word in words if word != "--help"])
        except RequestError as error:
            pytest.fail(f"{where}: {error}")


def test_examples_in_the_help_texts_parse() -> None:
    from interfaces import arguments

    parser = build_parser()
    requests = arguments.PLAN_EXAMPLES + arguments.AUTOML_EXAMPLES
    shown = arguments.EXAMPLES + "".join(requests.format(verb=verb) for verb in ("plan", "run"))
    lines = [line.strip() for line in shown.splitlines() if line.strip().startswith("changenet ")]
    assert len(lines) > 10
    for line in lines:
        parser.parse_args(shlex.split(re.split(r"\s{3,}", line)[0])[1:])


def test_files_that_the_documents_link_to_are_there(project_root: Path) -> None:
    broken = []
    for pattern in DOCUMENTS:
        for path in sorted(project_root.glob(pattern)):
            targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text())
            broken += [f"{path.name}: {target}" for target in targets if not (path.parent / target).exists()]
    assert broken == []

# SPDX-License-Identifier: Apache-2.0
"""Odd command lines, specs and tables: what people type and write."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from arena import Case
from odd_values import KEYS, OPTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from draw import Draw


def command_line(draw: Draw, folder: Path) -> Case:
    """A command of people's, with words changed, added, doubled, swapped or left out."""
    argv = changed(draw, folder, draw.chance.choice(COMMANDS), OPTIONS)
    if argv[:1] == ["run"]:
        argv.append("--dry-run")
    return Case("command line", " ".join(map(ascii, argv))[:160], "changenet", tuple(argv))


def changed(draw: Draw, folder: Path, words: Sequence[str], options: Sequence[str]) -> list[str]:
    """The words with one to three changes."""
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to("loop")
    argv = list(words)
    for _ in range(draw.chance.randint(1, 3)):
        # A changed verb is refused at once: most changes come after it.
        at = draw.chance.randrange(0 if draw.chance.random() < 0.1 else 1, len(argv)) if len(argv) > 1 else 0
        kind = draw.chance.randrange(6)
        if kind == 0:
            argv[at] = draw.typed()
        elif kind == 1:
            argv.insert(at, draw.typed())
        elif kind == 2:
            argv.insert(at, draw.chance.choice(argv))
        elif kind == 3 and len(argv) > 1:
            del argv[at]
        elif kind == 4:
            argv += ["-s", f"{draw.chance.choice(KEYS)}={draw.typed()}"]
        else:
            argv += [draw.chance.choice(options), draw.typed()]
    return argv


COMMANDS: list[tuple[str, ...]] = [
    ("plan", "train", "--data", "boards", "--json"),
    ("plan", "train", "--data", "boards", "-s", "num_epochs=3", "--automl", "off"),
    ("plan", "train the model on ./boards for 5 epochs without AutoML"),
    ("plan", "evaluate", "--data", "boards", "--parent", "train-20260101-120000-0a1b2c"),
    ("plan", "train", "--data", "boards", "--trials", "4", "--range", "train.optim.lr=1e-5..1e-3", "--json"),
    ("plan", "inference", "--infer", "boards/test", "-s", "inference.checkpoint=model.pth"),
    ("run", "train", "--data", "boards", "--automl", "off"),
    ("data", "check", "boards"),
    ("data", "check", "boards/train", "--json"),
    ("jobs", "--results", "results"),
    ("status", "train-2026", "--results", "results", "--json"),
    ("result", "train-2026", "--results", "results"),
    ("logs", "train-2026", "--results", "results"),
    ("report", "evaluate-1", "--results", "results"),
    ("cancel", "train-2026", "--results", "results"),
    ("schemas", "--check"),
    ("diagnose", "train-2026", "--results", "results", "--json"),
    ("compare", "train-2026", "evaluate-1", "--results", "results"),
    ("remove", "train-2026", "--yes", "--results", "results"),
    ("advise", "--board", "30x20", "--defect", "0.1"),
    ("import-job", "boards", "--results", "results"),
    ("upload", "train-2026", "file:///no/such/place", "--results", "results"),
    ("stage", "backbone", "--from", "model.pth"),
    ("tools", "--format", "openai"),
    ("doctor", "--runner", "docker", "--json"),
]


def spec(draw: Draw, folder: Path) -> Case:
    """A spec of the engine with values, keys or bytes changed, or overrides beside it."""
    path = folder / "spec.yaml"
    extra: list[str] = []
    kind = draw.chance.randrange(3)
    if kind == 0:
        path.write_bytes(draw.spoiled(path.read_bytes()))
    elif kind == 1:
        lines = path.read_text().splitlines()
        for _ in range(draw.chance.randint(1, 3)):
            at = draw.chance.randrange(len(lines))
            head = lines[at].partition(":")[0]
            lines[at] = draw.chance.choice(
                (f"{head}: {draw.value()}", f"{lines[at]}\n{lines[at]}", "", f"  {lines[at]}")
            )
        path.write_text("\n".join(lines), errors="surrogateescape")
    else:
        extra = [f"{draw.chance.choice(KEYS)}={draw.typed()}" for _ in range(draw.chance.randint(1, 3))]
    command = draw.chance.choice(("train", "evaluate", "inference", "export", "default_specs"))
    argv = (command, *(() if command == "default_specs" else ("-e", "spec.yaml")), *extra)
    return Case("spec", f"{command} {' '.join(map(ascii, extra))[:120] or kind}", "visual_changenet", argv)


def table(draw: Draw, folder: Path) -> Case:
    """A CSV with cells or bytes changed, seen by the check or by the engine."""
    split = draw.chance.choice(("train", "val", "test"))
    path = folder / "boards" / split / "dataset.csv"
    if draw.chance.random() < 0.5:
        path.write_bytes(draw.spoiled(path.read_bytes()))
    else:
        lines = path.read_text().splitlines()
        at = draw.chance.randrange(len(lines))
        cells = lines[at].split(",")
        cells[draw.chance.randrange(len(cells))] = draw.value()
        lines[at] = ",".join(cells) if draw.chance.random() < 0.9 else ",".join(cells * 50_000)
        path.write_text("\n".join(lines), errors="surrogateescape")
    return looked_at(draw, "table", split)


def looked_at(draw: Draw, group: str, what: str) -> Case:
    """The data of the folder, seen by the check, a plan or the engine."""
    program, *argv = draw.chance.choice([words for words in _LOOKS if words[0] in draw.programs])
    return Case(group, f"{what}: {program} {argv[0]} {argv[1]}", program, tuple(argv))


_LOOKS = (
    ("changenet", "data", "check", "boards", "--json"),
    ("changenet", "data", "check", "boards"),
    ("changenet", "plan", "train", "--data", "boards", "--automl", "off", "--json"),
    ("visual_changenet", "evaluate", "-e", "spec.yaml", "evaluate.checkpoint=model.pth"),
    ("visual_changenet", "train", "-e", "spec.yaml", "train.num_epochs=1"),
)

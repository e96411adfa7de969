# SPDX-License-Identifier: Apache-2.0
"""What stands on a line: whole pictures that are drawn into, imported, inspected, served and watched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arena import Case
from file_inputs import spoiled_picture
from typed_inputs import changed

if TYPE_CHECKING:
    from pathlib import Path

    from draw import Draw

_SERVED_SECONDS = 4.0  # the engine loads in that time, where the machine has nothing else to do

COMMANDS: list[tuple[str, ...]] = [
    ("serve", "model.onnx", "--listen", "127.0.0.1:0", "--drain", "0"),
    ("serve", "train-2026", "--results", "results", "--listen", "127.0.0.1:0"),
    ("watch", "line/test", "--model", "model.onnx", "--golden", "line/golden", "--once", "--settle", "0"),
    ("watch", "line/test", "--model", "model.pth", "--golden", "line/golden/b0.png", "--once", "--json"),
    ("calibrate", "starter", "line", "--far", "1%", "--sizes", "6..12"),
    ("calibrate", "train-2026", "line/pairs.csv", "--results", "results", "--json"),
    ("inspect", "model.onnx", "line/golden/b0.png", "line/test/b0.png", "--json"),
    ("inspect", "none", "line/golden", "line/test"),
    ("inspect", "line/pairs.csv", "--least-area", "12"),
    ("data", "synthesize", "drawn", "--from", "line", "--sizes", "6..12", "--units", "1", "--json"),
    ("data", "synthesize", "drawn", "--boards", "1", "--components", "2", "--units", "1", "--size", "64"),
    ("data", "import", "pairs", "line", "crops", "--size", "32"),
    ("data", "import", "table", "line/pairs.csv", "pairs", "--test", "test", "--golden", "golden"),
    ("data", "import", "names", "line/test", "pairs"),
]
OPTIONS = [
    *("--listen", "--name", "--batch", "--batch-ms", "--queue", "--most-mb", "--most-megapixels", "--drain", "--model"),
    *("--golden", "--settle", "--overlays", "--far", "--sizes", "--threshold", "--least-area", "--from", "--units"),
    *("--seed", "--defects", "--size", "--task", "--crops", "--label", "--good", "--split", "--images", "--results"),
]


def line_command(draw: Draw, folder: Path) -> Case:
    """A command of somebody at a line, with words changed, added, doubled, swapped or left out."""
    argv = changed(draw, folder, draw.chance.choice(COMMANDS), OPTIONS)
    if argv[:1] == ["watch"]:  # it writes into the folder that it watches
        argv = ["." if word in {"/", "..", "~"} else word for word in argv]
    return _case("line command", " ".join(map(ascii, argv))[:160], argv)


def line(draw: Draw, folder: Path) -> Case:
    """A picture, a table or marks of a line that are spoiled, or something else in their place."""
    root = folder / "line"
    what = draw.chance.choice(("golden", "test", "labels", "pairs.csv"))
    if what in {"golden", "test"}:
        what = f"{what} {spoiled_picture(draw, sorted((root / what).iterdir()))}"
    else:
        path = root / what if what == "pairs.csv" else draw.chance.choice(sorted((root / what).iterdir()))
        if draw.chance.random() < 0.5:
            path.write_bytes(draw.spoiled(path.read_bytes()))
        else:
            words = path.read_text().split(" " if path.suffix == ".txt" else ",")
            words[draw.chance.randrange(len(words))] = draw.value()
            path.write_text((" " if path.suffix == ".txt" else ",").join(words), errors="surrogateescape")
    program, *argv = draw.chance.choice([words for words in _LOOKS if words[0] in draw.programs])
    return _case("line", f"{what}: {program} {' '.join(argv[:3])}", argv, program)


_LOOKS = (
    ("changenet", "data", "synthesize", "drawn", "--from", "line", "--sizes", "6..12", "--units", "1", "--json"),
    ("changenet", "data", "synthesize", "drawn", "--from", "line/pairs.csv", "--sizes", "6..12", "--task", "segment"),
    ("changenet", "data", "import", "pairs", "line", "crops", "--size", "32", "--json"),
    ("changenet", "data", "import", "pairs", "line", "tiles", "--task", "segment", "--size", "64"),
    ("changenet", "data", "import", "table", "line/pairs.csv", "pairs", "--json"),
    ("changenet", "data", "check", "line", "--json"),
    ("visual_changenet", "inspect", "-e", "whole.yaml"),
    ("visual_changenet", "inspect", "-e", "whole.yaml", "inspect.golden=line/pairs.csv", "inspect.test="),
    (
        "visual_changenet",
        "inspect",
        "-e",
        "whole.yaml",
        "inspect.calibrate_to=0.01",
        "inspect.checkpoint=package:starter",
    ),
)


def _case(group: str, what: str, argv: list[str], program: str = "changenet") -> Case:
    lasting = argv[:1] in (["serve"], ["watch"])
    return Case(group, what, program, tuple(argv), _SERVED_SECONDS if lasting else None)

# SPDX-License-Identifier: Apache-2.0
"""Runs the evaluations by a scripted agent: it does what SKILL.md says first, and is graded by what that leads to.

    python evals/run.py [--every N] [--only TASK …] [--over mcp] [--out results.json]
    python evals/run.py --transcripts evals/transcripts.json    # what a model did, as it was recorded

The agent hands the user's words to `changenet plan … --json`; where the answer names another command, it runs that one,
and it leads the twelve conversations to their end (`turns`). Graded are exit codes, the planned spec, the questions and
the files. A near miss is right when nothing is planned.
`evals.json` and `near_misses.json` have the form of the Agent Skills evaluations; `check` is what this agent grades.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from core.dotted import get
from evals.transcripts import is_near_miss, near_miss_faults, recorded, task_faults
from evals.turns import lead, named_command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HERE = Path(__file__).resolve().parent
CHANGENET = str(Path(sys.executable).with_name("changenet"))
_OTHER_LAYOUT = 20
_TINY = ("num_epochs=1", "dataset.classify.image_width=64", "dataset.classify.image_height=64")


@dataclass(frozen=True, slots=True)
class Grade:
    """One evaluation: what was asked, and what was not as expected; nothing if it is right."""

    id: str
    prompt: str
    wrong: list[str]


class Workspace:
    """A folder as the user has it: `boards`, and where an evaluation needs one, a training of before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tools: Any = None
        self.shell("data", "synthesize", "boards", "--boards", "6")
        self._add_photos()
        self._add_set_of_another_layout()
        self.files_before = self.files()

    def _add_photos(self) -> None:
        """Two photos of one board, of which one has a defect."""
        with tempfile.TemporaryDirectory() as place:
            self.shell("data", "synthesize", f"{place}/photos", "--task", "segment", "--style", "bare", "--size", "384")
            marked = max(Path(place, "photos", "label").iterdir(), key=_changed_pixels)
            for side, name in (("A", "golden.jpg"), ("B", "test.jpg")):
                with Image.open(Path(place, "photos", side, marked.name)) as picture:
                    picture.convert("RGB").save(self.folder / name, quality=95)

    def _add_set_of_another_layout(self) -> None:
        """Pictures and a table as somebody else keeps them."""
        own, boards = self.folder / "mydata", self.folder / "boards"
        own.mkdir()
        rows, seen = ["Image,Reference,Result"], {"OK": 0, "NG": 0}
        for table in sorted(boards.glob("*/dataset.csv")):
            for row in csv.DictReader(table.read_text("utf-8").splitlines()):
                result = "OK" if row["label"] == "PASS" else "NG"
                seen[result] += 1
                if seen[result] > _OTHER_LAYOUT:
                    continue
                number = sum(seen.values())
                names = (f"board{number}_{result.lower()}.png", f"board{number}_golden.png")
                for place, name in zip((row["input_path"], row["golden_path"]), names, strict=True):
                    picture = next((boards / "images" / place).glob(f"{row['object_name']}*"))
                    shutil.copy(picture, own / name)
                rows.append(f"{names[0]},{names[1]},{result}")
        (own / "table.csv").write_text("\n".join([*rows, ""]), encoding="utf-8")

    def add_segment_data(self) -> None:
        """A folder `seg` with masks."""
        self.shell("data", "synthesize", "seg", "--task", "segment", "--boards", "6", "--size", "64")
        self.files_before = self.files()

    def run(self, *words: str) -> tuple[int, str, dict[str, Any]]:
        """Exit code, all that is said, and the document of one command: typed, or put as calls of tools."""
        found: tuple[int, str, dict[str, Any]] = self.tools.run(*words) if self.tools else self.shell(*words)
        return found

    def shell(self, *words: str) -> tuple[int, str, dict[str, Any]]:
        """Exit code, all output, and the document of one command that is typed."""
        done = subprocess.run([CHANGENET, *words], cwd=self.folder, capture_output=True, text=True, check=False)
        try:
            document = json.loads(done.stdout)
        except ValueError:
            document = {}
        return done.returncode, done.stdout + done.stderr, document if isinstance(document, dict) else {}

    def named(self, said: str) -> str:
        """What an answer names next."""
        if self.tools is None:
            return named_command(said)
        from evals.over_mcp import named_by_tools

        return named_by_tools(said)

    def files(self) -> set[str]:
        """What is there, but for records of jobs."""
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if "results" not in path.parts}

    @cached_property
    def trained(self) -> str:
        """The id of a training, which is run when the first evaluation needs it."""
        return self.train()

    def train(self) -> str:
        """The id of a short training."""
        settings = [word for one in _TINY for word in ("-s", one)]
        _, said, document = self.shell("run", "train", "--data", "boards", "--automl", "off", *settings, "--json")
        found = re.search(r"train-\d{8}-\d{6}-[0-9a-f]{6}", json.dumps(document) + said)
        return found[0] if found else "the training failed"


def _changed_pixels(mask: Path) -> int:
    with Image.open(mask) as picture:
        return sum(picture.convert("L").histogram()[1:])


def grade(entry: dict[str, Any], space: Workspace) -> Grade:
    """What one task led to."""
    job = space.trained if entry.get("needs") in {"trained", "two"} else ""
    if entry.get("needs") == "two":
        space.train()
    if entry.get("needs") == "seg":
        space.add_segment_data()
    prompt, check = entry["prompt"].replace("{trained}", job), entry["check"]
    code, said, document = space.run("plan", prompt, "--json")
    said += json.dumps(document)  # which tools give beside their text
    whole = space.shell("plan", prompt, "--json", "--full")[2] if "spec" in check else {}
    faults = [*_plan_faults(check, code, said, document), *_spec_faults(check, whole)]
    if not (space.tools and document.get("plan_id")):  # what is a command in words is launched by its plan there
        faults += _line_faults(check, document, job)
    wrong = [text for name, text in faults if name in check]
    wrong += [] if space.files() == space.files_before else ["planning left files"]
    if "follow" in check and not wrong:
        followed, told, _ = space.run(*shlex.split(_line(document))[1:])
        wrong += [] if followed == check["follow"] else [f"{_line(document)}: exit {followed}: {told.strip()[:150]}"]
    if "turns" in check and not wrong:
        turns = json.loads(json.dumps(check["turns"]).replace("{prompt}", json.dumps(prompt)[1:-1]))
        wrong += lead(turns, space.run, space.folder, space.named)
        space.files_before = space.files()
    return Grade(str(entry["id"]), entry["prompt"], wrong)


def _line_faults(check: dict[str, Any], document: dict[str, Any], job: str) -> list[tuple[str, str]]:
    expected = check.get("line", "").replace("{trained}", job)
    return [] if _line(document).startswith(expected) else [("line", f"names {_line(document)!r}")]


def _plan_faults(check: Mapping[str, Any], code: int, said: str, document: dict[str, Any]) -> list[tuple[str, str]]:
    decision = document.get("decision") or {}
    steps = document.get("steps") or [document]
    plan = steps[0].get("plan") or {}
    found = {
        "exit": code,
        "action": decision.get("action"),
        "task": decision.get("task"),
        "policy": decision.get("automl_policy"),
        "profile": plan.get("profile"),
        "code": (document.get("error") or {}).get("code"),
        "steps": [step["decision"]["action"] for step in document.get("steps") or ()],
    }
    faults = [(name, f"{name}: {value!r}") for name, value in found.items() if value != check.get(name)]
    slots = {one["slot"] for one in document.get("missing") or ()}
    if not set(check.get("missing", ())) <= slots:
        faults.append(("missing", f"asks for {sorted(slots)}"))
    if not re.search(check.get("says", ""), said):
        faults.append(("says", f"says {said.strip()[:150]!r}"))
    return faults


def _spec_faults(check: Mapping[str, Any], whole: dict[str, Any]) -> list[tuple[str, str]]:
    """Values of the plan, which the document of `--full` has all of, that are not as they should be."""
    plan = (whole.get("steps") or [whole])[0].get("plan") or {}
    found = {key: get(plan.get("spec") or {}, key) for key in check.get("spec", {})}
    return [("spec", f"{key}: {value!r}") for key, value in found.items() if value != check["spec"][key]]


def _line(document: dict[str, Any]) -> str:
    named = (document.get("decision") or {}).get("command") or document.get("command") or {}
    return named if isinstance(named, str) else named.get("line", "")


def grade_near_miss(number: int, query: str, space: Workspace) -> Grade:
    """Whether a request for something else was left alone: neither planned nor given another command."""
    code, _, document = space.run("plan", query, "--json")
    planned = bool(document.get("plan")) or _line(document) != "" or any(document.get("steps") or ())
    return Grade(f"near {number}", query, [f"exit {code}, planned"] if planned or code == 0 else [])


def grade_recorded(path: Path) -> list[Grade]:
    """Grade what was recorded, in a fresh workspace."""
    tasks = {
        str(entry["id"]): entry for entry in json.loads((HERE / "evals.json").read_text(encoding="utf-8"))["evals"]
    }
    grades = []
    with tempfile.TemporaryDirectory(prefix="changenet-evals-") as folder:
        space = Workspace(Path(folder))

        def replay(*words: str) -> tuple[int, str, dict[str, Any]]:
            return space.shell(*(word.replace("{trained}", space.trained) if "{" in word else word for word in words))

        for one in recorded(path):
            if is_near_miss(one):
                wrong = near_miss_faults(one)
            else:
                wrong = task_faults(tasks[one["id"]]["check"], one, replay, _faults)
            grades.append(Grade(one["id"], one["prompt"], wrong))
    return grades


def _faults(check: Mapping[str, Any], code: int, said: str, document: dict[str, Any]) -> list[tuple[str, str]]:
    return [*_plan_faults(check, code, said, document), *_spec_faults(check, document)]


def run_all(every: int = 1, only: Sequence[str] = (), *, over_mcp: bool = False) -> list[Grade]:
    """Grade every `every`-th task and near miss, or the tasks named, in a fresh workspace."""
    tasks = json.loads((HERE / "evals.json").read_text(encoding="utf-8"))["evals"]
    misses = json.loads((HERE / "near_misses.json").read_text(encoding="utf-8"))["queries"]
    if every > 1:
        tasks = [entry for entry in tasks if "needs" not in entry]  # a training takes longer than a sample may
    with tempfile.TemporaryDirectory(prefix="changenet-evals-") as folder, ExitStack() as stack:
        space = Workspace(Path(folder))
        if over_mcp:
            from evals.over_mcp import Tools

            space.tools = stack.enter_context(Tools(CHANGENET, space.folder))
        if only:
            return [grade(entry, space) for entry in tasks if str(entry["id"]) in only]
        grades = [grade(entry, space) for entry in tasks[::every]]
        numbered = list(enumerate(misses, 1))[::every]
        return grades + [grade_near_miss(number, entry["query"], space) for number, entry in numbered]


def main() -> int:
    """Print a line for each, and how many are right; 1 if any is not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="a sample: every N-th, without those that need a training")
    parser.add_argument("--only", nargs="*", default=(), metavar="TASK", help="these tasks alone")
    parser.add_argument("--over", choices=("shell", "mcp"), default="shell", help="commands, or calls of tools")
    parser.add_argument("--out", type=Path, help="write the grades there as JSON")
    parser.add_argument("--transcripts", type=Path, metavar="FILE", help="what a model did, as it was recorded")
    options = parser.parse_args()
    if options.transcripts:
        grades = grade_recorded(options.transcripts)
    else:
        grades = run_all(options.every, options.only, over_mcp=options.over == "mcp")
    for one in grades:
        print(f"{'wrong' if one.wrong else 'right'}  {one.id:>7}  {one.prompt[:90]}")
        for text in one.wrong:
            print(f"                 {text}")
    print(f"{sum(not one.wrong for one in grades)} of {len(grades)} right")
    if options.out:
        options.out.write_text(json.dumps([asdict(one) for one in grades], indent=1) + "\n", encoding="utf-8")
    return int(any(one.wrong for one in grades))


if __name__ == "__main__":
    sys.exit(main())

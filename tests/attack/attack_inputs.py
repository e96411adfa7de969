# SPDX-License-Identifier: Apache-2.0
"""Throws odd inputs at `changenet` and `visual_changenet`; prints what went wrong, and exits with 1 if anything did."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT)]

import arena  # noqa: E402 - a script beside its modules
import inputs  # noqa: E402
import workplace  # noqa: E402
from draw import PROGRAMS, Draw  # noqa: E402


def attack(given: argparse.Namespace, programs: frozenset[str], base: Path) -> list[tuple[arena.Case, list[str]]]:
    """Run the cases, a group after the other in turn; returns those that went wrong, with what, and with which seed."""
    wrong = []
    groups = [name for name in given.groups if "visual_changenet" in programs or name not in inputs.ENGINE_ONLY]
    for number in range(given.count):
        folder = Path(tempfile.mkdtemp(prefix="case-", dir=base.parent))
        shutil.copytree(base, folder, dirs_exist_ok=True, symlinks=True)
        try:
            draw = Draw(f"{given.seed}/{number}", programs)
            case = inputs.GROUPS[groups[number % len(groups)]](draw, folder)
            ending = arena.run(case, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if given.show:
            told = f"exit {ending.exit_code}, {ending.seconds:.1f} s, {ending.megabytes:.0f} MB"
            print(
                f"{given.seed}/{number} {case.group}: {case.program} {case.what}\n  {told}\n{ending.stderr}", flush=True
            )
        if found := arena.judge(case, ending):
            wrong.append((case, [*found, f"{given.seed}/{number}"]))
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="cases in all; default: 300")
    parser.add_argument("--seed", default="1", help="same seed, same cases; default: 1")
    parser.add_argument("--groups", nargs="*", choices=list(inputs.GROUPS), default=list(inputs.GROUPS))
    parser.add_argument("--program", choices=sorted(PROGRAMS), help="this one alone; changenet alone needs no training")
    parser.add_argument("--show", action="store_true", help="print how each case ended")
    given = parser.parse_args()
    programs = frozenset({given.program}) if given.program else PROGRAMS
    with tempfile.TemporaryDirectory(prefix="attack-") as place:
        base = workplace.prepare(Path(place) / "base", weights="visual_changenet" in programs)
        arena.preload(sorted(programs))
        wrong = attack(given, programs, base)
    for case, (*found, which) in wrong:
        print(f"{case.group:12} {which:>8}  {case.program} {case.what}\n{'':23}{'; '.join(found)}")
    kinds = Counter(problem.partition(":")[0] for _, (*found, _) in wrong for problem in found)
    print(f"{given.count} cases, {len(wrong)} went wrong" + (f": {dict(kinds)}" if kinds else ""))
    return 1 if wrong else 0


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    sys.exit(main())

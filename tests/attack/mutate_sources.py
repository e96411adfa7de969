# SPDX-License-Identifier: Apache-2.0
"""Changes one thing at a time in a room's modules, and runs its tests: what they do not notice is printed.

Works on a copy of the checkout. Exits with 1 when fewer than 92 % of the changes are noticed.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
NOTICED = 0.92
# It tells where the checkout is installed, and a copy is not.
_OF_THE_CHECKOUT = "--deselect=tests/core/test_installation.py"
_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
}


def changes(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Make one change after the other in the tree itself; each is undone when the next is asked for."""
    for node in list(ast.walk(tree)):
        if isinstance(node, ast.Compare) and type(node.ops[0]) in _SWAPS:
            yield from _changed(node, "ops", [_SWAPS[type(node.ops[0])](), *node.ops[1:]])
        elif isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in _SWAPS and not _is_text(node):
            yield from _changed(node, "op", _SWAPS[type(node.op)]())
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield from _changed(node, "op", ast.UAdd())
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
            yield from _changed(node, "value", not node.value if isinstance(node.value, bool) else node.value + 1)
        elif isinstance(node, ast.If | ast.While | ast.IfExp):
            yield from _changed(node, "test", ast.UnaryOp(ast.Not(), node.test))
        elif isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
            yield from _changed(node, "value", ast.Constant(None))


def _changed(node: ast.AST, field: str, value: object) -> Iterator[tuple[int, str]]:
    before, old = getattr(node, field), ast.unparse(node)
    setattr(node, field, value)
    yield node.lineno, f"{_short(old)}  ->  {_short(ast.unparse(ast.fix_missing_locations(node)))}"  # type: ignore[attr-defined]
    setattr(node, field, before)


def _is_text(node: ast.BoolOp | ast.BinOp) -> bool:
    return any(isinstance(part, ast.JoinedStr) for part in ast.walk(node))


def _short(code: str) -> str:
    line = code.splitlines()[0]
    return line if len(line) <= 70 else f"{line[:67]}..."


def mutants(room: Path) -> list[tuple[Path, int, str, str]]:
    """Every change of the room's modules: file, line, what it is, and the whole changed source."""
    found = []
    for path in sorted(room.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += [(path, line, told, ast.unparse(tree)) for line, told in changes(tree)]
    return found


def run_tests(copy: Path, tests: list[str], seconds: float) -> bool:
    """Whether the tests pass in the copy; taking too long is failing."""
    argv = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", _OF_THE_CHECKOUT, *tests]
    environment = os.environ | {"PYTHONPATH": str(copy), "OMP_WAIT_POLICY": "PASSIVE", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(argv, cwd=copy, env=environment, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("room", help="a folder or module of the checkout, for instance core or automl/budget.py")
    parser.add_argument("--tests", nargs="*", help="tests to run; default: those of the room")
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    tests = given.tests or [f"tests/{Path(given.room).parts[0]}"]
    with tempfile.TemporaryDirectory(prefix="mutants-") as place:
        copy = Path(place) / "checkout"
        ignored = shutil.ignore_patterns(".venv", ".git", "*_cache", "__pycache__", "demo")
        shutil.copytree(ROOT, copy, ignore=ignored, symlinks=True)
        begun = time.monotonic()
        if not run_tests(copy, tests, 3600):
            raise SystemExit(f"{' '.join(tests)} do not pass as they are")
        seconds = 3 * (time.monotonic() - begun) + 30
        target = copy / given.room
        all_changes = mutants(target) if target.is_dir() else [m for m in mutants(target.parent) if m[0] == target]
        sample = random.Random(given.seed).sample(all_changes, min(given.count, len(all_changes)))
        noticed = 0
        for path, line, told, source in sorted(sample):
            before = path.read_text(encoding="utf-8")
            path.write_text(source, encoding="utf-8")
            passes = run_tests(copy, tests, seconds)
            path.write_text(before, encoding="utf-8")
            noticed += not passes
            if passes:
                print(f"unnoticed  {path.relative_to(copy)}:{line}  {told}", flush=True)
    print(f"{noticed} of {len(sample)} changes noticed ({len(all_changes)} possible)")
    return 0 if noticed >= NOTICED * len(sample) else 1


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def test_import_arrows_never_point_back(project_root: Path) -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    result = subprocess.run(command, cwd=project_root, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_every_source_file_names_its_licence(project_root: Path) -> None:
    tracked = subprocess.run(["git", "ls-files", "*.py"], cwd=project_root, capture_output=True, text=True, check=True)
    files = [project_root / name for name in tracked.stdout.split()]
    assert files
    unnamed = [str(path) for path in files if path.exists() and "SPDX-License-Identifier" not in path.read_text()[:200]]
    assert unnamed == []


# Circles that are still to be opened; each goes from here with the import that closed it.
KNOWN_CIRCLES: set[tuple[str, ...]] = set()


def modules_of(project_root: Path, room: str) -> dict[str, Path]:
    """Every module of a room by its dotted name; a package stands for its `__init__`."""
    files = sorted((project_root / room).rglob("*.py"))
    names = [path.relative_to(project_root).with_suffix("").as_posix().replace("/", ".") for path in files]
    return {name.removesuffix(".__init__"): path for name, path in zip(names, files, strict=True)}


def imports_of(name: str, path: Path, modules: Iterable[str]) -> set[str]:
    """The modules that a module imports, wherever the import stands: at the top, in a function, for types alone."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = name if path.name == "__init__.py" else name.rpartition(".")[0]
            above = package.split(".")[: len(package.split(".")) - (node.level - 1)] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            found |= {f"{origin}.{a.name}" if f"{origin}.{a.name}" in modules else origin for a in node.names}
    return found & set(modules)


def circles_of(graph: Mapping[str, set[str]]) -> set[frozenset[str]]:
    """The largest sets of modules that reach each other; a module that imports itself is one."""

    def reached_from(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = list(graph[start])
        while waiting:
            if (name := waiting.pop()) not in seen:
                seen.add(name)
                waiting += graph[name]
        return seen

    reach = {name: reached_from(name) for name in graph}
    circular = [name for name in graph if name in reach[name]]
    return {
        frozenset(other for other in circular if other in reach[name] and name in reach[other]) for name in circular
    }


def test_no_room_imports_in_a_circle(project_root: Path) -> None:
    circles: set[frozenset[str]] = set()
    settings = tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))
    for room in settings["tool"]["importlinter"]["root_packages"]:
        modules = modules_of(project_root, room)
        assert modules, room
        circles |= circles_of({name: imports_of(name, path, modules) for name, path in modules.items()})
    assert {tuple(sorted(circle)) for circle in circles} == KNOWN_CIRCLES


def test_circles_are_found_however_a_module_is_imported(tmp_path: Path) -> None:
    room = tmp_path / "room"
    (room / "inner").mkdir(parents=True)
    texts = {
        "__init__": "from room.top import go\n",
        "top": "def go():\n    from room import low\n",
        "low": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import room.top\n",
        "inner/__init__": "",
        "inner/one": "from .two import x\n",
        "inner/two": "from . import one\nfrom room import inner\n",
        "alone": "from room import go\nimport room.low\n",
    }
    for name, text in texts.items():
        (room / f"{name}.py").write_text(text, encoding="utf-8")
    modules = modules_of(tmp_path, "room")
    graph = {name: imports_of(name, path, modules) for name, path in modules.items()}
    assert graph["room.alone"] == {"room", "room.low"}
    assert circles_of(graph) == {
        frozenset({"room.top", "room.low"}),
        frozenset({"room.inner.one", "room.inner.two"}),
    }


def test_evaluations_use_what_anybody_could(project_root: Path) -> None:
    rooms = tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))
    ours = [m for room in rooms["tool"]["importlinter"]["root_packages"] for m in modules_of(project_root, room)]
    used = {
        module: found
        for module, path in modules_of(project_root, "evals").items()
        if (found := {one for one in imports_of(module, path, ours) if not one.startswith("core.")})
    }
    assert used == {"evals.over_mcp": {"interfaces.api"}}

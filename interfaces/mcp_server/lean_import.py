# SPDX-License-Identifier: Apache-2.0
"""The SDK, of which one client at standard input needs neither the clients nor the decorators: a third of its import.

Importing `mcp` runs its package modules, which import all of it, and pydantic compiles each of some 400 messages of the
protocol, of which a session uses a few.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

_PACKAGES = ("mcp", "mcp.server")
_OURS = "interfaces.mcp_server."
_SERVING = f"{_OURS}serving"


def lean_serving() -> ModuleType:
    """The module that serves, with as little of the SDK as it takes; with all of it where a release needs that."""
    try:
        with lean_sdk():
            return importlib.import_module(_SERVING)
    except (ImportError, AttributeError):
        for name in [name for name in sys.modules if name.split(".")[0] == "mcp" or name.startswith(_OURS)]:
            if name != __name__:
                del sys.modules[name]
        return importlib.import_module(_SERVING)


@contextmanager
def lean_sdk() -> Iterator[None]:
    """What is imported of the SDK meanwhile comes alone, and compiles its messages when they are first used.

    Packages that are imported already stay as they are.
    """
    if "mcp" not in sys.modules and (spec := importlib.util.find_spec("mcp")) and spec.origin:
        _bare_packages(Path(spec.origin).parent)
    import pydantic

    settings = pydantic.BaseModel.model_config
    pydantic.BaseModel.model_config = {**settings, "defer_build": True}
    try:
        yield
    finally:
        pydantic.BaseModel.model_config = settings


def _bare_packages(folder: Path) -> None:
    """Packages whose modules can be imported one by one, and that bring nothing by themselves."""
    for name in _PACKAGES:
        place = folder.joinpath(*name.split(".")[1:])
        spec = importlib.util.spec_from_loader(name, None, is_package=True)
        if spec is None or spec.submodule_search_locations is None or not place.is_dir():
            return
        spec.submodule_search_locations.append(str(place))
        package = importlib.util.module_from_spec(spec)
        sys.modules[name] = package
        with suppress(KeyError):
            parent, _, child = name.rpartition(".")
            setattr(sys.modules[parent], child, package)

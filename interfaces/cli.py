# SPDX-License-Identifier: Apache-2.0
"""The `changenet` command: reads the words typed, calls one verb, prints what it returns."""

from __future__ import annotations

import gc
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from core.errors import INTERRUPTED, ChangenetError, PlatformError
from core.redaction import redact, redact_text
from core.terminal import printable, printable_json
from interfaces.command_line import parse, top_menu
from interfaces.console import Terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST_TO_READ = 200_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code (0, or as `core.errors` says, or 130 after Ctrl-C).

    Without `argv` the command is all that this process does. One that is over in a moment leaves nothing behind that
    is worth collecting, which would take a tenth of its time.
    """
    if argv is not None:
        return _guarded(list(argv))
    gc.disable()
    exit_code = _guarded(sys.argv[1:])
    gc.freeze()
    return exit_code


def _guarded(words: list[str]) -> int:
    as_json = "--json" in words
    try:
        return _run(words)
    except ChangenetError as error:
        return _report(error, as_json=as_json)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`changenet jobs | head`); standard output must not be flushed again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as problem:  # noqa: BLE001 - a traceback is a defect, even for a defect
        return _report_defect(problem, as_json=as_json)


def _run(words: list[str]) -> int:
    if not words:
        top_menu().print_help()
        return 0
    if words == ["--version"]:
        from core.installation import version

        print(f"changenet {version()}")
        return 0
    command = parse(words)
    if command.verb.slow:
        gc.enable()
    outcome = command.verb.call(command.options, Terminal(quiet=command.as_json))
    return _show(outcome.document, outcome.text, as_json=command.as_json) or outcome.exit_code


def _show(document: dict[str, Any], text: str, *, as_json: bool) -> int:
    """Print what was found; returns an exit code where that is not possible, else 0."""
    try:
        if as_json:
            print(_json_of(document))
        elif text:
            print(printable(text))
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as problem:
        # What could not be flushed must not be tried again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"error: standard output can't be written: {problem.strerror}", file=sys.stderr)
        return PlatformError.exit_code
    return 0


def _json_of(document: dict[str, Any]) -> str:
    """JSON that is valid UTF-8, and steers no terminal: a file name of other bytes is written by escapes.

    Where no person looks at it, it has no blanks and no line breaks, which are a third of it.
    """
    seen = sys.stdout.isatty()
    shape: dict[str, Any] = {"indent": 2} if seen else {"separators": (",", ":")}
    return printable_json(json.dumps(redact(document), ensure_ascii=False, allow_nan=False, **shape))


def _report(error: ChangenetError, *, as_json: bool) -> int:
    if as_json:
        print(_json_of(error.as_dict()))
    else:
        print(printable(f"error: {redact_text(str(error))}"), file=sys.stderr)
    return error.exit_code


def _report_defect(problem: Exception, *, as_json: bool) -> int:
    if os.environ.get("CHANGENET_TRACEBACK"):
        raise problem
    defect = ChangenetError(
        f"a defect of this program: {type(problem).__name__}: {problem}",
        code="defect",
        remedy="run it again with CHANGENET_TRACEBACK=1 and report what it prints",
    )
    return _report(defect, as_json=as_json)


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""The `changenet` command: reads the words typed, calls one tool, prints what it returns."""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from core.errors import INTERRUPTED, ChangenetError, PlatformError
from core.redaction import redact, redact_text
from interfaces.arguments import build_parser
from interfaces.automl_arguments import names_search

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence

    from interfaces.tools import Outcome

_LONGEST_TO_READ = 200_000
_MODULES = {
    "plan": "interfaces.run_tool",
    "run": "interfaces.run_tool",
    "schemas": "interfaces.data_tools",
    "demo": "interfaces.demo",
    "stage": "interfaces.stage_tool",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code (0, or as `core.errors` says, or 130 after Ctrl-C)."""
    words = list(sys.argv[1:] if argv is None else argv)
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
    parser = build_parser()
    if not words:
        parser.print_help()
        return 0
    args = parser.parse_args(words)
    outcome = _verb(args)(args)
    return _show(outcome.document, outcome.text, as_json=args.json) or outcome.exit_code


def _verb(args: Namespace) -> Callable[[Namespace], Outcome]:
    if args.verb == "data":
        module = "interfaces.check_tool" if args.kind == "check" else "interfaces.data_tools"
        name = f"verb_data_{args.kind}"
    elif names_search(getattr(args, "job", "")):
        module, name = "interfaces.automl_lookup", f"verb_{args.verb}"
    else:
        module, name = _MODULES.get(args.verb, "interfaces.tools"), f"verb_{args.verb}"
    verb: Callable[[Namespace], Outcome] = getattr(importlib.import_module(module), name)
    return verb


def _show(document: dict[str, Any], text: str, *, as_json: bool) -> int:
    """Print what was found; returns an exit code where that is not possible, else 0."""
    try:
        if as_json:
            print(_json_of(document))
        elif text:
            print(text)
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
    """JSON that is valid UTF-8: a file name of other bytes is written by escapes. What nobody reads has no indents."""
    clean = redact(document)
    text = json.dumps(clean, ensure_ascii=False, allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(clean, indent=2, allow_nan=False)
    return text if len(text) > _LONGEST_TO_READ else json.dumps(clean, indent=2, ensure_ascii=False, allow_nan=False)


def _report(error: ChangenetError, *, as_json: bool) -> int:
    if as_json:
        print(_json_of(error.as_dict()))
    else:
        print(f"error: {redact_text(str(error))}", file=sys.stderr)
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

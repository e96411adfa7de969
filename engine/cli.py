# SPDX-License-Identifier: Apache-2.0
"""The `visual_changenet` command. Nothing heavy is imported before an action needs it."""

from __future__ import annotations

import argparse
import gc
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from core.dotted import parse_override
from core.errors import ChangenetError, InputError, did_you_mean
from core.installation import require
from engine.actions import ACTIONS, AVAILABLE, carry_out, find_action
from engine.file_names import latest_link
from engine.lifecycle import ActionStopped, execute, file_error, is_first_process, report, stoppable

if TYPE_CHECKING:
    from collections.abc import Sequence

_SCORER = "scorer"
_COMMANDS = (*AVAILABLE, "default_specs", _SCORER)
_MOST_PIXELS = 50_000_000
# Loading makes objects by the hundred thousand, hardly one of them garbage: looked through every 700, they take a
# seventh of the time of a short inspection (benchmarks/README.md).
_OBJECTS_PER_COLLECTION = 20_000
_EXAMPLES = """\
commands:
{commands}
  default_specs write every key with its default (to results_dir, or to standard output)
  scorer        judge pairs that come by standard input, for `changenet serve`: scorer MODEL [most_pixels=N]
                [boards=true]

examples:
  visual_changenet default_specs > spec.yaml
  visual_changenet train -e spec.yaml results_dir=results train.num_epochs=30 train.num_gpus=0
  visual_changenet evaluate -e spec.yaml evaluate.checkpoint=results/train/{latest}
  visual_changenet inference -e spec.yaml inference.checkpoint=results/train/{latest}

A key=value overrides a key of the spec; values are YAML. Results go to <command>.results_dir, or else to
results_dir/<command>. The last line is 'Execution status: PASS' (exit 0) or 'Execution status: FAIL' (exit 1).
"""


class _Usage(Exception):  # noqa: N818 - carries a parser's message to the one place that reports
    pass


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _Usage(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="visual_changenet",
        description="Train and use Visual ChangeNet on pairs of test and golden images.",
        epilog=_EXAMPLES.format(
            commands="\n".join(f"  {command:<13} {action.summary}" for (_, command), action in ACTIONS.items()),
            latest=latest_link("classify"),
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", metavar="COMMAND", help=", ".join(_COMMANDS))
    parser.add_argument("-e", "--experiment_spec_file", metavar="SPEC.yaml", help="the experiment spec")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="values that override those of the spec")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code, 0 or 1."""
    gc.set_threshold(_OBJECTS_PER_COLLECTION)
    try:
        with stoppable():
            done = _run(sys.argv[1:] if argv is None else argv)
    except ChangenetError as error:
        report(error)
        done = False
    except OSError as problem:
        report(file_error(problem))
        done = False
    except ActionStopped as stop:
        report(ChangenetError(str(stop), code="stopped"))
        done = False
    _say_verdict(sys.argv[1:] if argv is None else argv, done=done)
    return 0 if done else 1


def _say_verdict(argv: Sequence[str], *, done: bool) -> None:
    """The contract's last line; beside a spec on standard output it would be one line too many."""
    if not is_first_process():
        return
    stream = sys.stderr if "default_specs" in argv[:1] else sys.stdout
    sys.stderr.flush()
    stream.write(f"Execution status: {'PASS' if done else 'FAIL'}\n")
    stream.flush()


def _run(argv: Sequence[str]) -> bool:
    try:
        options = _parser().parse_intermixed_args(argv)
    except _Usage as problem:
        raise InputError(str(problem), code="cli.usage", remedy="see visual_changenet --help") from None
    _check_command(options.command)
    if options.command == _SCORER:  # which needs less of the engine for an exported model
        return _answer_messages(options.overrides)
    require("engine", "pydantic")  # which reads specs; `carry_out` asks for the rest
    if options.command == "default_specs":
        return _write_default_spec(options.overrides)
    if not options.experiment_spec_file:
        remedy = f"visual_changenet {options.command} -e spec.yaml"
        raise InputError("there is no experiment spec", code="cli.usage", where="-e", remedy=remedy)
    from engine.settings import load_run

    run = load_run(options.command, Path(options.experiment_spec_file), options.overrides)
    action = find_action(run.experiment.task, run.command)
    return execute(run, partial(carry_out, action))


def _check_command(command: str) -> None:
    if command in _COMMANDS:
        return
    available = f"available are {', '.join(_COMMANDS)}"
    hint = did_you_mean(command, _COMMANDS) or available
    raise InputError(f"there is no command '{command}'", code="cli.command", remedy=hint)


def _write_default_spec(overrides: Sequence[str]) -> bool:
    from core.files import write_text
    from engine.settings import default_spec

    text, path = default_spec(overrides)
    if path:
        write_text(path, text)
    else:
        sys.stdout.write(text)
    return True


def _answer_messages(words: Sequence[str]) -> bool:
    from engine.serving.loop import answer_messages

    model, *settings = words or ("",)
    given = dict(parse_override(text) for text in settings)
    most, boards = given.pop("most_pixels", _MOST_PIXELS), given.pop("boards", False)
    if not model or given or not isinstance(most, int) or most < 1 or not isinstance(boards, bool):
        remedy = f"visual_changenet {_SCORER} MODEL [most_pixels=N] [boards=true]"
        raise InputError("there is no model, or a word too many", code="cli.usage", where=_SCORER, remedy=remedy)
    answer_messages(Path(model), most, boards=boards)
    return True


if __name__ == "__main__":
    sys.exit(main())

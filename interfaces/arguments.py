# SPDX-License-Identifier: Apache-2.0
"""What can be typed after `changenet`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from interfaces.automl_arguments import EXAMPLES as AUTOML_EXAMPLES
from interfaces.automl_arguments import add_automl_options
from interfaces.parser import Parser

if TYPE_CHECKING:
    from collections.abc import Iterable

EXAMPLES = """\
examples:
  changenet data synthesize boards               draw synthetic boards to try things on
  changenet plan "train Visual ChangeNet on ./boards for 5 epochs"
  changenet run train --data boards -s num_epochs=5
  changenet run evaluate --data boards --parent train-20260101-120000-0a1b2c
  changenet jobs
  changenet demo                                 all of it at once, in a few minutes

exit codes: 0 done, 2 the input is wrong, 3 something is missing, 4 the job failed or no trial of a search has figures,
            5 the platform is not available, 130 interrupted
"""

PLAN_EXAMPLES = """\
examples:
  changenet {verb} "evaluate ChangeNet classify on ./boards" --parent train-20260101-120000-0a1b2c
  changenet {verb} train --data boards -s train.num_epochs=30 -s train.optim.lr=2e-4
  changenet {verb} train --train boards/train --eval boards/val --automl off
  changenet {verb} inference --data boards --parent train-20260101-120000-0a1b2c --json
"""


def build_parser() -> Parser:
    """The whole command line."""
    parser = Parser(
        prog="changenet",
        description="Train, evaluate and inspect with Visual ChangeNet: a test image against a golden one.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", required=True, parser_class=Parser)
    _add_request_verb(verbs, "plan", "show what a request would run, without running it")
    _add_run(verbs)
    _add_job_verbs(verbs)
    _add_report(verbs)
    _add_data(verbs)
    _add_maintenance(verbs)
    return parser


Verbs = argparse._SubParsersAction  # noqa: SLF001 - argparse names this type nowhere else


def _add_verb(verbs: Verbs[Parser], name: str, text: str, epilog: str = "") -> Parser:
    verb = verbs.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    verb.set_defaults(parser=verb)
    verb.add_argument("--json", action="store_true", help="one JSON document on standard output, all else on error")
    return verb


def _add_request_verb(verbs: Verbs[Parser], name: str, text: str) -> Parser:
    verb = _add_verb(verbs, name, text, (PLAN_EXAMPLES + AUTOML_EXAMPLES).format(verb=name))
    add = verb.add_argument
    add(
        "request",
        nargs="*",
        metavar="ACTION or WORDS",
        help='an action such as train, or a request: "train on ./boards"',
    )
    add("--data", metavar="DIR", help="folder or URI that holds the data of every split")
    add("--train", metavar="PATH", action="append", default=[], help="training data: folder, CSV, archive or URI")
    add("--eval", metavar="PATH", help="validation or test data")
    add("--infer", metavar="PATH", help="data to run inference on")
    add("--calibration", metavar="PATH", action="append", default=[], help="calibration images")
    add("-s", "--set", metavar="KEY=VALUE", action="append", default=[], help="set a spec key; values are read as YAML")
    add("--task", metavar="NAME", help="classify or segment; default: told by the data's layout, else classify")
    add("--automl", choices=["on", "off"], help="automl_policy of this run; default: on")
    add("--target", metavar="TEXT", help='inspection target, such as "far<=0.1%% at recall=100%%"')
    add("--parent", metavar="JOB", help="job, or search, whose checkpoint (or ONNX file) is used")
    add("--runner", metavar="NAME", help="platform that runs the action; default: local")
    add("--profile", metavar="NAME", help="profile of skill_info.yaml; default: laptop where there is no GPU")
    add("--gpus", type=int, metavar="N", help="number of GPUs")
    add("--nodes", type=int, metavar="N", help="number of nodes")
    _add_results(verb)
    add("--engine", metavar="FILE", help="another `visual_changenet` to run; default: the embedded engine")
    add_automl_options(verb)
    return verb


def _add_results(verb: Parser) -> None:
    verb.add_argument("--results", metavar="DIR", help="folder of all jobs; default: $CHANGENET_RESULTS or ./results")


def _add_run(verbs: Verbs[Parser]) -> None:
    verb = _add_request_verb(verbs, "run", "run a request and follow it to its end")
    verb.add_argument("--dry-run", action="store_true", help="stop after the plan; the same as `changenet plan`")
    verb.add_argument("--detach", action="store_true", help="return at once; the work goes on by itself")
    verb.add_argument("--resume", metavar="SEARCH", help="go on with an AutoML search, by its id or folder")


def _add_job_verbs(verbs: Verbs[Parser]) -> None:
    _add_results(_add_verb(verbs, "jobs", "list the jobs, newest first"))
    for name, text in (
        ("status", "show one job: state, progress, metrics"),
        ("logs", "print a job's log"),
        ("cancel", "stop a running job with all its processes"),
        ("result", "show what a job made: metrics, artifacts, or why it failed"),
    ):
        verb = _add_verb(verbs, name, text)
        verb.add_argument("job", metavar="JOB", help="id of a job, or its beginning; or of a search")
        _add_results(verb)
        if name == "logs":
            verb.add_argument("-f", "--follow", action="store_true", help="go on until the job ends")


def _add_report(verbs: Verbs[Parser]) -> None:
    verb = _add_verb(
        verbs,
        "report",
        "write the inspection report of an evaluation or inference anew, for instance for another target",
        'example:\n  changenet report evaluate-20260101-120000-0a1b2c --target "far<=0.5% at recall=99%"\n',
    )
    verb.add_argument("job", metavar="JOB", help="id of a job, or its beginning; or of a search")
    verb.add_argument("--target", metavar="TEXT", help="inspection target; default: the one of the job's spec")
    verb.add_argument("--out", metavar="FILE", help="HTML file to write; default: report.html in the job's results")
    _add_results(verb)


def _add_data(verbs: Verbs[Parser]) -> None:
    data = verbs.add_parser("data", help="check, import or draw data sets", allow_abbrev=False)
    kinds = data.add_subparsers(dest="kind", metavar="COMMAND", required=True, parser_class=Parser)
    _add_check(kinds)
    _add_import(kinds)
    _add_synthesize(kinds)


def _add_check(kinds: Verbs[Parser]) -> None:
    verb = _add_verb(
        kinds,
        "check",
        "find what is wrong with a data set, all at once",
        "examples:\n  changenet data check boards\n  changenet data check boards/train/dataset.csv --fix mended.csv\n"
        "  changenet data check boards --lights SolderLight,WhiteLight --sheet samples.png --json\n",
    )
    add = verb.add_argument
    add("folder", help="data folder of either task (plain, or packed as .tar.gz), or one classify CSV")
    add(
        "--images",
        metavar="DIR",
        help="classify: folder or archive of the pictures; default: the images beside a split",
    )
    add("--image-ext", metavar=".EXT", help="classify: file ending; default: the one that is found")
    add("--lights", metavar="NAMES", help="classify: lightings in their order, comma-separated; default: those found")
    add("--goldens", type=int, default=1, metavar="N", help="classify: num_golden; above 1, golden_path names folders")
    add("--no-labels", action="store_true", help="data that is only to be scored: labels may be missing")
    add("--label-suffix", default=".png", metavar=".EXT", help="segment: ending of the label files; default .png")
    add("--label-transform", choices=["norm", "None"], default="norm", help="segment: as in the spec; default norm")
    add("--classes", type=int, default=2, metavar="N", help="segment: num_classes, the class ids a label may hold")
    add("--batch-size", type=int, default=1, metavar="N", help="held against the rows that are trained on")
    add("--devices", type=int, default=1, metavar="N", help="how many devices train, each with its own batch")
    add("--no-decode", action="store_true", help="look at lists and folders only, not into the pictures")
    add("--fix", metavar="OUT", help="write a mended copy of the lists to OUT, which must not exist")
    add("--sheet", metavar="PNG", help="draw a contact sheet of samples")


def _add_import(kinds: Verbs[Parser]) -> None:
    verb = _add_verb(
        kinds,
        "import",
        "import a public data set",
        "example:\n  changenet data import deeppcb PCBData boards --crops centred --size 128\n",
    )
    verb.add_argument("format", choices=["deeppcb"], help="layout of the source")
    verb.add_argument("source", help="folder that holds the lists (train.txt, val.txt, test.txt) and the groups")
    verb.add_argument("out", help="folder to make")
    verb.add_argument("--task", choices=["classify", "segment"], default="classify")
    verb.add_argument("--crops", choices=["centred", "grid"], default="centred", help="classify: where crops are taken")
    verb.add_argument("--size", type=int, default=128, metavar="PIXELS", help="classify: side of a crop; default 128")
    verb.add_argument("--force", action="store_true", help="replace OUT where it is there")


def _add_synthesize(kinds: Verbs[Parser]) -> None:
    verb = _add_verb(
        kinds,
        "synthesize",
        "draw synthetic boards with known defects",
        "example:\n  changenet data synthesize boards --boards 24 --defect-rate 0.2 --lights SolderLight,WhiteLight\n",
    )
    add = verb.add_argument
    add("out", help="folder to make")
    add("--task", choices=["classify", "segment"], default="classify")
    add("--style", choices=["assembled", "bare"], default="assembled", help="boards with parts, or bare copper")
    add("--boards", type=int, metavar="N", help="number of boards")
    add("--size", type=int, metavar="PIXELS", help="side of a picture")
    add("--lights", metavar="NAMES", help="lightings, comma-separated")
    add("--components", type=int, metavar="N", help="components, or inspected sites, on a board")
    add("--units", type=int, metavar="N", help="photographed units of each board design")
    add("--defect-rate", type=float, metavar="SHARE", help="share of defective components, 0 to 1")
    add("--defects", metavar="NAMES", help="defect types, comma-separated; default: all of the style")
    add("--nuisance", type=float, metavar="FACTOR", help="how strong harmless differences are; default 1")
    add("--image-ext", choices=[".jpg", ".png"], help="default: .jpg")
    add("--jobs", type=int, metavar="N", help="processes; the result does not depend on it")
    add("--seed", type=int, metavar="N", help="same seed, same bytes")
    add("--force", action="store_true", help="replace OUT where it is there")


def _add_maintenance(verbs: Verbs[Parser]) -> None:
    schemas = _add_verb(verbs, "schemas", "regenerate schemas/ and references/spec_template_*.yaml from the spec")
    schemas.add_argument("--check", action="store_true", help="write nothing; print the drift and fail on any")
    stage = _add_verb(verbs, "stage", "fetch published backbone weights once; the only step that may need a token")
    stage.add_argument("what", choices=["backbone"], help="the C-RADIOv2-B backbone of the classify task")
    stage.add_argument("--out", default="backbone", metavar="DIR", help="folder for the file; default: backbone")
    demo = _add_verb(verbs, "demo", "draw boards, tune, evaluate and inspect: the whole path in a few minutes")
    demo.add_argument("--out", default="demo", metavar="DIR", help="folder for data and jobs; default: demo")
    demo.add_argument("--trials", type=int, metavar="N", help="configurations to try, the defaults first; default 4")
    demo.add_argument("--epochs", type=int, metavar="N", help="epochs of each trial; default 4")


def split_names(text: str | None) -> tuple[str, ...]:
    """The parts of a comma-separated list."""
    return tuple(_stripped((text or "").split(",")))


def _stripped(parts: Iterable[str]) -> list[str]:
    return [part.strip() for part in parts if part.strip()]

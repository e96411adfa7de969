# SPDX-License-Identifier: Apache-2.0
"""`watch`: a folder that a line fills, each part inspected once."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import JobFailedError, MissingInputError, RequestError
from interfaces.options import argument, option
from interfaces.outcome import Outcome
from interfaces.verbs.common import RESULTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interfaces.outcome import Reporter
    from interfaces.serving.watching import Watch

_MOST_PIXELS = 200_000_000
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """Which folder, by which model, against which golden images."""

    folder: str = argument("folder where pictures come", metavar="FOLDER")
    model: str | None = option(".onnx or .pth file, or the job or search that made one; needed", metavar="MODEL")
    golden: str | None = option(
        "golden image for all, or folder of those that are called alike; needed", metavar="PLACE"
    )
    boards: bool = option("judge whole boards with a classify model, crop by crop", default=False)
    once: bool = option("inspect what is there, then end, as for cron", default=False)
    settle: float = option(
        "how long nothing about a picture may change before it is taken", metavar="SECONDS", default=1.0
    )
    overlays: bool = option("write where the evidence is, as NAME.overlay.png", default=False)
    results_root: str | None = option(**RESULTS)


def watch(options: WatchOptions, reporter: Reporter) -> Outcome:
    """Watch until SIGTERM or Ctrl-C, or once.

    Raises:
        MissingInputError: the folder or the golden image is not there.
        NotReadyError: another process watches the folder.
        ChangenetError: the model can't be used.
    """
    from interfaces.serving.watching import TABLE

    folder = Path(options.folder).expanduser()
    model, golden = _given(options.model, "--model"), _given(options.golden, "--golden")
    if not folder.is_dir():
        raise MissingInputError("there is no such folder", code="watch.folder", where=options.folder, remedy="make it")
    if not options.settle >= 0:
        remedy = "give 0 or more"
        raise RequestError(f"{options.settle} is too small", code="usage.value", where="--settle", remedy=remedy)
    with _opened(options, folder, model, Path(golden).expanduser(), reporter) as watching, _asked_to_end() as ended:
        if options.once:
            watching.once(ended)
        else:
            reporter.say(f"watching {folder}; results go into {folder / TABLE}")
            watching.until(ended)
    counts = watching.counts
    text = f"{counts.inspected} inspected, {counts.no_pass} NO_PASS, {counts.set_aside} set aside"
    text += f", {counts.waiting} still to come" if counts.waiting else ""
    code = 0
    if counts.unfit:
        text += f"\n{counts.unfit} of them were not inspected: model, golden image and pictures don't fit, see above"
        code = JobFailedError.exit_code
    elif options.once and counts.without_golden and not counts.inspected:
        text += f"\nnone was inspected: {counts.without_golden} have no golden image in {golden}"
        code = MissingInputError.exit_code
    return Outcome({"table": str(folder / TABLE), **asdict(counts)}, text, code)


def _given(value: str | None, flag: str) -> str:
    if value is None:
        remedy = "changenet watch FOLDER --model MODEL --golden PLACE"
        raise RequestError(f"{flag} is needed", code="usage.missing", where=flag, remedy=remedy)
    return value


@contextmanager
def _opened(options: WatchOptions, folder: Path, named: str, golden: Path, reporter: Reporter) -> Iterator[Watch]:
    from interfaces.serving.arrivals import Arrivals, Naming
    from interfaces.serving.ledger import Ledger
    from interfaces.serving.model import engine_command, find_model
    from interfaces.serving.scorer_process import ScorerProcess
    from interfaces.serving.steady import SteadyScorer
    from interfaces.serving.watched_goldens import WatchedGoldens
    from interfaces.serving.watching import TABLE, Watch

    model = find_model(named, options.results_root)
    ledger = Ledger(folder / TABLE)
    scorer = ScorerProcess(engine_command(), model.path, _MOST_PIXELS, boards=options.boards)
    try:
        scorer.start()
        naming = Naming(scorer.facts["lighting_names"])
        steady = SteadyScorer(scorer, lambda: reporter.say("WARNING the engine ended by itself; it is started again"))
        yield Watch(
            folder,
            model.name,
            steady,
            ledger,
            WatchedGoldens(golden, naming),
            Arrivals(folder, naming, options.settle),
            reporter.say,
            options.settle,
            overlays=options.overlays,
        )
    finally:
        scorer.close()
        ledger.close()


@contextmanager
def _asked_to_end() -> Iterator[threading.Event]:
    """An event that SIGTERM and Ctrl-C set; a second one is as usual."""
    ended = threading.Event()
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def end(_number: int, _frame: object) -> None:
        ended.set()
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in _SIGNALS:
        signal.signal(number, end)
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

# SPDX-License-Identifier: Apache-2.0
"""`visual_changenet evaluate` and `inference` for the classify task: score a split with a checkpoint."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from core.dotted import get
from core.errors import JobFailedError
from core.file_names import FIGURES_FILE, INFERENCE_FILE, PREDICTIONS_FILE
from core.files import write_json
from core.verdicts import NO_PASS, PASS
from engine.batch_samplers import OrderedBatches
from engine.classify.evidence import to_grey
from engine.classify.evidence_files import EvidenceFolder, map_name, remove_maps
from engine.classify.kpi import evaluation_kpi, headline
from engine.classify.pair_images import open_pairs, pair_loader
from engine.classify.pair_table import PairTable, read_table
from engine.classify.scoring_loop import by_golden_image
from engine.classify.threshold import TARGET_KEY, inspection_target
from engine.classify.trained_model import load_model, with_model_settings
from engine.console import ProgressLine, say
from engine.devices import Devices, scoring_device, share_cores
from engine.export.file_settings import is_deployed
from engine.unlike import UNLIKE_COLUMN, UnlikePictures
from pairs.classify_csv import DEPLOY_SCORE, SCORE_COLUMNS, board_of, read_header, write_csv
from scoring.named_figures import figure_of
from scoring.sheet import figure_sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from engine.classify.trained_model import TrainedModel
    from engine.settings import Run
    from engine.status import StatusFile
    from scoring.targets import Target
    from spec.dataset_section import ClassifyDataset

_ADDED = {*SCORE_COLUMNS, DEPLOY_SCORE, UNLIKE_COLUMN}


def evaluate(run: Run, status: StatusFile) -> None:
    """Measure a checkpoint on the test split (the validation split where no test split is named).

    Beside the container's kpi, `predictions.csv` holds the split with score, verdict and threshold, and `figures.json`
    all inspection figures, at the threshold that was chosen on validation data (eval_margin where none was).

    Raises:
        ChangenetError: data or checkpoint are wrong.
    """
    run = with_model_settings(run)
    data = run.experiment.dataset.classify
    target = inspection_target(run.experiment)
    split = "test" if data.test_dataset.csv_path else "validation"
    table = read_table(data, split)
    model = load_model(run)
    margin = run.experiment.model.classify.eval_margin
    threshold = model.threshold
    scores, unlike = score_table(run, model, table, threshold.value)
    kpi = evaluation_kpi(table.labels, scores, margin, model.chosen.value if model.chosen else None)
    status.write("RUNNING", f"Test metrics generated at eval_margin {margin}.", kpi=kpi)
    path = run.results_dir / PREDICTIONS_FILE
    write_scored(path, table, scores, threshold.value, _columns(run, model), unlike=unlike)
    sheet = _figures(table, scores, threshold.value, target)
    if target and threshold.origin.other_than_for(target):
        chosen_for = threshold.source.partition(" (")[0]
        sheet["target"]["sentence"] += f"; the threshold was chosen for something else: {chosen_for}"
    write_json(run.results_dir / FIGURES_FILE, sheet | threshold.origin_keys())
    say(headline(sheet, threshold.value))
    for name, value in kpi.items():
        say(f"{name}: {figure_of(name, value, 'classify').whole_text}")
    say(sheet["target"]["sentence"] if target else f"no target is set ({TARGET_KEY})")


def _figures(table: PairTable, scores: list[float], threshold: float, target: Target | None) -> dict[str, Any]:
    """The sheet of all inspection figures."""
    boards = [board_of(row) or "" for row in table.rows]
    kinds = [row.label for row in table.rows]
    return figure_sheet(kinds, scores, threshold, boards=boards if all(boards) else None, target=target)


def infer(run: Run, status: StatusFile) -> None:
    """Score the infer split and write `inference.csv`: the input CSV with score, verdict and threshold.

    The verdict is taken at the threshold that was chosen on validation data and that evaluation judges the target at;
    at eval_margin where the model has none.

    Raises:
        ChangenetError: data or checkpoint are wrong.
    """
    run = with_model_settings(run)
    table = read_table(run.experiment.dataset.classify, "infer", needs_label=False)
    model = load_model(run)
    threshold = model.threshold.value
    scores, unlike = score_table(run, model, table, threshold)
    path = run.results_dir / INFERENCE_FILE
    write_scored(path, table, scores, threshold, _columns(run, model), unlike=unlike)
    kpi = {"threshold": threshold} if model.chosen else None
    status.write("RUNNING", f"Scores of {len(table)} pairs written to {path.name}.", kpi=kpi)
    chosen = "chosen on validation data, kept with the model" if model.chosen else "eval_margin"
    say(f"scores of {len(table)} pairs, judged at {threshold:.6g} ({chosen}): {path}")


def _columns(run: Run, model: TrainedModel) -> tuple[str, ...]:
    score = DEPLOY_SCORE if is_deployed(run) else SCORE_COLUMNS[0]
    return (score, *(SCORE_COLUMNS[1:] if explains(run, model) else SCORE_COLUMNS[1:-1]))


def explains(run: Run, model: TrainedModel) -> bool:
    """Whether evidence maps are made: the spec asks for them, and the model can give them."""
    return bool(getattr(run.experiment, run.command).evidence_maps) and model.scorer.can_explain


def score_table(
    run: Run, model: TrainedModel, table: PairTable, threshold: float
) -> tuple[list[float], dict[int, str]]:
    """The score of every pair, in the table's order; evidence maps are written, where the spec asks for them.

    Also, by their place, in what test pictures are unlike all that the model was trained on.

    Raises:
        JobFailedError: a score is no finite number.
        InputError: the maps can't be written.
    """
    section = getattr(run.experiment, run.command)
    data = run.experiment.dataset.classify
    device = scoring_device(section, run.command)
    share_cores(Devices("cpu"))
    batch_size = section.batch_size if section.batch_size > 0 else data.batch_size
    loader = pair_loader(
        table, open_pairs(data, [table], model.white), OrderedBatches(by_golden_image(table), batch_size)
    )
    scorer = model.scorer.on(device)
    if section.evidence_maps and not scorer.can_explain:
        say("NOTICE there are no evidence maps: they take slopes, which an exported model of this head does not have")
    unlike = UnlikePictures(model.trained_on, _larger(model, data))
    with ExitStack() as stack:
        maps = stack.enter_context(EvidenceFolder(run.results_dir)) if explains(run, model) else None
        line = stack.enter_context(ProgressLine(run.command, len(table), "pairs"))
        keep = _keeping(maps, table, threshold) if maps else None
        places, found = scorer.scores(loader, line.update, keep, on_pictures=_looking(unlike, table))
        scores = np.empty(len(table))
        scores[places] = found
        _check_finite(scores, table)
    if not maps:
        remove_maps(run.results_dir)
    unlike.tell(len(table))
    values: list[float] = scores.tolist()
    return values, unlike.found


def _larger(model: TrainedModel, data: ClassifyDataset) -> tuple[float, float]:
    """How many times larger the network sees pictures than in training, across and down."""
    trained = get(model.content.get("config") or {}, "dataset.classify", {})
    width, height = (trained.get(name) or getattr(data, name) for name in ("image_width", "image_height"))
    return data.image_width / width, data.image_height / height


def _looking(unlike: UnlikePictures, table: PairTable) -> Callable[[list[int], Tensor], None]:
    """What looks at the test pictures of a batch, under their first lighting."""

    def look(indices: list[int], tests: Tensor) -> None:
        for index, picture in zip(indices, tests[:, 0].cpu().numpy(), strict=True):
            unlike.look(index, picture, table.test_files(index)[0], table.where(index))

    return look


def _keeping(maps: EvidenceFolder, table: PairTable, threshold: float) -> Callable[[list[int], Tensor, Tensor], None]:
    """What writes the maps of a batch."""

    def keep(indices: list[int], scores: Tensor, evidence: Tensor) -> None:
        maps.write([table.rows[i].row for i in indices], to_grey(evidence, scores, threshold))

    return keep


def _check_finite(scores: NDArray[np.float64], table: PairTable) -> None:
    if not np.isfinite(scores).all():
        broken = int(np.flatnonzero(~np.isfinite(scores))[0])
        raise JobFailedError("the model gives no finite score", code="scores", where=table.where(broken))


def write_scored(  # noqa: PLR0913 - a table and what stands beside its rows
    path: Path,
    table: PairTable,
    scores: list[float],
    threshold: float,
    columns: Sequence[str],
    *,
    unlike: Mapping[int, str],
) -> None:
    """Write the rows of a table with their scores, atomically and in their order.

    `columns` are names for score, verdict and threshold, and one more where each row names its evidence map. Where
    pictures are `unlike` those of the training, a last column says in what.
    """
    names = read_header(table.source.csv_path, needs_label=False)
    header = [name for name in names if name not in _ADDED]  # those of an earlier run are written anew
    rows = (
        [
            *(_cell(row, name) for name in header),
            *(f"{score:.9g}", NO_PASS if score > threshold else PASS, threshold),
            *((map_name(row.row),) if len(columns) == len(SCORE_COLUMNS) else ()),
            *((unlike.get(place, ""),) if unlike else ()),
        ]
        for place, (row, score) in enumerate(zip(table.rows, scores, strict=True))
    )
    write_csv(path, [*header, *columns, *([UNLIKE_COLUMN] if unlike else [])], rows)


def _cell(row: Any, name: str) -> str:
    return str(row.extra[name] if name in row.extra else getattr(row, name))

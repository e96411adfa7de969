# SPDX-License-Identifier: Apache-2.0
"""Import any table of pairs, or pairs that names alone tell, as a classify data set.

`OUT/images`, `OUT/{train,val,test}/dataset.csv` with the board and the table's further columns, `OUT/not_used.csv` with
every row that became no pair, and `OUT/import.json`. Splits are those of a column, else boards are shared out, 70, 15
and 15 of a hundred.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from core.errors import DataError
from core.files import real_path, write_json
from pairs.board_shares import boards_by_name, share_out
from pairs.classify_csv import COLUMNS, DEPLOY_SCORE, SCORE_COLUMNS, write_csv
from pairs.import_rows import (
    NO_GOLDEN,
    NO_LABEL,
    NO_SPLIT,
    NO_TEST,
    SAME,
    FoundPair,
    Gathered,
    count_labels,
    without_repeats,
)
from pairs.label_words import label_reading
from pairs.layout import SPLITS
from pairs.name_pairs import pairs_by_name
from pairs.new_folder import new_folder
from pairs.pair_writer import BOARD_COLUMN, PairWriter, common_ending
from pairs.picture_index import PictureIndex
from pairs.table_columns import columns_of, split_named
from pairs.table_files import read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pairs.label_words import LabelReading
    from pairs.table_columns import Columns
    from pairs.table_files import Table

MARKER = "import.json"
NOT_USED = "not_used.csv"


@dataclass(frozen=True, slots=True)
class TableOptions:
    """What is said of a table; what is not, is guessed, and the guess is told."""

    test: str | None = None
    golden: str | None = None
    label: str | None = None
    board: str | None = None
    split: str | None = None
    good: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    images: Path | None = None


@dataclass(frozen=True, slots=True)
class TableSummary:
    """What an import wrote; the same stands in `OUT/import.json`.

    `rows` and `boards` count per split, `labels` per split and label; `guessed` are sentences, `not_used` counts rows
    by reason. `shared_out` says whether the splits were made here, `boards_in_several` how many boards the table's own
    splits tear apart.
    """

    source: str
    columns: dict[str, str]
    guessed: list[str]
    rows: dict[str, int]
    boards: dict[str, int]
    labels: dict[str, dict[str, int]]
    not_used: dict[str, int]
    shared_out: bool
    boards_in_several: int
    linked: bool = False
    image_ext: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Read:
    """A source that was read: pairs, the names of their further columns, and what was guessed."""

    found: Gathered
    columns: dict[str, str]
    guessed: list[str]
    extra: tuple[str, ...] = ()


def import_pairs(  # noqa: PLR0913 - the choices of `changenet data import table`
    source: Path,
    out: Path,
    options: TableOptions = TableOptions(),
    *,
    link: bool = False,
    force: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> TableSummary:
    """Write the pairs of a table (or, where `source` is a folder, those that names tell) as a data set at `out`.

    `out` is new or empty (or, with `force`, an earlier import). `link` links to the pictures instead of copying them.

    Raises:
        DataError: the table can't be read, its columns or labels can't be told, no row is used, or `out` is occupied.
        ImageError: a picture that has to be converted can't be read.
    """
    if source.is_dir() and real_path(out).is_relative_to(real_path(source)):
        remedy = "choose a folder outside of it"
        raise DataError("the output lies inside the source", code="data.occupied", where=str(out), remedy=remedy)
    read = _of_names(source) if source.is_dir() else _of_table(source, options)
    found = without_repeats(read.found)
    if not found.pairs:
        raise _nothing(source, found)
    told = bool(read.columns.get("split"))
    pairs = _with_boards(found.pairs, by_column="board" in read.columns)
    pairs = pairs if told else _shared_out(pairs, str(source))
    if "board" not in read.columns:
        read.guessed.append(f"boards are told by the names of the pictures: {_named_boards(pairs)}")
    ending = common_ending(pairs)
    with new_folder(out.absolute(), marker=MARKER, force=force) as folder:
        PairWriter(folder, ending, link=link).write(pairs, read.extra, progress)
        write_csv(
            folder / NOT_USED, ("row", "reason", "value"), [(u.row or "", u.reason, u.value) for u in found.unused]
        )
        summary = _summary(source, read, found, pairs)
        summary = replace(summary, linked=link, image_ext=ending)
        write_json(folder / MARKER, summary.as_dict())
    return summary


def _of_names(folder: Path) -> _Read:
    guess = "verdict and golden image of each picture are told by its name"
    return _Read(pairs_by_name(PictureIndex(folder.absolute())), {}, [guess])


def _of_table(path: Path, options: TableOptions) -> _Read:
    table = read_table(path)
    said = {role: getattr(options, role) for role in ("test", "golden", "label", "board", "split")}
    columns = columns_of(table, said)
    reading = label_reading(columns.label, table.values(columns.label), options.good, options.bad)
    used = {name.casefold() for name in (*COLUMNS, BOARD_COLUMN, *SCORE_COLUMNS, DEPLOY_SCORE, "")}
    taken = set(columns.as_dict().values())
    extra = tuple(name for name in table.columns if name not in taken and name.casefold() not in used)
    index = PictureIndex((options.images or path.parent).absolute())
    found = _gather(table, columns, reading, index, extra)
    guessed = [f"{role} is the column {getattr(columns, role)!r}" for role in columns.guessed]
    return _Read(found, columns.as_dict(), [*guessed, *filter(None, [reading.guessed])], extra)


def _gather(
    table: Table, columns: Columns, reading: LabelReading, index: PictureIndex, extra: Sequence[str]
) -> Gathered:
    at = {role: table.columns.index(column) for role, column in columns.as_dict().items()}
    further = [table.columns.index(name) for name in extra]
    found = Gathered()
    root = f"{index.root}/"
    for line, cells in table.rows:
        test, golden = index.find(cells[at["test"]]), index.find(cells[at["golden"]])
        label = reading.read(cells[at["label"]])
        split = split_named(cells[at["split"]]) if "split" in at else ""
        if test is None:
            found.leave_out(line, NO_TEST, cells[at["test"]])
        elif golden is None:
            found.leave_out(line, NO_GOLDEN, cells[at["golden"]])
        elif label is None:
            found.leave_out(line, NO_LABEL, cells[at["label"]])
        elif split is None:
            found.leave_out(line, NO_SPLIT, cells[at["split"]])
        elif test == golden:
            found.leave_out(line, SAME, cells[at["test"]])
        else:
            board = cells[at["board"]] if "board" in at else ""
            name = test.removeprefix(root)
            kept = tuple(cells[place] for place in further)
            found.pairs.append(FoundPair(line, test, golden, label, name, board, split, kept))
    return found


def _nothing(source: Path, found: Gathered) -> DataError:
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in found.reasons().items())
    first = next((f" (the first is {one.value!r})" for one in found.unused), "")
    message = f"no row can be used: {reasons}{first}" if reasons else "there are no pictures"
    remedy = "name the folder of the pictures by --images, the columns by --test, --golden, --label, the good by --good"
    if source.is_dir():
        remedy = (
            "name pictures as board1_ok.png and board1_golden.png, or give a table by `changenet data import table`"
        )
    return DataError(message, code="data.no_rows", where=str(source), remedy=remedy)


def _with_boards(pairs: Sequence[FoundPair], *, by_column: bool) -> list[FoundPair]:
    """Each pair with its board; a row that leaves its board open has one of its own, by its picture's name."""
    if not by_column:
        names = boards_by_name([pair.name.rpartition(".")[0] for pair in pairs])
        return [replace(pair, board=board) for pair, board in zip(pairs, names, strict=True)]
    return [pair if pair.board else replace(pair, board=pair.name.rpartition(".")[0]) for pair in pairs]


def _shared_out(pairs: Sequence[FoundPair], where: str) -> list[FoundPair]:
    rows = Counter(pair.board for pair in pairs)
    defective = {pair.board for pair in pairs if pair.is_defect}
    splits = share_out({board: (count, board in defective) for board, count in rows.items()}, where)
    return [replace(pair, split=splits[pair.board]) for pair in pairs]


def _named_boards(pairs: Sequence[FoundPair]) -> str:
    boards = list(dict.fromkeys(pair.board for pair in pairs))
    return f"{', '.join(boards[:3])}{', …' if len(boards) > 3 else ''} ({len(boards):,})"


def _summary(source: Path, read: _Read, found: Gathered, pairs: Sequence[FoundPair]) -> TableSummary:
    by_split = {split: [pair for pair in pairs if pair.split == split] for split in (*SPLITS, "infer")}
    by_split = {split: rows for split, rows in by_split.items() if rows}
    boards = {split: {pair.board for pair in rows} for split, rows in by_split.items()}
    places = Counter(board for names in boards.values() for board in names)
    return TableSummary(
        source=source.name,
        columns=read.columns,
        guessed=read.guessed,
        rows={split: len(rows) for split, rows in by_split.items()},
        boards={split: len(names) for split, names in boards.items()},
        labels={split: count_labels(rows) for split, rows in by_split.items()},
        not_used=found.reasons(),
        shared_out="split" not in read.columns,
        boards_in_several=sum(count > 1 for count in places.values()),
    )

# SPDX-License-Identifier: Apache-2.0
"""What a search reads and asks, counted: files that the process opens, and statements that reach SQLite."""

from __future__ import annotations

import json
import sqlite3
import sys
import tarfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from automl import experiment
from automl.job_trainer import JobTrainer
from automl.ledger import Ledger
from pairs.quick import quick_check
from runners.jobs.store import JobStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_OPENED: list[Counter[str]] = []


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _OPENED and isinstance(arguments[0], str | bytes | Path):
        _OPENED[-1][str(arguments[0])] += 1


sys.addaudithook(_note)


@pytest.fixture
def opened() -> Iterator[Counter[str]]:
    """How often this process opens each file, from now on."""
    _OPENED.append(Counter())
    yield _OPENED[-1]
    _OPENED.clear()


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that this process sends to SQLite, from now on."""
    found: list[str] = []
    connect = sqlite3.connect

    def traced(*arguments: Any, **named: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **named)
        connection.set_trace_callback(found.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)
    return found


@pytest.fixture
def packed(boards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The boards with their pictures in archives, and a cache of their own."""
    monkeypatch.setenv("CHANGENET_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "packed"
    for split in ("train", "val", "test"):
        (root / split).mkdir(parents=True)
        (root / split / "dataset.csv").write_bytes((boards / split / "dataset.csv").read_bytes())
        with tarfile.open(root / split / "images.tar.gz", "w:gz") as archive:
            archive.add(boards / split / "images", "images")
    return root


def test_schema_data_and_archives_are_read_for_the_search_and_not_for_each_trial(
    planned: Callable[..., Any], packed: Path, project_root: Path, opened: Counter[str]
) -> None:
    counts = []
    for trials in (1, 1, 4):  # the first one unpacks
        opened.clear()
        plan = planned(trials=trials, test=False, epochs=1, request={"data": str(packed)})
        result = experiment.run(plan)
        assert [s.state for s in result.outcome.standings] == ["complete"] * trials
        counts.append(Counter(opened))

    names = [str(project_root / "schemas" / "train.schema.json")]
    names += [str(packed / split / file) for split in ("train", "val") for file in ("dataset.csv", "images.tar.gz")]
    _, one, four = ([count[name] for name in names] for count in counts)
    assert four == one
    assert [one[2], one[4]] == [1, 1]
    assert all(one)


@pytest.mark.long
def test_the_data_check_is_made_for_each_batch_size_that_it_asks_for(
    planned: Callable[..., Any], boards: Path, opened: Counter[str]
) -> None:
    usual, table = planned(), str(boards / "val" / "dataset.csv")
    remove, size = tuple(usual.space.keys), usual.base.spec["dataset"]["classify"]["batch_size"]
    opens = []
    for options, trials in (((6, 8), 1), ((6, size), 4), ((6, 8), 6)):
        opened.clear()
        space = {"options": {"dataset.classify.batch_size": options}, "remove": remove}
        chosen = {"algorithm": "pbt", "trials": trials, "population": max(2, trials), "generation_epochs": 1}
        result = experiment.run(planned(**space, **chosen, test=False, epochs=1))
        found = {s.setting.get("dataset.classify.batch_size", size) for s in result.outcome.standings}
        opens.append((len(found), opened[table]))

    sizes, counts = zip(*opens, strict=True)
    assert sizes == (1, 2, 3)  # the template's, and the options
    opened.clear()
    quick_check(result.plan.base.spec, "train")
    assert [count - counts[0] for count in counts] == [0, opened[table], 2 * opened[table]]


def test_looking_at_a_trial_lists_no_jobs_and_reads_on_in_its_status_file(
    planned: Callable[..., Any], statements: list[str], opened: Counter[str]
) -> None:
    result = experiment.run(planned(trials=3, test=False, epochs=2))
    store = JobStore(result.folder.parent)
    trainer, job_id = JobTrainer(result.plan, result.id, store), store.ids()[0]
    status = Path(store.read(job_id).results_dir) / "status.json"
    statements.clear()
    opened.clear()

    first = trainer.look(job_id)
    looked = list(statements)

    assert [epoch for epoch, _ in first.history] == [1, 2]
    assert looked
    assert not [s for s in looked if "SELECT" in s and "FROM jobs" in s and "WHERE" not in s]
    # Lines that were added are read; those that were there are not parsed again, though they are nonsense by now.
    size = status.stat().st_size
    text = status.read_bytes()
    status.write_bytes(b"x" * (size - 1) + b"\n" + json.dumps({"kpi": {"val_loss": 0.25}}).encode() + b"\n")
    second = trainer.look(job_id)
    assert second.history == (*first.history, (3, {"val_loss": 0.25}))
    # A file that shrank is another one.
    status.write_bytes(text)
    assert trainer.look(job_id).history == first.history


def test_one_query_finds_the_jobs_of_a_plan(planned: Callable[..., Any], statements: list[str]) -> None:
    result = experiment.run(planned(trials=4, test=False, epochs=1))
    store = JobStore(result.folder.parent)
    with Ledger(result.folder, read_only=True) as ledger:
        launches, jobs = ledger.launches(), ledger.jobs()
    trainer = JobTrainer(result.plan, result.id, store)
    statements.clear()

    assert trainer.find(launches[2][1], set()) == jobs[2][0]
    queries = [s for s in statements if "FROM jobs" in s]
    assert [s for s in queries if "WHERE plan_id" in s] == queries[:1]
    assert len(queries) == 2  # the plan's jobs, and the record of the only one
    assert trainer.find(launches[2][1], {jobs[2][0]}) is None
    assert trainer.find("0" * 64, set()) is None


def test_trials_and_evaluations_say_which_search_they_belong_to(planned: Callable[..., Any]) -> None:
    result = experiment.run(planned(trials=2, epochs=1))

    store = JobStore(result.folder.parent)
    jobs = [store.read(job_id) for job_id in store.ids()]
    assert {job.part_of for job in jobs} == {result.id}
    plans = {job.action: json.loads((Path(job.folder) / "plan.json").read_text()) for job in jobs}
    assert {action: plan["decision"]["route"] for action, plan in plans.items()} == {
        "train": "automl",
        "evaluate": "action",
    }
    assert {plan["part_of"] for plan in plans.values()} == {result.id}

# SPDX-License-Identifier: Apache-2.0
"""What a search decides, on a trainer that trains nothing; the record is a real file, and crashes lose the process."""

from __future__ import annotations

import contextlib
import json
import math
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automl.controller import Controller, Search
from automl.events import Ending, Hooks, Update
from automl.ledger import Ledger
from automl.objective import curve_of, objectives_of, pareto_front
from automl.retention import Retention
from automl.scheduling import make_schedule
from automl.settings import AutomlSettings
from automl.simulated import SimulatedTrainer
from automl.space_builder import Source, build_space
from automl.standings import ranked, standings_of
from automl.types import Objective, Run, RunResult, RunState
from core.errors import InputError, JobFailedError, RequestError
from router.declarations import load_skill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from automl.space import Space

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "schemas" / "train.schema.json").read_text())
LOSS, ACCURACY = Objective("val_loss", "minimize"), Objective("val_acc", "maximize")
ALGORITHMS = ("bayesian", "random", "cmaes", "hyperband", "asha", "bohb", "pbt")
FOLDERS = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Crash(BaseException):
    """The process is gone."""


class CrashingLedger(Ledger):
    """Ends the process at the n-th write: before it, or just after it."""

    def __init__(self, folder: Path, at: int, *, written: bool) -> None:
        super().__init__(folder, create=True)
        self._left, self._written = at, written

    def _insert(self, table: str, **values: Any) -> None:
        self._left -= 1
        if self._left == 0 and not self._written:
            raise Crash
        super()._insert(table, **values)
        if self._left == 0:
            raise Crash


@pytest.fixture(autouse=True, scope="module")
def parzen_for_bayesian() -> Iterator[None]:
    """Decisions are tested with the model that is quick to fit; the other is tested on its own below."""
    patch = pytest.MonkeyPatch()
    patch.setattr("automl.algorithms.has_gaussian_process", lambda: False)
    yield
    patch.undo()


def small_space() -> Space:
    keys = ("train.optim.weight_decay", "dataset.classify.fpratio_sampling")
    others = tuple(key for key in SCHEMA["automl_default_parameters"] if key not in {*keys, "train.optim.lr"})
    source = Source(SCHEMA, deepcopy(SCHEMA["default"]), {}, "embedded", {})
    return build_space(source, AutomlSettings(remove=others))


def figures(run: Run, epoch: int) -> dict[str, float]:
    lr, decay = (run.values.get(f"train.optim.{name}", 1e-4) for name in ("lr", "weight_decay"))
    loss = abs(math.log10(lr) + 3) + abs(math.log10(decay) + 4) / 4 + 1 / epoch
    return {"val_loss": loss, "val_acc": -loss, "ms_per_pair": 5 - loss + lr}


def search(
    folder: Path,
    chosen: AutomlSettings,
    trainer: SimulatedTrainer | None = None,
    *,
    objectives: tuple[Objective, ...] = (LOSS,),
    epochs: int = 9,
    crash: tuple[int, bool] | None = None,
) -> tuple[Controller, Ending]:
    schedule = make_schedule(chosen, small_space(), objectives, epochs)
    ledger = CrashingLedger(folder, crash[0], written=crash[1]) if crash else Ledger(folder, create=True)
    with ledger:
        parts = Search(ledger, schedule, trainer or SimulatedTrainer(figures), objectives, chosen, chosen.parallel or 1)
        controller = Controller(parts)
        return controller, controller.run()


def story(controller: Controller) -> list[tuple[Any, ...]]:
    """What was decided and found, without times and job ids."""
    return [
        (replace(run, attrs={}), controller.results[number].state, controller.results[number].values)
        for number, run in sorted(controller.runs.items())
    ]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("parallel", [1, 3])
def test_the_same_seed_gives_the_same_search_and_another_one_does_not(
    algorithm: str, parallel: int, tmp_path: Path
) -> None:
    chosen = AutomlSettings(algorithm=algorithm, trials=7, parallel=parallel, seed=3)

    one, other = (search(tmp_path / name, chosen)[0] for name in ("one", "other"))
    third = search(tmp_path / "third", replace(chosen, seed=4))[0]

    assert story(one) == story(other)
    assert [run.values for run in one.runs.values()] != [run.values for run in third.runs.values()]
    assert one.runs[0].values == {}
    assert one.runs[0].origin == "defaults"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(at=st.integers(2, 70), written=st.booleans(), parallel=st.integers(1, 3), failing=st.integers(0, 6))
@settings(FOLDERS, max_examples=7)
def test_a_search_that_was_killed_at_any_write_goes_on_as_if_it_had_not_been(
    algorithm: str, at: int, written: bool, parallel: int, failing: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("search")
    chosen = AutomlSettings(algorithm=algorithm, trials=6, parallel=parallel)

    def fails(run: Run) -> bool:
        return run.trial == failing

    whole, _ = search(folder / "whole", chosen, SimulatedTrainer(figures, fails=fails), epochs=4)
    # The jobs live on while the controller is dead: it is the same trainer that is asked afterwards.
    trainer = SimulatedTrainer(figures, fails=fails)
    with contextlib.suppress(Crash):
        search(folder / "killed", chosen, trainer, epochs=4, crash=(at, written))
    resumed, ending = search(folder / "killed", chosen, trainer, epochs=4)

    assert story(resumed) == story(whole)
    assert ending.state == "finished"
    # No run was started twice.
    assert len(trainer._jobs) == len([r for r in whole.results.values() if r.state is not RunState.REFUSED])  # noqa: SLF001


@pytest.mark.parametrize("algorithm", ["hyperband", "asha", "bohb", "pbt"])
@given(failing=st.sets(st.integers(0, 12), max_size=9), parallel=st.integers(1, 3))
@settings(FOLDERS, max_examples=8)
def test_failed_trials_are_never_promoted_and_never_win(
    algorithm: str, failing: set[int], parallel: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    chosen = AutomlSettings(algorithm=algorithm, trials=9, parallel=parallel)
    trainer = SimulatedTrainer(figures, fails=lambda run: run.number in failing)
    with Ledger(tmp_path_factory.mktemp("search"), create=True) as ledger:
        schedule = make_schedule(chosen, small_space(), (LOSS,), 4)
        controller = Controller(Search(ledger, schedule, trainer, (LOSS,), chosen, parallel))
        try:
            controller.run()
        except JobFailedError:
            assert all(not result.is_complete for result in controller.results.values())
            return

    for run in controller.runs.values():
        assert run.after is None or controller.results[run.after].is_complete
    failed = {n for n, result in controller.results.items() if result.state is RunState.FAILED}
    assert failed == {n for n in failing if n in controller.runs}
    assert all(controller.results[n].values == () for n in failed)
    best = ranked(standings_of(controller.runs, controller.results, (LOSS,)), (LOSS,))
    assert best == [] or best[0].run not in failed


@pytest.mark.parametrize("algorithm", ["hyperband", "asha", "bohb"])
def test_a_promoted_trial_goes_on_from_the_exact_checkpoint_of_its_last_rung(algorithm: str, tmp_path: Path) -> None:
    trainer = SimulatedTrainer(figures)
    controller, _ = search(tmp_path, AutomlSettings(algorithm=algorithm, trials=9), trainer)

    promoted = [run for run in controller.runs.values() if run.after is not None]
    assert promoted
    for run in promoted:
        before = controller.runs[run.after or 0]
        assert (before.trial, before.values, before.epochs) == (run.trial, run.values, run.start)
        assert trainer.went_on_from[run.number] == controller.results[before.number].last
        assert str(trainer.went_on_from[run.number]).endswith(f"epoch-{run.start}")


def test_the_best_third_of_a_rung_goes_on(tmp_path: Path) -> None:
    controller, _ = search(tmp_path, AutomlSettings(algorithm="hyperband", trials=9, reduction=3), epochs=9)

    rungs: dict[int, list[Run]] = {}
    for run in controller.runs.values():
        if run.bracket == 0:
            rungs.setdefault(run.rung, []).append(run)
    assert [len(rungs[n]) for n in range(3)] == [9, 3, 1]
    assert [rungs[n][0].epochs for n in range(3)] == [1, 3, 9]
    order = sorted(rungs[0], key=lambda run: controller.results[run.number].values)
    assert {run.trial for run in rungs[1]} == {run.trial for run in order[:3]}


def test_asha_promotes_whoever_is_in_the_best_third_of_those_that_ended_so_far(tmp_path: Path) -> None:
    controller, _ = search(tmp_path, AutomlSettings(algorithm="asha", trials=9, reduction=3), epochs=9)

    for run in controller.runs.values():
        if run.after is not None:
            ended = [r for r in controller.runs.values() if r.rung == run.rung - 1 and r.number < run.number]
            order = sorted(ended, key=lambda r: controller.results[r.number].values)
            assert run.trial in {r.trial for r in order[: len(ended) // 3]}


def test_a_population_copies_weights_from_its_best_and_keeps_its_survivors(tmp_path: Path) -> None:
    trainer = SimulatedTrainer(figures)
    chosen = AutomlSettings(algorithm="pbt", trials=4, population=4, generation_epochs=3)
    controller, _ = search(tmp_path, chosen, trainer, epochs=9)

    assert len(controller.runs) == 12
    copies = [run for run in controller.runs.values() if run.weights_only]
    assert copies
    for run in copies:
        donor = controller.runs[run.after or 0]
        generation = [r for r in controller.runs.values() if r.rung == donor.rung]
        best = min(generation, key=lambda r: controller.results[r.number].values)
        assert donor is best
        assert (run.start, run.epochs) == (0, 3)
    survivors = [run for run in controller.runs.values() if run.after is not None and not run.weights_only]
    assert all(run.values == controller.runs[run.after or 0].values for run in survivors)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_minimising_a_loss_and_maximising_its_negative_are_the_same_search(algorithm: str, tmp_path: Path) -> None:
    chosen = AutomlSettings(algorithm=algorithm, trials=12)

    low, high = (search(tmp_path / o.metric, chosen, objectives=(o,))[0] for o in (LOSS, ACCURACY))

    assert [run.values for run in low.runs.values()] == [run.values for run in high.runs.values()]
    winners = [ranked(standings_of(c.runs, c.results, (o,)), (o,))[0].trial for c, o in ((low, LOSS), (high, ACCURACY))]
    assert winners[0] == winners[1]
    assert max(r.values[0] for r in high.results.values()) == -min(r.values[0] for r in low.results.values())


@pytest.mark.parametrize("algorithm", ["bayesian", "random"])
def test_several_objectives_give_the_front_that_nobody_beats(algorithm: str, tmp_path: Path) -> None:
    both = (LOSS, Objective("ms_per_pair", "minimize"))
    chosen = AutomlSettings(algorithm=algorithm, trials=14, objectives=("val_loss:min", "ms_per_pair:min"))

    controller, _ = search(tmp_path, chosen, objectives=both)

    values = {n: result.values for n, result in controller.results.items()}
    front = pareto_front(values, both)
    assert len(front) > 1
    for trial, found in values.items():
        beaten = any(a <= found[0] and b <= found[1] and (a, b) != found for a, b in values.values())
        assert (trial in front) != beaten


def test_the_gaussian_process_is_seeded_and_goes_on_as_it_stood() -> None:
    from automl.samplers import Suggester

    space, points = small_space(), []
    for restart in (False, True):
        model, told = Suggester(space, (LOSS,), "gp", 5, start=2), []
        for number in range(1, 6):
            if restart and number == 4:
                model = Suggester(space, (LOSS,), "gp", 5, start=2)
                for n, (point, attrs) in enumerate(told, start=1):
                    model.begin(n, point, attrs)
                    model.end(n, [sum(float(v) for v in point.values())])
            told.append(model.suggest(number))
            model.begin(number, *told[-1])
            model.end(number, [sum(float(v) for v in told[-1][0].values())])
        points.append([point for point, _ in told])
    assert points[0] == points[1]


@pytest.mark.parametrize("kind", ["gp", "tpe"])
def test_a_model_never_suggests_again_what_was_tried(kind: str) -> None:
    """Training is seeded: a twin would take budget and say the same."""
    from automl.samplers import Suggester

    switches = ("augment", "random_flip.enable", "random_rotate.enable", "with_scale_random_crop.enable")
    keys = [f"dataset.classify.augmentation_config.{name}" for name in switches]
    others = tuple(key for key in SCHEMA["automl_default_parameters"] if key not in keys)
    space = build_space(Source(SCHEMA, deepcopy(SCHEMA["default"]), {}, "embedded", {}), AutomlSettings(remove=others))
    model = Suggester(space, (LOSS,), kind, 5, start=2)
    tried: list[dict[str, Any]] = [space.values(space.canonical(space.defaults()))]
    model.begin(0, space.canonical(space.defaults()), {})
    model.end(0, [0.0])  # the best there is: a model that may repeat itself stays here
    for number in range(3, 10):  # beyond the points that are spread evenly
        point, attrs = model.suggest(number)
        assert space.values(point) not in tried
        tried.append(space.values(point))
        model.begin(number, point, attrs)
        model.end(number, [1.0])


def test_refused_configurations_cost_nothing_and_are_told_apart_from_failures(tmp_path: Path) -> None:
    def refuses(run: Run) -> None:
        if run.values.get("train.optim.lr", 0) > 1e-3:
            raise InputError("too high", where="train.optim.lr")

    trainer = SimulatedTrainer(figures, refuses=refuses)
    controller, _ = search(tmp_path, AutomlSettings(algorithm="random", trials=8, epochs=72), trainer)

    states = [result.state for result in controller.results.values()]
    assert states.count(RunState.COMPLETE) == 8
    assert RunState.REFUSED in states
    refused = next(r for r in controller.results.values() if r.state is RunState.REFUSED)
    assert (refused.message, refused.job_id) == ("train.optim.lr: too high", None)


def test_a_search_gives_up_when_nothing_it_suggests_is_valid(tmp_path: Path) -> None:
    def refuses(run: Run) -> None:
        if run.trial:
            raise InputError("never good")

    with pytest.raises(InputError, match="never good"):
        search(tmp_path, AutomlSettings(algorithm="random", trials=3), SimulatedTrainer(figures, refuses=refuses))


def test_a_search_gives_up_when_the_first_trials_all_fail(tmp_path: Path) -> None:
    with pytest.raises(JobFailedError, match="the first 3 trials failed"):
        search(tmp_path, AutomlSettings(trials=9), SimulatedTrainer(figures, fails=lambda _: True))


@pytest.mark.parametrize(
    ("budget", "runs", "reason"),
    [
        ({"trials": 5}, 5, "every trial has ended"),
        ({"trials": 9, "epochs": 30}, 3, "27 of 30 epochs are used up; the next run needs 9"),
        ({"trials": 9, "wall_minutes": 1e-9}, 0, "the wall time of 1e-09 minutes is used up"),
    ],
)
def test_whichever_budget_ends_first_ends_the_search(
    budget: dict[str, Any], runs: int, reason: str, tmp_path: Path
) -> None:
    controller, ending = search(tmp_path, AutomlSettings(algorithm="random", **budget))

    assert len(controller.runs) == runs
    assert (ending.state, ending.reason) == ("finished", reason)


def test_a_trial_that_takes_too_long_is_stopped_and_is_no_result(tmp_path: Path) -> None:
    trainer = SimulatedTrainer(figures, seconds=60)
    controller, _ = search(tmp_path, AutomlSettings(algorithm="random", trials=2, trial_minutes=1e-4), trainer)

    assert {result.state for result in controller.results.values()} == {RunState.STOPPED}
    assert set(trainer.stopped.values()) == {"the time per trial is used up"}


def test_places_are_filled_side_by_side(tmp_path: Path) -> None:
    running, most = set(), []

    def watch(update: Update) -> None:
        if update.kind == "started":
            running.add(update.run.number)
        elif update.kind == "ended":
            running.discard(update.run.number)
        most.append(len(running))

    chosen = AutomlSettings(algorithm="random", trials=8, parallel=4)
    with Ledger(tmp_path, create=True) as ledger:
        schedule = make_schedule(chosen, small_space(), (LOSS,), 2)
        trainer = SimulatedTrainer(figures, seconds=0.05)
        Controller(Search(ledger, schedule, trainer, (LOSS,), chosen, 4), Hooks(update=watch)).run()

    assert max(most) == 4


def test_only_what_is_needed_is_kept(tmp_path: Path) -> None:
    def file(number: int, name: str) -> str:
        path = tmp_path / f"job-{number}" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("weights")
        return str(path)

    losses = {0: 0.5, 1: 0.9, 2: 0.2, 3: 0.7, 4: 0.3}
    with Ledger(tmp_path / "search", create=True) as ledger:
        retention = Retention(ledger, (LOSS,), pin=(3,))
        for number, loss in losses.items():
            best, last = file(number, "best.pth"), file(number, "last.pth")
            result = RunResult(RunState.COMPLETE, (loss,), best=best, last=last, files=(best, last))
            run = Run(number, number, {}, 2)
            ledger.add_run(run)
            ledger.add_result(number, result)
            retention.note(run, result)
            retention.sweep(needed={1})
        assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.pth")) == [
            "job-0/best.pth",
            "job-1/last.pth",
            "job-2/best.pth",
            "job-2/last.pth",
            "job-3/best.pth",
            "job-3/last.pth",
        ]
        assert len(ledger.removed()) == 4


def test_a_record_has_one_writer_and_its_rows_are_never_changed(tmp_path: Path) -> None:
    with Ledger(tmp_path, create=True) as ledger:
        with pytest.raises(RequestError, match="another process works on this experiment"):
            Ledger(tmp_path)
        ledger.add_run(Run(0, 0, {}, 1))
        ledger.add_result(0, RunResult(RunState.FAILED))
        with pytest.raises(Exception, match="UNIQUE"):
            ledger.add_result(0, RunResult(RunState.COMPLETE, (1.0,)))
        with pytest.raises(Exception, match="never changed"):
            ledger._connection.execute("DELETE FROM results")  # noqa: SLF001 - what a stranger might try
    with Ledger(tmp_path) as again:
        assert again.results()[0].state is RunState.FAILED


def test_objectives_are_stated_and_never_guessed() -> None:
    skill = load_skill(ROOT)

    assert objectives_of(skill, "classify", ()) == (LOSS,)
    assert objectives_of(skill, "classify", ("val_loss",)) == (LOSS,)
    assert objectives_of(skill, "classify", ("val_f1:max", "val_far:minimize"))[0] == Objective("val_f1", "maximize")
    for text in ("val_acc", "val_far", "some_loss", "val_acc:up", ":min"):
        with pytest.raises(RequestError, match="in which direction"):
            objectives_of(skill, "classify", (text,))
    with pytest.raises(RequestError, match="twice"):
        objectives_of(skill, "classify", ("val_f1:max", "val_f1:min"))


def test_figures_that_are_no_numbers_do_not_count() -> None:
    history = [
        (1, {"val_loss": float("nan")}),
        (2, {"val_loss": None}),
        (3, {"val_loss": 0.5}),
        (4, {"val_loss": True}),
    ]

    assert curve_of(history, (LOSS,)) == ((3, (0.5,)),)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"algorithm": "bayes"}, "Did you mean 'bayesian'"),
        ({"trials": 0}, "trials must be a whole number from 1"),
        ({"trials": True}, "trials must be"),
        ({"wall_minutes": float("inf")}, "wall_minutes must be a time above 0"),
        ({"seed": -1}, "-1 is no seed"),
        ({"pin": (2, 10)}, "there is no trial 10 to pin: 10 are planned, from 0 on"),
        ({"algorithm": "asha", "objectives": ("a:min", "b:min")}, "asha takes one objective"),
    ],
)
def test_settings_that_can_not_be_are_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(RequestError, match=words):
        AutomlSettings(**wrong)


def test_settings_survive_json() -> None:
    chosen = AutomlSettings(add=("a",), ranges={"b": (1, 2)}, pin=(3,), objectives=("x:min",))

    assert AutomlSettings.from_json(json.loads(json.dumps(chosen.to_json()))) == chosen
    with pytest.raises(RequestError, match="Did you mean 'trials'"):
        AutomlSettings.from_json({"trails": 3})

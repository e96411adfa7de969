# SPDX-License-Identifier: Apache-2.0
"""What was reviewed is what starts: by its plan id, though labels, data elsewhere or the record change meanwhile."""

from __future__ import annotations

import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import runners.api
from core.errors import RequestError
from interfaces.skill import the_skill
from router.decision import decide
from router.types import Request
from runners.api import launch, open_store, prepare_decision
from runners.planning.plan import Plan
from tests.interfaces.test_api import boards
from tests.interfaces.test_chains import SMALL, _is_at, call, hold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runners.jobs.job import Job

__all__ = ["boards", "call", "hold"]
TRAIN = ("train", "--automl", "off", "-s", SMALL, "-s", "epochs=1")


def _mislabel(table: Path) -> None:
    table.write_text(table.read_text().replace("PASS", "scratch", 1))


@pytest.mark.parametrize("words", [TRAIN, ("train", "-s", SMALL, "-s", "epochs=1", "--trials", "2"), ("evaluate",)])
def test_a_plan_has_another_id_once_a_label_is_changed(call: Any, boards: str, words: tuple[str, ...]) -> None:
    if words == ("evaluate",):
        assert call("run", *TRAIN, "--data", boards)[0] == 0
        words = ("evaluate", "--parent", open_store(None).newest()[0].id)
    shown = call("plan", *words, "--data", boards)[1]["plan_id"]
    assert call("plan", *words, "--data", boards)[1]["plan_id"] == shown
    _mislabel(Path(boards) / "val" / "dataset.csv")
    assert call("plan", *words, "--data", boards)[1]["plan_id"] != shown
    code, refused = call("run", *words, "--data", boards, "--plan", shown)
    assert (code, refused["error"]["code"]) == (2, "plan.changed")


def test_a_plan_is_not_launched_on_labels_that_were_changed_since(boards: str) -> None:
    overrides = {"backbone": "fan_tiny_8_p4_hybrid", "num_epochs": 1}
    decision = decide(Request(action="train", automl_policy="off", data=boards, overrides=overrides), the_skill())
    plan = prepare_decision(decision, the_skill())
    table = Path(boards) / "train" / "dataset.csv"
    _mislabel(table)
    with pytest.raises(RequestError) as refused:
        launch(plan)
    assert (refused.value.code, refused.value.where) == ("plan.changed", str(table))
    assert not Path(boards).parent.joinpath("results").exists()
    assert launch(prepare_decision(decision, the_skill())).state == "COMPLETE"


@pytest.mark.long
def test_the_lists_of_a_segment_set_are_part_of_the_plan(call: Any, tmp_path: Path) -> None:
    masks = str(tmp_path / "masks")
    assert call("data", "synthesize", masks, "--task", "segment", "--boards", "6", "--size", "64")[0] == 0
    words = ("segment_train", "--automl", "off", "--data", masks, "-s", "batch_size=2")
    shown = call("plan", *words)[1]["plan_id"]
    listed = tmp_path / "masks" / "list" / "train.txt"
    listed.write_text("\n".join(reversed(listed.read_text().splitlines())) + "\n")
    assert call("plan", *words)[1]["plan_id"] != shown


def test_a_plan_recorded_before_tables_were_kept_is_still_the_one_that_its_id_names(boards: str) -> None:
    decision = decide(Request(action="train", automl_policy="off", data=boards), the_skill())
    plan = prepare_decision(decision, the_skill())
    document = {name: value for name, value in plan.to_json().items() if name not in {"id", "tables"}}
    before = Plan.from_json({**document, "id": ""})
    assert "tables" not in before.to_json()
    assert Plan.from_json({**document, "id": before.fingerprint()}).fingerprint() == before.fingerprint()
    assert before.fingerprint() != plan.id


def test_a_plan_on_data_of_this_machine_is_made_once(call: Any, boards: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = call("plan", *TRAIN, "--data", boards)[1]["plan_id"]
    made: list[Any] = []
    real = runners.api.prepare_decision
    monkeypatch.setattr(runners.api, "prepare_decision", lambda *a, **k: made.append(a) or real(*a, **k))
    assert call("run", *TRAIN, "--data", boards, "--plan", shown)[0] == 0
    assert len(made) == 1


@pytest.fixture
def packed(boards: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path]]:
    """The boards as an archive behind a web server: its address, and the file."""
    monkeypatch.setenv("CHANGENET_CACHE", str(tmp_path / "cache"))
    site = tmp_path / "site"
    site.mkdir()
    archive = Path(shutil.make_archive(str(site / "boards"), "zip", boards))

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/boards.zip", archive
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.long
def test_a_plan_on_an_address_starts_though_the_data_was_fetched_meanwhile(call: Any, packed: tuple[str, Path]) -> None:
    address, _ = packed
    shown = call("plan", *TRAIN, "--data", address)[1]["plan_id"]
    assert call("run", *TRAIN, "--data", address, "--plan", shown)[0] == 0
    fetched = call("plan", *TRAIN, "--data", address)[1]["plan_id"]
    assert fetched != shown  # it knows what the data holds
    for one in (shown, fetched):
        assert call("run", *TRAIN, "--data", address, "--plan", one)[0] == 0
    other = ("train", "--automl", "off", "-s", SMALL, "-s", "epochs=2")
    code, refused = call("run", *other, "--data", address, "--plan", shown)
    assert (code, refused["error"]["code"]) == (2, "plan.changed")


def test_what_was_shown_of_fetched_data_does_not_start_on_other_data(
    call: Any, packed: tuple[str, Path], boards: str
) -> None:
    address, archive = packed
    assert call("stage", "data", address)[0] == 0
    shown = call("plan", *TRAIN, "--data", address)[1]["plan_id"]
    _mislabel(Path(boards) / "train" / "dataset.csv")
    shutil.make_archive(str(archive.with_suffix("")), "zip", boards)
    code, refused = call("run", *TRAIN, "--data", address, "--plan", shown)
    assert (code, refused["error"]["code"]) == (2, "plan.changed")
    assert open_store(None).newest() == []


def _newest(action: str) -> list[Job]:
    return [job for job in open_store(None).newest() if job.action == action]


@pytest.mark.long
def test_steps_from_the_model_of_before_go_on_with_that_model(call: Any, hold: Path, boards: str) -> None:
    assert call("run", *TRAIN, "--data", boards)[0] == 0
    first = _newest("train")[0].id
    words = "train on ./boards for 2 epochs without HPO from the model from before, then evaluate it on ./boards"
    code, begun = call("run", words, "--detach")
    assert code == 0, begun
    name = begun["chain"]["id"]
    _is_at(1, lambda: dict(call("status", name)[1]["chain"]))
    assert call("cancel", name)[0] == 0
    hold.unlink()
    code, ended = call("run", "--resume", name)
    assert code == 0, ended
    second = next(job for job in _newest("train") if job.id != first)
    assert len(_newest("train")) == 2
    assert second.parent_job_id == first
    assert _newest("evaluate")[0].parent_job_id == second.id


def test_a_later_step_may_take_the_model_of_before(call: Any, boards: str) -> None:
    assert call("run", *TRAIN, "--data", boards)[0] == 0
    first = _newest("train")[0].id
    words = "train on ./boards for 1 epoch without HPO, then evaluate the model from before on ./boards"
    code, shown = call("plan", words, "-s", SMALL, "--full")
    assert code == 0, shown
    assert shown["steps"][1]["plan"]["parent_job_id"] == first

# SPDX-License-Identifier: Apache-2.0
"""Against a real S3 server that checks credentials."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.documents import read_yaml
from core.errors import DataError, PlatformError
from interfaces.cli import main
from router.types import Request
from runners.api import launch, prepare_request
from runners.staging.fetch import Names, Watcher, fetch
from runners.staging.remote import Remote
from runners.staging.request import bring

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.declarations import Skill

CHANGENET = str(Path(sys.executable).with_name("changenet"))
FAN = ("-s", "backbone=fan_tiny_8_p4_hybrid")  # whose weights nobody has to fetch
NAMES = Names(("dataset.csv",), ("images",), ("A", "B", "list", "label"))
TABLE = b"input_path,golden_path,label,object_name\nb/test,b/golden,PASS,C1\n"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of all files whose content was asked for."""
    asked: list[str] = []
    whole = Remote.read

    def read(self: Remote, file: Any, begin: int) -> Iterator[bytes]:
        asked.append(file.name)
        return whole(self, file, begin)

    monkeypatch.setattr(Remote, "read", read)
    return asked


def names_below(folder: str | Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file()}


def test_a_folder_is_fetched_by_many_at_once_and_then_only_what_changed(s3: Any, reads: list[str]) -> None:
    files = {f"train/images/{n}.png": bytes([n]) * 1000 for n in range(30)} | {"train/dataset.csv": TABLE}
    for name, data in files.items():
        s3.put(f"boards/first/{name}", data)

    found = fetch("s3://boards/first", NAMES)

    assert names_below(found.place) == set(files)
    assert all((Path(found.place) / name).read_bytes() == data for name, data in files.items())
    assert (found.files, found.size) == (31, sum(map(len, files.values())))
    listed = Path(found.place).parent.with_suffix(".sha256")
    assert hashlib.sha256(listed.read_bytes()).hexdigest() == found.digest
    assert f"{hashlib.sha256(TABLE).hexdigest()}  first/train/dataset.csv\n" in listed.read_text()
    assert len(reads) == 31

    reads.clear()
    assert fetch("s3://boards/first/", NAMES).place == found.place
    assert reads == []

    s3.put("boards/first/train/images/3.png", b"new")
    newer = fetch("s3://boards/first", NAMES)
    assert reads == ["first/train/images/3.png"]
    assert newer.digest != found.digest
    assert (Path(newer.place) / "train/images/3.png").read_bytes() == b"new"
    assert (Path(found.place) / "train/images/3.png").read_bytes() == bytes([3]) * 1000


def test_splits_come_with_the_pictures_that_they_share(s3: Any) -> None:
    for split in ("train", "val"):
        s3.put(f"boards/shared/{split}/dataset.csv", TABLE)
    s3.put("boards/shared/images/b/test/C1.jpg", b"jpg")
    s3.put("boards/shared/other/C1.jpg", b"jpg")

    place = Path(fetch("s3://boards/shared/train", NAMES).place)
    assert names_below(place.parent) == {"train/dataset.csv", "images/b/test/C1.jpg"}

    table = Path(fetch("s3://boards/shared/val/dataset.csv", NAMES).place)
    assert names_below(table.parent.parent) == {"val/dataset.csv", "images/b/test/C1.jpg"}


def test_a_damaged_copy_in_the_cache_is_found_and_made_again(s3: Any, cache: Path, reads: list[str]) -> None:
    s3.put("boards/kept/a.bin", b"abc")
    place = Path(fetch("s3://boards/kept", NAMES).place)
    (cache / "blobs" / hashlib.sha256(b"abc").hexdigest()[:2] / hashlib.sha256(b"abc").hexdigest()).unlink()
    (place / "a.bin").unlink()
    (place / "a.bin").write_bytes(b"ab")
    reads.clear()

    again = fetch("s3://boards/kept", NAMES)

    assert (Path(again.place) / "a.bin").read_bytes() == b"abc"
    assert reads == ["kept/a.bin"]


def test_two_processes_that_fetch_one_place_share_the_work(s3: Any, cache: Path) -> None:
    for n in range(12):
        s3.put(f"boards/many/{n}.bin", os.urandom(200_000))
    program = "from runners.staging.fetch import fetch; print(fetch('s3://boards/many').place)"
    command = [sys.executable, "-c", program]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]

    places = {process.communicate()[0].strip() for process in started}

    assert [process.returncode for process in started] == [0] * 2
    (place,) = places
    assert len(names_below(place)) == 12
    assert not list((cache / "parts").iterdir())


@pytest.mark.usefixtures("s3")
def test_a_place_that_is_not_there_is_told_as_what_it_lacks() -> None:
    for place, code in (("s3://nobucket/x", "stage.bucket"), ("s3://boards/nothing", "stage.missing")):
        with pytest.raises(DataError) as error:
            fetch(place, NAMES)
        assert (error.value.code, error.value.where) == (code, place)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "stage.denied"),
        ({"AWS_ACCESS_KEY_ID": "wrong"}, "stage.denied"),
        ({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "stage.credentials"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}, "stage.network"),
    ],
)
@pytest.mark.usefixtures("s3")
def test_access_that_is_refused_or_lost_is_told_with_what_helps(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str | None], code: str
) -> None:
    for name, value in changes.items():
        if value is None:
            monkeypatch.delenv(name)
        else:
            monkeypatch.setenv(name, value)

    with pytest.raises(PlatformError) as error:
        fetch("s3://boards/first", NAMES)

    assert error.value.code == code
    assert "AWS_" in error.value.remedy


def test_credentials_of_a_profile_are_found(s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.put("boards/profile/a.bin", b"1")
    key, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    (tmp_path / "credentials").write_text(f"[aoi]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", "aoi")

    assert fetch("s3://boards/profile", NAMES).files == 1


def test_a_request_runs_on_data_in_a_store(
    s3: Any, boards: Path, engine: Path, reads: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    s3.put_folder(boards, "boards/run")
    words = ["run", "train", "--data", "s3://boards/run", "--automl", "off", "--engine", str(engine), *FAN]
    words += ["--results", str(tmp_path / "results"), "--json"]

    assert main(words) == 0

    told = capsys.readouterr()
    job = json.loads(told.out)["job"]
    assert job["state"] == "COMPLETE"
    assert sorted(reads) == [f"run/{split}/dataset.csv" for split in ("test", "train", "val")]  # pictures are empty
    assert f"s3://boards/run: {len(names_below(boards))} files" in told.err
    plan = json.loads((Path(job["folder"]) / "plan.json").read_text())
    table = plan["inputs"]["dataset.classify.train_dataset.csv_path"]
    assert Path(table).read_bytes() == (boards / "train" / "dataset.csv").read_bytes()
    assert plan["decision"]["request"]["data"] == "s3://boards/run"
    assert plan["provenance"]["dataset.classify.train_dataset.csv_path"]["detail"] == "train_datasets: s3://boards/run"
    texts = [path.read_text(errors="replace") for path in (tmp_path / "results").rglob("*") if path.is_file()]
    # The stand-in prints its environment, in which the log masks secrets.
    assert not [text for text in texts if os.environ["AWS_SECRET_ACCESS_KEY"] in text]


def test_a_search_fetches_once(
    s3: Any, boards: Path, engine: Path, reads: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    s3.put_folder(boards, "boards/search")
    words = [
        "run",
        "train",
        "--data",
        "s3://boards/search",
        "--trials",
        "3",
        "--no-test",
        "--engine",
        str(engine),
        *FAN,
    ]
    words += ["-s", "num_epochs=2", "--results", str(tmp_path / "results"), "--json"]

    assert main(words) == 0

    assert len(json.loads(capsys.readouterr().out)["automl"]["trials"]) == 3
    assert sorted(reads) == [f"search/{split}/dataset.csv" for split in ("test", "train", "val")]


def test_without_a_network_what_was_fetched_is_used_and_that_is_said(
    s3: Any, boards: Path, skill: Skill, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.put_folder(boards, "boards/offline")
    assert main(["stage", "data", "s3://boards/offline", "--json"]) == 0
    place = json.loads(capsys.readouterr().out)["staged"][0]["place"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    said: list[str] = []

    assert bring("s3://boards/offline", skill, Watcher(said.append)) == "s3://boards/offline"

    assert "can't be reached; what was fetched at" in said[0]
    assert place in said[0]
    with pytest.raises(PlatformError):
        bring("s3://boards/other", skill, Watcher())


@pytest.mark.usefixtures("s3")
def test_a_plan_of_data_that_is_not_here_yet_says_so_and_starts_nothing(
    reads: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "train", "--data", "s3://boards/nowhere", "--automl", "off", "--json"]) == 0
    warnings = json.loads(capsys.readouterr().out)["plan"]["warnings"]
    assert [text for text in warnings if "and 3 more are not on this machine yet" in text]
    assert reads == []


def run_words(engine: Path, results: Path, *words: str) -> list[str]:
    return ["run", "train", *words, "--engine", str(engine), *FAN, "--results", str(results), "--json"]


def test_what_a_job_left_is_sent_with_its_manifest_and_without_what_is_excluded(
    s3: Any, boards: Path, engine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = run_words(engine, tmp_path / "results", "--data", str(boards), "--automl", "off")

    assert main([*words, "--upload", "s3://boards/runs"]) == 0

    document = json.loads(capsys.readouterr().out)
    folder = Path(document["job"]["folder"])
    there = {name.removeprefix("boards/runs/") for name in s3.filesystem.find("boards/runs")}
    here = {f"{folder.name}/{name}" for name in names_below(folder) if not (folder / name).is_symlink()}
    assert here - there == {f"{folder.name}/supervisor.log"}
    assert document["sent"]["left_out"] == sorted(here - there)
    assert document["sent"]["files"] == len(there)
    manifest = json.loads(s3.filesystem.cat_file(f"boards/runs/{folder.name}/artifacts.json"))
    results = Path(manifest["results_dir"]).relative_to(folder)
    for artifact in manifest["artifacts"]:
        data = s3.filesystem.cat_file(f"boards/runs/{folder.name}/{results}/{artifact['path']}")
        assert hashlib.sha256(data).hexdigest() == artifact["sha256"]

    assert (
        main(["upload", folder.name, "s3://boards/again", "--results", str(folder.parent), "--exclude", "*.pth"]) == 0
    )
    again = {Path(name).suffix for name in s3.filesystem.find("boards/again")}
    assert ".pth" not in again
    assert ".json" in again


def test_a_search_is_sent_with_its_winner(
    s3: Any, boards: Path, engine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = run_words(engine, tmp_path / "results", "--data", str(boards), "--trials", "2", "--no-test")
    assert main([*words, "-s", "num_epochs=2", "--upload", "s3://boards/searches"]) == 0

    found = json.loads(capsys.readouterr().out)["automl"]
    there = {name.split("/")[2] for name in s3.filesystem.find("boards/searches")}
    assert there == {found["experiment"], found["job_id"]}


@pytest.mark.usefixtures("s3")
def test_a_job_whose_results_do_not_arrive_is_done_and_says_how_they_are_sent_later(
    boards: Path,
    engine: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    words = run_words(engine, tmp_path / "results", "--data", str(boards), "--automl", "off")

    assert main([*words, "--upload", "s3://boards/denied"]) == 5

    document = json.loads(capsys.readouterr().out)
    assert document["job"]["state"] == "COMPLETE"
    assert document["error"]["code"] == "stage.denied"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--upload", "https://host/x"), "upload.address"),
        (("--upload", "s3://key:correcthorse9@bucket/x"), "upload.secret"),
        (("--upload", "s3://bucket/x", "--detach"), "upload.detached"),
    ],
)
def test_places_that_nothing_can_be_sent_to_are_refused_before_anything_runs(
    words: tuple[str, ...], code: str, boards: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "train", "--data", str(boards), "--json", *words]) == 2
    told = capsys.readouterr().out
    assert json.loads(told)["error"]["code"] == code
    assert "correcthorse9" not in told


def test_a_results_root_in_a_store_takes_what_the_run_leaves(
    s3: Any,
    boards: Path,
    engine: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["run", "train", "--data", str(boards), "--automl", "off", "--engine", str(engine), *FAN]

    assert main([*words, "--results", "s3://boards/root", "--json"]) == 0

    job = json.loads(capsys.readouterr().out)["job"]
    assert Path(job["folder"]).parent == tmp_path / "results"
    assert f"boards/root/{job['id']}/artifacts.json" in s3.filesystem.find("boards/root")


def test_a_plan_made_before_anything_was_fetched_is_launched_with_the_pictures_as_they_are_packed(
    s3: Any, boards: Path, engine: Path, skill: Skill, tmp_path: Path, reads: list[str]
) -> None:
    s3.put_folder(boards, "boards/later")  # whose pictures are in a folder that the splits share
    overrides = {"backbone": FAN[1].partition("=")[2], "input_map": None, "num_input": 1, "image_ext": ".png"}
    request = Request(
        action="train",
        automl_policy="off",
        train_datasets=("s3://boards/later/train",),
        eval_dataset="s3://boards/later/val/dataset.csv",
        overrides=overrides,
        results_root=str(tmp_path / "results"),
    )
    _, plan = prepare_request(request, skill, engine=str(engine))
    assert plan is not None
    assert plan.inputs["dataset.classify.train_dataset.images_dir"] == "s3://boards/later/train/images.tar.gz"
    assert reads == []

    job = launch(plan)

    assert job.state == "COMPLETE"
    spec = read_yaml(Path(job.folder) / "spec.yaml")["dataset"]["classify"]
    for split in ("train", "validation"):
        assert names_below(spec[f"{split}_dataset"]["images_dir"]) == names_below(boards / "images")
        assert Path(spec[f"{split}_dataset"]["csv_path"]).is_file()


def test_the_data_check_looks_at_what_was_fetched(
    s3: Any, boards: Path, skill: Skill, capsys: pytest.CaptureFixture[str]
) -> None:
    s3.put_folder(boards, "boards/checked")
    assert main(["data", "check", "s3://boards/checked", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["remedy"] == "changenet stage data s3://boards/checked"

    bring("s3://boards/checked", skill, Watcher())

    assert main(["data", "check", "s3://boards/checked", "--no-decode", "--json"]) == 0

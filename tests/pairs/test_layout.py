# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.documents import read_yaml
from core.errors import DataError
from pairs.layout import SPLIT_NAMES, classify_tables, detect_layout, found_image_ext

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "input_path,golden_path,label,object_name\n"


def test_classify_by_split_folder_by_file_and_by_header(tmp_path: Path) -> None:
    for place, text in (("one/train/dataset.csv", ""), ("two/dataset.csv", ""), ("three/boards.csv", HEADER)):
        path = tmp_path / place
        path.parent.mkdir(parents=True)
        path.write_text(text)
    assert [detect_layout(tmp_path / name) for name in ("one", "two", "three")] == ["classify"] * 3


def tables(root: Path, *names: str, header: str = HEADER) -> dict[str, str]:
    """The tables that are found where files of these names are written; a name that ends in / is a folder."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).mkdir() if name.endswith("/") else (root / name).write_text(header, encoding="utf-8")
    return {split: path.relative_to(root).as_posix() for split, path in classify_tables(root).items()}


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["train/dataset.csv", "val/dataset.csv"], {"train": "train/dataset.csv", "val": "val/dataset.csv"}),
        (["training/a.csv", "Validation/b.csv"], {"train": "training/a.csv", "val": "Validation/b.csv"}),
        (["train/dataset.csv", "train/old.csv"], {"train": "train/dataset.csv"}),
        # What a split folder should hold and does not is missed, not passed over.
        (["train/dataset.csv", "val/"], {"train": "train/dataset.csv", "val": "val/dataset.csv"}),
        (["train/dataset.csv", "val"], {"train": "train/dataset.csv", "val": "val/dataset.csv"}),
        (["train/dataset.csv", "val/a.csv", "val/b.csv"], {"train": "train/dataset.csv", "val": "val/dataset.csv"}),
        (
            ["train/a.csv", "test/a.csv", "testing/a.csv"],
            {"train": "train/a.csv", "test": "test/a.csv", "testing": "testing/a.csv"},
        ),
        (["train/a.csv", "inference/a.csv"], {"train": "train/a.csv", "infer": "inference/a.csv"}),
        # As NVIDIA's documentation lays it out.
        (
            ["images/", "labels/train.csv", "labels/validation.csv"],
            {"train": "labels/train.csv", "val": "labels/validation.csv"},
        ),
        (["training_set.csv", "validation_set.csv"], {"train": "training_set.csv", "val": "validation_set.csv"}),
        (["Train-Set.csv", "test.csv"], {"train": "Train-Set.csv", "test": "test.csv"}),
        (["images/", "labels/dataset.csv"], {"ROOT": "labels/dataset.csv"}),
        (["dataset.csv", "other.csv", "train.csv"], {"ROOT": "dataset.csv"}),
        (["boards.csv"], {"ROOT": "boards.csv"}),
        (["train/", "boards.csv"], {"ROOT": "boards.csv"}),
        (["images/", "notes.txt"], {}),
    ],
)
def test_tables_are_found_by_split(names: list[str], found: dict[str, str], tmp_path: Path) -> None:
    expected = {tmp_path.name if split == "ROOT" else split: path for split, path in found.items()}
    assert tables(tmp_path, *names) == expected


@pytest.mark.parametrize("names", [["a.csv", "b.csv"], ["train.csv", "all.csv"], ["train.csv", "training_set.csv"]])
def test_of_several_tables_none_is_guessed(names: list[str], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="several tables") as caught:
        tables(tmp_path, *names)
    assert (caught.value.code, caught.value.where) == ("data.csv_several", str(tmp_path))
    assert all(name in caught.value.message for name in names)


@pytest.mark.parametrize("header", [HEADER.replace(",", ";"), "Input Path,Golden Path,Label,Object Name\n"])
def test_a_table_that_is_written_otherwise_is_one_too(header: str, tmp_path: Path) -> None:
    assert tables(tmp_path, "train.csv", header=header) == {"train": "train.csv"}
    (tmp_path / "val.csv").write_bytes("input_path,golden_path,label,object_name\n".encode("utf-16"))
    assert set(classify_tables(tmp_path)) == {"train", "val"}


def test_results_with_scores_are_no_tables(tmp_path: Path) -> None:
    scored = HEADER.replace("\n", ",siamese_score,verdict,threshold\n")
    assert tables(tmp_path, "inference.csv", header=scored) == {}
    assert tables(tmp_path, "boards.csv") == {tmp_path.name: "boards.csv"}
    (tmp_path / "boards.csv").rename(tmp_path / "train.csv")
    assert set(classify_tables(tmp_path)) == {"train"}


def test_a_split_named_file_that_is_no_table_is_missed_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "validation.csv").write_bytes(b"\x00\x01")
    assert set(tables(tmp_path, "train.csv")) == {"train", "val"}


def test_splits_are_called_as_plans_call_them(project_root: Path) -> None:
    sources = read_yaml(project_root / "skill_info.yaml")["dataset_sources"]
    taken = {name: set(sources[name]["subfolders"]) for name in ("train_datasets", "eval_dataset", "inference_dataset")}
    assert taken["train_datasets"] == set(SPLIT_NAMES["train"])
    assert taken["eval_dataset"] == set(SPLIT_NAMES["val"])
    assert taken["inference_dataset"] == {*SPLIT_NAMES["test"], *SPLIT_NAMES["infer"]}


def test_segment_by_folders_or_archives(tmp_path: Path) -> None:
    for name in ("A", "B", "list"):
        (tmp_path / "folders" / name).mkdir(parents=True)
    (tmp_path / "archives").mkdir()
    for name in ("A.tar.gz", "B.tgz", "list.tar", "label.tar.gz"):
        (tmp_path / "archives" / name).write_bytes(b"")
    assert detect_layout(tmp_path / "folders") == detect_layout(tmp_path / "archives") == "segment"


def test_neither_and_both_are_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "results.csv").write_text("name,score\n")
    assert detect_layout(tmp_path) is None
    for name in ("A", "B", "list"):
        (tmp_path / name).mkdir()
    (tmp_path / "dataset.csv").write_text(HEADER)
    assert detect_layout(tmp_path) is None
    assert detect_layout(tmp_path / "nowhere") is None


def test_the_image_extension_is_read_from_the_first_rows_folder(tmp_path: Path) -> None:
    (tmp_path / "dataset.csv").write_text(HEADER + "board,golden,PASS,U1\n")
    assert found_image_ext(tmp_path / "dataset.csv", tmp_path) is None
    (tmp_path / "board").mkdir()
    for name in ("U1.PNG", "U2.PNG", "notes.txt", "U1.jpg"):
        (tmp_path / "board" / name).write_bytes(b"")
    assert found_image_ext(tmp_path / "dataset.csv", tmp_path) == ".PNG"
    (tmp_path / "dataset.csv").write_text(HEADER)
    assert found_image_ext(tmp_path / "dataset.csv", tmp_path) is None

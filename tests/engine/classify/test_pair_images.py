# SPDX-License-Identifier: Apache-2.0
"""From CSV rows to batches of pixels: lightings, golden images, and what is wrong with a split."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image

from core.errors import DataError, ImageError, SpecError
from engine.batch_samplers import Draw, OrderedBatches
from engine.classify.pair_images import PairImages, choose_golden, files_of, open_pairs, pair_loader
from engine.classify.pair_table import read_table
from engine.image_store import ImageStore
from engine.loading import checked
from spec.dataset_section import ClassifyDataset

if TYPE_CHECKING:
    from engine.classify.pair_images import PairBatch
    from engine.classify.pair_table import PairTable

SIDE = 16
LIGHTS = {"Low": 2, "Solder": 0, "White": 1}


def paint(folder: Path, name: str, grey: int, lights: tuple[str, ...] = ("",)) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for offset, light in enumerate(lights):
        Image.new("L", (SIDE, SIDE), grey + offset).save(folder / f"{name}{light and '_' + light}.png")


def dataset(tmp_path: Path, rows: list[str], **changes: Any) -> ClassifyDataset:
    csv = tmp_path / "pairs.csv"
    csv.write_text("\n".join(["input_path,golden_path,label,object_name", *rows]) + "\n", encoding="utf-8")
    table = {"csv_path": str(csv), "images_dir": str(tmp_path)}
    settings = {
        "train_dataset": table,
        "infer_dataset": table,
        "image_ext": ".png",
        "num_input": 1,
        "input_map": None,
        "image_width": SIDE,
        "image_height": SIDE,
    }
    return ClassifyDataset.model_validate({**settings, **changes})


def batch_of(data: ClassifyDataset, table: PairTable, seed: int | None = None) -> PairBatch:
    store = ImageStore(data.image_height, data.image_width, 8)
    return checked(PairImages(table, store)[[Draw(i, seed) for i in range(len(table))]])


def test_labels_are_zero_for_exactly_pass(tmp_path: Path) -> None:
    paint(tmp_path / "t", "a", 1)
    paint(tmp_path / "g", "a", 2)
    data = dataset(tmp_path, [f"t,g,{label},a" for label in ("PASS", "pass", "bridge", "NO_PASS")])
    assert read_table(data, "train").labels == (0, 1, 1, 1)


def test_lightings_stand_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    paint(tmp_path / "t", "a", 10, ("Solder", "White", "Low"))
    paint(tmp_path / "g", "a", 50, ("Solder", "White", "Low"))
    data = dataset(tmp_path, ["t,g,PASS,a"], num_input=3, input_map=LIGHTS)
    batch = batch_of(data, read_table(data, "train"))
    assert batch.tests.shape == (1, 3, 3, SIDE, SIDE)
    assert batch.tests[0, :, 0, 0, 0].tolist() == [10, 11, 12]
    assert batch.goldens[0, 0, :, 0, 0, 0].tolist() == [50, 51, 52]


def test_pairs_that_share_a_golden_image_refer_to_one_set(tmp_path: Path) -> None:
    for name, grey in (("a", 10), ("b", 20)):
        paint(tmp_path / "t", name, grey)
        paint(tmp_path / "g", name, grey + 100)
    data = dataset(tmp_path, ["t,g,PASS,a", "t,g,PASS,b", "t,g,x,a"])
    batch = batch_of(data, read_table(data, "train"))
    assert batch.goldens.shape[0] == 2
    assert batch.goldens[batch.golden_of][:, 0, 0, 0, 0, 0].tolist() == [110, 120, 110]
    assert batch.labels.tolist() == [0, 0, 1]


def golden_folder(tmp_path: Path, count: int) -> ClassifyDataset:
    paint(tmp_path / "t", "a", 1)
    for i in range(count):
        paint(tmp_path / "gold", f"board{i:02d}", 100 + i)
    return dataset(tmp_path, ["t,gold,PASS,a"], num_golden=3)


def golden_greys(data: ClassifyDataset, table: PairTable, seed: int | None) -> list[int]:
    return batch_of(data, table, seed).goldens[0, :, 0, 0, 0, 0].tolist()


def test_several_golden_images_are_the_first_in_order_without_a_seed(tmp_path: Path) -> None:
    data = golden_folder(tmp_path, 8)
    assert golden_greys(data, read_table(data, "train"), None) == [100, 101, 102]


def test_several_golden_images_are_drawn_without_replacement_in_training(tmp_path: Path) -> None:
    data = golden_folder(tmp_path, 8)
    table = read_table(data, "train")
    drawn = [golden_greys(data, table, seed) for seed in range(40)]
    assert all(len(set(greys)) == 3 for greys in drawn)
    assert {grey for greys in drawn for grey in greys} == set(range(100, 108))
    assert drawn[7] == golden_greys(data, table, 7)


def test_every_picture_file_is_named_once_with_its_first_row(tmp_path: Path) -> None:
    golden_folder(tmp_path, 3)
    data = dataset(tmp_path, ["t,gold,PASS,a", "t,gold,x,a"], num_golden=3)
    files = files_of([read_table(data, "train")])
    assert [Path(path).name for path in files] == ["a.png", "board00.png", "board01.png", "board02.png"]
    assert {where.rpartition(":")[2] for where in files.values()} == {"2"}


def test_fewer_golden_images_than_asked_for_are_repeated(tmp_path: Path) -> None:
    data = golden_folder(tmp_path, 2)
    table = read_table(data, "train")
    assert golden_greys(data, table, None) == [100, 101, 100]
    assert set(golden_greys(data, table, 3)) <= {100, 101}
    assert choose_golden(["x"], 1, 3) == ["x"]


def test_an_unlabelled_csv_can_be_scored_but_not_learnt_from(tmp_path: Path) -> None:
    paint(tmp_path / "t", "a", 1)
    paint(tmp_path / "g", "a", 2)
    data = dataset(tmp_path, [])
    (tmp_path / "pairs.csv").write_text("input_path,golden_path,object_name\nt,g,a\n", encoding="utf-8")
    assert read_table(data, "infer", needs_label=False).labels == (0,)
    with pytest.raises(DataError, match="no column label"):
        read_table(data, "train")


def test_missing_pictures_are_told_all_at_once_with_rows(tmp_path: Path) -> None:
    paint(tmp_path / "t", "a", 1)
    paint(tmp_path / "g", "a", 1)
    data = dataset(tmp_path, ["t,g,PASS,a", "t,g,PASS,b", "nowhere,g,PASS,a"])
    with pytest.raises(DataError) as caught:
        read_table(data, "train")
    text = str(caught.value)
    assert "b.png is missing" in text
    assert "'nowhere' is no folder" in text
    assert "(row 3" in text
    assert "row 4" in text
    assert caught.value.where.endswith("pairs.csv:3")


def test_a_wrong_extension_names_the_one_that_was_found(tmp_path: Path) -> None:
    paint(tmp_path / "t", "a", 1)
    paint(tmp_path / "g", "a", 1)
    data = dataset(tmp_path, ["t,g,PASS,a"], image_ext=".jpg")
    with pytest.raises(DataError, match=r"end in \.png, but image_ext is \.jpg"):
        read_table(data, "train")


def test_a_split_that_is_not_named_is_an_error_of_the_spec(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        read_table(dataset(tmp_path, []), "test")
    assert caught.value.where == "dataset.classify.test_dataset.csv_path"


def broken_data(tmp_path: Path, **changes: Any) -> ClassifyDataset:
    paint(tmp_path / "t", "a", 1)
    paint(tmp_path / "g", "a", 1)
    paint(tmp_path / "t", "b", 1)
    paint(tmp_path / "g", "b", 1)
    whole = (tmp_path / "t" / "b.png").read_bytes()
    (tmp_path / "t" / "b.png").write_bytes(whole[: len(whole) // 2])
    return dataset(tmp_path, ["t,g,PASS,a", "t,g,PASS,b"], **changes)


def test_a_broken_picture_is_found_before_anything_starts(tmp_path: Path) -> None:
    data = broken_data(tmp_path)
    with pytest.raises(ImageError, match="can't be decoded") as caught:
        open_pairs(data, [read_table(data, "train")])
    assert caught.value.where.endswith("b.png (" + str(tmp_path / "pairs.csv") + ":3)")


@pytest.mark.parametrize("workers", [0, 1])
def test_without_cache_a_broken_picture_is_the_same_error_when_its_batch_comes(tmp_path: Path, workers: int) -> None:
    data = broken_data(tmp_path, cache_images_mb=0, workers=workers)
    table = read_table(data, "train")
    source = open_pairs(data, [table])
    assert source.workers == workers
    assert not source.in_memory
    loader = pair_loader(table, source, OrderedBatches([0, 1], 1))
    batches = iter(loader)
    first = checked(next(batches))
    assert torch.equal(first.indices, torch.tensor([0]))
    with pytest.raises(ImageError, match="can't be decoded") as caught:
        checked(next(batches))
    assert "pairs.csv:3" in caught.value.where
    assert caught.value.remedy


def test_pictures_of_sixteen_bits_are_scaled_as_one_set(tmp_path: Path) -> None:
    """Twelve bits in files of sixteen: the golden images alone would tell another depth than the test pictures."""
    for folder, level in (("t", 4080), ("g", 1000)):
        (tmp_path / folder).mkdir()
        Image.fromarray(np.full((SIDE, SIDE), level, dtype=np.uint16)).save(tmp_path / folder / "a.png")
    data = dataset(tmp_path, ["t,g,PASS,a"])
    table = read_table(data, "train")
    store = open_pairs(data, [table]).store
    assert store.white == 4095
    assert [int(store.read(str(tmp_path / name / "a.png"))[0, 0, 0]) for name in ("t", "g")] == [254, 62]
    # A model judges by the white that it was trained with, however dark the pictures at hand are.
    trained = open_pairs(data, [table], 65_535).store
    assert [int(trained.read(str(tmp_path / name / "a.png"))[0, 0, 0]) for name in ("t", "g")] == [16, 4]
    unkept = open_pairs(data.model_copy(update={"cache_images_mb": 0}), [table]).store
    assert unkept.white == 4095

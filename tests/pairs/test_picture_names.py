# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pairs.image_folders import ImageFolders
from pairs.picture_names import input_map_of, shared_names, usual_names

if TYPE_CHECKING:
    from pathlib import Path

    from pairs.picture_names import Names


def names_of(root: Path, objects: list[str], files: list[str]) -> Names | None:
    (root / "board").mkdir(parents=True)
    for name in files:
        (root / "board" / name).touch()
    rows = [f"board,board,PASS,{name}" for name in objects]
    (root / "dataset.csv").write_text("\n".join(["input_path,golden_path,label,object_name", *rows]))
    return usual_names(root / "dataset.csv", root)


@pytest.mark.parametrize(
    ("objects", "files", "lights", "extension"),
    [
        (["U5"], ["U5.png"], None, ".png"),
        (["U5"], ["U5_Solder.PNG", "U5_White.PNG"], ["Solder", "White"], ".PNG"),
        (["U5"], ["U5_0.jpg", "U5_1.jpg", "U5_2.jpg"], ["0", "1", "2"], ".jpg"),
        (["U5"], ["U5_Low-Angle.jpg", "U5_White.jpg"], ["Low-Angle", "White"], ".jpg"),
        (["U5", "U5_P"], ["U5.png", "U5_P.png"], None, ".png"),
        (["U5", "U5_P"], ["U5_Solder.png", "U5_P_Solder.png"], ["Solder"], ".png"),
        (["U5"], ["U5.png", "U5.json", "U5_mask.png", "._U5.png", "U5.png.txt"], None, ".png"),
        (["U5"], ["U5_Solder.png", "U5_Solder.json", "U5_mask.png", "U5.xml"], ["Solder"], ".png"),
    ],
)
def test_names_are_read_from_pictures_alone(
    objects: list[str], files: list[str], lights: list[str] | None, extension: str, tmp_path: Path
) -> None:
    found = names_of(tmp_path, objects, files)
    assert found is not None
    assert {ext for _, ext in found} == {extension}
    assert input_map_of(found) == (lights and {light: place for place, light in enumerate(lights)})


@pytest.mark.parametrize("files", [[], ["U5.json"], ["U5.png", "U5.jpg"], ["U5_Solder.png", "U5_White.jpg"]])
def test_what_tells_no_names_is_not_guessed(files: list[str], tmp_path: Path) -> None:
    assert names_of(tmp_path, ["U5"], files) is None


def test_most_rows_and_most_splits_count(tmp_path: Path) -> None:
    files = ["U1.png", "U2.png", "U3.jpg", "U4_Solder.png"]
    assert names_of(tmp_path / "a", ["U1", "U2", "U3", "U4"], files) == {(None, ".png")}
    places = [(tmp_path / "a" / "dataset.csv", tmp_path / "a")]
    for name in ("b", "c"):
        names_of(tmp_path / name, ["U1"], ["U1.jpg"])
        places.append((tmp_path / name / "dataset.csv", tmp_path / name))
    assert shared_names(places) == {(None, ".jpg")}


def test_golden_images_to_draw_from_are_those_of_the_camera_alone(tmp_path: Path) -> None:
    for name in ("g1.png", "g1_mask.png", "._g1.png", "g2_label.png", "g2.json", "part_mask.png"):
        (tmp_path / name).touch()
    # part_mask is no mask of part: there is no such picture.
    assert ImageFolders(tmp_path, (None,), ".png").candidates(".") == ["g1", "g2_label", "part_mask"]

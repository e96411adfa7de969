# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: FBT003 - True and False are default values here, not switches of a call
"""`dataset`: where the pairs are, how they are read and combined."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from spec.augmentation_section import ClassifyAugmentation, SegmentAugmentation
from spec.fields import EMBEDDED, Count, Extension, FolderName, Fraction, Index, Section, Tune, knob, section

Side = Annotated[int, Field(ge=16, le=8192)]
ColourKey = Annotated[str, Field(pattern=r"^[0-9]+$")]
Rgb = Annotated[list[Annotated[Index, Field(le=255)]], Field(min_length=3, max_length=3)]
LightName = Annotated[str, Field(min_length=1)]


class PairTable(Section):
    """A list of pairs and the folder that its paths start from."""

    csv_path: str = knob("", "CSV file with the columns input_path, golden_path, label, object_name.")
    images_dir: str = knob("", "Folder that the CSV's paths are relative to.")


class CalibrationImages(Section):
    """Images that quantisation measures value ranges on."""

    images_dir: str = knob("", "Folder of images for calibration.")


class GridMap(Section):
    """How many lighting images stand beside and above each other."""

    x: Count = knob(2, "Columns.", le=64, unit="images")
    y: Count = knob(2, "Rows.", le=64, unit="images")


def _image_cache() -> Any:
    about = (
        "Memory for decoded images, in each process that trains, so that each file is decoded once; 0 turns the cache"
    )
    return knob(2048, f"{about} off.", le=1048576, unit="MB", engines=list(EMBEDDED))


class ClassifyDataset(Section):
    """Pairs of test and golden images with a verdict."""

    train_dataset: PairTable = section(PairTable, "Pairs to learn from.")
    validation_dataset: PairTable = section(PairTable, "Pairs to watch the training with.")
    test_dataset: PairTable = section(PairTable, "Pairs to evaluate on.")
    infer_dataset: PairTable = section(PairTable, "Pairs to score; labels are not needed.")
    image_ext: Extension | None = knob(".jpg", "Ending of the image files, with its dot.", popular=True)
    batch_size: Count = knob(
        16,
        "Pairs per step on each device; above 1, because batch statistics need more than one pair.",
        Tune(4, 64, "log", on=False, math_cond="> 1"),
        le=4096,
        unit="pairs",
        popular=True,
    )
    workers: Index = knob(4, "Processes per device that load images.", le=256, unit="processes")
    fpratio_sampling: float = knob(
        0.25,
        "Defective pairs drawn for each PASS pair when training batches are sampled.",
        Tune(0.05, 1.0, "log"),
        gt=0,
        le=1,
        unit="defects per PASS",
        popular=True,
    )
    hard_mining: Annotated[float, Field(ge=0, lt=1)] = knob(
        0.0,
        "Share of training draws that go to the 30 % of the training pairs which the model that the training starts "
        "from has most wrong; the others are drawn alike, and fpratio_sampling does not count. 0 draws by it.",
        unit="fraction",
        engines=list(EMBEDDED),
    )
    enlarged_batches: Fraction = knob(
        0.5,
        "Share of training batches that the network sees enlarged, with a second_look_scale above 1.",
        unit="fraction",
        engines=list(EMBEDDED),
    )
    num_input: Count = knob(
        4,
        "Images of one object under different lightings, combined into one input.",
        le=64,
        unit="images",
        popular=True,
    )
    input_map: dict[LightName, Index] | None = knob(
        {"LowAngleLight": 0, "SolderLight": 1, "UniformLight": 2, "WhiteLight": 3},
        "Name of each lighting, as it ends the file name, and its place in the combined input. Null: one image without "
        "a lighting in its name.",
        popular=True,
    )
    grid_map: GridMap | None = section(GridMap, "Columns and rows of the combined input for concat_type grid.")
    concat_type: Literal["linear", "grid"] | None = knob(
        "linear", "How lightings are combined: all stacked vertically, or as a grid (for an even number of them)."
    )
    image_width: Side = knob(224, "Width that each lighting image is resized to.", unit="pixels", popular=True)
    image_height: Side = knob(224, "Height that each lighting image is resized to.", unit="pixels", popular=True)
    augmentation_config: ClassifyAugmentation = section(
        ClassifyAugmentation, "Normalisation, and random changes to training pairs."
    )
    num_classes: int = knob(2, "Outputs of the classifier: PASS and NO_PASS.", ge=2, le=1000)
    num_golden: Count = knob(
        1, "Golden images compared with each test image; above 1, golden_path names folders.", le=64, unit="images"
    )
    quant_calibration_dataset: CalibrationImages = section(CalibrationImages, "Images for calibrating quantisation.")
    align_pixels: Annotated[int, Field(ge=0, le=32)] = knob(
        0,
        "How far each test image may be moved, in whole pixels, to lie on its golden image before they are compared; "
        "0 compares them as they are. For pictures that were registered only roughly.",
        unit="pixels",
        engines=list(EMBEDDED),
    )
    cache_images_mb: Index = _image_cache()


class SegmentDataset(Section):
    """Pairs of images before and after a change, with masks of what changed."""

    root_dir: str = knob("", "Folder that holds the image, label and list folders.", popular=True)
    label_transform: Literal["norm", "None"] = knob(
        "norm", "How label images are read: `norm` divides grey values by 255, `None` takes them as class ids."
    )
    data_name: str = knob("LEVIR", "Name of the data set, for messages and folders.", min_length=1)
    dataset: Literal["CNDataset"] = knob("CNDataset", "Reader of the data set.")
    multi_scale_train: bool = knob(True, "Let all five predictions take part in the loss, not only the last.", Tune())
    multi_scale_infer: bool = knob(False, "Average the predictions of all scales when masks are made.")
    num_classes: int = knob(2, "Classes of the mask, with unchanged as the first.", ge=2, le=256)
    img_size: Annotated[int, Field(ge=32, le=8192)] = knob(
        224, "Side that the square input is resized to.", unit="pixels", popular=True
    )
    batch_size: Count = knob(
        8, "Pairs per step on each device.", Tune(1, 32, "log", on=False), le=4096, unit="pairs", popular=True
    )
    workers: Index = knob(4, "Processes per device that load images.", le=256, unit="processes")
    shuffle: bool = knob(True, "Draw training pairs in a new order each epoch.")
    image_folder_name: FolderName = knob("A", "Folder of the images before the change.")
    change_image_folder_name: FolderName = knob("B", "Folder of the images after the change.")
    list_folder_name: FolderName = knob("list", "Folder of the split lists, one file name a line.")
    annotation_folder_name: FolderName = knob("label", "Folder of the label images.")
    augmentation: SegmentAugmentation = section(
        SegmentAugmentation, "Normalisation, and random changes to training pairs."
    )
    train_split: FolderName = knob("train", "Split to learn from.")
    validation_split: FolderName = knob("val", "Split to watch the training with.")
    test_split: FolderName = knob("test", "Split to evaluate on.")
    predict_split: FolderName = knob("test", "Split to make masks for.")
    label_suffix: Extension = knob(".png", "Ending of the label files, with its dot.")
    color_map: dict[ColourKey, Rgb] | None = knob(
        None, "Colour of each class id in pictures of masks: red, green, blue from 0 to 255."
    )
    quant_calibration_dataset: CalibrationImages = section(CalibrationImages, "Images for calibrating quantisation.")
    tiles: bool = knob(
        False,
        "Look at squares of img_size pixels of the pictures at their own scale, instead of at whole pictures that are "
        "resized to img_size: for changes of a few pixels in large pictures.",
        Tune(on=False, parent=True),
        popular=True,
        engines=list(EMBEDDED),
    )
    changed_tiles: Fraction = knob(
        0.5,
        "Share of the tiles drawn in training that are centred on a change; the others lie anywhere. For tiles.",
        Tune(0.1, 0.9, on=False, active_when={".tiles": [True]}),
        unit="fraction",
        engines=list(EMBEDDED),
    )
    align_pixels: Annotated[int, Field(ge=0, le=32)] = knob(
        0,
        "How far each image before the change may be moved, in whole pixels, to lie on the one after it before they "
        "are compared; 0 compares them as they are. For pictures that were registered only roughly.",
        unit="pixels",
        engines=list(EMBEDDED),
    )
    cache_images_mb: Index = _image_cache()


class Dataset(Section):
    """Where the pairs are, how they are read and combined."""

    classify: ClassifyDataset = section(ClassifyDataset, "Pairs of test and golden images with a verdict.")
    segment: SegmentDataset = section(SegmentDataset, "Pairs of images with masks of what changed.")

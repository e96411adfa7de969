# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: FBT003 - True and False are default values here, not switches of a call
"""Random changes to training pairs; both images of a pair always get the same draw."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import Field

from spec.fields import EMBEDDED, Fraction, PerColour, Positive, Section, Spread, Tune, knob, section

# Inside a section of changes a parameter has an effect only while the section is enabled and the task augments at all.
ACTIVE = {".enable": [True], "..augment": [True]}
CHANCE = Tune(0.0, 1.0, active_when=ACTIVE)
SWITCH = Tune(parent=True, active_when={"..augment": [True]})
# Not searched: validation pairs without disturbances would always advise against them.
disturbance = partial(knob, engines=list(EMBEDDED))
ScaleRange = Annotated[list[Positive], Field(min_length=2, max_length=2)]
Strength = Annotated[float, Field(ge=0, le=2)]
Angle = Annotated[float, Field(ge=-360, le=360)]


class RandomFlip(Section):
    """Mirror both images."""

    vflip_probability: Fraction = knob(0.5, "Chance of turning the pair upside down.", CHANCE, unit="probability")
    hflip_probability: Fraction = knob(0.5, "Chance of swapping left and right.", CHANCE, unit="probability")
    enable: bool = knob(True, "Use flips.", SWITCH)


class RandomRotate(Section):
    """Turn both images."""

    rotate_probability: Fraction = knob(0.5, "Chance of a rotation.", CHANCE, unit="probability")
    angle_list: Annotated[list[Angle], Field(min_length=1)] = knob(
        [90.0, 180.0, 270.0], "Angles of which one is drawn.", unit="degrees"
    )
    enable: bool = knob(True, "Use rotations.", SWITCH)


class RandomColor(Section):
    """Change the colours of both images."""

    brightness: Strength = knob(
        0.3, "Largest relative change of brightness.", Tune(0.0, 0.8, active_when=ACTIVE), unit="fraction"
    )
    contrast: Strength = knob(
        0.3, "Largest relative change of contrast.", Tune(0.0, 0.8, active_when=ACTIVE), unit="fraction"
    )
    saturation: Strength = knob(
        0.3, "Largest relative change of saturation.", Tune(0.0, 0.8, active_when=ACTIVE), unit="fraction"
    )
    hue: Annotated[float, Field(ge=0, le=0.5)] = knob(
        0.3,
        "Largest shift of hue, as a part of the colour circle.",
        Tune(0.0, 0.5, active_when=ACTIVE),
        unit="fraction",
    )
    enable: bool = knob(True, "Use colour changes.", SWITCH)
    color_probability: Fraction = knob(0.5, "Chance of a colour change.", CHANCE, unit="probability")


class RandomCropWithScale(Section):
    """Enlarge both images and cut a part of the input size out of them."""

    scale_range: ScaleRange = knob([1.0, 1.2], "Smallest and largest enlargement.", unit="factor")
    enable: bool = knob(True, "Use enlarged crops.", SWITCH)


class Nuisance(Section):
    """Disturb one image of the pair alone, as cameras do: for models that shall bear more than their data shows."""

    probability: Fraction = disturbance(0.5, "Chance of disturbing a test image.", unit="probability")
    shift_pixels: float = disturbance(4.5, "Largest shift across and down.", ge=0, le=64, unit="pixels")
    rotation_degrees: float = disturbance(1.2, "Largest rotation, either way.", ge=0, le=45, unit="degrees")
    blur_sigma: float = disturbance(1.2, "Largest Gaussian blur.", ge=0, le=8, unit="pixels")
    gain: float = disturbance(0.18, "Largest relative change of brightness.", ge=0, le=0.9, unit="fraction")
    noise_sigma: float = disturbance(0.04, "Largest deviation of Gaussian noise.", ge=0, le=0.5, unit="intensity")
    enable: bool = disturbance(False, "Disturb test images in training, where `augment` is on.")


class RandomChanges(Section):
    """What both tasks can do to a training pair."""

    random_flip: RandomFlip = section(RandomFlip, "Mirror both images.")
    random_rotate: RandomRotate = section(RandomRotate, "Turn both images.")
    random_color: RandomColor = section(RandomColor, "Change the colours of both images.")
    with_scale_random_crop: RandomCropWithScale = section(RandomCropWithScale, "Enlarge and crop both images.")
    with_random_blur: bool = knob(True, "Blur with a Gaussian whose radius is drawn from 0 to 1 pixel.")
    with_random_crop: bool = knob(True, "Cut a random part, scaled by 0.8 to 1.2, and resize it to the input size.")


class ClassifyAugmentation(RandomChanges):
    """Normalisation and, with `augment`, random changes of classify pairs."""

    rgb_input_mean: PerColour = knob(
        [0.485, 0.456, 0.406],
        "Mean that is subtracted from red, green and blue (0 to 1). C-RADIO takes CLIP's for ImageNet's.",
        unit="intensity",
    )
    rgb_input_std: Spread = knob(
        [0.229, 0.224, 0.225], "Standard deviation that red, green and blue are divided by.", unit="intensity"
    )
    nuisance: Nuisance = section(Nuisance, "Disturb the test image alone, as cameras and conveyors do.")
    augment: bool = knob(False, "Change training pairs at random at all.", Tune(parent=True), popular=True)


class SegmentAugmentation(RandomChanges):
    """Normalisation and random changes of segment pairs and their labels."""

    mean: PerColour = knob(
        [0.5, 0.5, 0.5], "Mean that is subtracted from red, green and blue (0 to 1).", unit="intensity"
    )
    std: Spread = knob([0.5, 0.5, 0.5], "Standard deviation that red, green and blue are divided by.", unit="intensity")
    nuisance: Nuisance = section(
        Nuisance, "Disturb the image before the change alone, as cameras do; the label stays on the other one."
    )

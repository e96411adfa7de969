# SPDX-License-Identifier: Apache-2.0
"""What the decoded pictures of a split tell: broken or odd files, sizes, light, copies, and shifts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from pairs.classify_csv import is_defect
from pairs.decoding import FULL_WHITE
from pairs.findings import Tally
from pairs.likeness import LEAST_CONTRAST, LIKENESS_CELLS, near_copies
from pairs.pictures import PLAIN_MODES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.problem import Problem, Severity
    from pairs.looks import PairLook
    from pairs.pictures import Look

BLANK_CONTRAST = 2.0  # grey levels; sensor noise alone has more
ALIKE_SHARE = 0.95
OUTLIER_SPREADS = 6.0  # robust standard deviations
OUTLIER_GREY_LEVELS = 30.0
ASPECT_DIFFERENCE = 0.1
SHIFT_PIXELS = 3
SHIFT_SHARE = 0.02  # of the shorter side: a network of stride 4 hardly sees less


def look_findings(looks: list[PairLook], where: str, white: int = FULL_WHITE, peak: int = 0) -> list[Problem]:
    """Every finding on the pictures of one split; `white` and `peak` are those of pictures of 16 bits a channel."""
    tally = Tally(where)
    _wide(tally, looks, white, peak)
    for look in looks:
        for check in (_broken, _odd_file, _sizes_differ, _golden_copied, _blank):
            check(tally, look)
    _brightness(tally, looks)
    _shifts(tally, looks)
    _mixed_aspects(tally, looks)
    _copies(tally, looks)
    return tally.findings()


def size_counts(looks: list[PairLook]) -> dict[str, int]:
    """How many test pictures have which size, the most common ten."""
    sizes = Counter(f"{look.test.width}x{look.test.height}" for look in looks if look.test)
    return dict(sizes.most_common(10))


def _broken(tally: Tally, look: PairLook) -> None:
    for error in look.broken:
        tally.note("data.picture_broken", "error", f"{error.where}: {error.message}", error.remedy, look.line)


def _odd_file(tally: Tally, look: PairLook) -> None:
    for picture in (look.test, look.golden):
        if picture and not picture.wide and picture.mode not in PLAIN_MODES:
            message = f"a picture of {look.name!r} has the mode {picture.mode}: it is converted to RGB on reading"
            remedy = "save pictures as 8-bit grey or RGB, so that every tool sees the same"
            tally.note("data.picture_mode", "warning", message, remedy, look.line)
        if picture and picture.turned:
            message = f"a picture of {look.name!r} carries an orientation tag, which is not followed"
            tally.note(
                "data.picture_turned", "warning", message, "save the picture upright, without the tag", look.line
            )
        if picture and picture.several:
            message = f"a file of {look.name!r} holds several pictures: only the first is used"
            tally.note("data.picture_several", "warning", message, "save each as a file of its own", look.line)


def _wide(tally: Tally, looks: list[PairLook], white: int, peak: int) -> None:
    used = f" and use levels up to {peak}" if peak else ""
    message = f"pictures have 16 bits a channel{used}: {white} is taken for white, in test and golden images alike"
    remedy = "save them with 8 bits: the container clips 16-bit grey, and keeps the upper byte of colours alone"
    for look in looks:
        if any(picture and picture.wide for picture in (look.test, look.golden)):
            tally.note("data.bit_depth", "warning", message, remedy, look.line)


def _sizes_differ(tally: Tally, look: PairLook) -> None:
    test, golden = look.test, look.golden
    if test and golden and (test.width, test.height) != (golden.width, golden.height):
        message = (
            f"{look.name!r} is {test.width}x{test.height} px, its golden image {golden.width}x{golden.height} px: "
            "both are stretched to one size, which moves their parts apart"
        )
        tally.note("data.size_differs", "warning", message, "cut both from the same place of the board", look.line)


def _golden_copied(tally: Tally, look: PairLook) -> None:
    if not (look.test and look.golden) or look.test.content != look.golden.content:
        return
    if is_defect(look.label) and look.label:
        message = f"{look.name!r} is labelled {look.label!r}, but its test picture and golden image are the same pixels"
        tally.note("data.golden_copied", "error", message, "find the true test picture or the true label", look.line)
        return
    if look.test.contrast < BLANK_CONTRAST:  # told as blank
        return
    message = f"the test picture of {look.name!r} is its golden image: such a pair teaches nothing"
    tally.note("data.golden_copied", "warning", message, "take a picture of a good board", look.line)


def _featureless(look: Look) -> bool:
    """Whether a picture is blank but for a few pixels, without the noise of a camera: such are the same by chance."""
    if look.contrast < BLANK_CONTRAST or look.contrast >= LEAST_CONTRAST:
        return look.contrast < BLANK_CONTRAST
    return max(map(look.likeness.count, set(look.likeness))) >= ALIKE_SHARE * LIKENESS_CELLS


def _blank(tally: Tally, look: PairLook) -> None:
    if look.test and look.test.contrast < BLANK_CONTRAST:
        message = f"the test picture of {look.name!r} is blank (grey level {look.test.mean:.0f} everywhere)"
        tally.note("data.blank", "warning", message, "check camera and lighting, and take the picture again", look.line)


def _brightness(tally: Tally, looks: list[PairLook]) -> None:
    """Test pictures far from the usual brightness of their lighting or, as boards differ, of their golden image."""
    for light in {look.light for look in looks}:
        group = [(look, look.test.mean) for look in looks if look.light == light and look.test]
        if len(group) < 8:
            continue
        means, lighter = np.array([mean for _, mean in group]), np.array([_lighter(look) for look, _ in group])
        far, far_from_golden = _outliers(means), _outliers(lighter)
        for place, (look, mean) in enumerate(group):
            if far[place]:
                message = f"{look.name!r} has a mean grey level of {mean:.0f}, where {np.median(means):.0f} is usual"
            elif far_from_golden[place]:
                how = "brighter" if lighter[place] > 0 else "darker"
                message = f"{look.name!r} is {how} than its golden image by {abs(lighter[place]):.0f} grey levels"
            else:
                continue
            tally.note("data.brightness", "warning", message, "check exposure and lighting of the picture", look.line)


def _outliers(levels: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of the grey levels (N,) are far from the usual one, by median and median absolute deviation."""
    away = np.abs(levels - np.median(levels))
    return away > max(OUTLIER_SPREADS * 1.4826 * float(np.median(away)), OUTLIER_GREY_LEVELS)


def _lighter(look: PairLook) -> float:
    """By how many grey levels a test picture is brighter than its golden image; what a defect changes counts little."""
    if not (look.test and look.golden) or look.test.contrast < BLANK_CONTRAST:  # that is told as blank
        return 0.0
    test, golden = (np.frombuffer(picture.likeness, np.uint8).astype(int) for picture in (look.test, look.golden))
    return float(np.median(test - golden))


def _shifts(tally: Tally, looks: list[PairLook]) -> None:
    for look in looks:
        far = max(map(abs, look.shift))
        if look.test and far >= max(SHIFT_PIXELS, SHIFT_SHARE * min(look.test.width, look.test.height)):
            dx, dy = look.shift
            message = f"{look.name!r} is shifted by about ({dx}, {dy}) px against its golden image"
            remedy = "align pairs before they are cut and labelled; a few pixels are what align_pixels is for"
            tally.note("data.misaligned", "warning", message, remedy, look.line)


def _mixed_aspects(tally: Tally, looks: list[PairLook]) -> None:
    shapes = Counter(look.test.width / look.test.height for look in looks if look.test)
    if not shapes:
        return
    usual = shapes.most_common(1)[0][0]
    for look in looks:
        if look.test and abs(look.test.width / look.test.height / usual - 1) > ASPECT_DIFFERENCE:
            message = (
                f"{look.name!r} is {look.test.width}x{look.test.height} px: not the aspect of most pictures, "
                "so it is stretched differently"
            )
            tally.note("data.aspect", "warning", message, "cut all pictures with one aspect", look.line)


def _copies(tally: Tally, looks: list[PairLook]) -> None:
    first: dict[tuple[str | None, int], PairLook] = {}
    singles: list[PairLook] = []
    for look in looks:
        if not look.test or _featureless(look.test):  # such are alike; blank ones are told as blank
            continue
        earlier = first.setdefault((look.light, look.test.content), look)
        if earlier is look:
            singles.append(look)
        elif earlier.name != look.name:
            _note_copy(tally, earlier, look)
    _note_near_copies(tally, singles)


def _note_copy(tally: Tally, earlier: PairLook, look: PairLook) -> None:
    if earlier.label != look.label:
        message = f"{earlier.name!r} ({earlier.label}) and {look.name!r} ({look.label}) are the same pixels"
        tally.note("data.contradiction", "error", message, "decide on one label", look.line)
        return
    message = f"{look.name!r} has the same pixels as {earlier.name!r}"
    tally.note("data.duplicate_picture", "warning", message, "keep one of them", look.line)


def _note_near_copies(tally: Tally, looks: list[PairLook]) -> None:
    pictures: list[Look] = [look.test for look in looks if look.test]
    first = {later: earlier for earlier, later in reversed(near_copies(pictures))}
    for later, earlier in sorted(first.items()):
        if looks[earlier].light == looks[later].light:
            message = f"{looks[later].name!r} looks almost exactly like {looks[earlier].name!r}"
            remedy = "check whether one board was taken twice"
            tally.note("data.near_duplicate", "warning", message, remedy, looks[later].line)


def content_leaks(looks: list[PairLook], others: list[PairLook], where: str, other: str) -> list[Problem]:
    """Test pictures with the same pixels, or almost, in another split under another name."""
    tally = Tally(where)
    known = {look.test.content: look for look in others if look.test and not _featureless(look.test)}
    fresh = []
    for look in looks:
        if look.test and look.test.content in known:
            _note_leak(tally, "error", look, known[look.test.content], other)
        elif look.test:
            fresh.append(look)
    _near_leaks(tally, fresh, list(known.values()), other)
    return tally.findings()


def _near_leaks(tally: Tally, looks: list[PairLook], others: list[PairLook], other: str) -> None:
    pictures: list[Look] = [look.test for look in (*looks, *others) if look.test]
    for earlier, later in near_copies(pictures):
        if earlier < len(looks) <= later:
            twin = others[later - len(looks)]
            _note_leak(tally, "warning", looks[earlier], twin, other)


def _note_leak(tally: Tally, severity: Severity, look: PairLook, twin: PairLook, other: str) -> None:
    same = severity == "error"
    how = "has the same pixels as" if same else "looks almost exactly like"
    message = f"{look.name!r} {how} {twin.name!r} in {other}: figures on it would be too good"
    tally.note(
        "data.leak_content" if same else "data.leak_near", severity, message, "put it into one split only", look.line
    )

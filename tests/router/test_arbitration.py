# SPDX-License-Identifier: Apache-2.0
"""What all words together settle: one thing or several, and what is only told, doubted, or meant for somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import RequestError
from router.decision import decide
from router.types import Request

if TYPE_CHECKING:
    from router.declarations import Skill

JOB = "train-20260301-070000-a1a1a1"
ENGINE = "gen_trt_engine-20260302-070000-b2b2b2"


def asked(text: str, skill: Skill) -> list[str]:
    decision = decide(Request(text=text), skill)
    return [one.command.verb if one.command else str(one.action) for one in decision.steps or (decision,)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"measure recall of the classify engine from {ENGINE} on /d/val", ["deploy_classify_evaluate"]),
        ("trt engine for the PASS/NO_PASS onnx please, int8", ["deploy_classify_gen_trt_engine"]),
        (f"{JOB} exportieren und gleich noch die Engine dazu", ["export", "deploy_classify_gen_trt_engine"]),
        (f"export {JOB} to ONNX and deploy it", ["export", "deploy_classify_gen_trt_engine"]),
        ("train PASS/NO_PASS on /d/a, and when thats done evaluate it", ["train", "evaluate"]),
        (
            f"two things before I leave: export {JOB} to onnx, then build an engine from it",
            ["export", "deploy_classify_gen_trt_engine"],
        ),
        ("Before we show the mask model to them I want its numbers against the truth in ./h", ["segment_evaluate"]),
        ("Can somebody export the last training to onnx", ["export"]),
        (f"kil {JOB}, wrong folder", ["cancel"]),
    ],
)
def test_one_thing_or_several(text: str, expected: list[str], skill: Skill) -> None:
    assert asked(text, skill) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("colleagues from Breda never saw changenet, play the demo for them", "demo"),
        ("künstliche Platinenbilder mit Fehlern erzeugen, für die Azubis mit ChangeNet", "data_synthesize"),
    ],
)
def test_people_for_whom_it_is_done_are_no_other_craft(text: str, expected: str, skill: Skill) -> None:
    assert asked(text, skill) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "segment the liver in these CT scans, nifti under /data/ct",
        "how long does it take to train a welder to level 2",
        "the trainees arrive tomorrow, train them on the AOI machine",
    ],
)
def test_a_thing_that_is_read_as_a_filler_is_still_no_thing_of_ours(text: str, skill: Skill) -> None:
    with pytest.raises(RequestError):
        decide(Request(text=text), skill)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("shift starts in ten min, get the golden-board comparison training on /d/a", None),
        ("train PASS/NO_PASS on /d/a in at most 2 hours", 2),
    ],
)
def test_a_deadline_is_no_limit(text: str, hours: float | None, skill: Skill) -> None:
    assert decide(Request(text=text), skill).stated.get("hours") == hours


def test_a_doubt_leaves_open_which_value_is_meant(skill: Skill) -> None:
    text = "PASS/NO_PASS trainieren auf ./n, Zeitlimit 3 Stunden oder doch 9, weiß grad nicht"
    assert [question.slot for question in decide(Request(text=text), skill).missing] == ["hours"]
    sure = decide(Request(text="PASS/NO_PASS trainieren auf ./n, Zeitlimit 3 Stunden oder doch 9"), skill)
    assert (sure.missing, sure.stated["hours"]) == ((), 9)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("train PASS/NO_PASS on /d/a, it has to catch 99.5 % of the bad ones, 2 % false alarms", (0.995, 0.02)),
        ("PASS/NO_PASS trainieren auf /d/a, Fehlalarme maximal 0,5 Prozent, 99 % der defekten Platinen", (0.99, 0.005)),
    ],
)
def test_shares_in_words(text: str, target: tuple[float, float], skill: Skill) -> None:
    stated = decide(Request(text=text), skill).stated["target"]
    assert (stated["recall"], stated["false_alarms"]) == target

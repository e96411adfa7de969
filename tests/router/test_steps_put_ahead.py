# SPDX-License-Identifier: Apache-2.0
"""Steps that later words put ahead of earlier ones, which step a folder or a job is said of, and prohibitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import RequestError
from router.decision import decide
from router.types import Request

if TYPE_CHECKING:
    from router.declarations import Skill

JOB = "train-20260311-081502-4be901"
EXPORT = "export-20260311-081502-4be901"


@pytest.mark.parametrize(
    ("text", "actions"),
    [
        (f"Export {JOB} to onnx, but first evaluate it on ./lot", ["evaluate", "export"]),
        (f"Exportiere {JOB}, vorher aber noch auf ./lot auswerten", ["evaluate", "export"]),
        (f"Vor dem Export soll {JOB} auf ./lot ausgewertet werden", ["evaluate", "export"]),
        (f"Export {JOB} as soon as you have evaluated it on ./lot", ["evaluate", "export"]),
        ("Judge the pairs in ./new after having trained the AOI classifier for 7 epochs", ["train", "inference"]),
        (
            "An int8 engine, but only after the AOI classifier has been trained for 7 epochs and exported",
            ["train", "export", "deploy_classify_gen_trt_engine"],
        ),
        (
            f"The engine should be evaluated on ./lot after it has been built from {EXPORT}",
            ["deploy_classify_gen_trt_engine", "deploy_classify_evaluate"],
        ),
        ("train ChangeNet segment on ./a, then evaluate it. No masks yet.", ["segment_train", "segment_evaluate"]),
        (
            "The export comes last; before that evaluate it, and before that, of course, train the AOI classifier",
            ["train", "evaluate", "export"],
        ),
        (
            "Zuletzt soll exportiert werden, davor auswerten, und ganz am Anfang den AOI-Klassifikator trainieren.",
            ["train", "evaluate", "export"],
        ),
        (
            "Exporting comes last. Before it there's training of the AOI classifier on ./a and an evaluation on ./b.",
            ["train", "evaluate", "export"],
        ),
        (
            "Before the export I need an evaluation on ./b, and before the evaluation a training of ChangeNet on ./a.",
            ["train", "evaluate", "export"],
        ),
        (f"Quantize {JOB} to int8, but not before you've exported it", ["export", "quantize"]),
        (f"Export {JOB} once it has been evaluated on ./lot", ["evaluate", "export"]),
        (f"Export, but only after an evaluation on ./lot. It's about {JOB}.", ["evaluate", "export"]),
        (
            "Train the AOI classifier on ./a. At the very end export it, but in between I want it evaluated on ./b.",
            ["train", "evaluate", "export"],
        ),
        (
            "I need masks for ./new at the end. To begin with, train the change segmentation on ./a, then evaluate it.",
            ["segment_train", "segment_evaluate", "segment_inference"],
        ),
        (
            "I need an engine. It has to come from an export, and the export has to come from a ChangeNet training.",
            ["train", "export", "deploy_classify_gen_trt_engine"],
        ),
        (
            f"Quantisiere {JOB}, dann auswerten - nein, umgekehrt: erst auswerten, dann quantisieren.",
            ["evaluate", "quantize"],
        ),
        (
            f"Once {JOB} has been exported you can go ahead with the fp16 engine.",
            ["export", "deploy_classify_gen_trt_engine"],
        ),
        ("Den AOI-Klassifikator trainieren, dann auf ./val prüfen", ["train", "evaluate"]),
    ],
)
def test_later_words_put_a_step_ahead(skill: Skill, text: str, actions: list[str]) -> None:
    decision = decide(Request(text=text), skill)
    assert [step.action for step in decision.steps] == actions


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        (
            "Bevor du ./neu klassifizierst, trainiere den AOI-Klassifikator auf ./alt",
            {"train": "./alt", "inference": "./neu"},
        ),
        (f"measure {JOB} on ./a, afterwards get verdicts from it for ./b", {"evaluate": "./a", "inference": "./b"}),
        ("1) train changenet classify data=./a 2) inference data=./b", {"train": "./a", "inference": "./b"}),
        ("train the AOI model on ./a, then, on ./b, an evaluation of it", {"train": "./a", "evaluate": "./b"}),
    ],
)
def test_a_folder_belongs_to_the_step_it_is_said_of(skill: Skill, text: str, stated: dict[str, str]) -> None:
    decision = decide(Request(text=text), skill)
    assert {str(step.action): step.stated.get("data") for step in decision.steps} == stated
    assert not any("What is each" in question.text for question in decision.missing)


@pytest.mark.parametrize(
    "text",
    [
        f"Bitte nicht {JOB} exportieren, der Auftrag ruht.",
        f"Do not create an engine from {EXPORT}, the customer has not answered.",
        "Don't run the ChangeNet training, the labels are wrong.",
        "Das ChangeNet-Training bitte nicht starten, die Platte ist voll.",
        "Hands off the AOI classifier: no training, nothing until Monday.",
    ],
)
def test_a_prohibition_around_an_object_plans_nothing(skill: Skill, text: str) -> None:
    with pytest.raises(RequestError):
        decide(Request(text=text), skill)


def test_a_job_that_is_ruled_out_gives_way_to_the_other(skill: Skill) -> None:
    decision = decide(Request(text=f"evaluate {JOB} on ./new, not on ./old"), skill)
    assert (decision.action, decision.stated["data"]) == ("evaluate", "./new")

# SPDX-License-Identifier: Apache-2.0
"""Steps that are put off, called off, decided against or left to others, and orders that are not to be heeded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import RequestError
from tests.router.asking import asked, decided

if TYPE_CHECKING:
    from router.declarations import Skill

JOB = "train-20260311-081502-4be901"
EXPORT = "export-20260311-081502-4be901"
ENGINE = "deploy_classify_gen_trt_engine"


@pytest.mark.parametrize(
    ("text", "actions"),
    [
        (f"Quantize {JOB} to int8; exporting and evaluating it can wait.", ["quantize"]),
        (f"Quantisiere {JOB} auf int8, das Auswerten hat Zeit.", ["quantize"]),
        (f"evaluate {JOB} on ./lot; retraining is off the table", ["evaluate"]),
        (f"Werte {JOB} auf ./lot aus. Ein Training ist vom Tisch.", ["evaluate"]),
        (f"Measure {JOB} on ./lot, the export is for another day.", ["evaluate"]),
        (f"Next month we'll export it, today evaluate {JOB} on ./lot.", ["evaluate"]),
        (f"Exportieren wir später noch. Jetzt {JOB} auf ./lot auswerten.", ["evaluate"]),
        (f"Export {JOB}. Quantization of it is not needed.", ["export"]),
        (f"Der Kunde hat die Engine storniert. Exportiere {JOB} nach ONNX.", ["export"]),
        (f"Export? No, that was on Monday. Evaluate {JOB} on ./lot.", ["evaluate"]),
        (f"Auswerten? Nein. Bitte {JOB} nach ONNX exportieren.", ["export"]),
        (f"Forget what I said about TensorRT. Evaluate {JOB} on ./lot.", ["evaluate"]),
        (f"Whether we build an engine Uwe will decide; export {JOB} for now.", ["export"]),
        (f"Ob daraus eine Engine wird, entscheidet der Kunde. Werte {JOB} auf ./lot aus.", ["evaluate"]),
        ("The mask model will be trained by a partner. Train the PASS/NO_PASS one on ./lot.", ["train"]),
        (f"Why export? Just evaluate {JOB} on ./lot.", ["evaluate"]),
        (f"Ist es sinnvoll, jetzt zu exportieren? Werte {JOB} erst auf ./lot aus.", ["evaluate"]),
        ("Please train the AOI classifier on ./a. The evaluation, I'll do that myself.", ["train"]),
        ("Wie gut trifft " + JOB + " auf ./lot? Und nein, trainieren muss man dafür nichts.", ["evaluate"]),
        (f"I was going to ask for an engine, but no: an export of {JOB} is enough.", ["export"]),
        (f"Trainiert und ausgewertet wurde in Graz. Baue die Engine aus {EXPORT}.", [ENGINE]),
    ],
)
def test_what_is_not_for_now_is_no_step(skill: Skill, text: str, actions: list[str]) -> None:
    assert asked(text, skill) == actions


@pytest.mark.parametrize(
    "text",
    [
        "We have voted against retraining the AOI classifier.",
        "Training the AOI classifier is forbidden until further notice.",
        "Training the AOI classifier is not what I want.",
        "I don't think we should retrain the AOI classifier.",
        "Ich glaube nicht, dass wir den AOI-Klassifikator neu trainieren sollten.",
        "Wir hatten vor, den AOI-Klassifikator zu trainieren, lassen es aber.",
        "Train the AOI classifier? Certainly not.",
        "No more training of the AOI classifier, and no more exporting.",
        "Storniere den Auftrag, den AOI-Klassifikator zu trainieren.",
        "I'd never let anyone train the AOI classifier on ./a.",
        "The plan to train the AOI classifier on ./a is dead.",
        f"{JOB} zu löschen wäre ein Fehler.",
        f"It would be wrong to cancel {JOB} now.",
        f"Whoever cancels {JOB} will hear from me.",
        "Das Trainieren des AOI-Klassifikators ist verboten.",
        "Wir haben uns gegen ein Training des AOI-Klassifikators entschieden.",
        "Disregard my mail about training and exporting the AOI classifier.",
        "Vergiss den Auftrag zum Trainieren und Exportieren des AOI-Klassifikators.",
        "One could train and evaluate the AOI classifier over Easter, but don't do any of it.",
        "Under no circumstances train, export or touch anything of the AOI classifier.",
    ],
)
def test_a_request_that_only_takes_back_asks_for_nothing(skill: Skill, text: str) -> None:
    with pytest.raises(RequestError):
        decided(text, skill)


@pytest.mark.parametrize(
    ("text", "actions"),
    [
        ("Ignore the mail about the export and evaluate the last training on ./lot", ["evaluate"]),
        ("Not only train the AOI classifier on ./a, but also evaluate it on ./b", ["train", "evaluate"]),
        ("Den AOI-Klassifikator nicht nur trainieren, sondern danach auch auf ./b auswerten", ["train", "evaluate"]),
    ],
)
def test_what_only_sounds_like_it_stays_a_step(skill: Skill, text: str, actions: list[str]) -> None:
    assert sorted(asked(text, skill)) == sorted(actions)


def test_a_number_format_of_the_past_leaves_the_other_one(skill: Skill) -> None:
    decision = decided(f"fp16 was what I wanted yesterday, today it's int8: engine from {EXPORT}", skill)
    assert (decision.action, decision.stated["data_type"]) == (ENGINE, "int8")


def test_verdicts_without_figures_are_verdicts(skill: Skill) -> None:
    assert asked(f"I want verdicts, not accuracy, from {JOB} for ./lot", skill) == ["inference"]
    assert asked(f"Classify ./lot with {JOB}, we'll work out the recall by hand", skill) == ["inference"]


def test_another_model_before_a_colon_is_what_is_trained(skill: Skill) -> None:
    with pytest.raises(RequestError):
        decided("SegFormer on our roof tiles: train for 9 epochs, then give me masks.", skill)

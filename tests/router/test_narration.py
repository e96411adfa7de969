# SPDX-License-Identifier: Apache-2.0
"""What only tells of an action is none that is asked for, and figures of what was give way to those that are to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from core.errors import RequestError
from router.decision import decide
from router.types import Request

if TYPE_CHECKING:
    from router.declarations import Skill

JOB = "train-20260311-081502-4be901"
ENGINE = "gen_trt_engine-20260311-081502-4be901"


def stated(skill: Skill, text: str) -> dict[str, Any]:
    """What a request states, by name."""
    decision = decide(Request(text=text), skill)
    assert decision.missing == ()
    request = decision.request
    return {**request.overrides, **decision.stated, "action": decision.action}


@pytest.mark.parametrize(
    "text",
    [
        "First we exported the AOI classifier, then we measured it, then quantised it: so it went in May.",
        "We have trained the PASS/NO_PASS classifier and exported it.",
        "If we had trained the golden-comparison model for 80 epochs, it would be better now.",
        "I don't want the PASS/NO_PASS classifier retrained.",
        "It would be lovely if somebody trained the AOI classifier, but no, leave it alone.",
        "Train the AOI classifier on monday, or well, never mind.",
        f"Please do not under any circumstances delete {JOB}.",
        "Export nothing of the AOI classifier today.",
        "Wir haben den AOI-Klassifikator ausgewertet und exportiert.",
        "Wenn wir den Platinenklassifikator länger trainiert hätten, wäre er besser.",
        "Es wäre schön, den AOI-Klassifikator zu trainieren, aber nein, lass es.",
        f"{JOB} bitte auf keinen Fall löschen.",
        f"Den Lauf {JOB} keinesfalls abbrechen!",
        "Nichts quantisieren und nichts exportieren am AOI-Klassifikator.",
        "Am AOI-Klassifikator trainiere bitte nichts.",
        "Don't export anything today.",
        "Do not start any training tomorrow.",
        "Had we built an engine of the AOI classifier, it would be faster now.",
        "He told me to train the AOI classifier, and I told him no.",
        "Evaluating the AOI classifier on sunday? Please don't.",
        "Nobody said, that you should quantize the AOI classifier.",
        "The team is named Export The Last Model.",
        "Ich hätte den AOI-Klassifikator am liebsten schon gestern trainiert.",
        "Wir wollten den AOI-Klassifikator exportieren, haben es aber gelassen.",
        "Falls du vorhattest, den AOI-Klassifikator zu trainieren: lass es.",
        "Keiner hat verlangt, dass du den AOI-Klassifikator auswerten sollst.",
    ],
)
def test_what_is_only_told_or_ruled_out_asks_for_nothing(skill: Skill, text: str) -> None:
    with pytest.raises(RequestError, match="the words only say"):
        decide(Request(text=text), skill)


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("Nadia evaluated the AOI classifier last week; now export it to ONNX from the last training.", "export"),
        (f"I'd like verdicts by {JOB}, which you trained and evaluated in June, for the pairs in ./lot.", "inference"),
        ("How good is the last model we trained for PASS/NO_PASS on ./lot?", "evaluate"),
        (f"Evaluate {JOB} on ./lot, I'll export it myself.", "evaluate"),
        (f"Usually we'd evaluate {JOB} first, but skip that; give us verdicts on ./lot.", "inference"),
        (f"Validate nothing, export {JOB} to ONNX.", "export"),
        (f"Evaluiere {JOB} auf ./lot, ich exportiere es dann selbst.", "evaluate"),
        ("Werte das Modell, das wir gestern trainiert haben, auf ./lot aus", "evaluate"),
    ],
)
def test_what_is_told_beside_an_order_is_no_step(skill: Skill, text: str, action: str) -> None:
    decision = decide(Request(text=text), skill)
    assert (decision.action, decision.steps) == (action, ())


@pytest.mark.parametrize(
    "text",
    [
        "Once you've trained the AOI classifier, evaluate it on ./lot",
        "Verdicts on ./lot after you've trained the AOI classifier",
    ],
)
def test_what_is_to_be_over_first_is_a_step(skill: Skill, text: str) -> None:
    assert decide(Request(text=text), skill).steps[0].action == "train"


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("Last summer we gave the AOI classifier 30 epochs. This time I want 55 epochs.", "num_epochs", 55),
        ("Our apprentice said 90 epochs for the AOI classifier; I say 40, so train it.", "num_epochs", 40),
        ("Ignore the mail with batch 64. It's batch 24, ChangeNet classification training on ./lot.", "batch_size", 24),
        ("Train the AOI classifier on ./lot: I first wrote 25 epochs, forget that, it's 45.", "num_epochs", 45),
        ("Mia trained the AOI classifier for 40 epochs last year; train it again, 60 epochs.", "num_epochs", 60),
        ("Ich wollte erst 90 Epochen sagen, aber nimm 70 für den AOI-Klassifikator.", "num_epochs", 70),
        ("Letzten Sommer hatte der AOI-Klassifikator 30 Epochen; diesmal 55 Epochen trainieren.", "num_epochs", 55),
    ],
)
def test_figures_of_what_was_give_way(skill: Skill, text: str, name: str, value: int) -> None:
    assert stated(skill, text)[name] == value


def test_figures_of_last_week_are_no_limit(skill: Skill) -> None:
    decision = decide(Request(text="Train ChangeNet without any search; last month's thirty trials were slow."), skill)
    assert (decision.automl_policy, decision.missing) == ("off", ())
    assert "trials" not in decision.stated


@pytest.mark.parametrize(
    ("text", "data_type"),
    [
        ("Quantize the best trial to int8; fp8 isn't known to our card.", "int8"),
        ("I'd rather have fp32 than fp16 for the engine from export-20260311-081502-4be901", "fp32"),
        (f"Evaluate {ENGINE} on ./lot, I don't trust the int8 figures.", None),
        (f"Miss die Engine {ENGINE} auf ./lot, dem int8 traue ich nicht.", None),
        (f"No int8, no fp8, only the ONNX export of {JOB}.", None),
    ],
)
def test_a_number_format_that_is_denied_is_none(skill: Skill, text: str, data_type: str | None) -> None:
    decision = decide(Request(text=text), skill)
    assert decision.missing == ()
    assert decision.stated.get("data_type") == data_type


@pytest.mark.parametrize(
    "text",
    [
        "The training of the board classifier went smoothly last week, the whole team was pleased.",
        "The training of the board classifier took three hours.",
        "Our training of the board classifier on ./b failed.",
        "The evaluation of the board classifier went fine.",
        "Das Training des Platinen-Klassifikators lief letzte Woche glatt.",
        "Das Training des Platinen-Klassifikators war gut.",
    ],
)
def test_how_something_went_is_no_order(skill: Skill, text: str) -> None:
    assert any("asked for, and of this model?" in one.text for one in decide(Request(text=text), skill).missing)


@pytest.mark.parametrize(
    "text",
    [
        "Training of the board classifier on ./b, please.",
        "Training of the board classifier on ./b; the last one failed",
        "The training of the board classifier failed, train it again on ./b",
        "The training of the board classifier on ./b should have started",
    ],
)
def test_a_training_that_is_wished_is_planned_whatever_went_before(skill: Skill, text: str) -> None:
    decision = decide(Request(text=text), skill)
    assert (decision.action, decision.missing) == ("train", ())

# SPDX-License-Identifier: Apache-2.0
"""Conditions, times, parts to keep and questions: what no plan keeps is asked about, never done in any case."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from core.errors import RequestError
from tests.router.asking import asked, decided

if TYPE_CHECKING:
    from router.declarations import Skill

JOB = "train-20260311-081502-4be901"


@pytest.mark.parametrize(
    "text",
    [
        f"remove {JOB} but keep the checkpoint",
        f"lösche {JOB}, aber behalte das Modell",
        f"delete {JOB}, but save the weights",
        f"Lösche {JOB}, die Checkpoints brauche ich aber noch",
        f"delete {JOB} but I still need its model",
        f"remove half of {JOB}",
        f"erase {JOB}, weights excluded",
        f"schmeiß {JOB} weg, aber die Ergebnisse nicht",
        f"delete epochs 1 to 5 of {JOB}",
        f"lösche {JOB} und behalte nur das beste Modell",
        f"remove {JOB}'s logs",
        f"lösche die Checkpoints von {JOB}",
        f"remove the trials of {JOB} but not the winner",
        f"remove everything of {JOB} but the checkpoint",
        f"lösche {JOB} außer dem Protokoll",
        f"entferne {JOB}, die Gewichte sollen erhalten bleiben",
        f"evaluate {JOB} on ./lot and then remove it, but keep the model",
    ],
)
def test_a_job_is_removed_whole_or_asked_about(skill: Skill, text: str) -> None:
    assert "all of its files" in decided(text, skill).missing[0].text


@pytest.mark.parametrize(
    "text",
    [
        f"remove {JOB} only if it failed",
        f"lösche {JOB} erst morgen",
        f"cancel {JOB} unless it is almost done",
        f"cancel {JOB} in 2 hours",
        f"cancel {JOB} at 18:00",
        f"brich {JOB} um 18 Uhr ab",
        f"brich {JOB} in einer halben Stunde ab",
        f"stop {JOB} as soon as epoch 20 is reached",
        f"brich {JOB} ab, sobald Epoche 20 erreicht ist",
        f"lösche {JOB} am Freitag",
        f"delete {JOB}, but ask me first",
        f"cancel {JOB}, but not before epoch 10",
        f"stoppe {JOB} nach der aktuellen Epoche",
        f"brich {JOB} erst ab, wenn die Epoche fertig ist",
        f"maybe cancel {JOB}",
        f"brich {JOB} ab, außer er ist fast fertig",
        f"stop {JOB} at epoch 50",
        f"resume {JOB} tomorrow",
        f"lösche {JOB}, aber frag mich vorher",
        f"train on ./boards, then cancel {JOB} tomorrow",
        f"train on ./boards and remove {JOB} if it failed",
    ],
)
def test_no_job_ends_on_a_condition_or_later(skill: Skill, text: str) -> None:
    assert "waits for nothing" in decided(text, skill).missing[0].text


OTHER = "train-20260312-081502-4be902"


@pytest.mark.parametrize(
    "text",
    [
        f"cancel all jobs except {JOB}",
        f"remove everything but {JOB}",
        f"lösche alle Jobs außer {JOB}",
        f"brich alle Läufe ab, nur nicht {JOB}",
    ],
)
def test_the_job_that_is_spared_does_not_end(skill: Skill, text: str) -> None:
    with suppress(RequestError):  # or it is no request at all
        assert decided(text, skill).missing


@pytest.mark.parametrize("text", [f"don't cancel {OTHER} but {JOB}", f"nicht {OTHER} abbrechen, sondern {JOB}"])
def test_the_job_that_is_meant_instead_ends(skill: Skill, text: str) -> None:
    decision = decided(text, skill)
    assert not decision.missing
    assert decision.command
    assert decision.command.values["job"] == JOB


@pytest.mark.parametrize("text", [f"stop all trials of {JOB} except the best", f"cancel only trial 3 of {JOB}"])
def test_no_part_of_a_job_is_cancelled(skill: Skill, text: str) -> None:
    assert decided(text, skill).missing


@pytest.mark.parametrize(
    "text",
    [
        f"should I remove {JOB}?",
        f"kann ich {JOB} löschen?",
        f"what happens when I remove {JOB}?",
        f"my colleague wants to cancel {JOB}, should he?",
        f"sollte ich {JOB} abbrechen?",
        f"can I cancel {JOB} without losing the checkpoint?",
        f"is it safe to remove {JOB}?",
        f"ist es sicher, {JOB} zu löschen?",
        f"I wonder whether I should cancel {JOB}",
        f"how do I cancel {JOB}?",
        f"do you think I should cancel {JOB}?",
        f"cancel {JOB}?",
        f"Tom wants {JOB} removed. Is that wise?",
    ],
)
def test_a_question_ends_no_job(skill: Skill, text: str) -> None:
    assert "Is that a question" in decided(text, skill).missing[0].text


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        (f"remove {JOB} with all its checkpoints", "remove"),
        (f"lösche {JOB} samt Logs", "remove"),
        (f"remove {JOB} but not the others", "remove"),
        (f"remove {JOB} once and for all", "remove"),
        (f"remove {JOB}, it failed yesterday", "remove"),
        (f"delete {JOB}, the disk is at 97 percent", "remove"),
        (f"Kannst du {JOB} bitte löschen?", "remove"),
        (f"Guten Morgen, bitte {JOB} löschen", "remove"),
        (f"cancel {JOB}, but keep its files", "cancel"),
        (f"If {JOB} is still running, cancel it", "cancel"),
        (f"stop {JOB}, unless it is already done", "cancel"),
        (f"brich {JOB} ab, falls er noch nicht fertig ist", "cancel"),
        (f"stop {JOB} before it eats more hours", "cancel"),
        (f"Can {JOB} be called off? The card is booked.", "cancel"),
        (f"cancel {JOB} if possible", "cancel"),
        (f"resume {JOB} if it failed", "resume"),
        (f"After the power cut last night: please resume {JOB}", "resume"),
    ],
)
def test_what_is_plainly_to_end_is_not_asked_about(skill: Skill, text: str, verb: str) -> None:
    assert asked(text, skill) == [verb]
    assert not decided(text, skill).missing


@pytest.mark.parametrize(
    "text",
    [
        "train on ./boards, then throw ./old away",
        "train on ./boards and delete ./old afterwards",
        "train on ./boards and remove the training data afterwards",
        "trainiere auf ./boards und wirf die Bilder weg",
        "auf ./boards trainieren, danach ./old löschen",
        f"evaluate {JOB} on ./boards and remove ./boards",
    ],
)
def test_nothing_deletes_data(skill: Skill, text: str) -> None:
    assert any("nothing here deletes data" in question.text for question in decided(text, skill).missing)


@pytest.mark.parametrize(
    "text",
    [
        "train on ./boards, we deleted the bad images",
        "train on ./boards, don't delete anything",
        "train on ./boards without deleting data",
        f"train on ./boards and delete {JOB} afterwards",
        f"evaluate {JOB} on ./boards and then remove it",
    ],
)
def test_other_deleting_is_as_before(skill: Skill, text: str) -> None:
    assert not decided(text, skill).missing


@pytest.mark.parametrize(
    "text",
    [
        "if there is a GPU, train on ./boards for 50 epochs, otherwise for 5",
        "falls eine GPU da ist, 50 Epochen, sonst 5, auf ./boards trainieren",
        "train on ./boards, 8 epochs, with AutoML only if it takes less than an hour",
        "train on ./boards with AutoML if ./boards has more than 1000 pairs",
        "trainiere auf ./boards mit 20 Epochen, es sei denn, es dauert länger als 1 Stunde",
        "train on ./boards for 20 epochs, provided that memory suffices, otherwise batch 4",
        "train on ./boards 8 epochs, then if good export to onnx",
        "train on ./boards and, once I have agreed, export",
        "train on ./boards and ask me before exporting",
        "trainiere auf ./boards und frag mich vorher",
        "train on ./boards, then wait, then evaluate",
        "train on ./boards, wait 2 hours, then evaluate",
        "train on ./boards with 10 epochs, 20 if time permits",
        "train on ./boards on slurm unless the queue is full",
        "if you have a GPU use batch 16, if not 4; train on ./boards",
        "wenn genug Speicher da ist Batch 16, ansonsten 8, trainiere auf ./boards",
        "train on ./boards; if the loss is above 0.5 after 10 epochs, stop",
        "train on ./boards, and export it if I say so",
        f"export {JOB} only after my approval",
        "trainiere auf ./boards und exportiere erst, wenn ich zugestimmt habe",
    ],
)
def test_no_step_depends_on_a_condition_or_waits(skill: Skill, text: str) -> None:
    assert any("no plan depends on that" in question.text for question in decided(text, skill).missing)


def test_an_export_unless_the_result_is_bad_depends_on_it(skill: Skill) -> None:
    decision = decided("train on ./boards, and export unless recall is below 95%", skill)
    assert any("depend on a result" in question.text for question in decision.missing)


@pytest.mark.parametrize(
    "text",
    [
        "if possible, train on ./boards on docker",
        "train on ./boards if you can",
        "Could you train on ./boards if you don't mind",
        "trainiere auf ./boards, wenn es geht",
        "train on ./boards for 5 epochs, otherwise as usual",
        "If it comes out worse, so be it: train on ./boards with 5 epochs",
        "train on ./boards, ask me if something is missing",
        "Nur wenn nichts anderes gesagt wird, 50 Epochen: trainiere auf ./boards",
    ],
)
def test_what_is_only_courteous_is_no_condition(skill: Skill, text: str) -> None:
    assert not any("no plan depends on that" in question.text for question in decided(text, skill).missing)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("train on ./boards for 90 seconds", 0.025),
        ("train on ./boards for 5400 s", 1.5),
        ("train on ./boards for 1 week", 168),
        ("trainiere auf ./boards höchstens eine Woche", 168),
        ("trainiere auf ./boards höchstens ne Stunde", 1),
        ("train on ./boards, 1:30 h", 1.5),
        ("trainiere auf ./boards höchstens 1:30 Stunden", 1.5),
        ("train on ./boards for ½ hour", 0.5),
        ("train on ./boards 1h 30m", 1.5),
        ("train on ./boards for 2d", 48),
        ("train on ./boards for 1w", 168),
        ("train on ./boards, <= 2 hours", 2),
        ("train on ./boards for 1½ hours", 1.5),
        ("train on ./boards, at most 2 hours", 2),
        ("train on ./boards, no longer than 2 hours", 2),
        ("train on ./boards, I'm back in 40 minutes", None),
        ("train on ./boards, we waited at least 2 hours yesterday", None),
    ],
)
def test_how_long_a_search_may_take(skill: Skill, text: str, hours: float | None) -> None:
    decision = decided(text, skill)
    assert decision.stated.get("hours") == hours
    assert not decision.missing


@pytest.mark.parametrize(
    "text",
    [
        "train on ./boards, at least 2 hours",
        "train on ./boards, mindestens 3 Stunden",
        "train on ./boards for at least an hour",
        "train on ./boards, 2 hours or more",
        "trainiere auf ./boards, länger als 2 Stunden",
        "train on ./boards at 22:00 with 5 epochs",
        "train on ./boards, stop at 18:00",
        "train on ./boards until 6 pm",
        "trainiere auf ./boards bis 18 Uhr",
        "train on ./boards for 2 months",
        "train on ./boards, >= 2 hours",
        "train on ./boards for 2+ hours",
        "trainiere auf ./boards, es soll nicht unter 2 Stunden dauern",
        "train on ./boards 00:45",
    ],
)
def test_a_least_time_and_an_hour_of_the_clock_are_asked_about(skill: Skill, text: str) -> None:
    decision = decided(text, skill)
    assert "hours" not in decision.stated
    assert decision.missing


@pytest.mark.parametrize(
    "text",
    [
        "train on ./boards, I'm back in 40 minutes",
        "Ich bin in 2 Stunden zurück, trainiere auf ./boards",
        "train on ./boards, I need the result in 3 hours",
        "train on ./boards, it must be finished by noon",
        "train on ./boards overnight",
        "train on ./boards during the lunch break",
        "train on ./boards until the loss stops falling",
    ],
)
def test_a_time_that_nothing_keeps_is_told(skill: Skill, text: str) -> None:
    assert any("no time is kept" in warning for warning in decided(text, skill).warnings)


@pytest.mark.parametrize(
    "text",
    [
        "train on ./boards, at most 2 hours",
        "train on ./boards with image size at 512",
        "train on ./boards; the boards came in on Monday",
        "The classifier is due at 17:00, train it on ./boards with 18 epochs",
    ],
)
def test_other_times_are_not_spoken_of(skill: Skill, text: str) -> None:
    decision = decided(text, skill)
    assert not decision.missing
    assert not any("'at most 3 hours'" in warning for warning in decision.warnings)

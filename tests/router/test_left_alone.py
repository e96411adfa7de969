# SPDX-License-Identifier: Apache-2.0
"""Requests that ask for nothing, as others do it or nothing is to do, and what is asked for beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import RequestError
from tests.router.asking import asked, decided

if TYPE_CHECKING:
    from router.declarations import Skill

JOB, OTHER = "train-20260311-212223-7d7e80", "train-20260309-202122-0e0f11"
EXPORT = "export-20260228-080910-31af0e"
ENGINE = "deploy_classify_gen_trt_engine"


def planned(text: str, skill: Skill) -> bool:
    """Whether anything would run, or could be run as it stands."""
    try:
        decision = decided(text, skill)
    except RequestError:
        return False
    return not decision.missing


@pytest.mark.parametrize(
    "text",
    [
        "FYI Tomas trains the PASS/NO_PASS classifier tomorrow, nothing to do on your side.",
        f"Just so you know: Lena is going to evaluate {JOB} on /data/x this afternoon, no action needed.",
        "Just to let you know, the night shift will retrain the AOI classifier on /data/line3.",
        f"For your information only: Kemal exports {JOB} on Friday.",
        f"Please leave {JOB} alone, Ines quantizes it herself on Tuesday.",
        f"No need to do anything: Ana will build the engine from {EXPORT} on Thursday.",
        f"FYI only. Mehmet cancels {JOB} tonight.",
        f"Olga takes care of the export of {JOB}, hands off please.",
        f"The evaluation of {JOB} will be done by Ines, leave it to her.",
        "Dr. Petrov will retrain our AOI classifier next Tuesday. Just keeping you in the loop.",
        "Nur zur Info: Priya trainiert den AOI-Klassifikator am Montag.",
        f"Zur Kenntnis: Jonas wertet {JOB} morgen auf /daten/x aus, da ist nichts zu tun.",
        f"{JOB} exportiert Ines morgen selbst, also Finger weg.",
        f"{JOB} bitte nicht anfassen, die Auswertung macht Ines selbst.",
        f"{JOB} löscht Radek nächste Woche selbst, lass die Finger davon.",
        f"Um die Auswertung von {JOB} kümmert sich Jana, du brauchst nichts zu machen.",
        f"Die Engine aus {EXPORT} baut morgen Herr Vogel.",
        f"Kein Handlungsbedarf: Ines wird {JOB} am Freitag exportieren.",
        "Das Training des AOI-Klassifikators macht Ines selbst, bitte nichts unternehmen.",
    ],
)
def test_what_others_do_is_not_done_here(skill: Skill, text: str) -> None:
    assert not planned(text, skill)


@pytest.mark.parametrize(
    "text",
    [
        "Das Tuning für die Änderungs-Segmentierung bitte nicht anwerfen, auch kein normales Training.",
        "Don't start the segmentation search, and no single run either.",
        "Don't launch the tuning of the PASS/NO_PASS classifier, nor a simple training.",
        "Weder eine Suche noch ein einfaches Training für die Änderungssegmentierung starten.",
        "Trainiere den AOI-Klassifikator mit AutoML und ohne AutoML.",
        "Train ChangeNet classify with the tuner enabled and no tuning at all.",
        "Train the AOI classifier for 20 epochs, with the search turned on and without any search.",
    ],
)
def test_a_training_that_is_neither_searched_nor_plain_or_both_is_none(skill: Skill, text: str) -> None:
    assert not planned(text, skill)


@pytest.mark.parametrize(
    ("text", "actions"),
    [
        ("FYI, Priya will be out on Monday; train the AOI classifier on /data/x, one plain run.", ["train"]),
        (f"Nur zur Info: Ines ist krank. Bitte exportiere {JOB}.", ["export"]),
        (f"Ines evaluates {JOB} herself tomorrow, so please export it today.", ["export"]),
        (f"Ines asked me to export {JOB}, please do it.", ["export"]),
        (f"Tomorrow Ines presents the results, so evaluate {JOB} on /data/x today.", ["evaluate"]),
        (f"Marek will need the ONNX file on Friday: export {JOB}.", ["export"]),
        ("Priya will check the result; train the AOI classifier on /data/x with 12 epochs.", ["train"]),
        ("Trainiere den AOI-Klassifikator auf /daten/Montag, Ines prüft das Ergebnis selbst.", ["train"]),
        (f"The customer only takes ONNX files, so could you turn {JOB} into one?", ["export"]),
        (f"The customer measures on Friday, build the int8 engine from {EXPORT} before that.", [ENGINE]),
        ("How long would a ChangeNet training of 80 epochs take? Please don't start anything.", ["advise"]),
        (f"Before the shift starts I'd like the engine built in int8 out of {EXPORT}.", [ENGINE]),
        (
            "Einstellungen bitte nicht anfassen, nur die Änderungssegmentierung auf /daten/x trainieren.",
            ["segment_train"],
        ),
    ],
)
def test_what_is_asked_for_beside_what_others_do_is_planned(skill: Skill, text: str, actions: list[str]) -> None:
    assert asked(text, skill) == actions


@pytest.mark.parametrize(
    ("text", "job"),
    [
        (f"Leave {JOB} alone and evaluate {OTHER} on /data/x.", OTHER),
        (f"Finger weg von {JOB}, exportiere bitte {OTHER}.", OTHER),
        (f"Hands off {JOB}. Export {OTHER}.", OTHER),
        (f"{JOB} bitte in Ruhe lassen, {OTHER} nach ONNX exportieren.", OTHER),
        (f"Don't delete {JOB}, delete {OTHER}.", OTHER),
        (f"Leave {JOB} alone, don't stop it, I only want to know whether it is done.", JOB),
    ],
)
def test_a_job_that_is_left_alone_is_not_the_one_meant(skill: Skill, text: str, job: str) -> None:
    decision = decided(text, skill)
    values = decision.command.values if decision.command else decision.stated
    assert values.get("job", values.get("parent")) == job


def test_a_search_from_which_hands_are_kept_is_off(skill: Skill) -> None:
    decision = decided("Hands off the search: train the AOI classifier on /data/x, 20 epochs.", skill)
    assert (decision.action, decision.automl_policy, decision.stated["epochs"]) == ("train", "off", 20)

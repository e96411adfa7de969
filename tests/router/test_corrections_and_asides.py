# SPDX-License-Identifier: Apache-2.0
"""Corrections of policies and values, and words that change nothing of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from core.errors import RequestError
from tests.router.asking import decided

if TYPE_CHECKING:
    from router.declarations import Skill

JOB = "train-20260311-212223-7d7e80"


@pytest.mark.parametrize(
    "text",
    [
        "A search with 8 trials for the AOI classifier on /data/x. Correction: without a search after all.",
        "AutoML mit 10 Versuchen für den AOI-Klassifikator auf /data/x. Korrektur: doch kein AutoML.",
        "Train the AOI classifier on /data/x with 12 trials. No wait, no search after all.",
        "Train the AOI classifier on /data/x with AutoML, 9 trials. On second thought, drop AutoML.",
        "Suche mit 20 Versuchen für den AOI-Klassifikator auf /daten/x. Nein, doch ohne Suche, die Karten sind belegt.",
    ],
)
def test_a_search_that_is_called_off_takes_its_trials_along(skill: Skill, text: str) -> None:
    decision = decided(text, skill)
    assert (decision.action, decision.automl_policy, decision.missing) == ("train", "off", ())
    assert "trials" not in decision.stated


def test_trials_beside_a_refused_search_are_asked_about(skill: Skill) -> None:
    (question,) = decided("Train the AOI classifier on /data/x, no search, 9 trials.", skill).missing
    assert "9 trials" in question.text


@pytest.mark.parametrize(
    ("text", "trials"),
    [
        (
            "We always left the search out. This time don't leave it out when you train the AOI classifier; 15 trials.",
            15,
        ),
        (
            (
                "Früher haben wir die Suche weggelassen. Beim Training des AOI-Klassifikators lass sie diesmal "
                "nicht weg, 15 Versuche."
            ),
            15,
        ),
        (
            (
                "We skipped the search last year because the GPU was slow. It is fast now, so do not skip it: train "
                "the AOI classifier on /data/x."
            ),
            None,
        ),
        ("My boss thinks a single run will do, I disagree: train the AOI classifier with a proper search.", None),
        ("Tobias thinks one run is enough, I don't: train the AOI classifier with a real search.", None),
        ("Tobias meint, ein Lauf reicht, ich nicht: trainiere den AOI-Klassifikator mit richtiger Suche.", None),
        (
            "Der Kunde findet, ein Durchgang genügt, ich sehe das anders: AOI-Klassifikator trainieren, mit Suche.",
            None,
        ),
    ],
)
def test_a_search_is_kept_that_others_or_former_times_left_out(skill: Skill, text: str, trials: int | None) -> None:
    decision = decided(text, skill)
    assert (decision.action, decision.automl_policy, decision.missing) == ("train", "on", ())
    assert decision.stated.get("trials") == trials


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("train the classifier the pass no pass one uh thirty no make that thirty five epochs", {"epochs": 35}),
        ("train the board classifier the AOI one for forty eight epochs", {"epochs": 48}),
        ("train the small one the PASS/NO_PASS classifier twelve epochs", {"epochs": 12}),
        (
            "tune the AOI classifier, ten trials, five at once, did I say five, two at once",
            {"trials": 10, "parallel": 2},
        ),
        (
            "beim AOI-Klassifikator suchen, zehn Versuche, fünf auf einmal, sagte ich fünf, zwei auf einmal",
            {"trials": 10, "parallel": 2},
        ),
        ("drei Stunden Suche maximal, ne, anderthalb reichen, für den AOI-Klassifikator", {"hours": 1.5}),
        ("zwei Stunden Suche höchstens, nee, eine reicht, für den AOI-Klassifikator", {"hours": 1}),
        ("three hours of search at most, nah, one and a half will do, for the AOI classifier", {"hours": 1.5}),
        ("train the AOI classifier on /data/x for one and a half hours at most", {"hours": 1.5}),
        ("evaluate the last training on /data/x with the threshold at nought point six", {"margin": 0.6}),
    ],
)
def test_what_is_said_last_counts(skill: Skill, text: str, values: dict[str, Any]) -> None:
    decision = decided(text, skill)
    assert {name: decision.stated.get(name) for name in values} == values
    assert decision.missing == ()


@pytest.mark.parametrize(
    ("text", "action"),
    [
        (f"could you see how well {JOB} does on /srv/holdout I think Priya wanted that before lunch", "evaluate"),
        (f"werte {JOB} auf /daten/x aus, ich glaub Annegret wollte das noch vor Mittag", "evaluate"),
        (f"werte {JOB} auf /daten/x aus, angeblich hat Zdenka das so gewollt", "evaluate"),
        (f"He wrote at 06:40 that the crew left; verdicts for the board pairs under /ftp/b with {JOB}.", "inference"),
        ("They changed the solder mask to blue, so our AOI classifier is blind. Please train it on /data/x.", "train"),
        ("Die Lötmaske ist jetzt lila, also bitte den AOI-Klassifikator auf /daten/lila trainieren.", "train"),
        (f"Please work off my todo.md: evaluate {JOB} on /data/x.", "evaluate"),
        (f"evaluate {JOB} on /data/x with the threshold at 0.6, I tried 0.5, too lax", "evaluate"),
    ],
)
def test_names_and_asides_are_not_asked_about(skill: Skill, text: str, action: str) -> None:
    decision = decided(text, skill)
    assert (decision.action, decision.missing) == (action, ())


@pytest.mark.parametrize(
    "text",
    [
        "train ChangeNet in purple mode on /data/x",
        "train ChangeNet in turbo mode on /data/x",
        f"evaluate {JOB} on /data/x the zany way",
        f"evaluate {JOB} on /data/x, extra crispy",
        "train the AOI classifier on /data/x, but blue",
        "trainiere ChangeNet auf /data/x, aber lila",
    ],
)
def test_a_manner_that_nobody_knows_is_asked_about(skill: Skill, text: str) -> None:
    try:
        decision = decided(text, skill)
    except RequestError:
        return
    assert any("What is meant by" in question.text for question in decision.missing)

# SPDX-License-Identifier: Apache-2.0
"""Two folders in a request: each belongs to the step that it is said of; where one step names both, it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.router.asking import asked, decided

if TYPE_CHECKING:
    from router.declarations import Skill


def _folders(text: str, skill: Skill) -> list[tuple[str, str | None]]:
    """Each step with its data; a question about the data stands for itself."""
    decision = decided(text, skill)
    open_ones = [("asked", question.slot) for question in decision.missing if question.slot != "parent_job_id"]
    steps = decision.steps or (decision,)
    return [(one.command.verb if one.command else str(one.action), one.request.data) for one in steps] + open_ones


@pytest.mark.parametrize(
    "text",
    [
        "Train the board classifier on /n/a, 35 epochs; then let the result say PASS or NO_PASS for /n/b.",
        "Train the board classifier on /n/a, 30 epochs and then let the result say PASS or NO_PASS for /n/b",
        "Train the board classifier with /n/a, and afterwards apply it to /n/b",
        "Train the golden comparison model on /n/a, then go through /n/b and flag the bad boards",
        "Train the board classifier on /n/a; after that feed it /n/b and give me the verdicts",
        "Train the PASS/NO_PASS model on /n/a and, once that is done, let it have a go at /n/b",
        "Train the board classifier on /n/a. Next, make the new model check the boards in /n/b",
        "Train the board classifier on /n/a and then check the boards in /n/b for good or bad",
        "Trainiere den Platinen-Klassifikator auf /n/a und dann die Platinen in /n/b auf gut oder schlecht prüfen",
        "Bitte das PASS/NO_PASS-Modell mit /n/a trainieren. Danach die Platinen in /n/b in gut und schlecht einteilen",
        "Ich möchte, dass ihr den Klassifikator auf /n/a trainiert, und danach für /n/b die Urteile ausgebt",
        "I need verdicts for /n/b; train the AOI classifier on /n/a first",
        "Für /n/b brauche ich Urteile; trainiere dafür zuerst den AOI-Klassifikator auf /n/a",
        "Use /n/a for training the AOI model and /n/b for the verdicts",
        "Nimm /n/a zum Trainieren des AOI-Klassifikators und /n/b für die Urteile",
        "Train the AOI classifier using /n/a, the result should then judge /n/b",
        "Learn the AOI pairs in /n/a and then tell me what is wrong with the boards in /n/b",
        "I'd like the golden comparison trained on /n/a and then tell me which boards in /n/b are bad",
        "Lass das Prüfmodell mit den Paaren aus /n/a lernen. Danach lass es die Platinen in /n/b beurteilen",
    ],
)
def test_verdicts_have_their_own_folder(skill: Skill, text: str) -> None:
    assert _folders(text, skill) == [("train", "/n/a"), ("inference", "/n/b")]


@pytest.mark.parametrize(
    "text",
    [
        "Teach it to colour in the changed pixels from /n/a, and afterwards colour the photos lying in /n/b",
        "Train the change segmentation on /n/a, 30 epochs and then draw the changed areas for /n/b",
        "Train the change segmentation on /n/a; after that segment /n/b",
        "Train the change segmentation on /n/a, 30 epochs. Next, segment /n/b",
        "Train the changed-pixel model with /n/a. Next, shade the differences in the photos lying in /n/b",
        "Trainiere die Änderungssegmentierung auf /n/a; im Anschluss färbe die Fotos in /n/b ein",
        "Trainiere die Änderungssegmentierung auf /n/a. Wenn das fertig ist, markiere die Änderungen in /n/b",
        "Trainiere die Segmentierung auf /n/a und zeig dann die Unterschiede in /n/b",
        "Trainiere die Änderungssegmentierung auf /n/a und dann die Fotos in /n/b einfärben",
        "Trainiere die Änderungssegmentierung auf /n/a, danach heb die geänderten Pixel in /n/b hervor",
    ],
)
def test_masks_have_their_own_folder(skill: Skill, text: str) -> None:
    assert _folders(text, skill) == [("segment_train", "/n/a"), ("segment_inference", "/n/b")]


@pytest.mark.parametrize(
    "text",
    [
        "train ChangeNet on /n/a and /n/b",
        "train ChangeNet on /n/a, then /n/b",
        "train the segmentation on /n/a, /n/gt for the masks",
        "train ChangeNet on /n/a with validation on /n/b",
        "train the segmenter on /n/a and /n/b and afterwards make the masks",
        "Train the classifier on /n/a, /n/b holds the old photos",
        "train ChangeNet on /n/a and keep /n/b for later",
        "train ChangeNet on /n/a and don't touch /n/b yet, verdicts come later",
        "Trainiere ChangeNet auf /n/a, in /n/b liegen die alten Bilder",
    ],
)
def test_two_folders_of_one_step_are_asked_about(skill: Skill, text: str) -> None:
    assert decided(text, skill).missing[0].slot == "data"


@pytest.mark.parametrize("text", ["train ChangeNet on /n/a, then check the data in /n/b", "feed it to ./dog"])
def test_no_verdicts_are_made_of_other_words(skill: Skill, text: str) -> None:
    assert "inference" not in asked(text, skill)


@pytest.mark.parametrize(
    "text",
    [
        "train the AOI classifier on /n/a and then the segmentation on /n/b",
        "Trainiere den Klassifikator auf /n/a und danach das Segmentierungsmodell auf /n/b",
        "Trainiere den Platinen-Klassifikator auf /n/a, dann den Segmentierer auf /n/b",
    ],
)
def test_another_model_without_a_verb_is_trained_as_well(skill: Skill, text: str) -> None:
    assert _folders(text, skill) == [("train", "/n/a"), ("segment_train", "/n/b")]


def test_two_pictures_are_looked_at_behind_a_training(skill: Skill) -> None:
    assert asked("train ChangeNet on ./a, then compare ./x.png with ./y.png", skill) == ["train", "inspect"]


def test_what_takes_up_the_data_ahead_of_a_verb_is_no_step(skill: Skill) -> None:
    text = (
        "Please train the PASS/NO_PASS model with the pairs in /n/a, 30 epochs, then go through /n/b and flag the bad"
    )
    assert asked(text, skill) == ["train", "inference"]


def test_an_engine_and_what_is_checked_with_it(skill: Skill) -> None:
    text = (
        "Aus export-20260330-080000-f1f2a3 eine TensorRT-Engine mit int8 bauen und dann damit die Platinen in /n/b "
        "auf gut oder schlecht prüfen"
    )
    assert _folders(text, skill) == [("deploy_classify_gen_trt_engine", None), ("deploy_classify_inference", "/n/b")]


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("How exact are the masks when the TensorRT engine makes them? They lie in /n/t", "deploy_segment_evaluate"),
        ("How precise are the verdicts of the engine on /n/t?", "deploy_classify_evaluate"),
        ("It shall paint in the spots where a board differs. Let it learn that from /n/a", "segment_train"),
        ("Es soll die Stellen einfärben, an denen sich die Platine ändert. Trainier das mit /n/a", "segment_train"),
        ("It should tell good boards from bad ones. Let it learn that from /n/a", "train"),
        ("the one that draws the changed pixels needs a TensorRT engine, fp32", "deploy_segment_gen_trt_engine"),
    ],
)
def test_what_a_model_does_tells_which_one_it_is(skill: Skill, text: str, action: str) -> None:
    decision = decided(text, skill)
    assert decision.action == action
    assert not any("Which one is" in question.text for question in decision.missing)


def test_the_one_that_nothing_describes_is_asked_about(skill: Skill) -> None:
    text = "export the one from yesterday"
    assert "Which one is 'the one'?" in decided(text, skill).missing[0].text


_ONE, _OTHER = "train-20260301-080000-111aaa", "train-20260308-080000-222bbb"


@pytest.mark.parametrize(
    "text",
    [
        f"Put side by side for me, which catches more bad boards: {_ONE} or {_OTHER}?",
        f"which catches more bad boards: {_ONE} or {_OTHER}?",
        f"Compare, which marks fewer good boards as bad: {_ONE} or {_OTHER}",
        f"Vergleiche, welches mehr schlechte Platinen erkennt: {_ONE} oder {_OTHER}",
    ],
)
def test_by_what_two_jobs_are_compared_is_no_step(skill: Skill, text: str) -> None:
    assert asked(text, skill) == ["compare"]


def test_a_comparison_may_be_followed_by_verdicts(skill: Skill) -> None:
    text = f"compare {_ONE} and {_OTHER} and then classify ./b with the better one"
    assert asked(text, skill) == ["compare", "inference"]

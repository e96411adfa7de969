# SPDX-License-Identifier: Apache-2.0
"""What no word of a request sets is asked about, and never dropped: of actions, of commands, beside our data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import RequestError
from router.decision import decide
from router.types import Request
from tests.router.asking import asked, decided

if TYPE_CHECKING:
    from pathlib import Path

    from router.declarations import Skill

JOB = "train-20260311-081502-4be901"


@pytest.fixture
def boards(tmp_path: Path) -> str:
    """A folder that is laid out as data of the classify task is."""
    for split in ("train", "val"):
        (tmp_path / "boards" / split / "images").mkdir(parents=True)
        (tmp_path / "boards" / split / "dataset.csv").write_text("input_path,golden_path,label,object_name\n")
    return str(tmp_path / "boards")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("train ChangeNet on ./boards from scratch", "from scratch"),
        ("train ChangeNet on ./boards for 5 epochs from scratch", "from scratch"),
        ("train ChangeNet on ./boards without pretrained weights", "without pretrained weights"),
        ("train ChangeNet on ./boards with no pre-trained backbone", "no pre-trained backbone"),
        ("train ChangeNet on ./boards with randomly initialised weights", "randomly initialised weights"),
        ("Trainiere ChangeNet auf ./boards von Grund auf", "von Grund auf"),
        ("Trainiere ChangeNet auf ./boards ohne vortrainierte Gewichte", "ohne vortrainierte"),
        ("train ChangeNet on ./boards with freezing of the backbone", "freezing of the backbone"),
        ("train ChangeNet on ./boards with 10 epochs, the first 2 with a frozen backbone", "frozen backbone"),
        ("Trainiere ChangeNet auf ./boards mit eingefrorenem Backbone", "eingefrorenem Backbone"),
        ("train ChangeNet on ./boards with 2 golden images", "with 2 golden images"),
        ("train ChangeNet on ./boards with weights of 10 for defects", "weights of 10 for defects"),
        ("train ChangeNet on ./boards on the second GPU", "on the second GPU"),
        ("train ChangeNet on ./boards using GPU 1", "using GPU 1"),
        ("Trainiere ChangeNet auf ./boards auf der zweiten GPU", "auf der zweiten GPU"),
        ("train ChangeNet on ./boards with docker image tao:6.0", "docker image"),
        ("train ChangeNet on ./boards on slurm partition a100 with 4 GPUs", "slurm partition"),
        ("train ChangeNet on ./boards on kubernetes in namespace aoi, 2 nodes", "in namespace"),
        ("train ChangeNet on ./boards with 16 GB memory", "with 16 GB memory"),
        ("train ChangeNet on 80% of ./boards", "80% of ./boards"),
        ("train ChangeNet on ./boards but hold back 20% for validation", "hold back 20% for validation"),
        ("Trainiere ChangeNet auf ./boards, 20 % zur Validierung zurückhalten", "20 % zur Validierung zurückhalten"),
        ("train ChangeNet on ./boards excluding the boards of May", "excluding the boards of"),
        ("train ChangeNet on everything in ./boards including test", "including test"),
        ("train ChangeNet on ./boards with a 4:1 split", "4:1 split"),
        ("train ChangeNet on ./boards, at most 3 escapes per million", "3 escapes per million"),
        ("train ChangeNet on ./boards, don't start it yet", "don't start it yet"),
        ("Trainiere ChangeNet auf ./boards, aber starte es noch nicht", "starte es noch nicht"),
        ("train ChangeNet on half of ./boards", "half of ./boards"),
        ("train ChangeNet only on the defective boards in ./boards", "only on the defective boards"),
        ("Trainiere ChangeNet auf ./boards nur mit den Platinen von Linie 3", "nur mit den Platinen von"),
        ("train ChangeNet on ./boards without transfer learning", "without transfer learning"),
        ("train ChangeNet on ./boards but only the head", "only the head"),
        ("train ChangeNet on ./boards in docker with tao 6.0", "tao 6.0"),
        ("train ChangeNet on ./boards but just show me the command", "just show me the command"),
        ("I wonder whether I should train ChangeNet on ./boards for 5 epochs", "wonder whether I should"),
        ("Ich überlege, ob ich ChangeNet auf ./boards trainieren soll", "überlege, ob ich"),
        ("train ChangeNet on ./boards with 4 workers", "with 4 workers"),
    ],
)
def test_what_no_word_sets_is_asked_about(text: str, said: str, skill: Skill) -> None:
    questions = [question.text for question in decided(text, skill).missing]
    assert any(f"'{said}'" in one or f'"{said}"' in one for one in questions), questions


@pytest.mark.parametrize(
    "text",
    [
        "train ChangeNet on ./boards with our pretrained weights",
        "train ChangeNet on ./boards with 2 GPUs",
        "train ChangeNet on ./boards in docker",
        "train ChangeNet on ./boards; the golden images were retaken",
        "The k8s namespace is free tonight, so train ChangeNet on ./boards on kubernetes",
        "train ChangeNet with the frozen recipe: 26 epochs, batch 16, on ./boards",
        "train ChangeNet on ./boards with eight workers in parallel and 32 trials",
        "train ChangeNet only on the pairs in ./boards",
        "Trainiere ChangeNet nur mit den Paaren in ./boards",
        "Nobody sits on GPU 0. Train ChangeNet on ./boards.",
        "train ChangeNet on ./boards, gpu 1, epochs 12",
        "Trainiere ChangeNet auf ./boards mit 4 GPUs und Batchgröße 8",
    ],
)
def test_an_ordinary_request_is_not_asked_about(text: str, skill: Skill) -> None:
    decision = decided(text, skill)
    assert (decision.action, decision.missing) == ("train", ())


def test_a_number_behind_a_preposition_is_told_where_nothing_reads_it(skill: Skill) -> None:
    assert "7" in decided("train ChangeNet on ./boards with something of 7", skill).not_understood
    assert not decided("train ChangeNet for line 7 on ./boards", skill).not_understood


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("train ChangeNet on ./boards with a smaller model", "with a smaller model"),
        ("train ChangeNet on ./boards with balanced classes", "with balanced classes"),
        ("train ChangeNet on ./boards with a higher learning rate", "with a higher learning rate"),
        ("Trainiere ChangeNet auf ./boards mit mehr Epochen", "mit mehr Epochen"),
        ("Trainiere ChangeNet auf ./boards mit einem kleineren Modell", "mit einem kleineren Modell"),
    ],
)
def test_what_nothing_takes_up_is_told(text: str, said: str, skill: Skill) -> None:
    assert f"not taken up: '{said}'" in decided(text, skill).warnings


@pytest.mark.parametrize(
    "text",
    [
        "train ChangeNet on ./boards with AutoML",
        "train ChangeNet on ./boards without a search",
        "train ChangeNet on ./boards with 20 epochs and batch 8",
        "train ChangeNet with the data in ./boards",
        "Trainiere ChangeNet auf ./boards mit der letzten Konfiguration des besten Versuchs",
    ],
)
def test_what_is_taken_up_is_not_told(text: str, skill: Skill) -> None:
    assert not any("not taken up" in one for one in decided(text, skill).warnings)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("inspect ./golden.png against ./test.png with ./model.pth", "inspect ./model.pth ./golden.png ./test.png"),
        ("Vergleiche ./golden.png mit ./test.png mit ./model.pth", "inspect ./model.pth ./golden.png ./test.png"),
        ("inspect ./golden.png against ./test.png without a model", "inspect none ./golden.png ./test.png"),
        ("Vergleiche ./golden.png mit ./test.png ohne Modell", "inspect none ./golden.png ./test.png"),
        ("inspect ./golden.png against ./test.png", "inspect ./golden.png ./test.png"),
        (
            "inspect ./golden.png against ./test.png at threshold 0.4",
            "inspect ./golden.png ./test.png --threshold 0.4",
        ),
        (f"resume {JOB} on docker", f"run train --automl off --parent {JOB} --runner docker"),
        (f"serve {JOB} on port 9000", f"serve {JOB} --listen 127.0.0.1:9000"),
        ("serve ./model.pth", "serve ./model.pth"),
        ("watch ./lots with ./model.pth", "watch ./lots --model ./model.pth"),
        (
            f"watch ./lots with {JOB} and golden ./golden.png",
            f"watch ./lots --golden ./golden.png --model {JOB}",
        ),
        ("calibrate ./model.pth on ./boards", "calibrate ./model.pth ./boards"),
        ("synthesize boards from ./boards into ./syn", "data synthesize ./syn --from ./boards"),
        (f"resume {JOB}", f"run train --automl off --parent {JOB}"),
        (f"resume {JOB} without automl", f"run train --automl off --parent {JOB}"),
        (f"report of {JOB} for 99% recall", f"report {JOB} --target 'recall>=99%'"),
        (
            "synthesize 20 boards of 512 px into ./syn with 10% defects",
            "data synthesize ./syn --size 512 --boards 20 --defect-rate 0.1",
        ),
        ("check ./boards", "data check ./boards"),
    ],
)
def test_a_command_is_typed_with_what_is_said_of_it(text: str, line: str, skill: Skill) -> None:
    decision = decided(text, skill)
    assert decision.command
    assert (decision.command.line, decision.missing) == (f"changenet {line}", ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"resume {JOB} with automl", "with automl"),
        (f"Setze {JOB} mit AutoML fort", "mit AutoML"),
        (f"resume {JOB} with 20 more epochs", "epochs 20"),
        (f"Setze {JOB} mit kleinerer Lernrate 1e-5 fort", "learning_rate 1e-05"),
        (f"resume {JOB} from epoch 5", "from epoch 5"),
        (f"resume {JOB} on the other machine", "Which runner"),
        ("inspect ./golden.png against ./test.png with the last model", "Which model inspects"),
        ("inspect ./golden.png against ./test.png and save the result to ./out", "which are golden and test?"),
        ("Validiere ./model.pth mit ./boards", "What is ./model.pth for?"),
        (f"report of {JOB} to ./out", "What is ./out for?"),
        (f"resume {JOB} on ./boards", "What is ./boards for?"),
        ("Vergleiche ./golden.png mit ./test.png, ignoriere den Rand", "ignoriere den Rand"),
        ("inspect ./golden.png against ./test.png, ignoring the border", "ignoring the border"),
        ("inspect ./golden.png", "Which one goes with ./golden.png?"),
        (f"watch ./boards with {JOB}, every 5 seconds", "every 5 seconds"),
        ("check ./boards without decoding the pictures", "without decoding the pictures"),
        ("check ./boards and fix it", "fix it"),
        ("check ./boards and ./new", "One folder is checked at a time"),
        ("draw synthetic boards into ./syn but only solder defects", "only solder defects"),
    ],
)
def test_what_a_command_has_no_option_for_is_asked_about(text: str, said: str, skill: Skill) -> None:
    decision = decided(text, skill)
    assert decision.command
    assert any(said in question.text for question in decision.missing), decision.missing


def test_how_long_tells_what_advice_does_not_count(skill: Skill) -> None:
    decision = decided("how long would training on ./boards for 5 epochs take?", skill)
    assert decision.command
    assert decision.command.verb == "advise"
    assert any("'epochs' (5)" in one for one in decision.warnings)
    assert any("./boards" in one for one in decision.warnings)


@pytest.mark.parametrize(
    "text",
    [
        "trainiere mit BOARDS, validiere mit ./new",
        "trainiere auf BOARDS und validiere mit ./new",
        "train on BOARDS, validate on ./new",
    ],
)
def test_what_a_training_is_validated_with_is_no_step(text: str, boards: str, skill: Skill) -> None:
    decision = decided(text.replace("BOARDS", boards), skill)
    assert (decision.action, decision.missing) == ("train", ())
    assert (decision.request.train_datasets, decision.request.eval_dataset) == ((boards,), "./new")


def test_to_miss_no_defect_is_full_recall(skill: Skill) -> None:
    text = "train ChangeNet on ./boards, we must not miss a defect, false alarms below 1 %"
    assert decided(text, skill).stated["target"] == {"recall": 1.0, "false_alarms": 0.01}


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("train on BOARDS in the background", "train"),
        ("train a single model on BOARDS", "train"),
        ("train on BOARDS, results to ./out", "train"),
        ("trainiere auf BOARDS dreiviertel Stunde", "train"),
        ("Könnten Sie bitte das Modell auf BOARDS mit acht Epochen anlernen?", "train"),
        ("predict on BOARDS with ./model.pth, threshold 0.3", "inference"),
        ("evaluate ./model.pth on BOARDS", "evaluate"),
    ],
)
def test_an_order_on_data_that_lies_there_leaves_no_doubt(text: str, action: str, boards: str, skill: Skill) -> None:
    assert decided(text.replace("BOARDS", "/nowhere/x"), skill).missing
    decision = decided(text.replace("BOARDS", boards), skill)
    assert (decision.action, decision.missing) == (action, ())


@pytest.mark.parametrize(
    "text",
    [
        "train on BOARDS?",
        "train on BOARDS, maybe with automl, maybe without",
        "train on BOARDS in the style of Picasso",
        "train on BOARDS or evaluate on it",
        "train on BOARDS like last time, but with 20 epochs",
        "evaluate the other model on BOARDS",
    ],
)
def test_what_is_left_open_on_such_data_is_still_asked(text: str, boards: str, skill: Skill) -> None:
    assert decided(text.replace("BOARDS", boards), skill).missing


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("in the tutorial they train for 100 epochs; train on BOARDS", "tutorial"),
        ("train on BOARDS and send me an email when done", "email"),
        ('Customer mail: "AutoML must be off". Train on BOARDS.', "mail"),
        ("train a cat detector on BOARDS", "cat"),
    ],
)
def test_a_strange_word_beside_our_data_is_asked_about(text: str, word: str, boards: str, skill: Skill) -> None:
    with pytest.raises(RequestError, match="nothing that this skill works on"):
        decided(text.replace("BOARDS", "/nowhere/x"), skill)
    missing = decided(text.replace("BOARDS", boards), skill).missing
    assert any(f"'{word}'" in question.text for question in missing)


def test_another_model_is_declined_on_our_data_as_well(boards: str, skill: Skill) -> None:
    with pytest.raises(RequestError, match="YOLO"):
        decide(Request(text=f"train YOLO on {boards}"), skill)


def test_a_training_that_goes_on_is_still_a_training(skill: Skill) -> None:
    assert asked(f"train on from {JOB} with ./boards for 20 epochs", skill) == ["train"]


def test_weights_that_are_ruled_out_refuse_no_search(skill: Skill) -> None:
    decision = decided("trainiere PASS/NO_PASS auf /lab/luefter von Grund auf, ohne vortrainierte Gewichte", skill)
    assert (decision.automl_policy, len(decision.missing)) == ("on", 1)

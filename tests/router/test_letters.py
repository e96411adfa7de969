# SPDX-License-Identifier: Apache-2.0
"""Letters and dictated messages: a story around a request, whom it is to, why it asks, and what others have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from core.errors import RequestError
from tests.router.asking import asked, decided

if TYPE_CHECKING:
    from router.declarations import Skill

JOB, EXPORT = "train-20260301-070000-a1a1a1", "export-20260301-070000-a1a1a1"


def values(text: str, skill: Skill) -> dict[str, Any]:
    """What a request states, where nothing is left to ask."""
    decision = decided(text, skill)
    assert [question.text for question in decision.missing if "blocked" not in question.text] == []
    return {name: value for name, value in decision.stated.items() if name != "task"}


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        (
            (
                f"Hello from the pier, the ferry is late. I need the verdicts of {JOB} for /audit/boards. My "
                "dentist would laugh at our solder joints."
            ),
            ["inference"],
        ),
        (
            (
                "Good evening, our warehouse flooded and the insurance people are here. Could you export the "
                "best trial of the board inspection to ONNX? The plumber needs the laptop at eight."
            ),
            ["export"],
        ),
        (
            (
                f"The colleague has retired. Build an fp16 TensorRT engine from {EXPORT}. Her recipes "
                "for cake are still on the drive, mostly without sugar."
            ),
            ["deploy_classify_gen_trt_engine"],
        ),
        (
            f"No labels exist, and labelling was ruled out as too costly. Please run {JOB} over /d/archive.",
            ["inference"],
        ),
        (
            (
                f"The goalkeeper of our works team broke his finger, so I stand in. Where are we with {JOB}? The match "
                "begins at six."
            ),
            ["status"],
        ),
        (f"Beim Zahnarzt sitzt man ja lange. Wie steht es um {JOB}? Meine Backe ist noch taub.", ["status"]),
        (f"Wo stehen wir mit {JOB}?", ["status"]),
        (
            (
                f"Liebe Kolleginnen, er ist kaputt. Bitte wertet {JOB} auf /pruefung/mai aus. Die Rechnung für den "
                "Aufzug bekommt Herr Wanninger. Viele Grüße, Traudl"
            ),
            ["evaluate"],
        ),
        (
            (
                "Guten Tag, trainieren Sie bitte das Segmentierungsmodell für geänderte Pixel auf /kacheln. Mit besten "
                "Grüßen, Ihre Personalabteilung"
            ),
            ["segment_train"],
        ),
        (
            "So Marjorie from quality wants the golden comparison classifier retrained on /d/a before the audit.",
            ["train"],
        ),
        ("I don't have labels for Q1, so train the golden comparison classifier on Q2 alone, /q2/pairs.", ["train"]),
        ("Customer complaints are up. What I want is a fresh training of our golden-image classifier.", ["train"]),
        ("Trainiere den Platinenklasifikator auf ./x, 20 Epochen.", ["train"]),
        (
            "Export the best trial to ONNX, turn that into an fp16 TensorRT engine.",
            ["export", "deploy_classify_gen_trt_engine"],
        ),
        ("I'd like the inspection classifier trained on /w, and the result exported to ONNX.", ["train", "export"]),
        (
            "I'd like the inspection classifier searched with 12 trials on /w, and the outcome of it quantised to fp8.",
            ["train", "quantize"],
        ),
        (
            "Train the PASS/NO_PASS classifier on /a, then evaluate it on /b. The engine can wait, we have no PC yet.",
            ["train", "evaluate"],
        ),
        (
            (
                f"Baut mir bitte aus {EXPORT} eine TensorRT-Engine in fp32. Die Rückfrage der Behörde beantworte ich "
                "selbst, da müsst ihr nichts tun."
            ),
            ["deploy_classify_gen_trt_engine"],
        ),
    ],
)
def test_a_story_around_a_request_changes_nothing(text: str, steps: list[str], skill: Skill) -> None:
    assert asked(text, skill) == steps
    assert [q.text for q in decided(text, skill).missing if "blocked" not in q.text] == []


@pytest.mark.parametrize(
    "text",
    [
        "Train the PASS/NO_PASS classifier on ./x. My supervisor compares it with her own U-Net.",
        "Train the PASS/NO_PASS classifier on ./x. The YOLO model of run 87 is handled by another agent, ignore it.",
        "Trainiere den PASS/NO_PASS-Klassifikator auf ./x. Mein Kollege vergleicht das mit seinem U-Net.",
        "Train the PASS/NO_PASS classifier on ./x, because the thesis chapter needs a baseline.",
        "Trainiere den PASS/NO_PASS-Klassifikator auf ./x, weil der Lieferant den Vertrag gekündigt hat.",
    ],
)
def test_what_others_have_and_why_it_is_asked_decline_nothing(text: str, skill: Skill) -> None:
    assert (asked(text, skill), values(text, skill)) == (["train"], {"data": "./x"})


@pytest.mark.parametrize(
    "text",
    [
        "Train the PASS/NO_PASS classifier on ./x. Then use our own U-Net for the masks.",
        "Train the YOLO. It is her own U-Net.",
        "Dear YOLO team, please train it on ./x.",
        "Train my YOLO because the PASS/NO_PASS classifier is too slow.",
        "Dear colleagues, please train the new operators on Monday.",
        "Die neuen Kollegen fangen am Montag an. Trainieren Sie sie bitte.",
        "Trainiere den Kundenklasifikator auf ./x",
        "Werte die Umfrage in ./x aus",
        "Show me the lines that changed between /etc/line/conf.old and /etc/line/conf.new please",
        "Zeig mir die Zeilen, die sich zwischen /etc/conf.old und /etc/conf.new geändert haben",
    ],
)
def test_another_model_or_craft_that_is_meant_still_declines(text: str, skill: Skill) -> None:
    with pytest.raises(RequestError, match="nothing that this skill works on"):
        decided(text, skill)


@pytest.mark.parametrize(
    "text",
    [
        (
            "Bitte heute keine Masken und keine Urteile mehr rechnen, auch nicht für ./rest. Die AOI steht, Klima "
            "defekt. Frau Kern gibt morgen Bescheid."
        ),
        "The AOI server is down. Please no verdicts and no masks today, not even for ./rest.",
        "AOI-Linie 2: heute keine Urteile, erst recht nicht für ./rest.",
        (
            "We've a rig that was tuned by ear. Train the PASS/NO_PASS classifier on /d/a; the number of trials in the "
            "search should be 14, the budget sheet says."
        ),
        "ChangeNet Classify trainieren, 36 Epochen. Ich möchte nicht, dass der Rechner mir daran etwas verbessert.",
    ],
)
def test_what_is_refused_or_unclear_is_kept_beside_a_story(text: str, skill: Skill) -> None:
    assert decided(text, skill).missing


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        (
            "I said twelve trials, she said twenty-four, we settled on sixteen, two at a time.",
            {"trials": 16, "parallel": 2},
        ),
        ("I said 20 epochs, she said 40, we agreed on 30.", {"epochs": 30}),
        ("Ich wollte 12 Versuche, sie 24, geeinigt haben wir uns auf 16.", {"trials": 16}),
        ("20 epochs; we agreed on 12 for the batch size.", {"epochs": 20, "batch_size": 12}),
        ("20 epochs; they settled on 3 cameras.", {"epochs": 20}),
        ("12 trials, and it must be over in five hours because of the power cut.", {"trials": 12, "hours": 5}),
        ("12 trials, because the old script needs a quarter of an hour.", {"trials": 12}),
        ("12 trials. The night shift lasts eight hours and has three people.", {"trials": 12}),
        ("Die Nachtschicht dauert acht Stunden.", {}),
        ("The search takes three hours at most.", {"hours": 3}),
        ("Die Suche darf 3 Stunden dauern.", {"hours": 3}),
        ("12 trials, my boss wants it in 10 minutes.", {"trials": 12}),
        ("It is the third go after two attempts that led nowhere.", {}),
        ("Das nach zwei Versuchen, die nichts brachten.", {}),
        ("Stop after two attempts.", {"trials": 2}),
        ("Although my predecessor swore by 100 epochs, use 30 epochs.", {"epochs": 30}),
        ("Although 30 epochs are few.", {"epochs": 30}),
        ("Epochen bitte 20, Batch bitte 8.", {"epochs": 20, "batch_size": 8}),
        ("Epochs please 20, batch size please 8.", {"epochs": 20, "batch_size": 8}),
    ],
)
def test_values_among_what_is_told(text: str, stated: dict[str, Any], skill: Skill) -> None:
    found = values(f"Train the PASS/NO_PASS classifier on ./x. {text}", skill)
    assert found == {"data": "./x", **stated}


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        (f"An fp32 TensorRT engine out of {EXPORT}, just to rule that out.", {"data_type": "fp32"}),
        (f"From {EXPORT} I'd like a TensorRT engine in fp16, built on the machine in the lab.", {"data_type": "fp16"}),
        (f"Build an fp16 engine from {EXPORT} on this machine.", {"data_type": "fp16", "runner": "local"}),
    ],
)
def test_values_of_an_engine(text: str, stated: dict[str, Any], skill: Skill) -> None:
    assert values(text, skill) == {"parent": EXPORT, **stated}


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("Die neuen Bilder sind fertig gelabelt und liegen in ./x.", ["train", "quantize"]),
        ("The new pictures of the charger are labelled and lie in ./x.", ["train", "quantize"]),
        ("The labels are done, see ./x.", ["train", "quantize"]),
        ("Evaluate the last training on ./x.", ["evaluate", "train", "quantize"]),
    ],
)
def test_where_data_lies_is_no_step(text: str, steps: list[str], skill: Skill) -> None:
    found = decided(f"{text} First train the board classifier with them, then quantize it to int8.", skill)
    assert sorted(str(one.action) for one in found.steps) == sorted(steps)
    assert any(one.request.data == "./x" and one.action == steps[0] for one in found.steps)


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("Bitte {job} mit den beschrifteten Paaren aus ./x bewerten.", "evaluate"),
        ("{job} bitte mit den gelabelten Paaren aus ./x prüfen.", "evaluate"),
        ("Bitte die Paare aus ./x mit {job} bewerten.", "inference"),
        ("Bitte die unbeschrifteten Paare aus ./x mit {job} bewerten.", "inference"),
    ],
)
def test_with_labels_it_is_measured(text: str, action: str, skill: Skill) -> None:
    assert asked(text.format(job=JOB), skill) == [action]


@pytest.mark.parametrize(
    ("text", "runner"),
    [
        ("Rin moved our jobs to Ray over Easter. Please train the board classifier on ./x there.", "ray"),
        ("The training of the board classifier on ./x should go to Ray.", "ray"),
        ("A ray of light fell on the boards. Train the board classifier on ./x.", None),
        ("Send the X-ray images to Ray, he knows. Train the board classifier on ./x.", None),
    ],
)
def test_where_the_jobs_went(text: str, runner: str | None, skill: Skill) -> None:
    assert decided(text, skill).stated.get("runner") == runner


@pytest.mark.parametrize(
    "text",
    [
        "Vilhelm says it's blocking the card, Antje says hers was finished long ago. Could you cancel the job?",
        "Der Aufzug ist kaputt. Bitte brechen Sie den Trainingslauf ab. Hochachtungsvoll, E. Sandhofer",
        "The plumber came at noon and Wencke made coffee. Show me the report please.",
        "Okay, Nadine is breathing down my neck. Start the training please, thirty epochs.",
    ],
)
def test_what_stands_in_a_story_is_asked_about_and_not_declined(text: str, skill: Skill) -> None:
    found = decided(text, skill)
    assert [question.slot for question in found.missing] in (["job"], ["request"])


@pytest.mark.parametrize(
    "text",
    [
        "Our fridge broke and the plumber came. Please evaluate the plumber.",
        "The plumber came at noon. Cancel the appointment please.",
        "Was unterscheidet Stahl 1.4301 und 1.4404? Stell sie mal gegenüber.",
        "Serve the soup at noon; the delegation from Osaka eats early.",
        "Die Auszubildenden sollen zuerst am Simulator trainieren. Bitte einen Terminplan.",
    ],
)
def test_other_things_in_a_story_still_decline(text: str, skill: Skill) -> None:
    with pytest.raises(RequestError, match="nothing that this skill works on"):
        decided(text, skill)


def test_a_refused_search_is_read_in_its_misspelt_compound(skill: Skill) -> None:
    text = "ich bins nochmal, der Reto. Chasch de ChangeNet-Klassifikator trainiere, aber ohni Hyperparametersuechi"
    assert decided(text, skill).automl_policy == "off"


def test_the_story_that_is_left_out_is_told(skill: Skill) -> None:
    text = f"The goalkeeper broke his finger, so I stand in. Where are we with {JOB}? The match begins at six."
    told = next(reason for reason in decided(text, skill).reasons if "only told" in reason)
    assert "The goalkeeper broke his finger" in told
    assert "The match begins at six" in told


@pytest.mark.parametrize(
    ("text", "open_job"),
    [
        ("Cancel the last training please. There are three running.", True),
        ("Brich das Training von heute früh ab. Es laufen gerade vier.", True),
        ("Cancel the last training please, it uses three GPUs.", False),
        ("Brich das Training von heute früh ab, es lief 4 Stunden.", False),
    ],
)
def test_which_of_several_that_run_is_asked(text: str, open_job: bool, skill: Skill) -> None:
    assert bool(decided(text, skill).missing) is open_job

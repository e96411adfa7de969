# SPDX-License-Identifier: Apache-2.0
"""Requests in other voices: shorthand, dialect, formal and inverted sentences; and what they must not become."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import RequestError
from tests.router.asking import decided

if TYPE_CHECKING:
    from router.declarations import Skill
    from router.types import Decision

JOB, OTHER = "train-20260301-070000-a1a1a1", "train-20260302-070000-b2b2b2"


def names(decision: Decision) -> list[str]:
    steps = decision.steps or (decision,)
    return [step.command.verb if step.command else str(step.action) for step in steps]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("train cn cls on /opt/l7 no hpo 12 ep", ["train"]),
        ("seg eval, last training, /opt/masks/val", ["segment_evaluate"]),
        ("s ChangeNet no uf /data/linie4 trainiere, PASS/NO_PASS, 30 Epoche, ohni HPO", ["train"]),
        (
            "Lass s PASS/NO_PASS-Modell vom letschte Training über /bilder/znacht laufe und sag welli schlecht sind",
            ["inference"],
        ),
        ("build a TensorRT engine from line.onnx", ["deploy_classify_gen_trt_engine"]),
        ("build a classifier from ./boards and an engine of it", ["train", "deploy_classify_gen_trt_engine"]),
        ("Is wished a training for change segmentation, path is /mnt/obrazy", ["segment_train"]),
        ("Could a training of the OK/NG model be set up on /a/8?", ["train"]),
        ("The user would first have ChangeNet segmentation training on /srv/lid", ["segment_train"]),
        ("we want the changed pixels marked, so teach changenet segment from /data/masks", ["segment_train"]),
        ("TRT inference, segment engine VCN, data /d/stream", ["deploy_segment_inference"]),
        ("Could the TensorRT engine of the PASS/NO_PASS model be run on /qm/new?", ["deploy_classify_inference"]),
        (f"The user inquires whether {JOB} has finished.", ["status"]),
        (f"compare {JOB} and {OTHER}, then remove {JOB}", ["compare", "remove"]),
        (f"first ONNX, then a TensorRT engine in fp16, from {JOB}", ["export", "deploy_classify_gen_trt_engine"]),
        ("evaluate the model we trained yesterday on /e/3", ["evaluate"]),
        (f"resume {JOB} and afterwards evaluate it on /s/5", ["resume", "evaluate"]),
        ("The supplier recommends it. Please train the PASS/NO_PASS ChangeNet on /a/b.", ["train"]),
    ],
)
def test_what_is_asked_for_in_other_voices(text: str, expected: list[str], skill: Skill) -> None:
    found = decided(text, skill)
    assert names(found) == expected
    assert [question.slot for question in found.missing if question.slot not in {"parent_job_id", "data"}] == []


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("Train PASS/NO_PASS on /a/b, w/ the AutoML", "on"),
        ("ChangeNet training, classify, w/o search, /a/9", "off"),
        ("Das Training auf /a/b (PASS/NO_PASS): die Parametersuche soll dabei entfallen", "off"),
        ("ChangeNet-Klassifikator auf /a/b trainieren, auf die Suche will ich keinesfalls verzichten", "on"),
        ("train PASS/NO_PASS on /a/b, AutoML must not be left out", "on"),
        ("Trainiere PASS/NO_PASS auf /a/15, aber Finger weg von AutoML", "off"),
        ("Segmentierung mit /b/5 trainieren, Hyperparameter bleiben wie sie sind", "off"),
    ],
)
def test_the_policy_in_other_words(text: str, policy: str, skill: Skill) -> None:
    found = decided(text, skill)
    assert (found.automl_policy, found.steps, found.command) == (policy, (), None)


@pytest.mark.parametrize(
    "text",
    [
        "Please train the board inspection classifier on /a/b the Swiss way",
        "train cn cls extra crispy on /opt/l3",
        "train PASS/NO_PASS on /a/b crosswise like kevin does it",
        "Train the PASS/NO_PASS ChangeNet on /a/b with an image size of anything from 300 to 600 pixels",
        "Train the PASS/NO_PASS ChangeNet on /a/b with 5 % or 1 % accordingly",
    ],
)
def test_an_unknown_manner_and_an_open_figure_are_asked_about(text: str, skill: Skill) -> None:
    assert decided(text, skill).missing


@pytest.mark.parametrize(
    "text",
    [
        "fine-tune our pricing model on /x/3.xlsx",
        "export controls: may we ship this inspection PC to Brazil?",
        "can u train the two temps on how to load golden boards into the AOI",
        "Wer hat heute Schicht an der AOI?",
        "please organise AOI training for the night shift",
        "book a room for the AOI training",
        "evaluate whether we should buy a second AOI machine",
        "Trainiere ein Modell zur Umsatzprognose auf /x/4.csv",
        "rename all files in /x/9",
    ],
)
def test_other_crafts_are_declined(text: str, skill: Skill) -> None:
    with pytest.raises(RequestError, match="nothing that this skill works on"):
        decided(text, skill)


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("From 100 bad pieces it must find 99, train PASS/NO_PASS on /a/b", {"target": {"recall": 0.99}}),
        ("train PASS/NO_PASS on /a/b within 2 hours", {"hours": 2}),
        (f"boss wants numbers in 10 min, run the accuracy check of {JOB} on /a/b", {}),
        ("build the trt engine for the pass/no_pass changenet, fp16, technician flashes the box at 3", {}),
    ],
)
def test_figures_are_values_deadlines_or_times(text: str, stated: dict[str, object], skill: Skill) -> None:
    found = decided(text, skill)
    limits = {name: value for name, value in found.stated.items() if name in {"target", "hours"}}
    assert limits == stated
    assert [question.slot for question in found.missing if question.slot not in {"parent_job_id", "data"}] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The PASS/NO_PASS classifier should be exported.", ["export"]),
        ("ChangeNet ought to be quantized to int8", ["quantize"]),
        (
            "the PASS/NO_PASS model should be evaluated on ./lot first and exported to onnx second",
            ["evaluate", "export"],
        ),
        (
            "ChangeNet may be trained once for 3 epochs, then evaluated, and finally exported",
            ["train", "evaluate", "export"],
        ),
        (
            "could the inspection classifier be exported to ONNX and then built into an fp16 TensorRT engine?",
            ["export", "deploy_classify_gen_trt_engine"],
        ),
        (
            "ChangeNet could be trained on ./a, and then used for inference on ./b",
            ["train", "inference"],
        ),
        (
            "ChangeNet müsste auf ./lot trainiert, danach ausgewertet und schließlich exportiert werden",
            ["train", "evaluate", "export"],
        ),
        ("without automl: 8 epochs of ChangeNet on ./lot; then evaluate it", ["train", "evaluate"]),
    ],
)
def test_what_ought_to_be_done_is_an_order(text: str, expected: list[str], skill: Skill) -> None:
    assert names(decided(text, skill)) == expected


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("Da der Trainingsordner falsche Bilder enthielt, müsste {job} bitte abgebrochen werden.", "cancel"),
        ("Das Quantisieren von {job} müsste angehalten werden", "cancel"),
        ("{job} sollte gelöscht werden", "remove"),
        ("I am told that {job} ended with an error, and the cause should be looked for", "diagnose"),
        ("it would be interesting to have all changenet jobs listed", "jobs"),
        ("could the status of {job} be looked up", "status"),
        ("before I start yet another training, it would be good to see a list of everything changenet has run", "jobs"),
    ],
)
def test_a_command_in_the_passive_is_no_action(text: str, verb: str, skill: Skill) -> None:
    found = decided(text.format(job="segment_train-20260409-060606-12ab34"), skill)
    assert found.command is not None
    assert (found.command.verb, found.steps, found.action) == (verb, (), None)


@pytest.mark.parametrize("text", ["frobnicate {job}", "{job} must be re-frobbed", "could {job} be polished"])
def test_a_job_alone_names_no_action(text: str, skill: Skill) -> None:
    for job in (JOB, "segment_train-20260409-060606-12ab34", "export-20260409-060606-12ab34"):
        found = decided(text.format(job=job), skill)
        assert found.action is None
        assert found.missing


@pytest.mark.parametrize(
    "text",
    [
        "train ChangeNet on half the GPUs",
        "Nimm die Hälfte der GPUs für das ChangeNet-Training",
        "export something of ChangeNet's",
        "evaluate the better of my two change segmentation models",
        "train the defect classifier on ./lot at 512 px... my boss says 1024 px",
        "Bildgröße 256 laut Mail, 384 laut Lastenheft; PASS/NO_PASS trainieren, ./lot",
        "Recall has to be 99.5 %, and 97 % is the required recall. AOI classify training, ./lot",
        "Höchstens 3 Stunden, mindestens aber 8 Stunden: Training der Platinenprüfung",
        "we ought to train the board classifier on ./lot or perhaps not",
    ],
)
def test_what_is_open_is_asked_about(text: str, skill: Skill) -> None:
    assert decided(text, skill).missing

# SPDX-License-Identifier: Apache-2.0
"""What is asked for beside what is refused, and verbs that are said of jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import RequestError
from tests.router.asking import asked, decided

if TYPE_CHECKING:
    from router.declarations import Skill

JOB, OTHER = "train-20260311-212223-7d7e80", "train-20260309-202122-0e0f11"
MASKS, SEARCH = "segment_train-20260411-181818-dada01", "automl-20260410-222222-acdc01"
EXPORT, BUILT = "export-20260228-080910-31af0e", "gen_trt_engine-20260312-151617-d1d2d3"


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("Don't evaluate suppliers, evaluate our AOI classifier on /data/supplier_b.", "evaluate"),
        (f"Don't export the old one, export {JOB}.", "export"),
        ("Don't train anyone, train our AOI classifier on /data/x.", "train"),
        ("Check the pairs in /data/pairs_q1 for mistakes, no training with them yet.", "data_check"),
        ("Prüfe die Bildpaare in /data/pairs_q1 auf Fehler, trainiere noch nicht damit.", "data_check"),
        ("Gut-/Schlecht-Urteile (PASS/NO_PASS) für /eingang/los9, kein Training.", "inference"),
        ("Nur die Urteile PASS oder NO_PASS zu /eingang/los9, kein Training und kein Export.", "inference"),
        (f"What we want is not a training and not an evaluation, just the verdicts for /in/3 with {JOB}.", "inference"),
        (f"Ohne neu zu trainieren: Masken der Änderungen für /inbox/t4 mit {MASKS}.", "segment_inference"),
        (f"Cancel only {BUILT}, nothing else.", "cancel"),
        (f"Stop no other job, just {BUILT}.", "cancel"),
        (f"Brich sonst nichts ab, nur {BUILT}.", "cancel"),
        (f"Delete nothing but {JOB}.", "remove"),
        (f"I want {JOB} gone, files and all.", "remove"),
        (f"Not the status of {JOB}, I want it deleted.", "remove"),
        (f"{JOB} soll weg, samt Dateien, den Status will ich nicht.", "remove"),
        (f"I'm not after its figures; {JOB} should be gone, weights and everything.", "remove"),
    ],
)
def test_a_refusal_leaves_what_is_asked_for_beside_it(skill: Skill, text: str, action: str) -> None:
    assert asked(text, skill) == [action]
    assert decided(text, skill).missing == ()


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (f"I take back what I said about fp32; the engine from {EXPORT} should be int8.", {"data_type": "int8"}),
        (f"Das mit fp32 nehme ich zurück: die Engine aus {EXPORT} in fp16 bitte.", {"data_type": "fp16"}),
        (f"I withdraw what I wrote about fp16, quantize {JOB} to fp8.", {"data_type": "fp8"}),
        ("I take back what I said about 40 epochs; train the AOI classifier on /d/x for 60 epochs.", {"epochs": 60}),
    ],
)
def test_a_value_that_is_taken_back_gives_way(skill: Skill, text: str, values: dict[str, object]) -> None:
    decision = decided(text, skill)
    assert {name: decision.stated.get(name) for name in values} == values
    assert decision.missing == ()


@pytest.mark.parametrize(
    "text",
    [
        f"Don't evaluate {JOB}.",
        "Don't train on /data/x, it's the wrong set.",
        "The data lies in /data/x, but do not train yet.",
        "Don't train our AOI classifier on /data/x, train our AOI classifier.",
        "Don't train RetinaNet, train our AOI classifier on /data/x.",
        "No training, no export, nothing for /data/x.",
        "Stop nothing.",
    ],
)
def test_a_refusal_alone_or_of_the_same_thing_plans_nothing(skill: Skill, text: str) -> None:
    try:
        decision = decided(text, skill)
    except RequestError:
        return
    assert decision.missing


@pytest.mark.parametrize(
    ("text", "verb", "job"),
    [
        (f"stopp stopp {JOB} frisst die ganze Maschine", "cancel", JOB),
        (f"kill kill {JOB}, it is blocking everybody", "cancel", JOB),
        (f"He wants it stopped: {JOB}. Stop.", "cancel", JOB),
        (f"Sie will, dass es aufhört: {JOB}. Abbrechen.", "cancel", JOB),
        (f"pick {JOB} back up where it was, the breaker had tripped", "resume", JOB),
        (f"pick {JOB} back up where it was the breaker tripped at epoch nine", "resume", JOB),
        (f"Wieder aufnehmen: {MASKS}, der Server war nur neu gestartet worden.", "resume", MASKS),
        (f"Nimm {MASKS} wieder auf, der Strom war weg.", "resume", MASKS),
        (f"{SEARCH}: which trial is it at?", "status", SEARCH),
        (f"{SEARCH}: bei welchem Trial ist es gerade?", "status", SEARCH),
        (f"In welcher Epoche steckt {JOB}?", "status", JOB),
        (f"{SEARCH} should be through by now, what did it come up with?", "result", SEARCH),
        (f"{SEARCH} müsste fertig sein; was hat es gefunden?", "result", SEARCH),
        (f"Die Suche {SEARCH} dürfte durch sein, was hat sie ergeben?", "result", SEARCH),
    ],
)
def test_verbs_of_jobs(skill: Skill, text: str, verb: str, job: str) -> None:
    command = decided(text, skill).command
    assert command is not None
    assert (command.verb, command.values.get("job")) == (verb, job)


@pytest.mark.parametrize(
    ("text", "action", "parent"),
    [
        ("run=segment_inference, parent=last_model, data=/data/dock/pairs", "segment_inference", "last_model"),
        (f"action=evaluate, parent={JOB}, data=/data/x", "evaluate", JOB),
        (f"run=export, job={JOB}", "export", JOB),
        ("last model -> fp8", "quantize", "last_model"),
        (f"{JOB} -> int8", "quantize", JOB),
        (f"{JOB} -> onnx", "export", JOB),
        ("letztes Modell -> int8", "quantize", "last_model"),
    ],
)
def test_short_orders_of_agents(skill: Skill, text: str, action: str, parent: str) -> None:
    decision = decided(text, skill)
    assert (decision.action, decision.stated.get("parent"), decision.missing) == (action, parent, ())


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("PASS/NO_PASS tunen", "train"),
        ("den AOI-Klassifikator tunen", "train"),
        ("Änderungssegmentierung tunen, bitte", "segment_train"),
    ],
)
def test_to_tune_is_to_train_with_a_search(skill: Skill, text: str, action: str) -> None:
    decision = decided(text, skill)
    assert (decision.action, decision.automl_policy, decision.missing) == (action, "on", ())

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from router.decision import decide
from router.declarations import load_skill
from router.types import Decision, Request

if TYPE_CHECKING:
    from pathlib import Path

    from router.declarations import Skill

TRAIN_ACTIONS = ("train", "segment_train")


def ask(skill: Skill, text: str = "", **slots: Any) -> Decision:
    return decide(Request(text=text, **slots), skill)


@pytest.mark.parametrize("action", TRAIN_ACTIONS)
def test_training_goes_through_automl_by_default(skill_with_automl: Skill, action: str) -> None:
    decision = ask(skill_with_automl, action=action)
    assert (decision.route, decision.automl_policy, decision.policy_source) == ("automl", "on", "default")
    assert decision.skill == "tao-skill-bank:tao-run-automl"
    assert decision.handover is not None
    assert decision.handover["skill"] == "tao-skill-bank:tao-run-automl"
    assert decision.handover["skill_dir"] == str(skill_with_automl.root)
    assert (decision.handover["action"], decision.handover["automl_policy"]) == (action, "on")


@pytest.mark.parametrize("action", TRAIN_ACTIONS)
def test_the_slot_turns_automl_off(skill_with_automl: Skill, action: str) -> None:
    decision = ask(skill_with_automl, "with AutoML", action=action, automl_policy="off")
    assert (decision.route, decision.policy_source, decision.handover) == ("direct", "slot", None)
    assert decision.skill == skill_with_automl.name


@pytest.mark.parametrize(
    "phrase",
    [
        "turn off AutoML",
        "turn AutoML off",
        "turn off the AutoML",
        "disable AutoML",
        "disable auto-ml",
        "no HPO",
        "with no HPO on docker",
        "HPO off",
        "HPO: off",
        "plain training",
        "without AutoML",
        "without hyperparameter search",
        "without any hyper-parameter tuning",
        "no need for AutoML",
        "we don't need AutoML",
        "don't use AutoML",
        "do not run HPO",
        "don't bother with hyperparameter tuning",
        "skip the AutoML",
        "no tuning",
        "don't tune",
        "automl_policy=off",
        "automl_policy: off",
        "with automl=off",
        "AutoML disabled",
        "direct training",
        "a single training run",
        "no new search",
        "ka Suche",
        "eifach eine Lauf",
        "never use AutoML",
    ],
)
def test_phrases_turn_automl_off(skill_with_automl: Skill, phrase: str) -> None:
    decision = ask(skill_with_automl, f"train ChangeNet, {phrase}")
    assert (decision.automl_policy, decision.policy_source, decision.route) == ("off", "phrase", "direct")


@pytest.mark.parametrize(
    "phrase",
    [
        "don't turn off AutoML",
        "do not disable AutoML",
        "never turn AutoML off",
        "not without AutoML",
        "no plain training",
        "with AutoML",
        "use hyperparameter search",
        "tune it",
        "tune the learning rate",
        "AutoML on",
        "automl_policy=on",
        "find the best hyperparameters",
    ],
)
def test_phrases_keep_or_turn_automl_on(skill_with_automl: Skill, phrase: str) -> None:
    decision = ask(skill_with_automl, f"train ChangeNet, {phrase}")
    assert (decision.automl_policy, decision.policy_source, decision.route) == ("on", "phrase", "automl")


def test_the_reason_quotes_the_phrase_that_decided(skill_with_automl: Skill) -> None:
    quoting = ask(skill_with_automl, "train ChangeNet, no tuning").reasons
    assert [reason for reason in quoting if reason.startswith("AutoML is off") and reason.endswith('("no tuning")')]
    plain = ask(skill_with_automl, "train ChangeNet").reasons
    assert [reason for reason in plain if reason.startswith("AutoML is on") and "(" not in reason]


@pytest.mark.parametrize("text", ["train ChangeNet", "fine-tune ChangeNet", "train ChangeNet with tuning parameters"])
def test_other_words_leave_the_default(skill_with_automl: Skill, text: str) -> None:
    assert ask(skill_with_automl, text).policy_source == "default"


def test_words_that_say_both_are_asked_about(skill_with_automl: Skill) -> None:
    decision = ask(skill_with_automl, "train ChangeNet with AutoML, no HPO")
    assert (decision.action, decision.route, decision.handover) == ("train", None, None)
    assert [(question.slot, question.choices) for question in decision.missing] == [("automl_policy", ("on", "off"))]


def test_speaking_of_automl_alone_asks_for_training(skill_with_automl: Skill) -> None:
    assert ask(skill_with_automl, "tune ChangeNet segment").action == "segment_train"


@pytest.mark.parametrize("action", TRAIN_ACTIONS)
@pytest.mark.parametrize("part", ["schema", "template"])
@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_without_a_usable_schema_direct_training_is_offered_with_the_reason(
    skill_with_automl: Skill, action: str, part: str, damage: str
) -> None:
    skill = skill_with_automl
    path = skill.schema_path(action) if part == "schema" else skill.template_path(action)
    if damage == "gone":
        path.unlink()
    else:
        path.write_text("{a: [1,")
    decision = ask(skill, action=action)
    assert (decision.route, decision.automl_policy, decision.handover) == ("direct", "on", None)
    (warning,) = decision.warnings
    assert "enabled" in warning
    assert "not runnable until its schemas are regenerated" in warning
    assert str(path) in warning


def test_policy_off_needs_no_schema_warning(skill_with_automl: Skill) -> None:
    skill_with_automl.schema_path("train").unlink()
    assert ask(skill_with_automl, action="train", automl_policy="off").warnings == ()


def test_a_model_that_is_not_enabled_for_automl_trains_directly(skill_copy: Path) -> None:
    path = skill_copy / "skill_info.yaml"
    path.write_text(path.read_text().replace("automl_enabled: true", "automl_enabled: false"))
    decision = ask(load_skill(skill_copy), action="train", automl_policy="on")
    assert (decision.route, decision.automl_policy) == ("direct", "on")
    assert "automl_enabled is false" in decision.warnings[0]


def test_without_the_automl_skill_training_is_direct_and_the_policy_stays_on(skill_copy: Path) -> None:
    decision = ask(load_skill(skill_copy), action="train")
    assert (decision.route, decision.automl_policy) == ("direct", "on")
    assert "not installed" in decision.warnings[0]


def test_the_policy_enters_neither_the_spec_nor_the_declarations(skill_with_automl: Skill) -> None:
    path = skill_with_automl.root / "skill_info.yaml"
    before = hashlib.sha256(path.read_bytes()).digest()
    decision = ask(skill_with_automl, "train automl_policy=off num_epochs=3")
    assert decision.request.overrides == {"num_epochs": 3}
    assert hashlib.sha256(path.read_bytes()).digest() == before


@pytest.mark.parametrize(
    "text",
    [
        "Train ChangeNet classify with 12 epochs and keep the tuner switched off.",
        "I asked for a search over the AOI classifier yesterday. Scrap that, one plain run with 30 epochs.",
        "I wanted tuning for the PASS/NO_PASS classifier, but make it a plain training.",
        "Erst mit Suche, nein, lieber ohne Suche: ChangeNet classify trainieren.",
        "Although the manual praises tuning, train the AOI classifier in one go.",
        "Obwohl alle auf AutoML schwören, trainiere den AOI-Klassifikator ohne Suche.",
        "Die Suche könnt ihr euch diesmal schenken, trainiert den AOI-Klassifikator.",
        "Die Hyperparametersuche sparen wir uns, trainier den AOI-Klassifikator mit 20 Epochen.",
        "Train the board classifier, no automatic anything, 40 epochs.",
        "Train the AOI classifier. Tuning? No thanks.",
        "Train the AOI classifier. AutoML? Nope.",
        "Train the AOI classifier, the search can wait.",
        "Train the AOI classifier, automl=false",
        "Train the AOI classifier, hpo: no",
        "Train the AOI classifier with tuning disabled.",
        "Train the AOI classifier, I already know my hyperparameters.",
        "Train the AOI classifier with exactly lr 0.001 and batch size 8, nothing varied.",
        "AOI-Klassifikator trainieren, AutoML brauchts nicht.",
        "AOI-Klassifikator trainieren, diesmal bleibt AutoML aus.",
        "AOI-Klassifikator trainieren, Suche ist nicht nötig.",
        "AOI-Klassifikator trainieren, bitte keine Experimente mit den Parametern.",
        "Trainiere den AOI-Klassifikator genau einmal.",
        "One go at training the AOI classifier, that's all I need.",
        "Just train the AOI classifier the once.",
        "Skip AutoML for the AOI classifier training.",
        "No search needed for training the AOI classifier on /d/x.",
        "Train ChangeNet classify on /d/search_results with no tuning.",
        "Train the AOI classifier directly, don't go through AutoML.",
        "Nix da mit Tuning, trainier den AOI-Klassifikator direkt.",
        "I'm not in the mood for tuning; train the AOI classifier.",
        "There's no time for a search, train the AOI classifier.",
        "Train the AOI classifier as a baseline, untuned.",
        "ChangeNet-Klassifikation trainieren, ungetunt.",
        "Let's not tune the AOI classifier now, simply train it.",
        "The tuning brought nothing last time, so no more of it: train the AOI classifier.",
        "AOI-Klassifikator trainieren, die Suche lassen wir diesmal bleiben.",
        "AOI-Klassifikator trainieren, für AutoML fehlt uns die Zeit.",
        "AOI-Klassifikator trainieren, von AutoML halte ich nichts.",
        "Train the AOI classifier. No AutoML this time, it ran for two days last time.",
        "Train the AOI classifier (AutoML is broken here, so don't).",
        "I'd rather not have a search over the AOI classifier, one training will do.",
        "There's no need to tune the AOI classifier, train it with 5 epochs.",
        "Never tune the AOI classifier, just train it.",
        "Train the AOI classifier, the search is dropped this time.",
        "AOI classifier training, tuning stays off.",
    ],
)
def test_a_search_is_refused_in_many_wordings(skill_with_automl: Skill, text: str) -> None:
    decision = ask(skill_with_automl, text)
    assert (decision.action, decision.automl_policy, decision.policy_source) == ("train", "off", "phrase")
    assert decision.missing == ()


@pytest.mark.parametrize(
    "text",
    [
        "I wanted a plain training of the PASS/NO_PASS classifier, but make it a tuned one.",
        "A single run of the AOI classifier, no wait, search with 6 trials.",
        "Erst ohne AutoML, nein, doch mit AutoML: ChangeNet classify trainieren.",
        "Train the AOI classifier. AutoML? Yes please.",
        "Train the AOI classifier, a search would be nice.",
        "AOI-Klassifikator trainieren, gern mit Suche.",
        "My boss doesn't like AutoML, but I do: train the AOI classifier with a search.",
        "Don't just train the AOI classifier once, tune it.",
        "No single run this time: tune the AOI classifier.",
        "Train ChangeNet classify on /d/no_automl.",
        "Train the AOI classifier with AutoML, but stop if the search has not finished after 6 hours.",
        "Run the hyperparameter search on the AOI classifier for no longer than 3 hours.",
        "Tune the classifier, PASS/NO_PASS, with AutoML, no more than 3 trials.",
        "Tune the AOI classifier so that nothing slips through.",
        "Run another search over the AOI classifier.",
        "Search for an AOI classifier that lets no defect pass.",
        "Tune the AOI classifier to never miss a tombstone.",
        "Tune the AOI classifier, skip the evaluation.",
        "Not just one training: tune the AOI classifier with 5 trials.",
        "Never mind the cost, tune the AOI classifier.",
        "No questions asked, tune the AOI classifier.",
        "I can't wait to tune the AOI classifier, start it.",
        "Ohne Umschweife: tune den AOI-Klassifikator.",
        "If there's nothing else running, tune the AOI classifier.",
        "The search for the AOI classifier may not take longer than 3 hours.",
        "Die Suche für den AOI-Klassifikator darf nicht länger als 3 Stunden dauern.",
        "Tune the AOI classifier, not the segmentation model.",
        "Tune the AOI classifier for at most 2 % false alarms, no defect may escape.",
        "Train the AOI classifier, and do NOT by any means turn off the tuning.",
        "Train the AOI classifier; the search must never be left out.",
        "Train the AOI classifier, never again leave out the search.",
        "AOI-Klassifikator trainieren, das Tuning nicht wieder vergessen.",
        "AOI-Klassifikator trainieren, die Suche darf auf keinen Fall entfallen.",
        "Train the AOI classifier, the search must not be dropped.",
    ],
)
def test_a_search_is_wanted_beside_words_that_deny_something_else(skill_with_automl: Skill, text: str) -> None:
    decision = ask(skill_with_automl, text)
    assert (decision.action, decision.automl_policy, decision.missing) == ("train", "on", ())


@pytest.mark.parametrize(
    "text",
    [
        "Train the AOI classifier with AutoML and without tuning.",
        "Train the AOI classifier without any search, but with 10 trials.",
    ],
)
def test_a_search_both_wanted_and_refused_is_asked_about(skill_with_automl: Skill, text: str) -> None:
    assert [question.slot for question in ask(skill_with_automl, text).missing] == ["automl_policy"]

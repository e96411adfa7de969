# SPDX-License-Identifier: Apache-2.0
"""Orders said in unusual ways, words that are only cited, and values behind or before their names."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from core.errors import RequestError
from tests.router.asking import asked, decided

if TYPE_CHECKING:
    from router.declarations import Skill

JOB = "train-20260301-070000-a1a1a1"


@pytest.mark.parametrize(
    "text",
    [
        "Im Protokoll steht \u00bbDas PASS/NO_PASS-Modell ist auf /daten/a zu trainieren.\u00ab Ist der Satz richtig?",
        "The slide reads \u00abexport the best trial of ChangeNet\u00bb. Is that good English?",
        'Mein Chef schrieb "exportier den besten Trial". Mach das nicht.',
        'My boss wrote "export the best trial to ONNX". Please don\'t do that.',
    ],
)
def test_words_in_quotation_marks_are_not_carried_out(text: str, skill: Skill) -> None:
    with suppress(RequestError):
        assert decided(text, skill).missing


@pytest.mark.parametrize(
    "text",
    [
        'My boss wrote "export the best trial to ONNX", and he is right, so do that please',
        "Mein Chef schrieb \u00bbexportier den besten Trial nach ONNX\u00ab, also mach das bitte",
    ],
)
def test_what_is_cited_is_carried_out_where_that_is_ordered(text: str, skill: Skill) -> None:
    assert asked(text, skill) == ["export"]


@pytest.mark.parametrize(
    "text",
    [
        "Train the speaker verification with our siamese net on /voices",
        "Die Gesichtserkennung mit dem siamesischen Netz auf /gesichter trainieren",
    ],
)
def test_a_siamese_network_of_another_craft_is_none_of_ours(text: str, skill: Skill) -> None:
    with pytest.raises(RequestError, match="nothing that this skill works on"):
        decided(text, skill)


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("see whether my machine has everything it needs before we start with the AOI training", "doctor"),
        ("what would 25 trials of the board classifier cost in hours?", "advise"),
        ("Bevor wir mit dem Training anfangen, pr\u00fcf bitte den Datensatz /daten/a", "data_check"),
        (f"Can {JOB} be called off?", "cancel"),
        (f"Please put {JOB} out of its misery", "cancel"),
        (f"{JOB} is of no use, so off the disk it goes", "remove"),
        ("list me every run that I have started", "jobs"),
        ("Does /srv/lot7 look like data you could train on?", "data_check"),
        ("Die Bilder liegen in /cam/raw, die m\u00fcssten in euer Format gebracht werden", "data_import"),
        ("Can the cut-off be derived from our good boards?", "calibrate"),
        (f"Bitte um Auskunft \u00fcber den Bearbeitungsstand zu {JOB}", "status"),
        ("Rechner durchchecken, ob alles eingerichtet ist", "doctor"),
    ],
)
def test_a_verb_is_heard_in_an_unusual_wording(text: str, verb: str, skill: Skill) -> None:
    assert asked(text, skill) == [verb]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("train the AOI classifier with a 320 image size", {"image_size": 320}),
        ("train PASS/NO_PASS with 0.0003 learning rate", {"learning_rate": 0.0003}),
        ("ChangeNet-Klassifikator mit 0,0003 Lernrate trainieren", {"learning_rate": 0.0003}),
        ("Trainiere den AOI-Klassifikator, Lernrate 0.01, nee warte, 0.002", {"learning_rate": 0.002}),
        ("train PASS/NO_PASS in docker on this laptop", {"runner": "docker"}),
    ],
)
def test_a_value_is_read_whichever_way_it_is_said(text: str, values: dict[str, Any], skill: Skill) -> None:
    decision = decided(text, skill)
    assert not decision.missing
    assert values.items() <= decision.stated.items()


def test_a_compound_of_the_verdicts_is_no_folder(skill: Skill) -> None:
    decision = decided("Trainiere das Inspektionsmodell f\u00fcr PASS/NO_PASS-Urteile, Daten in /daten/a", skill)
    assert (decision.action, decision.missing) == ("train", ())


def test_no_engine_is_built_where_none_is_named(skill: Skill) -> None:
    text = "Trainiere die \u00c4nderungssegmentierung auf /daten/a, und erzeuge dann Masken f\u00fcr /daten/b."
    assert asked(text, skill) == ["segment_train", "segment_inference"]


def test_weights_that_are_picked_up_are_trained_on(skill: Skill) -> None:
    text = f"Pick up the weights of {JOB} and train on from there with /daten/b"
    assert (asked(text, skill), decided(text, skill).stated["parent"]) == (["train"], JOB)


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("Keep an eye on the drop folder at station 7 and judge each board as it lands", "watch"),
        ("download the dino_v2 weights beforehand", "stage"),
        ("Let other programs reach the board classifier over HTTP", "serve"),
        ("Two photos, the golden board and the one Pia just soldered: do they differ?", "inspect"),
    ],
)
def test_a_place_a_backbone_and_another_thing_are_no_other_craft_and_no_job(text: str, verb: str, skill: Skill) -> None:
    decision = decided(text, skill)

    assert decision.command
    assert decision.command.verb == verb
    assert not any("'other'" in one.text or "'the one'" in one.text for one in decision.missing)


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("evaluate the PASS/NO_PASS classifier in kestrel-search mode on /data/lot", "kestrel"),
        ("Auswertung des Platinenklassifikators im Raketenmodus auf /daten/los", "Raketenmodus"),
    ],
)
def test_a_mode_that_nothing_has_is_asked_about_in_a_compound_too(text: str, unknown: str, skill: Skill) -> None:
    assert any(unknown in one.text for one in decided(text, skill).missing)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("train ChangeNet on ./lot, 48 epochs, no, make it exactly 50", {"epochs": 50}),
        ("train ChangeNet on ./lot with batch size 16, sorry, my boss says 24", {"batch_size": 24}),
        (
            "trainiere ChangeNet auf ./lot, wobei eine Lernrate von 0,0003 und 40 Epochen gut waeren",
            {"learning_rate": 0.0003, "epochs": 40},
        ),
    ],
)
def test_a_correction_by_somebody_or_by_an_order_and_a_rate_beside_epochs(
    text: str, values: dict[str, float], skill: Skill
) -> None:
    decision = decided(text, skill)

    assert not decision.missing
    assert values.items() <= decision.stated.items()


def test_the_slash_command_of_a_chat_is_the_model_and_no_path(skill: Skill) -> None:
    decision = decided("/changenet train classify /data/strips --epochs 12", skill)

    assert (decision.action, decision.request.data, decision.missing) == ("train", "/data/strips", ())


def test_what_nobody_is_to_do_is_not_done(skill: Skill) -> None:
    with pytest.raises(RequestError):
        decided("Nobody is to launch a training of the PASS/NO_PASS classifier before Sunday", skill)


@pytest.mark.parametrize(
    "text",
    [
        "PASS/NO_PASS on /data/kiosk, but Adaeze wanted me to say that the lamps are new. Train it.",
        "Trainiere ChangeNet auf /daten/lampen, aber Frau Ozols meint, das reicht",
        "Train PASS/NO_PASS on /data/lamps, it's only 80 pairs",
        f"verdicts by {JOB} for /spool/late, a part is missing at R207",
    ],
)
def test_who_says_so_how_many_pairs_and_which_part_are_no_manner(text: str, skill: Skill) -> None:
    assert not decided(text, skill).missing


@pytest.mark.parametrize(
    "text",
    [
        "Masken brauche ich keine, trainiere PASS/NO_PASS auf /daten/ja",
        "Einen Export will ich keinen, nur PASS/NO_PASS auf /daten/ja trainieren",
        "Masks we need none, train PASS/NO_PASS on /data/yes",
    ],
)
def test_what_none_is_needed_of_is_ruled_out(text: str, skill: Skill) -> None:
    assert asked(text, skill) == ["train"]


def test_changed_regions_are_marked_by_masks(skill: Skill) -> None:
    text = "train a network that outlines the altered regions of wafer photos on /fab/pairs with changenet"
    assert asked(text, skill) == ["segment_train"]


@pytest.mark.parametrize(
    ("text", "backbone"),
    [
        ("train ChangeNet on ./lot with backbone vit_large_dinov9", "vit_large_dinov9"),
        ("train ChangeNet on ./lot, backbone c_radio_v9_vit_large", "c_radio_v9_vit_large"),
        ("train ChangeNet on ./lot with fan_tiny_8_p4_hybrid", "fan_tiny_8_p4_hybrid"),
    ],
)
def test_the_name_of_a_backbone_is_taken_whole(text: str, backbone: str, skill: Skill) -> None:
    assert decided(text, skill).stated["backbone"] == backbone


@pytest.mark.parametrize(
    "text",
    [
        "Can the AOI classifier be trained on two GPUs tonight, please?",
        "What I need is a training of the PASS/NO_PASS classifier on /data/night",
        "Was wir brauchen, ist ein Training des Platinenklassifikators auf /daten/nacht",
        "train PASS/NO_PASS on /data/night, and the seed should be 77 so that Pia can repeat it",
    ],
)
def test_a_wish_in_the_form_of_a_question_is_one(text: str, skill: Skill) -> None:
    assert (asked(text, skill), decided(text, skill).missing) == (["train"], ())


def test_a_value_that_is_perhaps_another_one_is_asked_about(skill: Skill) -> None:
    assert decided("train ChangeNet on ./lot with forty, perhaps rather sixty epochs", skill).missing
    assert decided("train ChangeNet on ./lot with forty, or rather sixty epochs", skill).stated["epochs"] == 60


def test_pictures_of_advertising_and_boxes_are_other_crafts(skill: Skill) -> None:
    for text in (
        "Retouching of the marketing photos: mark the changed areas for the agency",
        "Trainiere ein Modell mit Begrenzungsrahmen, 12 Epochen, /daten/kratzer",
    ):
        with suppress(RequestError):
            assert decided(text, skill).missing


def test_which_other_model_or_data_set_is_asked(skill: Skill) -> None:
    for text in ("evaluate the other ChangeNet model, not that one", "train changenet on the other data set"):
        assert decided(text, skill).missing

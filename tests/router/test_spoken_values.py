# SPDX-License-Identifier: Apache-2.0
"""Values as they are spoken: durations, strings of digits, pairs of shares, rates, corrections, units said before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from router.compound_numerals import compound_numerals
from router.decision import decide
from router.tokens import Token
from router.types import Request
from router.vocabulary import vocabulary_of

if TYPE_CHECKING:
    from typing import Any

    from router.declarations import Skill

_BESIDE = frozenset({"num_epochs", "image_width", "image_height", "eval_margin", "task"})


def read(skill: Skill, text: str) -> dict[str, Any]:
    """The values that the words give, by their names, whatever else is asked."""
    decision = decide(Request(text=text), skill)
    overrides = decision.request.overrides
    found = {"epochs": overrides.get("num_epochs"), **overrides, **decision.stated}
    return {name: value for name, value in found.items() if value is not None and name not in _BESIDE}


def said(skill: Skill, text: str) -> dict[str, Any]:
    """All values that the words give, where nothing is left open."""
    assert decide(Request(text=text), skill).missing == ()
    return read(skill, text)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("tune ChangeNet, a search of half a day", 12),
        ("tune ChangeNet for 3 hours, for we lose an hour a day to false alarms", 3),
        ("The boards came an hour late; tune ChangeNet for 2 hours", 2),
        ("tune ChangeNet for half a day at the most", 12),
        ("tune ChangeNet, a quarter of an hour is all there is", 0.25),
        ("tune ChangeNet, limit the search to three quarters of an hour", 0.75),
        ("tune ChangeNet for at most three quarters of a day", 18),
        ("tune ChangeNet, search for half a week", 84),
        ("tune ChangeNet, search for a week", 168),
        ("tune ChangeNet, at most two weeks of searching", 336),
        ("tune ChangeNet for a day and a half", 36),
        ("tune ChangeNet for one and a half days", 36),
        ("tune ChangeNet for two and a half hours", 2.5),
        ("tune ChangeNet, an hour and a half of search", 1.5),
        ("tune ChangeNet, an hour and a quarter of search", 1.25),
        ("tune ChangeNet, an hour and twenty minutes of search", 1.3333),
        ("tune ChangeNet for two hours and fifteen minutes", 2.25),
        ("tune ChangeNet for three and three quarter hours", 3.75),
        ("tune ChangeNet for at most half an hour", 0.5),
        ("tune ChangeNet for forty-five minutes", 0.75),
        ("tune ChangeNet within ninety minutes", 1.5),
        ("Tune ChangeNet, einen halben Tag lang suchen", 12),
        ("Tune ChangeNet, höchstens ein halber Tag", 12),
        ("Tune ChangeNet, höchstens anderthalb Tage", 36),
        ("Tune ChangeNet, eineinhalb Tage Suche", 36),
        ("Tune ChangeNet, anderthalb Stunden reichen", 1.5),
        ("Tune ChangeNet, zweieinhalb Stunden Suche", 2.5),
        ("Tune ChangeNet, höchstens dreieinhalb Stunden", 3.5),
        ("Tune ChangeNet, eine dreiviertel Stunde Suche", 0.75),
        ("Tune ChangeNet, eine Dreiviertelstunde Suche", 0.75),
        ("Tune ChangeNet, höchstens eine viertel Stunde", 0.25),
        ("Tune ChangeNet, höchstens eine halbe Stunde", 0.5),
        ("Tune ChangeNet, höchstens eine halbe Woche", 84),
        ("Tune ChangeNet, höchstens eine Woche", 168),
        ("Tune ChangeNet, zwei und eine halbe Stunde", 2.5),
        ("Tune ChangeNet, eine Stunde und zwanzig Minuten", 1.3333),
        ("Tune ChangeNet, zwei Stunden fünfzehn", 2.25),
        ("Tune ChangeNet, drei viertel Stunden Suche", 0.75),
        ("Tune ChangeNet, anderthalb Wochen Suche", 252),
    ],
)
def test_duration_is_read_as_spoken(skill: Skill, text: str, hours: float) -> None:
    assert said(skill, text)["hours"] == pytest.approx(hours, abs=1e-3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("train ChangeNet, images of five twelve", {"image_size": 512}),
        ("train ChangeNet on images of two fifty-six", {"image_size": 256}),
        ("train ChangeNet, image size two two four", {"image_size": 224}),
        ("train ChangeNet, image size two twenty-four", {"image_size": 224}),
        ("train ChangeNet, image size three eighty four", {"image_size": 384}),
        ("train ChangeNet with an image size of ten twenty-four", {"image_size": 1024}),
        ("train ChangeNet, the images are one thousand twenty-four square", {"image_size": 1024}),
        ("train ChangeNet, the images are five hundred and twelve square", {"image_size": 512}),
        ("train ChangeNet, images are two hundred fifty six by two hundred fifty six", {"image_size": [256, 256]}),
        ("train ChangeNet, images of twelve eighty by seven twenty", {"image_size": [1280, 720]}),
        ("train ChangeNet, image size six forty by four eighty", {"image_size": [640, 480]}),
        ("train ChangeNet at five twelve pixels", {"image_size": 512}),
        ("train ChangeNet at five one two pixels", {"image_size": 512}),
        ("train ChangeNet, seed one two three", {"seed": 123}),
        ("train ChangeNet, seed four two", {"seed": 42}),
        ("train ChangeNet with seed twelve thirty-four", {"seed": 1234}),
        ("train ChangeNet with seed two thousand twenty-six", {"seed": 2026}),
        ("train ChangeNet with seed twenty twenty-six", {"seed": 2026}),
        ("train ChangeNet, the seed is one oh seven", {"seed": 107}),
        ("train ChangeNet, seed one two three, that is one hundred twenty-three", {"seed": 123}),
        ("train ChangeNet for one twenty epochs", {"epochs": 120}),
        ("train ChangeNet for a hundred and twenty epochs", {"epochs": 120}),
        ("train ChangeNet for one hundred five epochs", {"epochs": 105}),
        ("Trainiere ChangeNet, Seed eins zwo drei, also hundertdreiundzwanzig", {"seed": 123}),
        ("Trainiere ChangeNet, Seed eins zwei drei", {"seed": 123}),
        ("Trainiere ChangeNet, Seed vier zwo", {"seed": 42}),
        ("Trainiere ChangeNet, Bildgröße zwo zwo vier", {"image_size": 224}),
        ("Trainiere ChangeNet, Bildgröße zwei zwei vier", {"image_size": 224}),
        ("Trainiere ChangeNet, Bildgröße fünf eins zwei", {"image_size": 512}),
        ("Trainiere ChangeNet, Bildgröße zweihundertvierundzwanzig", {"image_size": 224}),
        ("Trainiere ChangeNet, Bildgröße eintausendvierundzwanzig", {"image_size": 1024}),
        ("Trainiere ChangeNet, Bilder fünfhundertzwölf mal fünfhundertzwölf", {"image_size": [512, 512]}),
        ("Trainiere ChangeNet, Bildgröße zwölfhundertachtzig mal siebenhundertzwanzig", {"image_size": [1280, 720]}),
        ("Trainiere ChangeNet, die Bilder sind tausendvierundzwanzig im Quadrat", {"image_size": 1024}),
    ],
)
def test_digits_said_one_by_one_are_one_number(skill: Skill, text: str, expected: dict[str, Any]) -> None:
    assert said(skill, text) == expected


@pytest.mark.parametrize(
    ("text", "recall", "false_alarms"),
    [
        ("train ChangeNet, at most one percent false alarms at ninety-nine percent recall", 0.99, 0.01),
        ("train ChangeNet, recall ninety-nine percent at one percent false alarms", 0.99, 0.01),
        ("train ChangeNet, false alarms at most one percent and recall ninety-nine percent", 0.99, 0.01),
        ("train ChangeNet, false alarms two percent, recall ninety-eight percent", 0.98, 0.02),
        ("train ChangeNet, recall ninety-eight percent, false alarms two percent", 0.98, 0.02),
        ("train ChangeNet, ninety-eight percent recall and two percent false alarms", 0.98, 0.02),
        ("train ChangeNet, two percent false alarms and ninety-eight percent recall", 0.98, 0.02),
        ("train ChangeNet, ninety-eight percent recall with no more than two percent false alarms", 0.98, 0.02),
        ("train ChangeNet, false alarms under half a percent and recall ninety-nine percent", 0.99, 0.005),
        ("train ChangeNet, false alarm rate one percent and recall ninety-nine point five percent", 0.995, 0.01),
        ("train ChangeNet, recall of at least 98 percent and false alarms of at most 3 percent", 0.98, 0.03),
        ("train ChangeNet, false alarms of at most 3 percent and a recall of at least 98 percent", 0.98, 0.03),
        ("Trainiere ChangeNet, Fehlalarme höchstens ein Prozent und Recall neunundneunzig Prozent", 0.99, 0.01),
        ("Trainiere ChangeNet, Recall neunundneunzig Prozent und Fehlalarme höchstens ein Prozent", 0.99, 0.01),
        ("Trainiere ChangeNet, höchstens ein Prozent Fehlalarme bei neunundneunzig Prozent Recall", 0.99, 0.01),
        ("Trainiere ChangeNet, höchstens zwei Prozent Fehlalarme und achtundneunzig Prozent Recall", 0.98, 0.02),
        ("Trainiere ChangeNet, neunundneunzig Prozent Recall bei höchstens einem Prozent Fehlalarmen", 0.99, 0.01),
        ("Trainiere ChangeNet, Fehlalarme unter einem Prozent, Recall neunundneunzig Prozent", 0.99, 0.01),
        ("Trainiere ChangeNet, Fehlalarme bei zwei Prozent und Recall bei achtundneunzig Prozent", 0.98, 0.02),
        ("Trainiere ChangeNet, Recall bei achtundneunzig Prozent und Fehlalarme bei zwei Prozent", 0.98, 0.02),
        ("Trainiere ChangeNet, Fehlalarme höchstens ein halbes Prozent und Recall 99 Prozent", 0.99, 0.005),
        ("Trainiere ChangeNet, Fehlalarme höchstens null Komma fünf Prozent bei Recall 99 Prozent", 0.99, 0.005),
        ("Trainiere ChangeNet, Trefferquote 98 Prozent und Fehlalarmrate 2 Prozent", 0.98, 0.02),
        ("Trainiere ChangeNet, Fehlalarmrate 2 Prozent und Trefferquote 98 Prozent", 0.98, 0.02),
    ],
)
def test_each_share_belongs_to_the_thing_beside_it(skill: Skill, text: str, recall: float, false_alarms: float) -> None:
    assert said(skill, text)["target"] == {"recall": recall, "false_alarms": false_alarms}


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("train ChangeNet, learning rate of two times ten to the minus four", "learning_rate", 2e-4),
        ("train ChangeNet, a learning rate of five e minus four", "learning_rate", 5e-4),
        ("train ChangeNet, learning rate one e minus three", "learning_rate", 1e-3),
        ("train ChangeNet, learning rate ten to the minus four", "learning_rate", 1e-4),
        ("train ChangeNet, learning rate three ten-thousandths", "learning_rate", 3e-4),
        ("train ChangeNet, learning rate three ten thousandths", "learning_rate", 3e-4),
        ("train ChangeNet, learning rate one thousandth", "learning_rate", 1e-3),
        ("train ChangeNet, a learning rate of two thousandths", "learning_rate", 2e-3),
        ("train ChangeNet, learning rate point zero zero three", "learning_rate", 3e-3),
        ("train ChangeNet, learning rate zero point zero zero zero one", "learning_rate", 1e-4),
        ("train ChangeNet, learning rate one point five e minus four", "learning_rate", 1.5e-4),
        ("train ChangeNet, learning rate oh point oh one", "learning_rate", 0.01),
        ("train ChangeNet, learning rate three times ten to the power of minus four", "learning_rate", 3e-4),
        ("Trainiere ChangeNet, Lernrate drei mal zehn hoch minus vier", "learning_rate", 3e-4),
        ("Trainiere ChangeNet, Lernrate zehn hoch minus vier", "learning_rate", 1e-4),
        ("Trainiere ChangeNet, Lernrate fünf e minus vier", "learning_rate", 5e-4),
        ("Trainiere ChangeNet, Lernrate ein Tausendstel", "learning_rate", 1e-3),
        ("Trainiere ChangeNet, Lernrate drei Zehntausendstel", "learning_rate", 3e-4),
        ("Trainiere ChangeNet, Lernrate null Komma null null drei", "learning_rate", 3e-3),
        ("Trainiere ChangeNet, Lernrate eins Komma fünf e minus vier", "learning_rate", 1.5e-4),
        ("train ChangeNet, the margin's got to be zero point three five", "margin", 0.35),
        ("train ChangeNet, the margin has got to be point four", "margin", 0.4),
        ("train ChangeNet, margin is zero point three", "margin", 0.3),
        ("train ChangeNet, the margin should be zero point two five", "margin", 0.25),
        ("train ChangeNet, margin must be 0.4", "margin", 0.4),
        ("Trainiere ChangeNet, die Margin muss null Komma drei fünf sein", "margin", 0.35),
        ("Trainiere ChangeNet, Margin ist null Komma vier", "margin", 0.4),
    ],
)
def test_fraction_is_read_as_spoken(skill: Skill, text: str, name: str, value: float) -> None:
    assert said(skill, text) == {name: value}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("train ChangeNet on eight gpus, did I say eight, we only have six, so six", {"gpus": 6}),
        ("train ChangeNet for forty epochs, did I say forty, thirty", {"epochs": 30}),
        ("train ChangeNet for forty epochs, did I say forty, I meant thirty", {"epochs": 30}),
        ("train ChangeNet for forty epochs, sorry, thirty", {"epochs": 30}),
        ("train ChangeNet for forty epochs, scratch that, thirty", {"epochs": 30}),
        ("train ChangeNet for forty epochs, I mean thirty", {"epochs": 30}),
        ("train ChangeNet for forty I mean thirty epochs", {"epochs": 30}),
        ("train ChangeNet for forty no wait thirty epochs", {"epochs": 30}),
        ("train ChangeNet for forty epochs, hang on, make it thirty", {"epochs": 30}),
        ("train ChangeNet for forty epochs, or rather thirty", {"epochs": 30}),
        ("train ChangeNet for forty epochs, actually thirty will do", {"epochs": 30}),
        ("train ChangeNet with batch size sixteen, nope, eight", {"batch_size": 8}),
        ("train ChangeNet with batch size sixteen, oops, eight", {"batch_size": 8}),
        ("train ChangeNet with batch sixteen, what am I saying, eight", {"batch_size": 8}),
        ("tune ChangeNet, fifteen trials, let me correct that, ten", {"trials": 10}),
        ("tune ChangeNet, fifteen trials, five at once, did I say five, two at once", {"trials": 15, "parallel": 2}),
        ("tune ChangeNet, three hours of search, no, one and a half are enough", {"hours": 1.5}),
        ("tune ChangeNet, three hours at most, make it two", {"hours": 2}),
        ("train the pass no pass one uh thirty no make that thirty five epochs", {"epochs": 35}),
        ("train the pass/no pass one, thirty, sorry, forty epochs", {"epochs": 40}),
        ("Trainiere ChangeNet fünf Epochen lang, höchstens sechs, ach komm, sechs", {"epochs": 6}),
        ("Trainiere ChangeNet mit vierzig Epochen, ach komm, dreißig", {"epochs": 30}),
        ("Trainiere ChangeNet mit vierzig Epochen, ne, dreißig", {"epochs": 30}),
        ("Trainiere ChangeNet mit vierzig Epochen, nee, dreißig", {"epochs": 30}),
        ("Trainiere ChangeNet mit vierzig Epochen, lieber dreißig", {"epochs": 30}),
        ("Trainiere ChangeNet mit vierzig Epochen, quatsch, dreißig", {"epochs": 30}),
        ("Trainiere ChangeNet mit vierzig, quatsch, dreißig Epochen", {"epochs": 30}),
        ("Trainiere ChangeNet mit vierzig Epochen, ich meine dreißig", {"epochs": 30}),
        ("Trainiere ChangeNet mit vierzig Epochen, Moment, dreißig", {"epochs": 30}),
        ("Trainiere ChangeNet mit vierzig Epochen, sagte ich vierzig, dreißig", {"epochs": 30}),
        ("Trainiere ChangeNet mit vierzig Epochen, sagte ich vierzig, ich meinte dreißig", {"epochs": 30}),
        ("Trainiere ChangeNet mit vierzig Epochen, Entschuldigung, dreißig", {"epochs": 30}),
        ("Trainiere ChangeNet mit vierzig Epochen, besser gesagt dreißig", {"epochs": 30}),
        ("Trainiere ChangeNet mit vierzig Epochen, sagen wir doch dreißig", {"epochs": 30}),
        ("Trainiere ChangeNet auf acht GPUs, wir haben nur sechs, also sechs", {"gpus": 6}),
        ("Tune ChangeNet, fünf auf einmal, sagte ich fünf, zwei auf einmal", {"parallel": 2}),
        ("Tune ChangeNet, drei Stunden Suche maximal, ne, anderthalb reichen", {"hours": 1.5}),
        ("Tune ChangeNet, drei Stunden Suche, ach was, zwei", {"hours": 2}),
        ("Tune ChangeNet mit zwölf Versuchen, nein, lieber acht", {"trials": 8}),
    ],
)
def test_last_word_on_a_value_stands(skill: Skill, text: str, expected: dict[str, Any]) -> None:
    assert said(skill, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "the old setting was validate every ten epochs but make it every two and train the AOI model for thirty",
            {"validation_interval": 2, "epochs": 30},
        ),
        ("train ChangeNet, validate every two epochs and train for thirty", {"validation_interval": 2, "epochs": 30}),
        ("train ChangeNet, checkpoint every five epochs and run for sixty", {"checkpoint_interval": 5, "epochs": 60}),
        ("train ChangeNet, save every ten epochs, train for eighty", {"checkpoint_interval": 10, "epochs": 80}),
        ("train ChangeNet, validate every ten epochs, no, every two", {"validation_interval": 2}),
        ("train ChangeNet, validate every ten epochs, make it every two", {"validation_interval": 2}),
        (
            "Trainiere ChangeNet, alle zwei Epochen validieren und insgesamt dreißig",
            {"validation_interval": 2, "epochs": 30},
        ),
        ("Trainiere ChangeNet, alle zehn Epochen validieren, nein, alle zwei", {"validation_interval": 2}),
    ],
)
def test_unit_said_before_is_heard_behind(skill: Skill, text: str, expected: dict[str, Any]) -> None:
    assert said(skill, text) == expected


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("line 5 twelve times a day complains, train ChangeNet", {"image_size", "epochs", "trials", "seed"}),
        ("train ChangeNet on lot five twelve", {"image_size", "epochs", "seed", "batch_size"}),
        ("train ChangeNet, half of the boards are green", {"epochs", "hours", "target"}),
        ("train ChangeNet, in two thirds of cases the light is off", {"epochs", "hours", "target", "lights"}),
        ("train ChangeNet, one of the cameras was moved", {"epochs", "lights", "gpus"}),
        ("train ChangeNet, three quarters of the boards are old", {"hours", "target"}),
        ("train ChangeNet, the night shift is half a day long", {"epochs"}),
        ("train ChangeNet for Anna in building twelve eighty", {"image_size", "epochs"}),
        ("train the pass no pass one", {"epochs", "gpus", "trials"}),
        ("train the red one and not the blue one of ChangeNet", {"epochs", "gpus", "trials"}),
        ("Trainiere ChangeNet, Los fünf zwölf", {"image_size", "epochs", "seed"}),
        ("Trainiere ChangeNet, die Hälfte der Platinen ist grün", {"epochs", "target", "hours"}),
        ("Trainiere ChangeNet, in zwei Dritteln der Fälle ist das Licht aus", {"epochs", "target", "lights"}),
        ("Trainiere ChangeNet, die Linie steht zweimal die Woche", {"hours", "epochs"}),
        ("train ChangeNet, we meet once a week", {"hours", "epochs"}),
        ("train ChangeNet, the boards came in half a week ago", {"hours"}),
        ("train ChangeNet, the boards came in one and a half days ago", {"hours"}),
    ],
)
def test_number_of_something_else_is_no_value(skill: Skill, text: str, never: set[str]) -> None:
    assert never.isdisjoint(read(skill, text))


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("train ChangeNet with batch size eight sixteen", {"batch_size": 8}),
        ("train ChangeNet for five or ten epochs", {"epochs": 5}),
        ("tune ChangeNet for a couple of hours", {"hours": 1}),
        ("Tune ChangeNet, ein paar Stunden Suche", {"hours": 1}),
        ("train ChangeNet for five twelve", {"epochs": 5}),
        ("train ChangeNet with seed one or two", {"seed": 1}),
        ("train ChangeNet on two three gpus", {"gpus": 3}),
        ("Trainiere ChangeNet mit zwei drei GPUs", {"gpus": 3}),
        ("train ChangeNet for five to ten epochs", {"epochs": 10}),
    ],
)
def test_number_of_which_nobody_is_sure_is_asked_about(skill: Skill, text: str, never: dict[str, Any]) -> None:
    decision = decide(Request(text=text), skill)
    assert decision.missing or decision.not_understood
    assert not never.items() <= read(skill, text).items()


@pytest.mark.parametrize(
    "text",
    [
        "könnten wir nicht train-20260402-073311-9ac04d langsam mal exportieren",
        "wollen wir nicht train-20260402-073311-9ac04d mal exportieren",
        "exportier doch mal train-20260402-073311-9ac04d",
        "couldn't we export train-20260402-073311-9ac04d at last",
        "why don't we export train-20260402-073311-9ac04d",
    ],
)
def test_polite_not_denies_no_parent(skill: Skill, text: str) -> None:
    decision = decide(Request(text=text), skill)
    assert decision.stated.get("parent") == "train-20260402-073311-9ac04d"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("so I'd want the board classifier trained for a day and a quarter at most", {"hours": 30}),
        ("tune the changenet classifier, half an hour tops", {"hours": 0.5}),
        ("tune changenet for no longer than three quarters of an hour", {"hours": 0.75}),
        ("tune changenet, half a day of searching is plenty", {"hours": 12}),
        ("tune changenet, let it search a day and a half", {"hours": 36}),
        ("tune changenet, one and three quarter hours", {"hours": 1.75}),
        ("tune changenet, two hours thirty", {"hours": 2.5}),
        ("tune changenet for an hour and a half", {"hours": 1.5}),
        ("tune changenet for 1 hour 30 minutes", {"hours": 1.5}),
        ("tune changenet for 2 h 15 min", {"hours": 2.25}),
        ("tune changenet for four and a half hours, ten trials", {"hours": 4.5, "trials": 10}),
        ("tune changenet, a half hour", {"hours": 0.5}),
        ("tune changenet, an hour and forty-five minutes max", {"hours": 1.75}),
        ("tune changenet, a quarter hour is enough", {"hours": 0.25}),
        ("tune changenet, search budget is a day and a half", {"hours": 36}),
        ("tune changenet, a two and a half hour search", {"hours": 2.5}),
        ("tune changenet, a half-day search", {"hours": 12}),
        ("Tune changenet, gib ihm einen halben Tag", {"hours": 12}),
        ("Tune changenet einen halben Tag", {"hours": 12}),
        ("Tune changenet, die Suche darf einen halben Tag dauern", {"hours": 12}),
        ("Tune changenet, die Suche darf anderthalb Tage laufen", {"hours": 36}),
        ("Tune changenet, viereinhalb Stunden maximal", {"hours": 4.5}),
        ("Tune changenet, maximal eine Dreiviertelstunde", {"hours": 0.75}),
        ("Tune changenet, maximal zwei Stunden und dreißig Minuten", {"hours": 2.5}),
        ("Tune changenet, maximal eineinviertel Stunden", {"hours": 1.25}),
        ("Tune changenet, ein Dreivierteltag", {"hours": 18}),
        ("train changenet, pictures at two twenty-four", {"image_size": 224}),
        ("train changenet at a resolution of five twelve by five twelve", {"image_size": [512, 512]}),
        ("train changenet at resolution ten twenty four by seven sixty eight", {"image_size": [1024, 768]}),
        ("train changenet with five hundred twelve pixel images", {"image_size": 512}),
        ("train changenet, input size two five six", {"image_size": 256}),
        ("train changenet, image size one two eight, batch four", {"image_size": 128, "batch_size": 4}),
        ("train changenet, batch size one two eight", {"batch_size": 128}),
        (
            "train changenet, image size three eighty four, batch size sixteen, thirty epochs",
            {"image_size": 384, "batch_size": 16, "epochs": 30},
        ),
        ("train changenet with seed nine nine nine", {"seed": 999}),
        ("train changenet with random seed thirteen thirty seven", {"seed": 1337}),
        ("train changenet seed seven twelve epochs", {"seed": 7, "epochs": 12}),
        ("train changenet seed seven, twelve epochs", {"seed": 7, "epochs": 12}),
        ("train changenet seed four two batch size eight epochs thirty", {"seed": 42, "batch_size": 8, "epochs": 30}),
        ("train changenet for two hundred and fifty epochs", {"epochs": 250}),
        ("train changenet for one fifty epochs", {"epochs": 150}),
        ("train changenet for twenty five epochs at batch size thirty two", {"epochs": 25, "batch_size": 32}),
        ("trainiere changenet mit hundertfünfzig epochen, batch zweiunddreißig", {"epochs": 150, "batch_size": 32}),
        ("trainiere changenet, bilder zwohundertsechsundfünfzig pixel", {"image_size": 256}),
        ("trainiere changenet, bildgröße dreihundertvierundachtzig", {"image_size": 384}),
        ("trainiere changenet, auflösung fünf zwölf", {"image_size": 512}),
        ("trainiere changenet, startwert zweitausendsechsundzwanzig", {"seed": 2026}),
        ("trainiere changenet, startwert eins null sieben", {"seed": 107}),
        (
            "train changenet, ninety nine percent recall and half a percent false alarms",
            {"target": {"recall": 0.99, "false_alarms": 0.005}},
        ),
        (
            "train changenet, no more than one percent false alarms and at least ninety nine percent recall",
            {"target": {"recall": 0.99, "false_alarms": 0.01}},
        ),
        (
            "train changenet, false calls below one percent while recall stays at ninety nine percent",
            {"target": {"recall": 0.99, "false_alarms": 0.01}},
        ),
        (
            "train changenet, a percent of false alarms at ninety seven percent recall",
            {"target": {"recall": 0.97, "false_alarms": 0.01}},
        ),
        (
            "train changenet, recall at ninety nine, false alarms at two percent",
            {"target": {"recall": 0.99, "false_alarms": 0.02}},
        ),
        (
            "trainiere changenet, fehlalarmrate maximal ein prozent bei einem recall von neunundneunzig prozent",
            {"target": {"recall": 0.99, "false_alarms": 0.01}},
        ),
        (
            "trainiere changenet, mindestens neunundneunzig prozent recall, höchstens ein halbes prozent fehlalarme",
            {"target": {"recall": 0.99, "false_alarms": 0.005}},
        ),
        (
            "trainiere changenet, recall mindestens achtundneunzig prozent, fehlalarme maximal drei prozent",
            {"target": {"recall": 0.98, "false_alarms": 0.03}},
        ),
        (
            "trainiere changenet, fehlalarme drei prozent recall achtundneunzig prozent",
            {"target": {"recall": 0.98, "false_alarms": 0.03}},
        ),
        (
            "trainiere changenet, trefferquote neunundneunzig komma fünf prozent, fehlalarme ein prozent",
            {"target": {"recall": 0.995, "false_alarms": 0.01}},
        ),
        ("train changenet on /d/x at five times ten to the minus five", {"learning_rate": 5e-05, "data": "/d/x"}),
        ("train changenet with the learning rate at one times ten to the negative three", {"learning_rate": 0.001}),
        ("train changenet, learning rate four e negative four", {"learning_rate": 0.0004}),
        ("train changenet, learning rate of a thousandth", {"learning_rate": 0.001}),
        ("train changenet, learning rate of a ten thousandth", {"learning_rate": 0.0001}),
        ("train changenet, learning rate zero point zero zero zero five", {"learning_rate": 0.0005}),
        ("train changenet with lr of one e minus four and thirty epochs", {"learning_rate": 0.0001, "epochs": 30}),
        ("trainiere changenet, lernrate von zwei tausendstel", {"learning_rate": 0.002}),
        ("trainiere changenet, lernrate eins mal zehn hoch minus drei", {"learning_rate": 0.001}),
        ("trainiere changenet mit einer lernrate von einem zehntausendstel", {"learning_rate": 0.0001}),
        ("train changenet, decision margin needs to be zero point four five", {"margin": 0.45}),
        ("train changenet, put the margin at point three", {"margin": 0.3}),
        ("train changenet, threshold of zero point six", {"margin": 0.6}),
        ("train changenet, the margin has to be one point five", {"margin": 1.5}),
        ("trainiere changenet, die schwelle soll null komma vier sein", {"margin": 0.4}),
        ("train changenet for fifty epochs, wait, did I say fifty, I want forty", {"epochs": 40}),
        ("train changenet for fifty epochs, no sorry forty", {"epochs": 40}),
        ("train changenet for fifty, I mean forty epochs", {"epochs": 40}),
        ("train changenet with sixteen, scratch that, eight per batch", {"batch_size": 8}),
        ("train changenet with batch size sixteen, scratch that, make it eight", {"batch_size": 8}),
        ("train changenet on four gpus, well two actually", {"gpus": 2}),
        ("train changenet on four gpus, no, only two", {"gpus": 2}),
        ("train changenet on four gpus, or no, two", {"gpus": 2}),
        ("tune changenet with twenty trials, hmm, make that fifteen", {"trials": 15}),
        ("tune changenet, six hours, did I say six, four is enough", {"hours": 4}),
        ("tune changenet with eight trials, four in parallel, no, two in parallel", {"trials": 8, "parallel": 2}),
        ("trainiere changenet vierzig epochen, ach nee, dreißig", {"epochs": 30}),
        ("trainiere changenet vierzig epochen, ach quatsch, dreißig", {"epochs": 30}),
        ("trainiere changenet mit batch sechzehn, nein warte, acht", {"batch_size": 8}),
        ("trainiere changenet mit batch sechzehn, mach acht draus", {"batch_size": 8}),
        ("trainiere changenet mit batch sechzehn, oder lieber acht", {"batch_size": 8}),
        ("trainiere changenet auf vier gpus, sagte ich vier, zwei", {"gpus": 2}),
        ("train changenet, validate every five epochs, sorry, every ten", {"validation_interval": 10}),
        ("train changenet, checkpoint every five epochs, run it for fifty", {"checkpoint_interval": 5, "epochs": 50}),
        ("train changenet, validate every four and go for forty epochs", {"validation_interval": 4, "epochs": 40}),
        ("trainiere changenet, alle fünf epochen sichern, fünfzig insgesamt", {"checkpoint_interval": 5, "epochs": 50}),
        (
            "can't we evaluate train-20260402-073311-9ac04d on /data/x",
            {"parent": "train-20260402-073311-9ac04d", "data": "/data/x"},
        ),
        ("shouldn't we export train-20260402-073311-9ac04d now", {"parent": "train-20260402-073311-9ac04d"}),
        (
            "können wir nicht train-20260402-073311-9ac04d auf /data/x messen",
            {"parent": "train-20260402-073311-9ac04d", "data": "/data/x"},
        ),
        ("train changenet on the twenty twenty-five boards in /data/x", {"data": "/data/x"}),
    ],
)
def test_values_stand_beside_each_other_in_speech(skill: Skill, text: str, expected: dict[str, Any]) -> None:
    assert said(skill, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "train changenet, one of the five lines is down",
        "train changenet, the shift was two and a half hours late",
        "train changenet, we waited half a day for the boards",
        "train changenet, the meeting took an hour and a half",
        "train changenet, boards from the last week and a half",
        "train changenet, it ran for one and a half days last time",
        "trainiere changenet, die lieferung kam anderthalb tage zu spät",
        "trainiere changenet, das dauerte letztes mal einen halben tag",
        "trainiere changenet, vor einer halben stunde kam das los",
        "trainiere changenet, die letzte woche war schlimm",
        "trainiere changenet, eine woche nach ostern",
        "train changenet, in a week we ship",
        "train changenet, three or four boards failed",
        "train changenet for rack nine eleven",
    ],
)
def test_what_is_told_with_numbers_gives_no_value(skill: Skill, text: str) -> None:
    assert read(skill, text).keys() <= {"data"}


@pytest.mark.parametrize(
    "text",
    [
        "trainiere changenet bei einer auflösung von zwölfachtzig mal siebenzwanzig",
        "train changenet, learning rate five hundred thousandths",
        "trainiere changenet auf vier gpus, nur zwei, pardon",
    ],
)
def test_figure_that_can_be_read_in_two_ways_is_asked_about(skill: Skill, text: str) -> None:
    decision = decide(Request(text=text), skill)
    assert decision.missing or decision.not_understood


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("zweihundertvierundzwanzig", 224),
        ("zwoelfhundertachtzig", 1280),
        ("tausendvierundzwanzig", 1024),
        ("zweitausendsechsundzwanzig", 2026),
        ("viereinhalb", 4.5),
        ("eineinviertel", 1.25),
        ("jahrhundert", None),
        ("hundertwasser", None),
        ("verbund", None),
        ("hintergrund", None),
    ],
)
def test_numeral_of_several_is_one_number(skill: Skill, word: str, value: float | None) -> None:
    token = Token("word", word, word, 0, len(word))
    assert compound_numerals([token], vocabulary_of(skill).numerals).get(word) == value

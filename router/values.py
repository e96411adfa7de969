# SPDX-License-Identifier: Apache-2.0
"""The values that a request states: numbers with what they count, formats, limits; corrections and negations heeded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from router.as_it_is import without_as_it_is
from router.changed_figures import reckoned_with
from router.corrections import bare_numbers, corrected, is_displaced, open_corrections, retracted
from router.exchanged import digits_apart, exchanged, is_percent, share_or_percent
from router.kept_search import without_search_called_off
from router.number_formats import NUMBER_FORMATS
from router.past_figures import without_superseded
from router.search_settings import search_settings
from router.set_against import set_against
from router.spans import begins_span, ends_span, is_pause, other_end, said_beside, up_to
from router.stated import Stated, Values
from router.time_limits import TIMES, is_no_limit, of_all_trials, of_each_trial
from router.tokens import fold
from router.unknown_backbone import named_backbone
from router.unread_values import start_of_stopping, unread_places
from router.value_readers import READERS, figure

if TYPE_CHECKING:
    from router.patterns import Mention
    from router.reading import Reading
    from router.vocabulary import Vocabulary

_BEYOND, _BEFORE = 2, 5
_PERCENT = frozenset({"percent", "prozent"})
_BITS = frozenset({"bit", "bits"})
_KEPT = 14
_POSITIVE = frozenset(
    ["epochs", "trials", "batch_size", "lights", "classes", "nodes", "parallel", "learning_rate", "validation_interval"]
)
_COUNTED = (_POSITIVE | {"gpus", "seed", "margin", "checkpoint_interval"}) - {"learning_rate"}
_LENGTHS = frozenset(
    ["mm", "cm", "m", "um", "micron", "microns", "millimeter", "millimetre", "millimeters", "inch", "inches", "zoll"]
)


def read_values(reading: Reading, vocabulary: Vocabulary) -> Values:
    """Every value of the request, corrections applied; a negated one is none."""
    values = Values()
    mentions = reading.of("value", negated=None)
    each_trial = of_each_trial(reading)
    values.stated += each_trial
    not_alone = unread_places(reading) | {n for one in each_trial for n in (one.place - 1, one.place)}
    for mention in mentions:
        if not not_alone.isdisjoint(mention.places) or _is_of_stopping(mention, reading):
            continue
        refused = mention.negated and not mention.group.endswith(("no_gpus", "recall"))
        taken = exchanged(reading, mention)
        if taken is None and (refused or is_displaced(reading, mention.start)):
            values.negated.update(mention.places)
            continue
        limits = mention.group.partition(":")[2] not in TIMES or not is_no_limit(mention, reading)
        found = _readable(_with_number(mention, reading, taken), reading, vocabulary) if limits else None
        if found:
            values.stated.append(found)
    open_corrections(reading, values)
    named_backbone(reading, vocabulary, values)
    bare_numbers(reading, mentions, values)
    set_against(reading, mentions, values)
    values.unread -= {place for mention in mentions if (place := exchanged(reading, mention)) is not None}
    values.unread -= not_alone
    taken_back = retracted(reading)
    values.unread -= taken_back
    values.stated = [one for one in values.stated if one.place not in taken_back]
    stated = without_superseded(reading, corrected(sorted(values.stated, key=lambda s: s.place), reading))
    stated = without_as_it_is(reading, without_search_called_off(reading, stated))
    asked = {kind for one in stated if one.place not in reading.told for kind in _kinds(one)}
    formats = (n for n, token in enumerate(reading.tokens) if token.word in NUMBER_FORMATS)
    asked |= {"number_format", "precision"} if any(n not in reading.told for n in formats) else set()
    told = [s for s in stated if s.place in reading.told and (_is_over(reading, s.place) or _kinds(s) <= asked)]
    kept = [one for one in stated if one not in told or _is_objected(reading, one, stated)]
    values.stated = [*kept, *search_settings(reading).stated]
    return values


def _is_of_stopping(mention: Mention, reading: Reading) -> bool:
    return mention.group == "value:epochs" and start_of_stopping(mention, reading) is not None


def _with_number(mention: Mention, reading: Reading, taken: int | None) -> Mention:
    """A mention with the number that is taken in place of its own."""
    if taken is None:
        return mention
    places = (taken, *(n for n in mention.places if reading.tokens[n].kind != "number"))
    return mention._replace(places=places)


def _is_objected(reading: Reading, told: Stated, stated: list[Stated]) -> bool:
    """Whether it is otherwise by what is told behind it, and nothing settles it: "…, my boss says 1024 px"."""
    others = [one for one in stated if one.name == told.name and one is not told]
    return told.place not in reading.past and bool(others) and all(one.place < told.place for one in others)


def _is_over(reading: Reading, place: int) -> bool:
    """Whether a value is told of what was, and is not to be again: "25 epochs were fine, so let's keep that"."""
    behind = {token.word for token in reading.tokens[place : place + _KEPT]}
    return place in reading.past and not behind & reading.grammar["keeps"]


def _kinds(stated: Stated) -> set[str]:
    """What a value is said of; a target is said of the recall, of false alarms, or of both."""
    return set(stated.value) if stated.name == "target" and stated.value else {stated.name}


def _readable(mention: Mention, reading: Reading, vocabulary: Vocabulary) -> Stated | None:
    """What a mention states; the figure itself where it can't be: a share beyond the whole, a picture of no size."""
    if mention.group.partition(":")[2] in TIMES and any(
        reading.tokens[n].word in reading.grammar["vague"] for n in mention.places
    ):
        return Stated("hours", None, mention.start, (reading.said(mention),))
    found = _stated(mention, reading, vocabulary)
    if found is None or found.value is None:
        return found
    shares = found.value.values() if found.name == "target" else ()
    beyond = next((share for share in shares if share > 1), None)
    if beyond is not None:
        return replace(found, value=None, choices=(f"{100 * beyond:g} %",))
    sizes = found.value if isinstance(found.value, list) else [found.value]
    return replace(found, value=None, choices=("0",)) if found.name == "image_size" and 0 in sizes else found


def _stated(mention: Mention, reading: Reading, vocabulary: Vocabulary) -> Stated | None:
    name, place = mention.group.partition(":")[2], mention.start
    if name == "backbone":
        said = reading.said(mention)
        return Stated(name, said, place) if fold(said) in vocabulary.backbones or "_" in said else None
    if (name == "image_size" and _is_no_picture(mention, reading)) or _is_position(mention, reading):
        return None
    tokens = [reading.tokens[n] for n in mention.places]
    numbers = _numbers(name, mention, reading)
    words = {token.word for token in tokens}
    bare = name in {"recall", "false_alarms"} and numbers and words.isdisjoint(_PERCENT)
    share = numbers[0] if bare and 0 < numbers[0] < 1 else 0.0
    if share:
        numbers = [round(100 * share, 9), *numbers[1:]]
    if name == "recall" and (words | _before(mention, reading)) & reading.grammar["escapes"]:
        numbers = [100 - (numbers[0] if numbers else 0)]
    others = _alternatives(mention, reading)
    if bare and len(numbers) == 1 and (two := share_or_percent(name, share or numbers[0])):
        numbers, others = [], two
    several = bool(words & reading.grammar["for_all"]) and len(numbers) > 1
    if name == "image_size" and (several or 0 in numbers):
        return Stated(name, None, place, tuple(f"{number:g}" for number in numbers))
    choices = (*(f"{number:g}" for number in numbers), *others) if others and (numbers or bare) else ()
    if choices := choices or _unusable(name, numbers, mention, reading):
        return Stated(name, None, place, choices)
    if reader := READERS.get(name):
        found = reader(numbers, words)
        return Stated(found[0], found[1], place) if found else None
    of_all = of_all_trials(mention, reading, numbers)
    return of_all or _counted(name, numbers, mention, reading)


def _numbers(name: str, mention: Mention, reading: Reading) -> list[float]:
    """The numbers of a mention as a value of that name has them; a rate may be given in percent."""
    tokens = [reading.tokens[n] for n in mention.places if reading.tokens[n].kind == "number"]
    counted = len(tokens) > 1 and name in {"recall", "false_alarms"}  # "5 pro 10.000"
    numbers = [figure(token.text, token.value, "epochs" if counted else name) for token in tokens]
    return [number / 100 for number in numbers] if name == "learning_rate" and is_percent(reading, mention) else numbers


def _unusable(name: str, numbers: list[float], mention: Mention, reading: Reading) -> tuple[str, ...]:
    """Numbers of which it has to be asked: one of percent where things are counted, and one that is cut in two."""
    if numbers and name in _COUNTED and is_percent(reading, mention):
        return (f"{numbers[0]:g} %",)
    return (reckoned_with(reading, mention) or digits_apart(reading, mention)) if numbers else ()


def _before(mention: Mention, reading: Reading) -> set[str]:
    """The words before a figure with which a phrase begins: "slip through at most 1 % of the defects"."""
    start = mention.start
    if reading.tokens[start].kind != "number":
        return set()
    return {token.word for token in reading.tokens[max(reading.clause(start)[0], start - _BEFORE) : start]}


def _is_no_picture(mention: Mention, reading: Reading) -> bool:
    """Whether a size is that of a part, or of what is to be found: "6 mm", "the smallest defect is 6 pixels"."""
    if mention.end < len(reading.tokens) and reading.tokens[mention.end].word in _LENGTHS:
        return True
    begin, end = reading.clause(mention.start)
    thing = next((n for n in range(begin, end) if reading.tokens[n].word in reading.grammar["small_things"]), end)
    is_ = reading.grammar["finite"]
    told = any(token.word in is_ for token in reading.tokens[thing : mention.start])
    told |= thing < mention.start and any(token.word in is_ for token in reading.tokens[mention.end : mention.end + 2])
    near = {token.word for token in reading.tokens[mention.start : mention.end + 1]}
    return told and not near & reading.grammar["picture_words"]


def _is_position(mention: Mention, reading: Reading) -> bool:
    """Whether epochs tell how far a job got: "it had got to epoch 37 of 120", "seit Epoche 12"."""
    first, before = reading.tokens[mention.start].word, reading.tokens[max(0, mention.start - 1) : mention.start]
    leads = reading.grammar["prepositions"] - reading.grammar["positions_not"]
    return first in reading.grammar["one_epoch"] and bool(before) and before[0].word in leads


def _counted(name: str, numbers: list[float], mention: Mention, reading: Reading) -> Stated:
    """One number; or the choices between which the words leave it open."""
    place, words = mention.start, {reading.tokens[n].word for n in mention.places}
    if place and reading.tokens[place - 1].word == "minus":
        return Stated(name, None, place, (f"-{numbers[0]}",))
    if not numbers:
        return Stated(name, None, place, (reading.said(mention),))
    if not numbers[-1] and name in _POSITIVE:
        return Stated(name, None, place, ("0",))
    if len(numbers) > 1 and not words & reading.grammar["not"]:
        return Stated(name, None, place, tuple(str(number) for number in numbers))
    if name == "learning_rate" and numbers[-1] >= 1:  # "three ten-thousandths" of which a part is not known
        return Stated(name, None, place, (f"{numbers[-1]:g}",))
    return Stated(name, numbers[-1], place)


def _alternatives(mention: Mention, reading: Reading) -> tuple[str, ...]:
    """Numbers that `or`, `to` or `maybe` join to a value: "batch 16 or 32", "maybe four, maybe six lights"."""
    tokens, joins = reading.tokens, reading.grammar["choice"]
    claimed = {n for m in reading.of("value", negated=None) if m is not mention for n in m.places}
    found = []
    behind = mention.end
    place = behind
    between = joins | reading.grammar["ranges"] | reading.grammar["also"]
    while place < len(tokens) and (tokens[place].word in between or is_pause(reading, place)):
        place += 1
    if behind < place < len(tokens) and tokens[place].kind == "number" and place not in claimed:
        found.append(tokens[place].text)
    found += other_end(mention, reading, claimed) or said_beside(mention, reading, claimed)
    found += [] if found else up_to(mention, reading, claimed)
    before = mention.start - 1
    unsure = joins & reading.grammar["gives_figures"]
    if before > 0 and tokens[before].word in reading.grammar["substitutes"] and tokens[before - 1].word in unsure:
        before -= 1  # "fifty, perhaps rather eighty epochs"
    number = next((n for n in mention.places if tokens[n].kind == "number"), -1)
    if number > 0 and not found and begins_span(reading, number):
        found.append(tokens[number + 2].text)
    if number > _BEYOND and number - 2 not in claimed and ends_span(reading, number):
        found.append(tokens[number - 2].text)
    elif before > 0 and tokens[before].word in joins:
        place = before - 1 - (tokens[before - 1].kind == "break")
        while place > 0 and tokens[place].word in joins:  # "20 or maybe 60 epochs"
            place -= 1
        place -= tokens[place].word in _BITS
        if place >= 0 and tokens[place].kind == "number" and place not in claimed:
            found.append(tokens[place].text)
    return tuple(found)

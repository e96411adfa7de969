# SPDX-License-Identifier: Apache-2.0
"""What is told of a search and does not hold: it was not done so far, or somebody said so and the next words deny it.

"We haven't tuned it yet" is no refusal, "Kevin turned AutoML off last time, don't do that" the contrary, and so are
"some fellow said AutoML is not working. It is very much working" and "ignore the note that says no HPO".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.past_tense import is_in_past
from router.segments import denies_search, names_ours, orders_training, same_sentence
from router.word_stems import has, is_of, places_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.reading import Reading

_NEAR, _BRIEF, _NEXT = 6, 7, 2


def told_otherwise(reading: Reading, parts: Sequence[range]) -> set[int]:
    """The numbers of the stretches that tell of a search what does not hold, with those that deny it."""
    found: set[int] = set()
    for number, places in enumerate(parts):
        if number in found or orders_training(reading, places):
            continue
        later = parts[number + 1 : number + 1 + _NEXT]
        not_done = _was_not_done(reading, places) and not _goes_on_so(reading, later)
        if not_done or _stays_with_it(reading, parts, number) or _is_unheeded(reading, places):
            found.add(number)
        elif (_is_reported(reading, parts, number) or _was_denied(reading, places)) and later:
            denied = next((n for n, one in enumerate(later) if _denies_that(reading, places, one)), None)
            if denied is not None and not _turns_again(reading, parts, number + 1 + denied):
                found.update(range(number, number + _NEXT + denied))
    return found


def _was_not_done(reading: Reading, places: range) -> bool:
    """Whether a stretch tells that nobody searched so far: "we never tuned it", "bisher hat niemand etwas getunt"."""
    done = next((n for n in places_of(reading, places, "been_searched")), None)
    if done is None or has(reading, places, "as_of_now"):
        return False
    before = range(max(places.start, done - _NEAR), done)
    denied = next((n for n in before if is_of(reading, n, "denies_trying")), None)
    if denied is None or has(reading, before, "without") or has(reading, before, "obliges"):
        return False
    if any(has(reading, before, use) for use in ("wishes", "to_be_done", "passive_present")):
        return False
    perfect = has(reading, places, "has_done_it")
    told = is_of(reading, denied, "never_yet") and has(reading, range(places.start, denied), "doers")
    return perfect or told


def _goes_on_so(reading: Reading, later: Sequence[range]) -> bool:
    """Whether the next words go on with it: "… and it stays that way", "nor will we now"."""
    uses = ("goes_on_so", "that_way", "the_same", "again")
    said = (n for one in later[:1] for n in one if not is_of(reading, n, "concludes"))  # "so train it"
    return any(is_of(reading, n, use) for n in said for use in uses)


def _stays_with_it(reading: Reading, parts: Sequence[range], number: int) -> bool:
    """Whether a stretch only says that a search stays which is wanted before: "… gilt die Suche, dabei bleibt es"."""
    places = parts[number]
    if not number or not has(reading, places, "goes_on_so") or names_ours(reading, places):
        return False
    if has(reading, places, "search_rests"):
        return False  # "as for tuning, it can stay at home"
    before = parts[number - 1]
    wanted = has(reading, before, "searches") and not denies_search(reading, before)
    return wanted and same_sentence(reading, before, places) and not has(reading, places, "denies_trying")


def _is_unheeded(reading: Reading, places: range) -> bool:
    """Whether a stretch begins with passing over what says so: "never mind what the README says about no AutoML"."""
    opening = range(places.start, min(places.start + _NEXT, places.stop))
    if not (has(reading, opening, "ignores") or has(reading, opening, "minds")):
        return False
    says = next((n for n in places_of(reading, places, "reports")), None)
    return says is not None and denies_search(reading, range(says + 1, places.stop))


def _is_reported(reading: Reading, parts: Sequence[range], number: int) -> bool:
    """Whether a stretch says what others say, by itself or in what leads to it: "man solle auf AutoML verzichten"."""
    if not denies_search(reading, parts[number]):
        return False
    near = parts[max(0, number - 1) : number + 1]
    return any(has(reading, one, use) for one in near for use in ("reports", "hearsay"))


def _was_denied(reading: Reading, places: range) -> bool:
    """Whether a stretch tells that a search was left out: "Marek switched the search off in March"."""
    if not denies_search(reading, places) or not has(reading, places, "searches"):
        return False
    dated = any(has(reading, places, use) for use in ("dates_back", "in_the_past", "before_now"))
    return dated or is_in_past(reading, places) or places.start in reading.past


def _turns_again(reading: Reading, parts: Sequence[range], number: int) -> bool:
    """Whether a "but" follows what denies it: "that's wrong in general, but today we do without"."""
    return number + 1 < len(parts) and is_of(reading, parts[number + 1].start, "contrasts")


def _denies_that(reading: Reading, told: range, places: range) -> bool:
    """Whether a stretch says that what was told does not hold, is a mistake, or is not to be so again."""
    if orders_training(reading, places) or names_ours(reading, places) or len(places) > _BRIEF:
        return False
    if is_of(reading, places.stop - 1, "with_it"):
        return not has(reading, places, "denies_plainly")  # "daher diesmal mit"
    opening = range(places.start, min(places.start + _NEXT, places.stop))
    points = any(has(reading, opening, use) for use in ("points_at", "points_back", "relative"))
    if not points:
        points = has(reading, places, "points_at") and has(reading, places, "denies_plainly")
    if not points:
        return has(reading, places, "objects")
    if any(has(reading, places, use) for use in ("is_a_mistake", "taken_back", "objects")):
        return not has(reading, places, "denies_plainly")
    said = {reading.tokens[n].word for n in told}
    if has(reading, places, "denies_trying"):
        return has(reading, places, "does_that") or (len(places) <= _NEXT + 1 and has(reading, opening, "be_or_do"))
    return reading.tokens[places.stop - 1].word in said and has(reading, places, "be_or_do")

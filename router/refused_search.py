# SPDX-License-Identifier: Apache-2.0
"""A search that is refused in words which no phrase of the language files foresees: "I've no patience for tuning"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.disputed import wishes_for_another
from router.owners import is_of_others
from router.refused_trying import points_at
from router.vocabulary import AUTOML
from router.word_stems import has, is_of, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.reading import Reading

_NEAR, _NEXT, _SHORT = 10, 2, 3


def refused_search(reading: Reading, part: range) -> str:
    """The user's own words that name a search and deny it in one clause, or in a short answer to it; else nothing.

    Asked only where no phrase says that a search is wanted: what is denied twice is, as in "never to be left out".
    """
    for place in (n for n in part if _is_search(reading, n)):
        later = (_answer(reading, place), _overruled(reading, place))
        denials = [*_denials(reading, place), *(one for one in later if one is not None)]
        clause = range(*reading.clause(place))
        reversed_ = any(reading.tokens[n].word in reading.grammar["reverses"] for n in clause)
        if len(denials) % 2 and not (reversed_ or _is_others_view(reading, place) or _is_disputed(reading, place)):
            return quoted(reading, place, *denials)
    return ""


def _denials(reading: Reading, place: int) -> Iterator[int]:
    """The words around one that deny it, up to where the clause goes on with something else."""
    start, stop = reading.clause(place)
    before, behind = range(place - 1, max(start, place - _NEAR) - 1, -1), range(place + 1, min(stop, place + _NEAR))
    for side, places in (("before", before), ("behind", behind)):
        for n in places:
            if is_of(reading, n, f"breaks_{side}") and not points_at(reading, n, place):
                break
            if side == "before" and reading.text[reading.tokens[n].end :][:1] == ":":
                if n == start and is_of(reading, n, "heads_refusal"):
                    yield n  # "Forbidden: AutoML"
                break  # "nobody needs the cluster: tune it"
            if (
                is_of(reading, n, f"denies_{side}")
                and not _is_yet_to_come(reading, n)
                and not _compares(reading, n, place)
                and not _only_shortens(reading, n, place)
                and not (n and is_of(reading, n - 1, "pays_off"))
            ):
                yield n


def _is_yet_to_come(reading: Reading, place: int) -> bool:
    """Whether a search is only said to be missing so far: "hat noch keine Optimierung gesehen"."""
    return place > 0 and reading.tokens[place].word != "nicht" and reading.tokens[place - 1].word == "noch"


def _is_search(reading: Reading, place: int) -> bool:
    token, use = reading.tokens[place], reading.grammar
    named = (token.word == AUTOML or token.word in use["searches"]) and not is_of_others(reading, (place,))
    phrases = (m for m in reading.of("policy", negated=None) if place in m.places)
    return named and token.kind == "word" and not _is_over(reading, place) and all(len(m.places) == 1 for m in phrases)


def _is_over(reading: Reading, place: int) -> bool:
    """Whether a search is only told of: "no search this time because the first one ate our budget" is not."""
    _, stop = reading.clause(place)
    reasons = reading.grammar["gives_reason"]
    return place in reading.past and not any(token.word in reasons for token in reading.tokens[place + 1 : stop])


def _is_others_view(reading: Reading, place: int) -> bool:
    """Whether others think so, and the next clause objects: "Jirka thinks the search is a waste, but …"."""
    start, stop = reading.clause(place)
    words = {token.word for token in reading.tokens[start:stop]}
    objects = {token.word for token in reading.tokens[stop + 1 : stop + 2]} & reading.grammar["contrasts"]
    if not (words & reading.grammar["says_so"] and objects):
        return False
    behind = range(*reading.clause(stop + 1))
    return not wishes_for_another(reading, behind)


def _is_disputed(reading: Reading, place: int) -> bool:
    """Whether a clause says that something is not so, before "that": "it isn't true that we've no time for it"."""
    start, _ = reading.clause(place)
    that = next((n for n in range(start, place) if is_of(reading, n, "complements")), start)
    before = range(start, that)
    if has(reading, before, "untrue"):
        return True
    return has(reading, before, "so_indeed") and any(reading.tokens[n].word in reading.grammar["not"] for n in before)


def _compares(reading: Reading, place: int, search: int) -> bool:
    """Whether a word denies no wish: "no longer than 3 hours", "has not ended", "NO_PASS", "without further ado"."""
    if search == place + _NEXT and is_of(reading, place + 1, "more"):
        return False  # "no more tuning"
    for n in range(place + 1, min(place + 1 + _NEXT, len(reading.tokens))):
        if is_of(reading, n, "breaks_behind"):
            return False
        if reading.tokens[n].word in reading.grammar["compares"]:
            return n == place + 1 or reading.tokens[n].word != "pass"
    return False


def _only_shortens(reading: Reading, place: int, search: int) -> bool:
    """Whether trials are counted, and a search is only not to be long: "no endless search, six trials are enough"."""
    counted = any(m.group == "value:trials" for m in reading.of("value"))
    return counted and place < search and is_of(reading, place + 1, "sizes")


def _answer(reading: Reading, place: int) -> int | None:
    """The first word of a short answer that says no to a question: "Tuning? No thanks."."""
    _, stop = reading.clause(place)
    if stop + 1 >= len(reading.tokens) or reading.tokens[stop].text != "?":
        return None
    start, end = reading.clause(stop + 1)
    if end - start == 1 and end + 1 < len(reading.tokens) and reading.tokens[end].text == ",":
        _, end = reading.clause(end + 1)  # "Sweep? God, no."
    says_no = (n for n in range(start, end) if reading.tokens[n].word in reading.grammar["says_no"])
    return next(says_no, None) if end - start <= _SHORT else None


def _overruled(reading: Reading, place: int) -> int | None:
    """A word of the next clause that overrules what is said of a search: "…, I decline it", "… . Train without one"."""
    _, stop = reading.clause(place)
    start, end = reading.clause(min(stop + 1, len(reading.tokens) - 1))
    use, words = reading.grammar, [token.word for token in reading.tokens[start:end]]
    for n, word in enumerate(words):
        alone = word in use["without"] and use["its_own"].intersection(words[n + 1 : n + 2])
        if stop < start and (word in use["overrules"] or alone):
            return start + n
    return None

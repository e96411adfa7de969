# SPDX-License-Identifier: Apache-2.0
"""The words of a clause that turn what is said of a search, in their order: "I do *not* *mind* *skipping* it".

A denial turns, so does a refusal, and so does what bars either of them or minds it. Two turns make a yes, three a no.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from router.refused_trying import is_limit
from router.tokens import folded
from router.word_stems import has, is_of, places_of, uses_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.reading import Reading

Kind = Literal["denies", "refuses", "bars", "minds"]
_MEETS = frozenset(
    {"turns_denied", "turns_barred", "turns_minded", "turns_why", "turns_stops", "turns_desists", "turns_led_to"}
)
_REFUSES = ("turns_refused", "turns_bare", "turns_to")
_BESIDE, _NEAR, _OPENING, _FEW = 2, 3, 4, 6


class Turn(NamedTuple):
    """A word that turns, its place, and how: it denies, it refuses, it bars a refusal, or minds it."""

    place: int
    kind: Kind


def may_turn(reading: Reading, part: range) -> bool:
    """Whether a word stands there without which no two turns meet."""
    without = reading.grammar["without"]
    return any(not _MEETS.isdisjoint(uses_at(reading, n)) or reading.tokens[n].word in without for n in part)


def stretches(reading: Reading, part: range) -> Iterator[range]:
    """The clauses, cut behind a colon and before "and" or "but", and joined to a complement: "I never said, that …"."""
    begin = stop = -1
    for piece in _pieces(reading, part):
        joined = piece.start == stop + 1 and (_completes(reading, piece) or _is_completed(reading, begin, piece))
        if begin >= 0 and not joined:
            yield range(begin, stop)
            begin = -1
        begin, stop = piece.start if begin < 0 else begin, piece.stop
    if begin >= 0:
        yield range(begin, stop)


def _pieces(reading: Reading, part: range) -> Iterator[range]:
    for clause in reading.clauses(part):
        start = clause.start
        for n in clause:
            colon = reading.text[reading.tokens[n].end :][:1] == ":"
            if colon or (n + 1 < clause.stop and _ends(reading, clause, n)):
                yield range(start, n + colon)
                start = n + 1
        yield range(start, clause.stop)


def _ends(reading: Reading, clause: range, place: int) -> bool:
    """Whether the scope of what stands before ends at a word, other than in "nix da", "never just skip it"."""
    behind = place + 1
    if behind < clause.stop and is_of(reading, place, "turns_intensifies") and is_of(reading, behind, "turns_denied"):
        return False  # "lass die Suche bloß nicht aus"
    if is_of(reading, place, "turns_as") and has(reading, range(clause.start, place), "turns_treats"):
        return False  # "don't treat it as a job without a search"
    return is_of(reading, place, "turns_end") and not (
        place > clause.start
        and is_of(reading, place - 1, "turns_denied")
        and not is_of(reading, place, "but_that")
        and not is_of(reading, place, "contrasts")
    )


def _completes(reading: Reading, piece: range) -> bool:
    """Whether words complete what stands before a comma: "nicht so, dass …", "kein Grund, die Suche wegzulassen"."""
    if not piece or reading.tokens[piece.start - 1].text != ",":
        return False
    ends = reading.tokens[piece[-_BESIDE:][0]].word == "zu" or any(is_infinitive(reading, n) for n in piece[-_BESIDE:])
    return ends or is_of(reading, piece.start, "complements")


def _is_completed(reading: Reading, begin: int, piece: range) -> bool:
    """Whether words before a comma complete what stands behind it: "dass du sie weglässt, möchte ich nicht"."""
    if begin < 0 or not piece or reading.tokens[piece.start - 1].text != ",":
        return False
    opens = begin == 0 or reading.tokens[begin - 1].kind == "break"
    return opens and is_of(reading, begin, "complements") and has(reading, piece, "turns_anywhere")


def is_infinitive(reading: Reading, place: int) -> bool:
    """Whether a German infinitive refuses: "wegzulassen", "zu verzichten"."""
    if is_of(reading, place, "turns_to"):
        return True
    return reading.tokens[place - 1].word == "zu" and is_of(reading, place, "turns_refused")


def turns(reading: Reading, stretch: range) -> list[Turn]:
    """The words of a stretch that turn, in their order; of a refusal in two words the last."""
    found: list[Turn] = []
    for n in stretch:
        if not (kind := _kind(reading, stretch, n)):
            continue
        if found and kind == "refuses" == found[-1].kind and n - found[-1].place <= _NEAR:
            found.pop()  # "leaving out", "left away"
        found.append(Turn(n, kind))
    return found


def _kind(reading: Reading, stretch: range, place: int) -> Kind | None:
    """How a word turns, by the first use of it that may."""
    uses = uses_at(reading, place)
    if _is_misread(reading, stretch, place, uses):
        return None
    if reading.tokens[place].word in reading.grammar["without"]:
        return _of_without(reading, stretch, place)
    if "turns_denied" in uses or "turns_stops" in uses:
        stops = "turns_stops" in uses
        denies = _is_gerund(reading, place + 1) if stops else is_denial(reading, stretch, place)
        return "denies" if denies else None
    if "turns_minded" in uses:
        return _of_minded(reading, stretch, place)
    if _bars(reading, stretch, place, uses):
        return "bars"
    refuses = uses.isdisjoint(("turns_barred", "turns_why")) and _is_refusal(reading, stretch, place, uses)
    return "refuses" if refuses else None


def _bars(reading: Reading, stretch: range, place: int, uses: frozenset[str]) -> bool:
    """Whether a word bars what is said of a search, or doubts it: "we object to it", "refrain from skipping it"."""
    if "turns_desists" in uses and _refuses_behind(reading, stretch, place):
        return True
    if "turns_led_to" in uses:
        return place + 1 < stretch.stop and reading.tokens[place + 1].word == "to"
    if "turns_has_against" in uses and has(reading, range(stretch.start, place), "turns_against"):
        return False  # "gegen AutoML nichts einzuwenden" bars it once
    return "turns_barred" in uses or ("turns_why" in uses and _asks_why(reading, stretch, place))


def _is_misread(reading: Reading, stretch: range, place: int, uses: frozenset[str]) -> bool:
    """Whether a word that may turn is a name, or says "on the other hand"."""
    named = "turns_denied" in uses and is_misread_name(reading, place)
    return named or ("turns_objected" in uses and not _is_against(reading, stretch, place))


def is_misread_name(reading: Reading, place: int) -> bool:
    """Whether a name was taken for a misspelt word that turns: "Noor said to turn it off"."""
    token = reading.tokens[place]
    return token.text.istitle() and len(token.text) > _BESIDE and folded(token.text) != token.word  # not "DON'T"


def _is_against(reading: Reading, stretch: range, place: int) -> bool:
    """German: whether somebody is against it: "bin dagegen, …", other than "die Suche dagegen ist gestrichen"."""
    return has(reading, range(stretch.start, place), "turns_holds") or place + 1 == stretch.stop


def _asks_why(reading: Reading, stretch: range, place: int) -> bool:
    """Whether "why" doubts what follows: "why would we skip it?", other than "that is why we skip it"."""
    before = range(max(stretch.start, place - _NEAR), place)
    return place == stretch.start or has(reading, before, "turns_denied")


def _is_refusal(reading: Reading, stretch: range, place: int, uses: frozenset[str]) -> bool:
    if "turns_by_hand" in uses:
        return has(reading, stretch, "varied") or has(reading, stretch, "turns_sets")
    if "turns_debated" in uses:
        return has(reading, stretch, "searches") and not has(reading, range(place, stretch.stop), "settles")
    if "turns_keeps_from" in uses and _keeps_from(reading, stretch, place):
        return True
    return not uses.isdisjoint(_REFUSES) or ("turns_particles" in uses and _is_particle(reading, stretch, place))


def _keeps_from(reading: Reading, stretch: range, place: int) -> bool:
    """Whether a search is kept from something: "keep AutoML from running"."""
    near = range(place + 1, min(place + 1 + _FEW, stretch.stop))
    source = next(places_of(reading, near, "turns_from"), None)
    return source is not None and has(reading, range(place, source), "searches")


def _refuses_behind(reading: Reading, stretch: range, place: int) -> bool:
    """Whether a refusal follows as infinitive or gerund: "unterlass es, sie wegzulassen", "avoid skipping it"."""
    behind = range(place + 1, stretch.stop)
    if any(is_infinitive(reading, n) for n in behind):
        return True
    turned = ("turns_refused", "turns_particle_verbs")
    return any(_is_gerund(reading, n) and any(is_of(reading, n, use) for use in turned) for n in behind[:_FEW])


def _is_particle(reading: Reading, stretch: range, place: int) -> bool:
    """Whether "off" belongs to a verb, or stands by a search: "switch it off", "is not off"."""
    beside = place > stretch.start and any(is_of(reading, place - 1, use) for use in ("searches", "turns_denied"))
    return beside or has(reading, stretch, "turns_particle_verbs")


def is_denial(reading: Reading, stretch: range, place: int) -> bool:
    """Whether a word denies more than a measure or the other state: not in NO_PASS, "no more than", "not on"."""
    behind = range(place + 1, min(place + 2, stretch.stop))
    words = {reading.tokens[n].word for n in behind}
    asks_why = has(reading, range(place + 1, min(place + _NEAR, stretch.stop)), "turns_why")
    if asks_why or has(reading, behind, "turns_minded") or has(reading, behind, "turns_barred"):
        return True  # "no problem to skip it", "don't wonder why I skip it"
    on = place + _BESIDE == stretch.stop and bool(words & reading.grammar["turns_on"])
    on = on and not has(reading, stretch, "turns_sees")  # "… sehe ich nicht ein"
    if _is_mere_run(reading, place, stretch):
        return True
    passes = reading.tokens[place].word == "no" and "pass" in words
    return not (on or passes) and (not is_limit(reading, place) or "pass" in words)


def _is_mere_run(reading: Reading, place: int, stretch: range) -> bool:
    """Whether a run without a search is denied to be all: "nicht bloß ein Durchgang ohne Optimierung"."""
    if place + 1 >= stretch.stop or not is_of(reading, place + 1, "turns_merely"):
        return False
    near = range(place + _BESIDE, min(place + _BESIDE + _NEAR, stretch.stop))
    return has(reading, near, "runs_once") or has(reading, near, "turns_single")


def _is_gerund(reading: Reading, place: int) -> bool:
    return place < len(reading.tokens) and reading.tokens[place].word.endswith("ing")


def _of_minded(reading: Reading, stretch: range, place: int) -> Kind | None:
    """How a word turns that minds: "never mind" denies by itself, "don't forget it" refuses, "… to do it" minds."""
    if place > stretch.start and reading.tokens[place].word == "mind" and reading.tokens[place - 1].word == "never":
        return None
    if is_of(reading, place, "turns_forgotten"):
        behind = range(place + 1, stretch.stop)
        commands = "to" in {reading.tokens[n].word for n in behind[:_BESIDE]}
        return "minds" if commands or any(is_infinitive(reading, n) for n in behind) else "refuses"
    if is_of(reading, place, "turns_bothered"):
        return "minds" if has(reading, range(stretch.start, place), "searches") else None
    return "minds"


def _of_without(reading: Reading, stretch: range, place: int) -> Kind | None:
    """How "without" turns: "without skipping it" denies, "without a search" refuses."""
    near = range(place + 1, min(stretch.stop, place + 1 + _OPENING))
    if any(is_infinitive(reading, n) for n in range(place + 1, stretch.stop)):
        return "denies"
    gerunds = [n for n in near if _is_gerund(reading, n)]
    if any(is_of(reading, n, use) for n in gerunds for use in (*_REFUSES, "turns_particle_verbs")):
        return "denies"
    named = has(reading, near, "searches") or has(reading, near, "turns_searches")
    named = named or any(m.start in near or place in m.places for m in reading.of("policy", negated=None))
    return "refuses" if named else None

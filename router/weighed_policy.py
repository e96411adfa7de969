# SPDX-License-Identifier: Apache-2.0
"""Whether a training is to be searched for, by all that is said: where phrases say nothing of it, or hardly can.

A phrase for one run, or for settled values, says it of the settings or of something else: "a single run of the line",
"the contract is settled". A linear model sees all words, as `ranking` does, and what the rules make of each, and is
heard where it is likely to be right and the phrases are not (`benchmarks/README.md` has the figures).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.denied_refusal import resolved
from router.evidence import of_words
from router.left_to_machine import asks_for_search
from router.no_refusal import without_denied_verbs, without_what_refuses_none
from router.other_matters import speaks_of_others
from router.outweighed import outweighed
from router.owners import is_of_others
from router.policy_shapes import shapes
from router.ranking import ranked_policies, thresholds
from router.settled_values import settles_one
from router.thing_names import names_thing
from router.word_stems import uses_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.reading import Reading

_KINDS = frozenset({"policy", "value"})
_OF_SEARCH = frozenset({"value:trials", "value:parallel", "value:hours"})
_SAID_OF = frozenset({"varied", "tries", "runs_once", "searches", "settles"})
_NAMED, _LONG = "policy:named", 14


def policy_evidence(reading: Reading) -> Iterator[str]:
    """The features of a training: its words, their uses in the language files, and phrases for policy and values.

    A clause that speaks of the line's runs, the camera's settings or one value alone tells nothing of it, but of the
    shape of what is said.
    """
    yield from shapes(reading)
    places = _of_ours(reading)
    yield from of_words([reading.tokens[n].word for n in places])
    for mention in reading.mentions:
        if mention.group.partition(":")[0] in _KINDS:
            yield f"g:{'!' if mention.negated else ''}{mention.group}"
    for place in places:
        yield from (f"u:{use}" for use in sorted(uses_at(reading, place)))


def _of_ours(reading: Reading) -> list[int]:
    """The tokens of clauses that say nothing of what is past, or belongs to others."""
    said = (n for n in range(len(reading.tokens)) if not _SAID_OF.isdisjoint(uses_at(reading, n)))
    of_others: set[int] = set()
    for place in said:
        if place not in of_others and is_of_others(reading, (place,)):
            of_others.update(range(*reading.clause(place)))
    of_others.update(
        n for clause in reading.clauses(range(len(reading.tokens))) if settles_one(reading, clause) for n in clause
    )
    of_others.update(n for code in _things(reading) for n in range(*reading.clause(code)))
    return [n for n in range(len(reading.tokens)) if n not in of_others and n not in reading.past]


def _things(reading: Reading) -> list[int]:
    """The codes that name a thing, of which their clause tells: "…, that's the plain FR4 variant"."""
    return [n for n in range(len(reading.tokens)) if names_thing(reading, n)]


def by_all_words(reading: Reading) -> dict[str, str]:
    """The policy of a training of which phrases say none, with the words that led to it; nothing is the usual one."""
    if speaks_of_others(reading) or asks_for_search(reading):
        return {}  # what it would go by is said of other things
    whole = range(len(reading.tokens))
    reading = without_denied_verbs(without_what_refuses_none(resolved(reading, whole)[0], whole))
    said = {m.group for m in reading.of("policy", negated=None)}
    if said - {_NAMED} or any(m.group in _OF_SEARCH for m in reading.of("value")):
        return {}
    if outweighed(reading, range(len(reading.tokens)), ("off",)):
        return {}  # what refuses it gives way to other words
    ranking, least = ranked_policies(policy_evidence(reading)), thresholds()
    single = ranking.shares["off"] >= (least.single_run_though_named if said else least.single_run_after_all)
    return {"off": ", ".join(ranking.words)} if single else {}


def weighed(reading: Reading, refused: str, *, hinted: bool) -> dict[str, str]:
    """The policy of a training for which a phrase, or only a hint, refuses a search in these words.

    Where all words speak for a search for sure, it is on, and the refusal is told; where they are likely to, both are
    said, which is asked about. A request that only hints at it has to have room for other things.
    """
    if (hinted and len(reading.tokens) < _LONG) or any(m.group in _OF_SEARCH for m in reading.of("value")):
        return {"off": refused}  # what the values contradict is asked about
    wanted, least = ranked_policies(policy_evidence(reading)).shares["on"], thresholds()
    if wanted >= (least.search_beside_hint if hinted else least.search_after_all):
        return {"on": f"all of them but '{refused}'"}
    return {"on": refused, "off": refused} if wanted >= least.search_in_doubt else {"off": refused}

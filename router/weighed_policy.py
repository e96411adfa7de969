# SPDX-License-Identifier: Apache-2.0
"""Whether a training is to be searched for, by all that is said: where phrases say nothing of it, or hardly can.

A phrase for one run, or for settled values, says it of the settings or of something else: "a single run of the line",
"no search is no option". A network reads all words in their order, and is heard where it is likely to be right and the
phrases are not (`benchmarks/README.md` has the figures).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.policy_net import led_by, refused, speaks_of_search

if TYPE_CHECKING:
    from collections.abc import Mapping

    from router.reading import Reading

_OF_SEARCH = frozenset({"value:trials", "value:parallel", "value:hours"})
# From which share on what all words say is taken, where no phrase says anything, or only names a search.
_OFF_UNSAID, _OFF_THOUGH_NAMED = 0.9, 0.97
# From which share on it is taken against a phrase, and from which it is asked about.
_ON, _ON_IN_DOUBT, _OFF, _OFF_IN_DOUBT = 0.95, 0.8, 0.97, 0.9


def by_all_words(reading: Reading) -> dict[str, str]:
    """The policy of a training of which phrases say none, with the words that led to it; nothing is the usual one."""
    if not speaks_of_search(reading) or _sets_search(reading):
        return {}
    named = any(reading.of("policy", negated=None))
    if refused(reading) < (_OFF_THOUGH_NAMED if named else _OFF_UNSAID):
        return {}
    return {"off": ", ".join(led_by(reading))}


def weighed(reading: Reading, said: Mapping[str, str]) -> dict[str, str]:
    """The policy of a training of which phrases say one.

    Where all words speak against the phrase for sure, theirs is taken, and the phrase is told; where they are likely
    to, both are said, which is asked about.
    """
    if len(said) != 1 or _sets_search(reading):
        return dict(said)  # what the values contradict is asked about
    (policy, words), *_ = said.items()
    jobs = {n for m in reading.of("parent") for n in m.places}
    if any(reading.said(m) == words and not jobs.isdisjoint(m.places) for m in reading.of("policy")):
        return dict(said)  # "the same training" names the job that is to be done once more
    likely = refused(reading)
    other, against, sure, doubt = (
        ("on", 1 - likely, _ON, _ON_IN_DOUBT) if policy == "off" else ("off", likely, _OFF, _OFF_IN_DOUBT)
    )
    if against >= sure:
        return {other: f"all of them but '{words}'"}
    return {"on": words, "off": words} if against >= doubt else dict(said)


def _sets_search(reading: Reading) -> bool:
    return any(m.group in _OF_SEARCH for m in reading.of("value"))

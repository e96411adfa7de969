# SPDX-License-Identifier: Apache-2.0
"""How a search is to go about its work: its algorithm, what it leaves out, by what it judges, whether it is tested.

"With random search instead of bayesian optimisation", "tune everything but the learning rate", "optimise val_f1", "no
final test". What can't be said by a setting, as "tune only lr", is asked about, and never left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from router.no_refusal import blanked
from router.patterns import Mention
from router.stated import Stated
from router.vocabulary import AUTOML
from router.word_stems import is_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from router.reading import Reading

ALGORITHMS = frozenset({"random", "bayesian", "cmaes", "hyperband", "asha", "bohb", "pbt"})
NAMES = frozenset({"algorithm", "no_search", "objective", "final_test"})
_OF_KEYS = frozenset({"all_but", "key", "only_key", "untested"})
_OPTION = re.compile(r"--(?:range|search|pin|reduction|population|generation-epochs|test)\b(?!-)")
_RATE, _DECAY = frozenset({"lr", "rate", "lernrate", "lernraten"}), frozenset({"decay", "wd", "weightdecay"})
_KEYS = (
    (_DECAY | {"gewichtsabnahme"}, "train.optim.weight_decay"),
    (_RATE, "train.optim.lr"),
    (frozenset({"size", "batchsize", "batch", "batchgroesse", "stapelgroesse"}), "batch_size"),
)
_METRICS = frozenset(
    ["loss", "acc", "accuracy", "precision", "recall", "f1", "auc", "ap", "far", "fpr", "miou", "mf1", "escapes"]
)
_LOWEST = frozenset({"loss", "far", "fpr", "escapes"})
_MINIMISES, _MAXIMISES = frozenset({"minimise", "minimize"}), frozenset({"maximise", "maximize"})
_LOSS = frozenset({"loss", "verlust"})
_BACK, _AND = 3, frozenset({"and", "or", "nor", "und", "oder", "noch", ","})
_HINTS = {
    "other_algorithm": "A search goes by bayesian, random, cmaes, hyperband, asha, bohb or pbt. Which one?",
    "only_key": "A search of these keys alone: name the others that are to be left out, each by `--no-search KEY`.",
    "key": "Which key is to be left out of the search? Name it by `--no-search KEY`.",
    "objective": "By which metric are the trials to be judged? Name it, such as `--objective val_f1:maximize`.",
    "option": "Give this option of a search by itself, behind the words.",
}


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """What is set about a search, the tokens that say it (nothing else is meant by them), and what is asked about."""

    stated: tuple[Stated, ...] = ()
    places: frozenset[int] = frozenset()
    asked: tuple[tuple[str, str], ...] = ()


_NONE = SearchSettings()


def search_settings(reading: Reading) -> SearchSettings:
    """What the words set about a search; nothing of what is only told."""
    said = [*reading.of("setting", negated=None), *_by_name(reading)]
    if not said and "--" not in reading.text:
        return _NONE
    over = reading.past | reading.narrated | reading.theirs
    told = reading.told | reading.remarks
    said = [m for m in said if m.start not in over and (_kind(m) in _OF_KEYS or m.start not in told)]
    options = tuple((option, _HINTS["option"]) for option in _OPTION.findall(reading.text))
    parts = (_algorithm(reading, said), *(_of_mention(reading, m) for m in said), SearchSettings(asked=options))
    return SearchSettings(
        tuple(one for part in parts for one in part.stated),
        frozenset(n for part in parts for n in part.places),
        tuple(dict.fromkeys(one for part in parts for one in part.asked)),
    )


def sets_search(reading: Reading) -> bool:
    """Whether words set something about a search, or seem to: one that is refused has no settings."""
    found = search_settings(reading)
    return bool(found.stated or found.asked)


def without_settings(reading: Reading) -> Reading:
    """The reading with blanks for what only sets something about a search, which neither wants nor refuses one."""
    return blanked(reading, search_settings(reading).places)


def _kind(mention: Mention) -> str:
    return mention.group.partition(":")[2]


def _of_mention(reading: Reading, mention: Mention) -> SearchSettings:
    kind = _kind(mention)
    if kind == "all_but" or (kind == "key" and mention.negated and not _is_just_trained(reading)):
        return _left_out(reading, mention)
    if kind in {"only_key", "other_algorithm"} and not (mention.negated or _denial(reading, mention) is not None):
        return _asked(reading, mention, kind)
    if kind == "untested":
        stated = Stated("final_test", value=False, place=mention.start)
        return SearchSettings((stated,), frozenset(range(mention.start, mention.end)))
    if kind == "objective":
        return _objective(reading, mention)
    return _NONE


def _is_just_trained(reading: Reading) -> bool:
    """Whether no more is wanted than a training: "no tuning of the learning rate please, just train it"."""
    trained = [m.start for m in reading.of("action") if m.group.endswith(":train")]
    return any(n and is_of(reading, n - 1, "restricts_to") for n in trained)


def _asked(reading: Reading, mention: Mention, kind: str) -> SearchSettings:
    places = frozenset(_with_denial(reading, mention)) if kind != "other_algorithm" else frozenset[int]()
    return SearchSettings((), places, ((reading.said(mention), _HINTS[kind]),))


def _algorithm(reading: Reading, said: Sequence[Mention]) -> SearchSettings:
    """The algorithm that is named and not denied; where it takes the place of another one, that is nothing refused."""
    named = [m for m in said if _kind(m) in ALGORITHMS]
    if not any(reading.tokens[m.start].word != AUTOML for m in named):
        return _NONE  # the usual algorithm, or none
    wanted = [m for m in named if not _is_denied(reading, m)]
    if not wanted:
        return _NONE
    stated = tuple(Stated("algorithm", _kind(m), m.start) for m in wanted)
    gone = {n for m in named if m not in wanted for n in _with_denial(reading, m)}
    return SearchSettings(stated, frozenset(gone))


def _by_name(reading: Reading) -> Iterator[Mention]:
    """The names of a search that name its algorithm as well: "bayesian optimisation", "grid search"."""
    for n, token in enumerate(reading.tokens):
        if token.word == AUTOML and "bayes" in token.text.lower():
            yield Mention("setting:bayesian", (n,))
        elif token.word == AUTOML and "grid" in token.text.lower():
            refused = any(
                n in m.places and (m.negated or m.group == "policy:off") for m in reading.of("policy", negated=None)
            )
            yield Mention("setting:other_algorithm", (n,), refused)


def _is_denied(reading: Reading, mention: Mention) -> bool:
    """Whether another one is wanted: "not asha", "instead of hyperband", "bayesian? no, random", "asha: no, random"."""
    if mention.negated or _denial(reading, mention) is not None:
        return True
    behind = reading.tokens[mention.end : mention.end + 3]
    breaks = [token.kind == "break" for token in behind]
    asked = [token.text for token in behind[:1]] == ["?"]
    answer = behind[1:2] if asked or breaks == [True, False, True] else behind[:1]
    if breaks[:2] == [False, False]:
        return False  # "--algorithm random --no-search lr"
    return bool(answer) and answer[0].word in reading.grammar["says_no"] | reading.grammar["not"]


def _denial(reading: Reading, mention: Mention) -> int | None:
    """The first of the words right before a phrase that deny it, or put another in its place."""
    start, _ = reading.clause(mention.start)
    before = list(range(max(start, mention.start - _BACK), mention.start))
    joins = reading.grammar["contrasts"] | _AND
    turn = next((n for n in reversed(before) if reading.tokens[n].word in joins), start - 1)
    uses = ("denies_plainly", "without", "takes_place_of")
    return next((n for n in before if n > turn and any(is_of(reading, n, use) for use in uses)), None)


def _with_denial(reading: Reading, mention: Mention) -> Iterator[int]:
    """The tokens of a phrase, with those that deny it before and behind."""
    first = _denial(reading, mention)
    stop = mention.end
    while stop < len(reading.tokens) and reading.tokens[stop].word in reading.grammar["says_no"]:
        stop += 1
    yield from range(mention.start if first is None else first, stop)


def _left_out(reading: Reading, mention: Mention) -> SearchSettings:
    """The keys that a search leaves out, with those joined to them: "all but the learning rate and weight decay"."""
    inside = [n for n in range(mention.start, mention.end) if _key_at(reading, n)]
    end = mention.end
    keys = [_key_at(reading, n) for n in inside] or [""]
    while end + 1 < len(reading.tokens) and reading.tokens[end].text.lower() in _AND:
        behind = [n for n in range(end + 1, min(end + 4, len(reading.tokens))) if _key_at(reading, n)]
        if not behind:
            break
        keys.append(_key_at(reading, behind[0]))
        end = behind[0] + 1
    places = frozenset({*_with_denial(reading, mention), *range(mention.start, end)})
    if "" in keys:
        return SearchSettings((), places, ((reading.said(mention), _HINTS["key"]),))
    return SearchSettings((Stated("no_search", list(dict.fromkeys(keys)), mention.start),), places)


def _key_at(reading: Reading, place: int) -> str:
    """The key of the spec that a word names."""
    token = reading.tokens[place]
    if token.kind != "word":
        return ""
    return next((key for words, key in _KEYS if token.word in words), "")


def _objective(reading: Reading, mention: Mention) -> SearchSettings:
    """The metric of a search, where it is written as the spec has it: `val_f1`; any other one is asked about."""
    words = [reading.tokens[n].word for n in range(mention.start, mention.end)]
    at = max((n for n, word in enumerate(words) if word in _METRICS), default=len(words) - 1)
    metric, words = words[at], words[: at + 1]
    if any(not m.negated and set(m.places) & set(mention.places) for m in reading.of("value")):
        return _NONE  # "objective recall >= 0.99" is a target
    if mention.negated and metric not in _LOSS:
        return _NONE
    exact = len(words) > 1 and words[-2] in {"val", "train"} and "_" in reading.said(mention)
    direction = "minimize" if metric in _LOWEST else "maximize"
    turned = (_MAXIMISES if direction == "minimize" else _MINIMISES).intersection(words[:1])
    if mention.negated or turned or not exact or words[0] == "objectives":
        usual = metric in _LOSS and not (mention.negated or turned or words[0] == "objectives")
        return _NONE if usual else SearchSettings((), frozenset(), ((reading.said(mention), _HINTS["objective"]),))
    said = f"{words[-2]}_{metric}:{direction}"
    return SearchSettings((Stated("objective", [said], mention.start),))

# SPDX-License-Identifier: Apache-2.0
"""What tokens are before phrases are looked for: actions, data, slots, compounds, misspelt words, names of AutoML."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from router.declarations import DEPLOY_PREFIX
from router.layout import tasks_of
from router.patterns import Mention
from router.spelling import nearest
from router.tokens import Token, folded
from router.vocabulary import AUTOML

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from router.declarations import Skill
    from router.vocabulary import Vocabulary


def is_action(skill: Skill, name: str) -> bool:
    """Whether a name is one of an action, also of one that only another skill has."""
    known = name in skill.actions or name in skill.info["unavailable_actions"]
    return known or name.startswith((DEPLOY_PREFIX, "trt_", "tensorrt_")) or name == "gen_trt_engine"


def is_data(skill: Skill, name: str) -> bool:
    """Whether a folder of that name is there, with pairs of a task in it."""
    return Path(name).is_dir() and bool(tasks_of(Path(name), skill.info))


_SHORTEST_AGAIN = 6
_SHORTEST_FIRST, _SHORTEST_HEAD = 4, 8
_SLOTS = frozenset(
    [
        "action",
        "parent",
        "data",
        "root",
        "data_root",
        "task",
        "job",
        "runner",
        "trials",
        "hours",
        "precision",
        "data_type",
        "automl",
        "policy",
        *("mode", "train_mode", "training_mode", "run_mode", "search_mode", "search", "tuning", "tune", "sweep"),
        *(
            "use_search",
            "use_tuning",
            "use_hpo",
            "use_automl",
            "with_search",
            "run_search",
            "do_search",
            "enable_search",
        ),
        *("no_search", "no_automl", "no_hpo", "no_tuning", "skip_search", "skip_tuning", "skip_hpo", "single_run"),
        "gpus",
        "nodes",
        "bs",
        "batch",
        "format",
        "margin",
        "lights",
        "classes",
        "ep",
        "img",
        "imgsz",
        "image_size",
        "imagesize",
        "resolution",
        "parallel",
        "threshold",
        "steps",
        "pipeline",
        "actions",
        "do",
        "op",
        "cmd",
        "verb",
        "model",
        "ds",
        "dataset",
        "dtype",
        "engine",
        "from",
        "source",
        "parent_job_id",
        "val_every",
        "validate_every",
        "ckpt_every",
        "save_every",
        "checkpoint_every",
        "search",
        "tuning",
        "sweep",
        "backend",
    ]
)


def is_slot(skill: Skill, policy_names: Iterable[str], name: str) -> bool:
    """Whether `name=value` is said of the request, and not of the spec."""
    spoken = " ".join(re.split(r"[_.\s]+", name.lower()))
    return spoken in policy_names or (name.lower() in _SLOTS and name not in skill.info["spec_shorthand_keys"])


def parts(token: Token, vocabulary: Vocabulary) -> tuple[Token, ...]:
    """A word; or the two that a compound is made of, where nothing knows it as a whole."""
    if token.kind != "word" or token.word in vocabulary.known or vocabulary.foreign.knows(token.word):
        return (token,)
    if not (found := vocabulary.split(token.word) or _misspelt_compound(token.word, vocabulary)):
        return (token,)
    first, head, letters = found
    here = next((n for n in range(len(token.text)) if len(folded(token.text[:n])) >= len(letters)), len(token.text))
    return (
        token._replace(word=first, text=token.text[:here], end=token.start + here),
        token._replace(word=head, text=token.text[here:], start=token.start + here),
    )


def _misspelt_compound(word: str, vocabulary: Vocabulary) -> tuple[str, str, str] | None:
    """The two words of a compound whose longer second one is misspelt: `Platinenklasifikator`."""
    for place in range(_SHORTEST_FIRST, len(word) - _SHORTEST_HEAD + 1):
        letters, head = word[:place], word[place:]
        if not (first := vocabulary.first_of(letters)) or head in vocabulary.known:
            continue
        meant = nearest(head, vocabulary)
        if meant in vocabulary.compound_heads and abs(len(meant) - len(head)) <= 1:
            return None if nearest(word, vocabulary) else (first, meant, letters)  # `Hyperparametersuechi`
    return None


def spelled(token: Token, vocabulary: Vocabulary, corrected: dict[str, str]) -> Token:
    """The word, or the known one that it is a misspelling of, which is noted."""
    if token.kind != "word" or token.word in vocabulary.known or vocabulary.foreign.knows(token.word):
        return token
    meant = _once_more(token.word, vocabulary) or nearest(token.word, vocabulary)
    if meant is None:
        return token
    corrected[token.text] = meant
    return token._replace(word=meant)


def _once_more(word: str, vocabulary: Vocabulary) -> str | None:
    """The verb that a word tells to do again: `recompute`, `reclassify`."""
    verb = word.removeprefix("re")
    return verb if len(verb) + 2 == len(word) > _SHORTEST_AGAIN and vocabulary.patterns.knows(verb) else None


def with_automl(tokens: Sequence[Token], vocabulary: Vocabulary) -> list[Token]:
    """Each name of AutoML, with the article before it, as one token: a phrase is declared once for all of them."""
    found: list[Token] = []
    place, most = 0, max((len(name) for name in vocabulary.automl_names), default=0)
    while place < len(tokens):
        for length in range(most, 0, -1):
            run = tokens[place : place + length]
            if tuple(token.word for token in run) in vocabulary.automl_names:
                if found and found[-1].word in vocabulary.grammar["articles"] and found[-1].kind == "word":
                    run = [found.pop(), *run]
                text = " ".join(token.text for token in run)
                found.append(Token("word", AUTOML, text, run[0].start, run[-1].end, spelled="automl"))
                place += length
                break
        else:
            found.append(tokens[place])
            place += 1
    return found


def backbones(text: str, tokens: Sequence[Token], vocabulary: Vocabulary) -> Iterable[Mention]:
    """The backbones that are named, the longest name at each place, with what is written on to it: c_radio_v9."""
    words = [token.text.lower() if token.kind == "number" else token.word for token in tokens]
    for start in range(len(tokens)):
        for length in range(8, 0, -1):
            if " ".join(words[start : start + length]) in vocabulary.backbones and start + length <= len(tokens):
                yield Mention("value:backbone", tuple(_written_on(text, tokens, range(start, start + length))))
                break


def _written_on(text: str, tokens: Sequence[Token], places: range) -> range:
    """The places of a name with those that `_`, or a `-` beside one, joins to it."""
    first, last = places.start, places.stop - 1
    while first and text[tokens[first - 1].end : tokens[first].start] == "_":
        first -= 1
    while last + 1 < len(tokens) and text[tokens[last].end : tokens[last + 1].start] == "_":
        last += 1
    return range(first, last + 1)


def action_names(tokens: Sequence[Token]) -> list[Mention]:
    """The actions that are named by their full names."""
    return [Mention(f"named:{t.text}", (place,)) for place, t in enumerate(tokens) if t.kind == "action"]

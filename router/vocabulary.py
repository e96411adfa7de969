# SPDX-License-Identifier: Apache-2.0
"""All words that requests are understood by: those of the language files and those of a skill."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from router.languages import load_languages
from router.patterns import Patterns, by_last_word
from router.tokens import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from router.declarations import Skill
    from router.languages import Languages

AUTOML = "{automl}"
SHORTEST_KNOWN = 3
"""Shorter words are taken as they stand, and no word is read as one of them."""
_SHORTEST_PART = 3
_BITS = 63


@dataclass(slots=True)
class Vocabulary:
    """Patterns by group, the words that ask for nothing, numerals, and the names of AutoML.

    `plain` are the words that may stand beside what is asked for; `bystanders` of them are nothing to work on, `nouns`
    those of the field.
    `backbones` maps the names of a backbone to its value in the spec, `grammar` the use of words that hold a sentence
    together to these words.
    """

    patterns: Patterns
    foreign: Patterns
    reservations: Patterns
    plain: frozenset[str]
    bystanders: frozenset[str]
    nouns: frozenset[str]
    numerals: Mapping[str, float]
    numeral_joiners: frozenset[str]
    automl_names: frozenset[tuple[str, ...]]
    negations: Mapping[str, Sequence[tuple[str, ...]]]
    negation_fillers: frozenset[str]
    post_negations: frozenset[str]
    continuations: frozenset[str]
    questions: frozenset[str]
    roles: Mapping[str, list[str]]
    grammar: Mapping[str, frozenset[str]]
    capitalising: frozenset[str]
    backbones: Mapping[str, str]
    spoken_signs: Mapping[str, str]
    compound_heads: frozenset[str] = frozenset()
    still: frozenset[str] = frozenset()
    commands: frozenset[str] = frozenset()
    actions: frozenset[str] = frozenset()
    misspelt: Mapping[str, str] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    by_shape: dict[tuple[str, int], list[tuple[str, int]]] = field(default_factory=dict)

    def is_command(self, verb: str) -> bool:
        """Whether a verb is that of a command, and not of an action."""
        return verb in self.commands

    def split(self, word: str) -> tuple[str, str, str] | None:
        """The two words that a compound is made of, and the letters of it that the first takes: `logzeilen`.

        None where it is none, or where its first word is unknown, or nothing that this skill works on: a segmentation
        of customers is no segmentation.
        """
        for place in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1):
            head, letters = word[place:], word[:place]
            if head not in self.compound_heads:
                continue
            if (first := self.first_of(letters)) or self.foreign.knows(head):
                return first or letters, head, letters
        return None

    def first_of(self, letters: str) -> str | None:
        """The word that the first part of a compound is by itself; None where it is unknown, or nothing to work on."""
        return next((one for one in _uninflected(letters) if one in self.known and one not in self.bystanders), None)


def _uninflected(letters: str) -> Iterable[str]:
    """How the first part of a compound may stand by itself: `aenderungs`, `platinen`, `pruef`."""
    yield f"{letters}ung"
    yield letters
    for ending in ("s", "n", "en", "es", "er"):
        if letters.endswith(ending) and len(letters) - len(ending) >= _SHORTEST_PART:
            yield letters.removesuffix(ending)
    yield from (f"{letters}{ending}" for ending in ("e", "en", "n", "ieren"))


_latest: list[tuple[Any, Vocabulary]] = []


def vocabulary_of(skill: Skill) -> Vocabulary:
    """The vocabulary of a skill; that of the skill asked for last is kept."""
    if not _latest or _latest[0][0] is not skill.info:
        _latest[:] = [(skill.info, _vocabulary(skill, load_languages()))]
    return _latest[0][1]


def _vocabulary(skill: Skill, languages: Languages) -> Vocabulary:
    info, own = skill.info, skill.info["language"]
    lists = {name: tuple(words) for name, words in languages.groups("lists").items()}
    patterns = Patterns(lists, frozenset(languages.phrases("grammar", "joins_steps")))
    _add_requests(patterns, info, languages)
    _add_objects(patterns, info, languages)
    _add_policy(patterns, info["train_policy"], languages)
    foreign = Patterns(patterns.lists)
    foreign.add("foreign:model", languages.phrases("other_models"))
    foreign.add("foreign:craft", languages.phrases("other_crafts"))
    reservations = Patterns(patterns.lists)
    for kind, phrases in languages.groups("reservations").items():
        reservations.add(kind, phrases)
    bystanders = frozenset(languages.phrases("bystanders"))
    ours = own.get("words", "").split()
    orders = languages.phrases("grammar", "orders")
    nouns = frozenset(languages.phrases("nouns"))
    plain = {*languages.phrases("fillers"), *nouns, *orders, *ours, *bystanders}
    names = info["train_policy"]["names"]
    vocabulary = Vocabulary(
        patterns=patterns,
        foreign=foreign,
        reservations=reservations,
        plain=frozenset(plain),
        bystanders=bystanders,
        nouns=nouns,
        numerals=languages.numbers(),
        numeral_joiners=frozenset(languages.phrases("numeral_joiners")),
        automl_names=frozenset(tuple(fold(name).split()) for name in names),
        negations=by_last_word(languages.phrases("negations")),
        negation_fillers=frozenset(languages.phrases("negation_fillers")),
        post_negations=frozenset(languages.phrases("post_negations")),
        continuations=frozenset(languages.phrases("continuations")),
        questions=frozenset(languages.phrases("questions")),
        roles=languages.groups("data_roles"),
        grammar={use: frozenset(words) for use, words in languages.groups("grammar").items()},
        capitalising=_capitalising(languages),
        backbones=_backbones(own.get("backbones", {})),
        spoken_signs=languages.signs(),
        compound_heads=frozenset(languages.phrases("compound_heads")),
        still=frozenset(languages.phrases("grammar", "still")),
        misspelt={word: right for right, words in languages.groups("misspelt").items() for word in words},
        commands=frozenset(languages.groups("verbs")),
        actions=frozenset(verb for task in info["tasks"].values() for verb in task["actions"]),
    )
    _remember(vocabulary, names)
    return vocabulary


def _backbones(declared: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Each name of a backbone, as it is compared, to the backbone's value in the spec."""
    return {fold(name): key for key, spoken in declared.items() for name in (*_short(key), *spoken)}


def _short(backbone: str) -> tuple[str, ...]:
    """A backbone's value in the spec, and what is left of it without the size of its patches."""
    return tuple(dict.fromkeys((backbone, backbone.partition("_patch")[0], backbone.partition("_p4")[0])))


def _capitalising(languages: Languages) -> frozenset[str]:
    """Words by which a request shows that it is in a language that begins every noun with a capital."""
    theirs = {word for one in languages if one.get("nouns_capitalised") for word in one["fillers"].split()}
    return frozenset(
        theirs - {word for one in languages if not one.get("nouns_capitalised") for word in one["fillers"].split()}
    )


def _add_requests(patterns: Patterns, info: Mapping[str, Any], languages: Languages) -> None:
    verbs = {verb for task in info["tasks"].values() for verb in task["actions"]} | {"gen_trt_engine"}
    own = info["language"]["actions"]
    for action in (name for name in languages.groups("actions") if name in verbs):
        theirs = own.get(action, {"verbs": [], "nouns": []})
        patterns.add(f"action:{action}", [*languages.phrases("actions", action, "verbs"), *theirs["verbs"]])
        patterns.add(f"noun:{action}", [*languages.phrases("actions", action, "nouns"), *theirs["nouns"]])
    for action, entry in info["unavailable_actions"].items():
        patterns.add(f"action:{action}", entry["words"])
    for verb, phrases in languages.groups("verbs").items():
        patterns.add(f"verb:{verb}", phrases)


def _add_objects(patterns: Patterns, info: Mapping[str, Any], languages: Languages) -> None:
    own = info["language"]
    patterns.add("neutral", [*languages.phrases("neutral"), *own.get("neutral_phrases", ())])
    patterns.add("model", own["triggers"])
    patterns.add("trade", own.get("trade", ()))
    for task, entry in info["tasks"].items():
        patterns.add(f"task:{task}", entry["words"])
    unset = (("unset_settings", "unread"), ("unset_options", "option"))
    groups = (("values", "value"), ("runners", "runner"), ("parents", "parent"), *unset)
    for group, kind in (*groups, ("unread_values", "unread"), ("search_settings", "setting")):
        for name, phrases in languages.groups(group).items():
            patterns.add(f"{kind}:{name}", phrases)
    for name, phrases in own.get("profiles", {}).items():
        patterns.add(f"profile:{name}", phrases)
    patterns.add("engine", languages.phrases("engine_words"))
    patterns.add("other", languages.phrases("others"))
    patterns.add("pointer", languages.phrases("pointers"))
    patterns.add("correction", languages.phrases("corrections"))
    patterns.add("instead", languages.phrases("displaces"))
    patterns.add("remark", languages.phrases("remarks"))
    patterns.add("retraction", languages.phrases("retractions"))
    patterns.add("withdrawal", languages.phrases("withdrawals"))
    patterns.add("doubt", languages.phrases("doubts"))
    patterns.add("hesitation", languages.phrases("hesitations"))
    patterns.add("spared", languages.phrases("spares"))
    patterns.add("idle", languages.phrases("nothing_to_do"))
    patterns.add("put_off", languages.phrases("put_off"))
    patterns.add("done_already", languages.phrases("done_already"))
    patterns.add("unheeded", languages.phrases("unheeded"))


def _add_policy(patterns: Patterns, policy: Mapping[str, Any], languages: Languages) -> None:
    for state in ("on", "off"):
        patterns.add(f"policy:{state}", [*policy[f"{state}_phrases"], *languages.phrases("policy", state)])
    patterns.add("policy:named", [AUTOML])
    patterns.add("policy:neutral", [*policy["neutral_phrases"], *languages.phrases("policy", "neutral")])


def letters_of(word: str) -> int:
    """The letters of a word as the bits of a number, to tell quickly how many two words do not share."""
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) & _BITS)
    return bits


def _remember(vocabulary: Vocabulary, automl_names: Iterable[str]) -> None:
    """The words that a misspelt one is compared with, by first letter and length."""
    known = {word for word in vocabulary.patterns.vocabulary() if word.isalpha()}
    known |= {word for name in automl_names for word in fold(name).split()}
    known |= vocabulary.plain | set(vocabulary.numerals) | vocabulary.negation_fillers | vocabulary.questions
    known |= set(vocabulary.spoken_signs) | vocabulary.grammar["denominators"] | vocabulary.grammar["halves"]
    known |= vocabulary.grammar["spent"] | vocabulary.grammar["permilles"]
    known |= {word for name in vocabulary.backbones for word in name.split()} | vocabulary.compound_heads
    known |= {
        word for phrases in vocabulary.negations.values() for phrase in phrases for word in phrase
    } | vocabulary.continuations
    vocabulary.known.update(known, vocabulary.grammar["finite"], vocabulary.grammar["past"])
    for word in sorted(known):
        if len(word) >= SHORTEST_KNOWN:
            vocabulary.by_shape.setdefault((word[0], len(word)), []).append((word, letters_of(word)))

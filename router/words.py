# SPDX-License-Identifier: Apache-2.0
"""What the words of a request say: actions, tasks, policy, runner, profile, and plain values."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from router.declarations import DEPLOY_PREFIX
from router.layout import tasks_of
from router.phrases import Mention, Negation, find_mentions, normalise
from router.values import Values, read_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from router.declarations import Skill

NEUTRAL = ""


class Words(NamedTuple):
    """What was asked for, in words; nothing that was negated.

    `actions` are verbs of the skill (train, evaluate, …, gen_trt_engine) or the names of actions that are not packaged;
    `named_actions` are full names of actions. `policies` maps "on" and "off" to the phrase said.
    """

    values: Values
    actions: tuple[str, ...]
    named_actions: tuple[str, ...]
    refused_actions: tuple[str, ...]
    tasks: tuple[str, ...]
    policies: Mapping[str, str]
    runners: tuple[str, ...]
    profiles: tuple[str, ...]
    wants_engine: bool
    names_model: bool


def read_words(text: str, skill: Skill) -> Words:
    """Read a request's words by the phrases that skill_info.yaml declares."""
    info, language = skill.info, skill.info["language"]
    values = read_values(text, partial(_is_action, skill), partial(_is_data, skill), info["train_policy"]["names"])
    rest, negation = normalise(values.rest), Negation.declared(language)

    def said(groups: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
        found = find_mentions(rest, {**groups, NEUTRAL: groups.get(NEUTRAL, ())}, negation)
        return tuple(dict.fromkeys(m.group for m in found if not m.negated and m.group != NEUTRAL))

    verbs = find_mentions(rest, _action_phrases(info), negation)
    return Words(
        values=values,
        actions=_asked_for(verbs),
        named_actions=tuple(values.actions),
        refused_actions=_refused(verbs),
        tasks=said({task: entry["words"] for task, entry in info["tasks"].items()}),
        policies=_policies(rest, info["train_policy"], negation),
        runners=said(language["runners"]),
        profiles=said(language["profiles"]),
        wants_engine=bool(said({"engine": language["deploy_words"], NEUTRAL: language["neutral_phrases"]})),
        names_model=bool(said({"model": language["triggers"]})),
    )


def _is_action(skill: Skill, name: str) -> bool:
    return name in skill.actions or name in skill.info["unavailable_actions"] or name.startswith(DEPLOY_PREFIX)


def _is_data(skill: Skill, name: str) -> bool:
    return Path(name).is_dir() and bool(tasks_of(Path(name), skill.info))


def _action_phrases(info: Mapping[str, Any]) -> dict[str, list[str]]:
    """Phrases by `verb:<action>`, `noun:<action>` and `unavailable:<action>`, with those that ask for nothing."""
    phrases = {NEUTRAL: info["language"]["neutral_phrases"]}
    for action, words in info["language"]["actions"].items():
        phrases[f"verb:{action}"], phrases[f"noun:{action}"] = words["verbs"], words["nouns"]
    for action, entry in info["unavailable_actions"].items():
        phrases[f"verb:{action}"] = entry["words"]
    return phrases


def _asked_for(mentions: Iterable[Mention]) -> tuple[str, ...]:
    """The actions that verbs ask for; where there is no verb, those that nouns hint at."""
    asked: dict[str, dict[str, None]] = {"verb": {}, "noun": {}}
    for mention in mentions:
        if mention.group != NEUTRAL and not mention.negated:
            kind, _, action = mention.group.partition(":")
            asked[kind][action] = None
    return tuple(asked["verb"] or asked["noun"])


def _refused(mentions: Iterable[Mention]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(m.group.partition(":")[2] for m in mentions if m.negated and m.group != NEUTRAL))


def _policies(text: str, policy: Mapping[str, Any], negation: Negation) -> dict[str, str]:
    """Policy to the phrase that asked for it; a negated phrase asks for the other policy."""
    text, turned = _with_placeholder(text, policy["names"]), {"on": "off", "off": "on"}
    phrases = {state: policy[f"{state}_phrases"] for state in turned}
    found = find_mentions(text, {**phrases, NEUTRAL: policy["neutral_phrases"]}, negation)
    asked = [(turned[m.group] if m.negated else m.group, m) for m in found if m.group != NEUTRAL]
    return {state: ("not " if m.negated else "") + m.phrase.format(automl="AutoML") for state, m in asked}


def _with_placeholder(text: str, names: Iterable[str]) -> str:
    """The text with {automl} in the place of each of its names, so that a phrase is declared once for all of them."""
    longest_first = sorted(names, key=len, reverse=True)
    pattern = rf"(?<!\S)(?:(?:the|any|all|an) )?(?:{'|'.join(longest_first)})(?!\S)"
    return re.sub(pattern, "{automl}", re.sub(r"[{}]", "", text))

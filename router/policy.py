# SPDX-License-Identifier: Apache-2.0
"""The train policy: whether a train action goes through AutoML. It concerns one run and enters no spec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from router.types import Question

if TYPE_CHECKING:
    from router.declarations import Skill
    from router.notes import Notes
    from router.spoken import Spoken
    from router.types import AutomlPolicy, Request, Route


_SOURCES = {"slot": "as asked for", "phrase": "by the words", "default": "by default"}


class Policy(NamedTuple):
    """`on` or `off`, and where it came from; `open` while the words say both."""

    value: AutomlPolicy
    source: Literal["slot", "phrase", "default"]
    said: str = ""
    open: bool = False


def find_policy(request: Request, words: Spoken, skill: Skill) -> Policy:
    """The policy of the slot, else of the words, else the declared default."""
    if request.automl_policy:
        return Policy(request.automl_policy, "slot")
    default: AutomlPolicy = skill.info["train_policy"]["default"]
    if len(words.policies) > 1:
        phrases = set(words.policies.values())
        return Policy(default, "default", phrases.pop() if len(phrases) == 1 else "", open=True)
    for state, phrase in words.policies.items():
        return Policy("on" if state == "on" else "off", "phrase", phrase)
    return Policy(default, "default")


def train_route(action: str, policy: Policy, skill: Skill, notes: Notes) -> Route | None:
    """Through AutoML, or direct; None with a question while the policy is open."""
    if policy.open:
        text = "The words turn AutoML both on and off. Which one?"
        if policy.said:
            text = f"Is AutoML wanted? '{policy.said}' leaves it open."
        notes.ask(Question("automl_policy", text, ("on", "off")))
        return None
    said = f' ("{policy.said}")' if policy.said else ""
    notes.because(f"AutoML is {policy.value} {_SOURCES[policy.source]}{said}")
    if policy.value == "off":
        return "direct"
    obstacle = _obstacle(action, skill)
    if obstacle is None:
        return "automl"
    notes.warn(f"AutoML is on, but the run is direct training: {obstacle}")
    return "direct"


def _obstacle(action: str, skill: Skill) -> str | None:
    """Why AutoML can't take a train action, or None."""
    if not skill.info["automl_enabled"]:
        return "automl_enabled is false in skill_info.yaml"
    problem = skill.packaging_problem(action)
    if problem:
        return (
            "AutoML is enabled for this model but not runnable until its schemas are regenerated with "
            f"`changenet schemas` ({problem})"
        )
    if not skill.automl_installed:
        return f"the AutoML skill is not installed ({skill.root / 'automl' / 'skill_info.yaml'} is missing)"
    return None

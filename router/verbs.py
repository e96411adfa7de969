# SPDX-License-Identifier: Apache-2.0
"""The phrases that ask for a command, and what a command becomes by what is named: jobs, data, pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.asked_steps import ENGINE_VERB
from router.implied_training import is_measured
from router.order import is_shown_later
from router.said_data import is_no_data, is_picture, is_ruled_out, not_spared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from router.asked_steps import Step
    from router.patterns import Mention
    from router.reading import Reading

_COLUMNS, _CLOSE = 14, 4
_LOOKS = frozenset({"data_check", "inspect"})
_MODELS = (".pth", ".pt", ".ckpt", ".safetensors", ".onnx", ".engine")
_ASKED = frozenset({"verb:advise", "verb:result", "verb:diagnose", "verb:status", "verb:compare"})
_OF_ONE_JOB = frozenset({"status", "result"})
_WITH_CALIBRATION = frozenset({"quantize", ENGINE_VERB})


def asked_verbs(reading: Reading, steps: Sequence[Step]) -> list[Mention]:
    """The phrases that ask for a command, without those that only seem to."""
    verbs = [m for m in reading.of("verb") if m.start not in reading.remarks and not _of_columns(reading, m)]
    verbs = [m for m in verbs if not (is_shown_later(reading, m) or _is_state(reading, m) or _is_limit(reading, m))]
    verbs = [m for m in verbs if not _is_told_of(reading, m)]
    if steps:
        parents = {n for m in reading.of("parent") for n in m.places}
        verbs = [m for m in verbs if m.group != "verb:result" or parents.isdisjoint(m.places)]
        verbs = [m for m in verbs if not _tells_size(reading, m)]
    of_task = {n for m in reading.of("task") for n in m.places}
    verbs = [m for m in verbs if m.group != "verb:data_check" or 2 * len(of_task & set(m.places)) <= len(m.places)]
    if any(step.verb in _WITH_CALIBRATION for step in steps):
        verbs = [m for m in verbs if m.group != "verb:calibrate"]
    if steps:
        verbs = [m for m in verbs if not _only_lists(reading, m)]
    verbs = _without_answered(reading, verbs, steps)
    ordered = {m.group for m in verbs if reading.tokens[m.start].kind == "word"}
    return [m for m in verbs if reading.tokens[m.start].kind == "word" or m.group not in ordered]


def _is_told_of(reading: Reading, mention: Mention) -> bool:
    """Whether a job stopped by itself: "train-… stopped with an error", "train-… stopped, get it going again"."""
    behind = {token.word for token in reading.tokens[mention.end : mention.end + 1]}
    past = reading.tokens[mention.end - 1].word in reading.grammar["past"]
    begins = reading.tokens[mention.start].kind == "job"
    if mention.group != "verb:cancel" or not (begins and past):
        return False
    clause = range(*reading.clause(mention.start))
    resumed = any(m.group == "verb:resume" and m.start not in clause for m in reading.of("verb"))
    return resumed or bool(behind & reading.grammar["prepositions"])


def _tells_size(reading: Reading, mention: Mention) -> bool:
    """Whether the size of a defect is told, beside what is asked for: "train …, the smallest defect is 6 pixels"."""
    behind = [token.word for token in reading.tokens[mention.end : mention.end + 1]]
    small = reading.tokens[mention.end - 1].word in reading.grammar["small_things"]
    return mention.group == "verb:advise" and small and bool(reading.grammar["finite"].intersection(behind))


def _without_answered(reading: Reading, verbs: list[Mention], steps: Sequence[Step]) -> list[Mention]:
    """Verbs without questions that a later order answers: "which threshold fits …? Calibrate it on ./lot"."""
    orders = [
        place for place in (*(m.start for m in verbs), *(s.place for s in steps)) if not _is_asked(reading, place)
    ]
    return [
        m
        for m in verbs
        if m.group not in _ASKED or not _is_asked(reading, m.start) or max(orders, default=-1) < m.start
    ]


def _is_asked(reading: Reading, place: int) -> bool:
    return any(token.text == "?" for token in reading.tokens[reading.clause(place)[1] :][:1])


def by_what_is_named(reading: Reading, verb: str) -> str:
    """The command; two jobs are compared, and how good one is on data is not looked up: it is measured."""
    named = (n for n, token in enumerate(reading.tokens) if token.kind == "job" and not is_ruled_out(reading, n))
    jobs = {reading.tokens[n].text for n in not_spared(reading, list(named))}
    files = verb in {"compare", "inspect"} and len(models_of(reading)) > 1
    if files or (verb in _OF_ONE_JOB | {"inspect"} and len(jobs) > 1):
        return "compare"
    pictures = [n for n, token in enumerate(reading.tokens) if token.kind == "path" and is_picture(reading, n)]
    if verb == "compare" and not jobs and len(pictures) > 1:
        return "inspect"
    data = any(token.kind == "path" and not is_no_data(token.text) for token in reading.tokens)
    if not data:
        return verb
    if verb == "doctor":
        return "data_check"
    if verb in _LOOKS:
        return _looked_at(reading, verb, jobs=bool(jobs))
    measured = verb in _OF_ONE_JOB or (verb == "inference" and is_measured(reading))
    return "evaluate" if measured and (jobs or reading.of("parent")) else verb


def models_of(reading: Reading) -> list[str]:
    """The files of models that are named."""
    return [token.text for token in reading.tokens if token.kind == "path" and token.text.lower().endswith(_MODELS)]


def is_of_evaluation(reading: Reading) -> bool:
    """Whether figures are wanted of an evaluation that ran, and not of a model: "mIoU of segment_evaluate-…?"."""
    jobs = [token.text for token in reading.tokens if token.kind == "job"]
    data = any(token.kind == "path" for token in reading.tokens)
    return bool(jobs) and not data and all(job.partition("-")[0].endswith("evaluate") for job in jobs)


def _looked_at(reading: Reading, verb: str, *, jobs: bool) -> str:
    """What looks at data: a model that is named, or where two pictures are, this skill's inspection."""
    if jobs:
        verdicts = verb == "inspect" or any(token.word in reading.grammar["fine"] for token in reading.tokens)
        return "inference" if verdicts else "evaluate"
    places = [n for n, token in enumerate(reading.tokens) if token.kind == "path"]
    return "inspect" if all(is_picture(reading, n) for n in places) else verb


def _is_state(reading: Reading, mention: Mention) -> bool:
    """Whether a word says how something is, and orders nothing: "when it is clean"."""
    word = reading.tokens[mention.start].word in reading.grammar["adjectives"]
    return word and mention.start > 0 and reading.tokens[mention.start - 1].word in reading.grammar["finite"]


def _only_lists(reading: Reading, mention: Mention) -> bool:
    """Whether jobs are only named one after the other: "my runs, train-… and train-…: export one of them"."""
    said = [reading.tokens[n] for n in mention.places if reading.tokens[n].kind != "job"]
    joins = reading.grammar["joins_steps"] | reading.grammar["choice"]
    return mention.group == "verb:compare" and all(token.word in joins for token in said)


def _is_limit(reading: Reading, mention: Mention) -> bool:
    """Whether to stop is what a search is to do in time: "the training ought to be stopped after 6 hours"."""
    behind = reading.tokens[mention.end : mention.end + 1]
    times = {m.start for m in reading.of("value") if m.group == "value:hours"} & set(
        range(mention.end, mention.end + _CLOSE)
    )
    return mention.group == "verb:cancel" and bool(times) and behind[0].word in reading.grammar["awaits_time"]


def _of_columns(reading: Reading, mention: Mention) -> bool:
    """Whether a word is the name of a column: "a table with columns Image, Reference, Result"."""
    before = reading.tokens[max(0, mention.start - _COLUMNS) : mention.start]
    ends = [n for n, token in enumerate(before) if token.text in {".", "!", "?", "\n"}]
    behind = before[ends[-1] :] if ends else before
    return len(mention.places) == 1 and bool({token.word for token in behind} & reading.grammar["heads"])

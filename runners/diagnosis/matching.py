# SPDX-License-Identifier: Apache-2.0
"""Which rules fit the evidence of a failed job, in their order, and which of them for certain."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from runners.diagnosis import confidence, evidence, exceptions
from runners.diagnosis.evidence import Line, Weight
from runners.diagnosis.rules import Hit, Rule, compiled

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from runners.jobs.job import Job


def hits_of(rules: Sequence[Rule], lines: list[Line], job: Job) -> list[Hit]:
    """The rules that fit, causes before what follows from them; all lines are asked where the end tells no cause."""
    last = max((n for n, line in enumerate(lines) if line.weight is Weight.EARLIER), default=-1)
    end = [n for n, line in enumerate(lines) if line.weight >= Weight.NEAR or (n > last and not line.weight)]
    hits = _hits_in(rules, lines, end, job)
    code = job.failure.code if job.failure else ""
    if any(hit.certain and (code in hit.rule.codes or (hit.lines and not hit.rule.gives_way)) for hit in hits):
        return hits
    return hits if len(end) == len(lines) else _hits_in(rules, lines, range(len(lines)), job)


def _hits_in(rules: Sequence[Rule], lines: list[Line], chosen: Sequence[int], job: Job) -> list[Hit]:
    text = _Text(lines, chosen)
    code = job.failure.code if job.failure else ""
    hits = [hit for rule in rules if _fits(rule, job) and (hit := _hit(rule, lines, text, said=code in rule.codes))]
    first = exceptions.first_exception(lines)
    if first and first[1] and not any(first[0] in hit.lines for hit in hits):
        # The first thing that went wrong is no rule's: what came after it may only have followed.
        hits = [hit if _came_first(hit, lines, first[0]) else _less_sure(hit, (first[0],)) for hit in hits]
    return _doubted(_in_turn(hits, lines), lines)


def _doubted(hits: list[Hit], lines: list[Line]) -> list[Hit]:
    """With what speaks against the first that is certain; then none is."""
    first = next((hit for hit in hits if hit.certain), None)
    against = confidence.doubts(first, hits, lines, confidence.failures(lines)) if first else ()
    if not against:
        return hits
    return [_less_sure(hit, against) for hit in hits]


def _less_sure(hit: Hit, against: tuple[int, ...]) -> Hit:
    return hit._replace(certain=False, doubts=against) if hit.certain else hit


def _in_turn(hits: list[Hit], lines: list[Line]) -> list[Hit]:
    """Those that give way behind what stands before them in the log; not certain where that tells no cause.

    What happened without its reason comes last where the reason is told.
    """
    known = {n for hit in hits if hit.certain for n in hit.lines}
    unclear = [n for n in exceptions.own_failures(lines) if n not in known]
    unclear += [n for hit in hits for n in hit.lines if _nearly(hit, lines[n])]
    early: list[Hit] = []
    late: list[Hit] = []
    for hit in hits:
        at = hit.lines[0] if hit.lines and hit.rule.gives_way else 0
        before = [other for other in hits if other.certain and other.lines and other.lines[0] < at]
        explained = [other for other in before if hit.rule.id not in other.rule.between]
        if min(unclear, default=at) < at:
            early.append(_less_sure(hit, tuple(n for n in sorted(unclear) if n < at)))
        else:
            (late if explained else early).append(hit)
    reasons = {hit.rule.id for hit in (*early, *late) if hit.certain}
    last = [hit for hit in early if not reasons.isdisjoint(hit.rule.between)]
    return [*(hit for hit in early if hit not in last), *sorted(late, key=lambda hit: hit.lines[0]), *last]


def _nearly(hit: Hit, line: Line) -> bool:
    """Whether the line would tell a cause, if nothing had been said after it."""
    rule = hit.rule
    if hit.certain or rule.symptom or line.weight is not Weight.NEAR or (line.warns and not rule.warnings):
        return False
    return rule.launch or not (rule.warnings or rule.gives_way)


def _came_first(hit: Hit, lines: list[Line], first: int) -> bool:
    """Whether it was said before an exception that is no rule's; by a warning, where that follows from it."""
    follows = any(compiled(pattern).search(lines[first].bare) for pattern in hit.rule.leads_to)
    return not hit.lines or any(n < first and (follows or not lines[n].warns) for n in hit.lines)


def alternatives(hit: Hit, rules: Sequence[Rule], lines: list[Line]) -> list[Hit]:
    """What may have been behind a hit that tells what happened and not why, but for what a line denies."""
    text = _Text(lines, range(len(lines)))
    named = (rule for name in hit.rule.between for rule in rules if rule.id == name)
    return [Hit(rule, (), {}, certain=False) for rule in named if not any(text.find(one) for one in rule.denied)]


class _Text:
    """The chosen lines as one text, in which patterns are looked for."""

    def __init__(self, lines: list[Line], chosen: Sequence[int]) -> None:
        chosen = [n for n in chosen if not _asked_in_vain(lines, n) and not evidence.answers_a_look(lines, n)]
        bare = [lines[n].bare for n in chosen]
        self._chosen = chosen
        self._whole = "\n".join(bare)
        self._starts = list(accumulate((len(line) + 1 for line in bare), initial=0))
        self._found: dict[str, list[tuple[int, re.Match[str]]]] = {}

    def find(self, pattern: str) -> list[tuple[int, re.Match[str]]]:
        """Each match with the index of its line; looked for once, as many rules ask for the same."""
        if pattern not in self._found:
            matches = compiled(pattern).finditer(self._whole) if self._chosen else ()
            self._found[pattern] = [(self._chosen[bisect_right(self._starts, m.start()) - 1], m) for m in matches]
        return self._found[pattern]


def _fits(rule: Rule, job: Job) -> bool:
    """Whether the conditions of the rule hold for the job's record."""
    return (not rule.exit_codes or job.exit_code in rule.exit_codes) and (
        not rule.actions or job.action in rule.actions
    )


def _hit(rule: Rule, lines: list[Line], text: _Text, *, said: bool) -> Hit | None:
    """Where the rule fits; `said`: the platform gave the failure a code that is the rule's own."""
    if said:
        return Hit(rule, (), {}, certain=True)
    if _ruled_out(rule, lines, text):
        return None
    if not rule.patterns:
        return Hit(rule, (), {}, certain=True) if rule.exit_codes else None
    found = {pattern: text.find(pattern) for pattern in (*rule.patterns, *rule.fill)}
    foreign = {n for pattern in rule.unless for n, _ in text.find(pattern)}
    usable = {
        pattern: [(n, m) for n, m in hits if lines[n].weight > Weight.NONE and n not in foreign]
        for pattern, hits in found.items()
    }
    if (rule.any and not any(usable[p] for p in rule.any)) or not all(usable[p] for p in rule.all):
        return None
    matches = [hit for pattern in rule.patterns for hit in usable[pattern]]
    least = _least(rule, traced=any(line.weight is Weight.NONE for line in lines))
    over = max((n for pattern in rule.past for n, _ in text.find(pattern)), default=-1)
    weighty = [(n, m) for n, m in matches if lines[n].weight >= least and n > over]
    final = [(n, m) for n, m in weighty if rule.warnings or not lines[n].warns]
    certain = bool(final) and not rule.symptom and all(any(h in final for h in usable[p]) for p in rule.all)
    chosen = sorted(final if certain else matches, key=lambda hit: hit[0])
    told = [match.groupdict() for _, match in (*chosen, *(hit for p in rule.fill for hit in usable[p]))]
    groups = {name: value.strip() for each in reversed(told) for name, value in each.items() if value}
    return Hit(rule, tuple(dict.fromkeys(n for n, _ in chosen)), groups, certain)


def _ruled_out(rule: Rule, lines: list[Line], text: _Text) -> bool:
    """Whether nothing of what it is known by is there, or what it does not go with."""
    if (rule.any and not any(text.find(p) for p in rule.any)) or not all(text.find(p) for p in rule.all):
        return True
    if any(lines[n].weight >= Weight.NEAR for pattern in rule.none for n, _ in text.find(pattern)):
        return True
    return bool(rule.within) and not any(lines[n].weight is Weight.NONE for p in rule.within for n, _ in text.find(p))


def _asked_in_vain(lines: list[Line], n: int) -> bool:
    """Whether it is a typed command, which names what was looked for, and the answer is not yes."""
    return lines[n].typed and not (n + 1 < len(lines) and lines[n + 1].says_yes)


def _least(rule: Rule, *, traced: bool) -> Weight:
    """What a line has to weigh, so that the rule is certain; `traced`: the program ended with a traceback."""
    if rule.verdict and not traced:
        return Weight.EARLIER
    return Weight.NEAR if rule.system and not (rule.launch and traced) else Weight.FINAL

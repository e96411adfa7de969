# SPDX-License-Identifier: Apache-2.0
"""What is asked before a job is removed or cancelled on conditions, in part, later, or where that is only asked about.

As in "remove it but keep the checkpoint", "cancel it unless it is almost done", "delete it tomorrow", "can I stop it?".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.reservations import reserved, to_end_of_clause
from router.tokens import clause_at, sentence_begin, sentence_end
from router.types import Question

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from router.patterns import Mention
    from router.reading import Reading
    from router.reservations import Reserved
    from router.vocabulary import Vocabulary

ENDING = frozenset({"remove", "cancel"})
_AT_ONCE = ENDING | {"resume"}
_NEAR, _FAR, _OPENING, _HOURS = 4, 5, 2, 24


def before_it_ends(
    verb: str, place: int, reading: Reading, vocabulary: Vocabulary, jobs: Sequence[str] = ()
) -> Question | None:
    """What is asked before a job is removed or cancelled; nothing where it is plainly to be done now, and whole."""
    if verb not in _AT_ONCE or not reading.tokens:
        return None
    what = reserved(reading, vocabulary)
    if verb in ENDING and _is_asked(what, verb, place):
        return Question("request", f"Is that a question, or should '{verb}' be done?")
    if verb in ENDING and (question := _about_shares(what, verb, place, jobs)):
        return question
    if said := next(_reservations(what, verb, place), ""):
        text = f"'{said}': '{verb}' waits for nothing and depends on nothing. Should it be done now?"
        return Question("request", text)
    return None


def _about_shares(what: Reserved, verb: str, place: int, jobs: Sequence[str]) -> Question | None:
    """What is asked where a job is spared, or only something of it is to go."""
    reading = what.reading
    if spared := next(_spared(what, jobs), None):
        text = f"'{reading.said(spared)}': '{verb}' takes one job that is named. Which one should it be?"
        return Question("job", f"{text} `changenet jobs` lists them.")
    if verb == "remove" and (kept := next(_parts(what, place), None)):
        text = f"'{reading.said(kept)}': a job is removed with all of its files, and none can be kept. Should it be?"
        return Question("request", f"{text} Copy what is to stay first.")
    if share := next(what.about("share", place), None):
        text = f"'{reading.said(share)}': '{verb}' is of a job as a whole. Should it be done?"
        return Question("request", text)
    return None


def _spared(what: Reserved, jobs: Sequence[str]) -> Iterator[Mention]:
    """What says that all others are meant and the very job is not: "cancel all jobs except train-…"."""
    tokens = what.reading.tokens
    return (m for m in what.of("other_job") if tokens[m.end - 1].text in jobs)


def _parts(what: Reserved, place: int) -> Iterator[Mention]:
    """What says that something of the job is to stay, or that only something of it is to go."""
    use, tokens = what.reading.grammar, what.reading.tokens
    sentence = range(sentence_begin(tokens, place), sentence_end(tokens, place))
    for mention in (m for m in what.of("kept") if m.start in sentence):
        said = {tokens[n].word for n in range(mention.start, mention.end)}
        before = {tokens[n].word for n in range(max(sentence.start, mention.start - 2), mention.start)}
        not_only = said & use["denies_it"] and said & use["restricts_to"]  # "nicht nur die Logs"
        if not (not_only or said & use["others_than_it"] or before & use["denies_it"]):
            yield mention
    others = [m.start for kind in ("verb", "action") for m in what.reading.of(kind) if m.start != place]
    for mention in (m for m in what.of("part") if m.start in sentence):
        if any(start < mention.start < place for start in others):
            continue  # "show me the result of train-… and then delete it"
        before = {tokens[n].word for n in range(max(sentence.start, mention.start - _NEAR), mention.start)}
        before |= {tokens[n].word for n in range(mention.start, mention.end)}
        if not before & use["goes_along"]:
            yield mention


def _reservations(what: Reserved, verb: str, place: int) -> Iterator[str]:
    """The user's own words of conditions, times and approvals."""
    for kind in ("maybe", "approval", "condition", "time") if verb in ENDING else ("time",):
        for mention in what.about(kind, place):
            if kind == "condition" and _holds_anyway(what.reading, mention, verb, place):
                if mention.start > place:
                    return  # "cancel it if it is not done yet"
                continue
            if kind == "time" and _is_of_the_job(what.reading, mention, place):
                continue
            yield to_end_of_clause(what.reading, mention)


def _holds_anyway(reading: Reading, mention: Mention, verb: str, place: int) -> bool:
    """Whether a condition is that of what can be cancelled at all, or stands in what is only told before the verb."""
    clause, use = clause_at(reading.tokens, mention.start), reading.grammar
    words = {reading.tokens[n].word for n in clause if n >= mention.start}
    figures = any(reading.tokens[n].kind == "number" for n in clause if n > mention.start)
    state = words & use["goes_on_now"] and not words & (use["almost"] | use["not_of_the_job"]) and not figures
    before = {reading.tokens[n].word for n in range(sentence_begin(reading.tokens, place), mention.start)}
    if before & use["only_then"]:
        return False  # "brich es erst ab, wenn die Epoche fertig ist"
    first = reading.tokens[mention.start].word in use["if_at_all"]
    if state and first and (verb == "cancel" or words & use["is_there"]):
        return True
    whether = reading.tokens[mention.start].word in use["whether"]
    return not whether and mention.start < place and mention.start - clause.start >= _OPENING


def _is_of_the_job(reading: Reading, mention: Mention, place: int) -> bool:
    """Whether a time is that of the job, or of what is told of it: "stop the run that I started at 9"."""
    clause, use, tokens = clause_at(reading.tokens, mention.start), reading.grammar, reading.tokens
    before = {tokens[n].word for n in range(clause.start, mention.start) if n != place}
    figure = tokens[mention.end - 1]
    if figure.kind == "number" and len(mention.places) == _OPENING and figure.value > _HOURS:
        return True  # "the disk is at 97 percent"
    if ":" in reading.text[figure.end : tokens[place].start]:
        return True  # "after the power cut last night: resume it"
    other = clause != clause_at(tokens, place)
    told = other and (mention.start < place or clause.stop - mention.end > _NEAR)
    return told or bool(before & (use["relative"] | use["past"] | use["tells_of_it"]))


def _is_asked(what: Reserved, verb: str, place: int) -> bool:
    """Whether the sentence of a verb only asks whether, how or what if, and no other one bids it."""
    reading = what.reading
    tokens, use = reading.tokens, reading.grammar
    sentence = range(sentence_begin(tokens, place), sentence_end(tokens, place))
    others = (m for m in reading.of("verb") if m.group == f"verb:{verb}" and m.start not in sentence)
    beside = {token.word for n, token in enumerate(tokens) if n not in sentence}
    if any(others) or beside & use["pleases"]:
        return False
    if any(m.start >= place and _ends_in_question(reading, m) for m in what.of("doubted")):
        return True  # "Tom wants it removed. Is that wise?"
    mark = sentence.stop < len(tokens) and tokens[sentence.stop].text == "?"
    asks = [m for m in what.of("permission") if m.start in sentence]
    opens = [m for m in asks if m.start - clause_at(tokens, m.start).start < _OPENING]
    if opens and (mark or opens[0].start <= place):
        return True
    words = [tokens[n].word for n in sentence]
    if mark and len(words) <= _OPENING:
        return True  # "cancel train-…?"
    return mark and bool(words) and words[0] in use["asks_whether_it"] and use["addressed_to"].isdisjoint(words[:4])


def _ends_in_question(reading: Reading, mention: Mention) -> bool:
    end = sentence_end(reading.tokens, mention.start)
    return end < len(reading.tokens) and reading.tokens[end].text == "?"


def deletes_data(reading: Reading) -> str:
    """The user's own words that ask for data to be deleted, which nothing does: "… and delete ./old afterwards"."""
    tokens, use = reading.tokens, reading.grammar
    for place, token in enumerate(tokens):
        throws = token.word in use["throws_away"]
        if not (throws or token.word in use["deletes_data"]) or place in reading.told | reading.theirs:
            continue
        clause = clause_at(tokens, place)
        before = tokens[place - 1].word if place > clause.start else ""
        ends = place + 1 == clause.stop and any(
            n.kind == "path" for n in tokens[max(clause.start, place - _FAR) : place]
        )
        if before and not ends and before not in use["before_deleting"]:
            continue
        near = range(max(clause.start, place - _FAR) if ends else place + 1, min(clause.stop, place + 1 + _FAR))
        said = [tokens[n].word for n in near]
        if throws and use["goes_away"].isdisjoint(said):
            continue
        things = [n for n in near if tokens[n].kind == "path" or tokens[n].word in use["data_things"]]
        if things and not any(tokens[n].kind == "job" for n in near) and not use["denies_it"].intersection(said):
            first, last = min(place, things[0]), max(place, things[-1])
            return reading.text[tokens[first].start : tokens[last].end]
    return ""

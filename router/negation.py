# SPDX-License-Identifier: Apache-2.0
"""What is negated: by the words before a phrase, behind it, or carried over from the phrase before."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from router.colons import is_around_colon, refusal_ends_between
from router.refused_training import is_cut_off, is_never_begun, points_ahead
from router.tokens import BREAK, clause_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from router.patterns import Mention
    from router.tokens import Token
    from router.vocabulary import Vocabulary

_SHOWN, _OPENING, _AROUND = 3, 7, 3
_DENIED = ("action:", "verb:cancel", "verb:remove")
_ASKING = ("action:", "noun:", "verb:", "named:")


def with_negation(tokens: Sequence[Token], mentions: Sequence[Mention], vocabulary: Vocabulary) -> list[Mention]:
    """The mentions of one layer in order, each with whether it is negated."""
    found: list[Mention] = []
    for mention in sorted(mentions, key=lambda m: m.places):
        negated = _negated(tokens, mention.start, vocabulary) or _negated_behind(tokens, mention, vocabulary)
        negated = negated or _denied_inside(tokens, mention, vocabulary) or _is_over(tokens, mention, vocabulary)
        negated = negated or _forbidden(tokens, mention, vocabulary) or _left_out(tokens, mention, vocabulary)
        negated = negated or _denied_of_job(tokens, mention, vocabulary)
        negated = negated and not (_asks_why_not(tokens, mention, vocabulary) or _is_limit(tokens, mention, vocabulary))
        negated = negated and not is_around_colon(tokens, mention, vocabulary.grammar)
        negated = negated and not _not_alone(tokens, mention, vocabulary)
        if not negated and found and found[-1].negated:
            negated = _carried(tokens, found[-1], mention, vocabulary)
        found.append(mention._replace(negated=bool(negated)))
    return _with_lists(tokens, found, vocabulary)


def _with_lists(tokens: Sequence[Token], found: list[Mention], vocabulary: Vocabulary) -> list[Mention]:
    """All of a list that ends in "or" are ruled out with its first: "don't train, evaluate or export anything"."""
    for here in range(len(found) - 1):
        first, second = found[here : here + 2]
        comma = [token.text for token in tokens[first.end : second.start]] == [","]
        joins = tokens[second.end].word in vocabulary.continuations if second.end < len(tokens) else False
        if first.negated and comma and joins:
            found[here + 1] = second._replace(negated=True)
            third = next((m for m in found[here + 2 : here + 3] if m.start == second.end + 1), None)
            found[here + 2 : here + 3] = [third._replace(negated=True)] if third else found[here + 2 : here + 3]
    return found


def _asks_why_not(tokens: Sequence[Token], mention: Mention, vocabulary: Vocabulary) -> bool:
    """Whether a question only asks why something does not do something: "why can't ChangeNet see my GPU?"."""
    before = [token.word for token in tokens[max(0, mention.start - 3) : mention.start]]
    asks = len(before) == 3 and before[0] in vocabulary.questions and before[2] in vocabulary.grammar["not"]
    return asks and mention.group == "model"


def _not_alone(tokens: Sequence[Token], mention: Mention, vocabulary: Vocabulary) -> bool:
    """Whether something is to be done and something else as well: "not only train it, but also evaluate it"."""
    grammar = vocabulary.grammar
    before = pairwise(token.word for token in tokens[max(0, mention.start - _OPENING) : mention.end])
    only = any(no in grammar["not"] and other in grammar["only_that"] for no, other in before)
    behind = [token.word for token in tokens[mention.end :]]
    turn = next((n for n, word in enumerate(behind) if word in grammar["substitutes"]), len(behind))
    return only and not grammar["also_that"].isdisjoint(behind[turn : turn + _OPENING])


def _is_limit(tokens: Sequence[Token], mention: Mention, vocabulary: Vocabulary) -> bool:
    """Whether what is not to be exceeded is a limit: "must not exceed 90 minutes", "nicht laenger als 3 Stunden"."""
    words = {token.word for token in tokens[max(0, mention.start - 2) : mention.start + 1]}
    instead = words & vocabulary.grammar["substitutes"]  # "int8 rather than fp16"
    return mention.group.startswith("value:") and bool(words & vocabulary.grammar["exceeds"]) and not instead


def never_without(tokens: Sequence[Token], mentions: list[Mention]) -> list[Mention]:
    """Two negations in one clause ask for both: "never train untuned", "do not train without the search"."""
    found = list(mentions)
    for place, one in enumerate(mentions):
        if not (one.negated and one.group.startswith("action:train")):
            continue
        for here, other in enumerate(mentions[place + 1 :], place + 1):
            if other.start < one.end:
                continue
            between = tokens[one.end : other.start]
            turned_off = (other.group == "policy:off") is not other.negated
            if other.group.startswith("policy:") and not any(token.kind == "break" for token in between) and turned_off:
                found[place] = one._replace(negated=False)
                found[here] = other._replace(group="policy:on", negated=False)
    return found


def _negated(tokens: Sequence[Token], start: int, vocabulary: Vocabulary) -> bool:
    """Whether the words directly before a token negate it; two negations, as in "don't skip", are none."""
    place, negated = start, False
    still = vocabulary.still if _mostly_german(tokens, vocabulary) else frozenset[str]()
    while place > 0 and not is_cut_off(tokens, place, vocabulary):
        ending_so = () if tokens[place - 1].word in still else vocabulary.negations.get(tokens[place - 1].word, ())
        phrase = next((p for p in ending_so if _stands_before(tokens, place, p)), None)
        if phrase:
            negated, place = not negated, place - len(phrase)
        elif tokens[place - 1].word in vocabulary.negation_fillers or points_ahead(tokens, place, vocabulary):
            place -= 1
        else:
            break
    return negated


def _denied_inside(tokens: Sequence[Token], mention: Mention, vocabulary: Vocabulary) -> bool:
    """Whether a phrase reaches over a word that denies it: "do *not* start any training"."""
    gaps = mention.end - mention.start - len(mention.places)
    if not mention.group.startswith(_DENIED) or not gaps or mention.end - mention.start < _AROUND:
        return False
    grammar = vocabulary.grammar
    does, no, begins = [token.word for token in tokens[mention.start : mention.start + _AROUND]]
    if does in grammar["auxiliaries"] and no in grammar["not"] and begins in grammar["openers"] & grammar["bids"]:
        return True  # "don't run the segmentation training"
    return any(  # "NO_PASS" denies nothing
        here - 1 > before
        and tokens[here].word != "pass"
        and _negated(tokens[before + 1 : here], here - before - 1, vocabulary)
        for before, here in pairwise(mention.places)
    )


def _is_over(tokens: Sequence[Token], mention: Mention, vocabulary: Vocabulary) -> bool:
    """Whether a passive tells what was done, and asks for nothing: "in May the classifier was trained with …"."""
    if mention.group != "action:train":
        return False
    begin = clause_at(tokens, mention.start).start
    end = next((n for n in range(mention.end, len(tokens)) if tokens[n].kind == "break"), len(tokens))
    words = {token.word for token in tokens[begin:end]}
    use = vocabulary.grammar
    before = [token.word for token in tokens[begin : mention.end]]
    around = {word for n, word in enumerate(before) if not n or before[n - 1] not in use["relative"]}
    asks = words & (use["would"] | use["on_condition"] | use["orders_passive"])
    question = end < len(tokens) and tokens[end].text == "?"
    participle = any(tokens[n].word in use["participles"] for n in mention.places)
    return bool(participle and around & use["was"] and not asks and not question)


def _forbidden(tokens: Sequence[Token], mention: Mention, vocabulary: Vocabulary) -> bool:
    """Whether the beginning of the clause forbids what is said in it: "nobody should …", "auf keinen Fall darf …"."""
    if not mention.group.startswith(_ASKING):
        return False
    grammar = vocabulary.grammar
    start = clause_at(tokens, mention.start).start
    words = [token.word for token in tokens[start : mention.start]]
    if start and words[:1] and words[0] in grammar["complements"] and tokens[start - 1].text == ",":
        before = clause_at(tokens, start - 1).start
        return tokens[before].word in grammar["nobody"]  # "nobody said, that you should …"
    first = _forbids(words[:_OPENING], grammar)
    cut = refusal_ends_between(tokens, range(start + 1, mention.start + 1), grammar)
    if cut or not first or grammar["subordinates"].intersection(words[first:]):
        return False
    places = range(start + first + 1, mention.start + 1)
    ends = (n for n in places if tokens[n].word != "pass")  # PASS/NO_PASS forbids nothing
    found = ((n, phrase) for n in ends for phrase in vocabulary.negations.get(tokens[n - 1].word, ()))
    return not any(_stands_before(tokens, n, phrase) for n, phrase in found)


def _left_out(tokens: Sequence[Token], mention: Mention, vocabulary: Vocabulary) -> bool:
    """Whether a phrase stands between the two words that leave it out: "leave the export out"."""
    if not mention.group.startswith((*_ASKING, "task:")):
        return False
    grammar = vocabulary.grammar
    rest = [token.word for token in tokens[mention.end : mention.end + 2 + _AROUND]]
    rest = rest[: rest.index(BREAK)] if BREAK in rest else rest
    if rest[:1] and rest[0] in grammar["left_behind"] and not grammar["put_aside"].isdisjoint(rest[1:]):
        return True  # "das Auswerten lassen wir diesmal weg"
    if rest and rest[-1] in grammar["none_of_it"] and not grammar["needed"].isdisjoint(rest):
        return True  # "Masken brauche ich keine", "masks I need none"
    before = [token.word for token in tokens[max(0, mention.start - _AROUND) : mention.start]]
    while before and before[-1] not in grammar["leaves"]:
        if before.pop() not in grammar["articles"] | vocabulary.negation_fillers:
            return False
    return bool(before) and any(token.word in grammar["leaves_out"] for token in tokens[mention.end : mention.end + 2])


def _forbids(opening: Sequence[str], grammar: Mapping[str, frozenset[str]]) -> int:
    """How many words of the beginning of a clause forbid something; 0 where they do not."""
    no = grammar["not"] | grammar["rules_out"]
    for place, word in enumerate(opening, 1):
        if word in grammar["nobody"] and grammar["orders_passive"].intersection(opening[place:]):
            return place
        if word in grammar["no_case"] and not no.isdisjoint(opening[:place]):
            return place
    return 0


def _denied_of_job(tokens: Sequence[Token], mention: Mention, vocabulary: Vocabulary) -> bool:
    """Whether a clause ends with what is not to be done with a job: "bitte nicht train-… exportieren, …"."""
    job, grammar = mention.start - 1, vocabulary.grammar
    if not mention.group.startswith(_DENIED) or job < 1 or tokens[job].kind != "job":
        return False
    behind = [token.word for token in tokens[mention.end : mention.end + 2]]
    ends = not behind or behind[0] == BREAK
    instead = not grammar["substitutes"].isdisjoint(behind[1:])  # "…, sondern train-…"
    return ends and not instead and tokens[job - 1].word in grammar["not"]


def _mostly_german(tokens: Sequence[Token], vocabulary: Vocabulary) -> bool:
    """Whether a request is in a language in which `no` says "still", as it does in the dialects of German."""
    shown = sum(token.word in vocabulary.capitalising for token in tokens)
    return shown >= _SHOWN and shown * 5 > len(tokens)


def _stands_before(tokens: Sequence[Token], place: int, phrase: tuple[str, ...]) -> bool:
    return tuple(token.word for token in tokens[max(0, place - len(phrase)) : place]) == phrase


def _negated_behind(tokens: Sequence[Token], mention: Mention, vocabulary: Vocabulary) -> bool:
    """German: `Trainiere nicht, werte nur aus`; and what is said of nothing: "quantise nothing after that"."""
    behind = [token.word for token in tokens[mention.end : mention.end + 3]]
    while behind and behind[0] in vocabulary.negation_fillers:
        behind.pop(0)
    if mention.group.startswith("action:") and behind and behind[0] in vocabulary.grammar["nothing"]:
        return not vocabulary.grammar["but_that"].intersection(behind[1:])
    behind = [token.word for token in tokens[mention.end : mention.end + 2]]
    unneeded = [token.word for token in tokens[mention.end : mention.end + 3]]
    unneeded = unneeded[1:] if unneeded[:1] and unneeded[0] in vocabulary.grammar["be"] else unneeded
    denied = bool(unneeded) and unneeded[0] in vocabulary.grammar["not"] and mention.group.startswith(_ASKING)
    if denied and not vocabulary.grammar["possible"].isdisjoint(unneeded[1:2]):
        return True  # "evaluation not needed"
    if _is_not_carried_out(tokens, mention, vocabulary):
        return True
    if not behind or behind[0] not in vocabulary.post_negations or not mention.group.startswith(("action", "policy")):
        return False
    return len(behind) == 1 or behind[1] == BREAK


def _is_not_carried_out(tokens: Sequence[Token], mention: Mention, vocabulary: Vocabulary) -> bool:
    """Whether a clause ends with that a step is not to be begun: "das Training bitte nicht starten"."""
    if is_never_begun(tokens, mention, vocabulary):
        return True
    behind = [token.word for token in tokens[mention.end : mention.end + 4]]
    while behind and behind[0] in vocabulary.negation_fillers:
        behind.pop(0)
    denied = behind[:1] and behind[0] in vocabulary.post_negations and mention.group.startswith(("action", "noun"))
    set_going = vocabulary.grammar["sets_going"].intersection(behind[1:2])
    return bool(denied and set_going) and (len(behind) == 2 or behind[2] == BREAK)


def _carried(tokens: Sequence[Token], before: Mention, mention: Mention, vocabulary: Vocabulary) -> bool:
    """Whether a negation reaches over to the next phrase, as in "don't train or export"."""
    between = [token.word for token in tokens[before.end : mention.start]]
    joined = any(word in vocabulary.continuations for word in between)
    return joined and all(word in vocabulary.continuations | vocabulary.negation_fillers for word in between)

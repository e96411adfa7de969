# SPDX-License-Identifier: Apache-2.0
"""What of a letter its request stands in: its sentences without those that name nothing of ours, and order nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from router.command_lines import FORMS
from router.evidence import evidence
from router.letters import is_ending
from router.ranking import ranked
from router.tokens import sentence_end

if TYPE_CHECKING:
    from collections.abc import Iterator

    from router.accounting import Account
    from router.intent import Intent
    from router.patterns import Mention
    from router.reading import Reading

_STORY = frozenset({"foreign", "remark", "trade", "neutral"})
_CARRIES = frozenset({"path", "job", "override", "action", "quote"})
_SHORT, _WHOLE, _SAID, _SURE = 3, 2, 4, 0.9


class Core(NamedTuple):
    """What is left of a request, and the sentences that are left out.

    `may_ask` tells that the story made it decline and asks for nothing itself, so that a request of nothing that is
    named may be asked about.
    """

    text: str
    story: tuple[str, ...]
    may_ask: bool


def core(reading: Reading, intent: Intent, account: Account) -> Core | None:
    """The request without the sentences that only surround it, where they may hide what it asks for; else nothing."""
    hidden = account.declined or account.asked or intent.doubtful or not (intent.steps or intent.verb)
    if account.certain or not hidden or any(token.kind == "quote" for token in reading.tokens):
        return None
    sentences = list(_sentences(reading))
    story = [one for one in sentences if _is_story(reading, one)]
    if not story or len(story) == len(sentences):
        return None
    tokens, said = reading.tokens, {True: list[str](), False: list[str]()}
    for one in sentences:
        end = tokens[one.stop].end if one.stop < len(tokens) else len(reading.text)
        said[one in story].append(reading.text[tokens[one.start].start : end])
    asks = any(tokens[n].word in reading.grammar["pleases"] for one in story for n in one)
    asks = asks or any(sentence.endswith("?") for sentence in said[True])
    return Core(" ".join(said[False]), tuple(said[True]), bool(account.declined) and not asks)


def is_heard(left: Core, reading: Reading, intent: Intent, account: Account, *, of_a_job: bool) -> bool:
    """Whether what is left is clear, or asks for something of which it is not said on what it is to be done."""
    if any(_names_ours(reading, one) for one in _sentences(reading)):
        return _is_clear(reading, intent, account)
    return left.may_ask and not of_a_job and _asks_which(reading, intent, account)


def _is_clear(reading: Reading, intent: Intent, account: Account) -> bool:
    """Whether a phrase, or surely all words, say what is asked for, and nothing is strange about it."""
    if not (intent.steps or intent.verb) or intent.doubtful or intent.alternatives:
        return False
    if account.declined or account.asked:
        return False
    if not intent.likely:
        return True
    ranking = ranked(evidence(reading, question=intent.question))
    return ranking.shares[ranking.best] >= _SURE


def _asks_which(reading: Reading, intent: Intent, account: Account) -> bool:
    """Whether a phrase asks for something, and so it will be asked on what it is to be done."""
    if account.declined or intent.likely:
        return False
    if intent.doubtful and ranked(evidence(reading, question=intent.question)).best != "ask":
        return False
    if intent.verb:
        return FORMS[intent.verb].jobs > 0
    return bool(intent.steps) and not account.ours


def _sentences(reading: Reading) -> Iterator[range]:
    begin = 0
    while begin < len(reading.tokens):
        end = sentence_end(reading.tokens, begin)
        if end > begin:
            yield range(begin, end)
        begin = end + 1


def _is_story(reading: Reading, sentence: range) -> bool:
    """Whether a sentence names nothing of ours, gives no figure that is said of it, and takes nothing back."""
    tokens, use = reading.tokens, reading.grammar
    if is_ending(reading, sentence.start):
        return True
    if len(sentence) <= _SHORT or any(tokens[n].kind in _CARRIES for n in sentence):
        return False
    if any(_kind(m) not in _STORY for m in reading.mentions if m.start in sentence):
        return False
    words = [tokens[n].word for n in sentence]
    orders = use["wishes"] | use["orders_passive"] | use["obliges"] | use["bids"]
    refused = orders | use["taken_up"] | use["anything"] | use["nothing"]
    if not use["not"].isdisjoint(words) and not refused.isdisjoint(words):
        return False
    if any(_is_to_be(reading, n, orders) for n in sentence if tokens[n].kind == "number"):
        return False
    first = 1 if words[0] in use["restricts_to"] else 0
    return words[first] not in (use["conditions"] - use["whether"]) | use["contrasts"]


def _is_to_be(reading: Reading, place: int, orders: frozenset[str]) -> bool:
    """Whether a clause ends in a figure that something is to have: "the trials in the search should be 14"."""
    start, stop = reading.clause(place)
    return place + 1 == stop and not orders.isdisjoint(token.word for token in reading.tokens[start:place])


def _kind(mention: Mention) -> str:
    return "foreign:model" if mention.group == "foreign:model" else mention.group.partition(":")[0]


def _names_ours(reading: Reading, sentence: range) -> bool:
    """Whether a sentence names this model, a job or what is meant by one, or its task by more than one bare word."""
    if any(reading.tokens[n].kind in {"job", "action"} for n in sentence):
        return True
    if any(m.start in sentence for kind in ("model", "parent") for m in reading.of(kind)):
        return True
    if any(m.start in sentence and len(m.places) >= _SAID for m in reading.of("verb")):
        return True
    tasks = [m for m in reading.of("task") if m.start in sentence]
    trade = any(m.start in sentence for m in reading.of("trade"))
    named = bool(tasks) or any(reading.tokens[n].word in reading.grammar["networks"] for n in sentence)
    return named and (trade or len(tasks) > 1 or any(len(m.places) >= _WHOLE for m in tasks))

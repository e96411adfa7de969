# SPDX-License-Identifier: Apache-2.0
"""What is dictated: paths ("dot slash boards slash train"), and figures behind their names ("Epochs? Twenty.")."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from router.tokens import NUMBER, PATH, Token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PART = frozenset({"word", "number"})


def with_dictated_paths(
    text: str, tokens: Sequence[Token], grammar: Mapping[str, frozenset[str]], spoken: Mapping[str, str]
) -> list[Token]:
    """The tokens with each dictated path as one; `spoken` maps the words for signs to the signs.

    A path begins with a slash, or with a dot and a slash, where data is expected: "pass slash no pass" is none.
    """
    found: list[Token] = []
    leads = grammar["before_data"] | grammar["finite"]
    place = 0
    while place < len(tokens):
        end, path = _path_at(text, tokens, place, spoken)
        before = tokens[place - 1].word if place else ""
        begins = spoken.get(tokens[place].word) == "." or before in leads
        if path and begins:
            found.append(Token("path", PATH, path, tokens[place].start, tokens[end - 1].end))
            place = end
        else:
            found.append(tokens[place])
            place += 1
    return found


def with_named_figures(tokens: Sequence[Token], grammar: Mapping[str, frozenset[str]]) -> list[Token]:
    """The tokens without what stands between a name and its figure: "Epochs? Twenty.", "batch size, 16"."""
    breaks = [-1, *(n for n, token in enumerate(tokens) if token.kind == "break")]
    dropped = set()
    for start, end in pairwise(breaks):
        name = [token.word for token in tokens[max(start + 1, end - 2) : end]]
        figure = tokens[end + 1 : end + 3]
        alone = len(figure) > 1 and figure[0].kind == "number" and figure[1].kind == "break"
        named = bool(name) and name[-1] in grammar["named_figures"] and not any(t == NUMBER for t in name)
        if named and (alone or len(figure) == 1):
            dropped.add(end)
    return [token for n, token in enumerate(tokens) if n not in dropped]


def _path_at(text: str, tokens: Sequence[Token], place: int, spoken: Mapping[str, str]) -> tuple[int, str]:
    """Where a dictated path that begins at a token ends, and the path; an empty one where none begins."""
    signs = [spoken.get(token.word, "") for token in tokens[place : place + 2]]
    start = "./" if signs == [".", "/"] else "/" if signs[:1] == ["/"] else ""
    here, path = place + len(start), start
    while path and here < len(tokens) and tokens[here].kind in _PART and tokens[here].word not in spoken:
        first = here
        while (
            here + 1 < len(tokens)
            and tokens[here + 1].start - tokens[here].end == 1
            and _is_glued(text, tokens[here].end)
        ):
            here += 1
        path += text[tokens[first].start : tokens[here].end]
        here += 1
        sign = spoken.get(tokens[here].word, "") if here < len(tokens) else ""
        follows = here + 1 < len(tokens) and tokens[here + 1].kind in _PART
        if not sign or not follows:
            break
        path += sign
        here += 1
    return here, path if path != start else ""


def _is_glued(text: str, place: int) -> bool:
    """Whether what stands between two tokens joins them to one name: `lot_4`."""
    return text[place] in "_-."

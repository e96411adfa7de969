# SPDX-License-Identifier: Apache-2.0
"""How likely a training is refused a search, by its words in their order: small recurrent networks.

Whether "no search" refuses one depends on what stands around it: "no search is no option", "the card says no search,
obey it". A network reads the words both ways, each with its uses in the language files, so that words it never saw
are read by their uses; the mean of a few that began from other numbers is steadier than one.
`benchmarks/train_policy.py` writes their weights. Gated recurrent units: Cho et al. 2014,
arXiv:1406.1078, in the form that PyTorch's `nn.GRU` documents.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from router.vocabulary import AUTOML
from router.word_stems import uses_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from router.reading import Reading

WEIGHTS = Path(__file__).with_name("policy.npz")
UNKNOWN = 0
_LONGEST, _TOLD, _SMALL = 96, 3, 1e-5
# A request without any of these says nothing of a search.
_SPEAKS = frozenset(
    {"shape_search", "shape_denies", "shape_without", "shape_refuses", "shape_single", "shape_settings", "shape_tries"}
)


class Word(NamedTuple):
    """A word of a request, and what the rules make of it."""

    name: str
    uses: tuple[str, ...]


class _Net(NamedTuple):
    words: Mapping[str, int]
    uses: Mapping[str, int]
    arrays: Mapping[str, Any]


def words_of(reading: Reading) -> list[Word]:
    """What the network sees of a request: each word with its uses, its kind, and the phrases that it belongs to."""
    groups: dict[int, set[str]] = {}
    for mention in reading.mentions:
        for place in range(mention.start, mention.end):
            groups.setdefault(place, set()).add(f"m:{'!' if mention.negated else ''}{mention.group}")
    return [
        Word(token.word, (*sorted(uses_at(reading, n)), *sorted(groups.get(n, ())), f"k:{token.kind}"))
        for n, token in enumerate(reading.tokens[:_LONGEST])
    ]


def speaks_of_search(reading: Reading) -> bool:
    """Whether any word can have to do with a search, or with refusing one."""
    places = range(len(reading.tokens))
    return any(reading.tokens[n].word == AUTOML or not _SPEAKS.isdisjoint(uses_at(reading, n)) for n in places)


def refused(reading: Reading) -> float:
    """How likely a search is refused (0 to 1), as the networks make of a request for one training."""
    net = _net(WEIGHTS)
    return float(_refused(net, _vectors(net, words_of(reading))[:, None])[0])


def led_by(reading: Reading) -> tuple[str, ...]:
    """The words that speak most for what is likelier: a word does as much as is lost where an unknown one replaces it.

    As much work as reading the request anew for each of its words, so ask only for what is told.
    """
    import numpy as np

    net = _net(WEIGHTS)
    words = words_of(reading)
    vectors = _vectors(net, words)[:, None]
    likely = float(_refused(net, vectors)[0])
    without = np.repeat(vectors, len(words), axis=1)
    without[:, range(len(words)), range(len(words))] = _vectors(net, [Word("", ())])
    lost = (likely - _refused(net, without)) * (1 if likely >= 0.5 else -1)
    places = [n for n in np.argsort(-lost)[:_TOLD].tolist() if lost[n] > 0 and words[n].name.isalpha()]
    return tuple(words[n].name for n in sorted(places))


@lru_cache(maxsize=2)
def _net(file: Path) -> _Net:
    import numpy as np

    with np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    words, uses = (bytes(arrays.pop(name)).decode("utf-8").split("\n") for name in ("words", "uses"))
    floats = {name: array.astype(np.float32) for name, array in arrays.items()}
    return _Net({word: n for n, word in enumerate(words)}, {use: n for n, use in enumerate(uses)}, floats)


def _vectors(net: _Net, words: Sequence[Word]) -> Any:
    """(networks, words, width): the word's own vector and those of its uses, to length one by layer."""
    import numpy as np

    rows = net.arrays["word"][:, [net.words.get(word.name, UNKNOWN) for word in words]] + net.arrays["use_bias"]
    for place, word in enumerate(words):
        known = [net.uses[use] for use in word.uses if use in net.uses]
        rows[:, place] += net.arrays["use"][:, known].sum(axis=1)
    centred = rows - rows.mean(axis=2, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=2, keepdims=True) + _SMALL)
    return scaled * net.arrays["norm"] + net.arrays["norm_bias"]


def _refused(net: _Net, vectors: Any) -> Any:
    """(networks, requests, words, width) to (requests,): the greatest of what either direction finds, weighed."""
    import numpy as np

    found = np.concatenate(list(_greatest(net, np.stack([vectors, vectors[:, :, ::-1]]))), axis=2)
    scores = found @ net.arrays["out"].swapaxes(1, 2) + net.arrays["out_bias"]
    return (1 / (1 + np.exp(scores[:, :, 0] - scores[:, :, 1]))).mean(axis=0)


def _greatest(net: _Net, vectors: Any) -> Any:
    """(directions, networks, requests, words, width) to the greatest of the states, without the words."""
    import numpy as np

    arrays = net.arrays
    seen = vectors @ arrays["in"].swapaxes(2, 3)[:, :, None] + arrays["in_bias"][:, :, :, None]
    kept, kept_bias = arrays["kept"].swapaxes(2, 3), arrays["kept_bias"]
    width = kept.shape[2]
    state = np.zeros((*vectors.shape[:3], width), dtype=np.float32)
    greatest = np.full_like(state, -1)  # no state is less
    for place in range(vectors.shape[3]):
        now, before = seen[:, :, :, place], state @ kept + kept_bias
        gates = 1 / (1 + np.exp(-(now[..., : 2 * width] + before[..., : 2 * width])))
        reset, update = gates[..., :width], gates[..., width:]
        new = np.tanh(now[..., 2 * width :] + reset * before[..., 2 * width :])
        state = (1 - update) * new + update * state
        greatest = np.maximum(greatest, state)
    return greatest

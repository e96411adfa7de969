# SPDX-License-Identifier: Apache-2.0
"""Trains the network of `router/policy_net.py`: whether a training is refused a search.

    python benchmarks/train_policy.py [--leave FILE …] [--to WEIGHTS] [--seeds N …]

It learns from the labelled requests that rules are tuned on, those of `tests/routing/policies/` with them, other than
`unseen*.jsonl`. Words are hidden at random, so that it learns to go by their uses. Minutes on one core.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from router.declarations import load_skill
from router.policy_net import WEIGHTS, Word, words_of
from router.reading import read

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "tests" / "routing"
_WIDTH, _STATE, _LONGEST, _RAREST = 64, 128, 64, 2
_ROUNDS, _BATCH, _RATE, _DECAY = 8, 64, 4e-3, 0.02
_AVERAGED = 0.995
# What tests ask, written by those who wrote the rules: turns of phrase that other requests have seldom.
_CASES, _OFTEN = "cases.jsonl", 2
_HIDDEN_WORDS, _HIDDEN_USES, _DROPPED, _SMOOTHED = 0.15, 0.1, 0.3, 0.02
_BOTH_WAYS = frozenset({"in", "in_bias", "kept", "kept_bias"})
Example = tuple[list[Word], int]


def files() -> list[Path]:
    """The files that it learns from."""
    policies = (path for path in (CORPUS / "policies").glob("*.jsonl") if not path.name.startswith("unseen"))
    return sorted([*CORPUS.glob("*.jsonl"), *policies])


def examples(path: Path) -> list[Example]:
    """The words of each request of a file whose trainings are all searched for, or none; and whether none is."""
    skill = load_skill(ROOT)
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        expect = row["expect"]
        policies = [step["policy"] for step in expect.get("steps", [expect]) if "policy" in step]
        if len(set(policies)) == 1:
            found.append((words_of(read(row["text"], skill))[:_LONGEST], int(policies[0] == "off")))
    return found


class Net(nn.Module):
    """The network as PyTorch trains it: `router/policy_net.py` computes the same."""

    def __init__(self, words: int, uses: int) -> None:
        super().__init__()
        self.word = nn.Embedding(words, _WIDTH)
        nn.init.normal_(self.word.weight, 0, 0.1)
        self.use = nn.Linear(uses, _WIDTH)
        self.norm = nn.LayerNorm(_WIDTH)
        self.dropped = nn.Dropout(_DROPPED)
        self.gated = nn.GRU(_WIDTH, _STATE, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * _STATE, 2)

    def forward(self, words: torch.Tensor, uses: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """(requests, 2): for a search, and against one."""
        used = uses.float()
        if self.training:
            words = words * (torch.rand(words.shape) >= _HIDDEN_WORDS)
            used = used * (torch.rand(used.shape) >= _HIDDEN_USES)
        seen = self.dropped(self.norm(self.word(words) + self.use(used)))
        packed = nn.utils.rnn.pack_padded_sequence(seen, lengths, batch_first=True, enforce_sorted=False)
        states, _ = nn.utils.rnn.pad_packed_sequence(
            self.gated(packed)[0], batch_first=True, padding_value=-1e4, total_length=words.shape[1]
        )
        return self.out(self.dropped(states.max(dim=1).values))


def names(rows: Sequence[Example]) -> tuple[dict[str, int], dict[str, int]]:
    """Words and uses that occur more than once, with their places; an unknown word has the first."""
    words = Counter(word.name for said, _ in rows for word in said)
    uses = Counter(use for said, _ in rows for word in said for use in word.uses)
    known = ["\x00", *(word for word in sorted(words) if words[word] >= _RAREST and "\n" not in word)]
    return (
        {word: n for n, word in enumerate(known)},
        {use: n for n, use in enumerate(sorted(use for use in uses if uses[use] >= _RAREST))},
    )


def fit(rows: Sequence[Example], words: dict[str, int], uses: dict[str, int], seed: int) -> Net:
    """The network after some rounds through all requests."""
    torch.manual_seed(seed)
    net = Net(len(words), len(uses))
    steps = len(rows) // _BATCH + 1
    optimiser = torch.optim.AdamW(net.parameters(), _RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=_ROUNDS * steps)
    loss = nn.CrossEntropyLoss(label_smoothing=_SMOOTHED)
    mean = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(_AVERAGED))
    for number in range(_ROUNDS):
        order = torch.randperm(len(rows)).tolist()
        total = 0.0
        for start in range(0, len(rows), _BATCH):
            batch = [rows[n] for n in order[start : start + _BATCH]]
            found = loss(net(*tensors(batch, words, uses)), torch.tensor([refused for _, refused in batch]))
            optimiser.zero_grad()
            found.backward()
            optimiser.step()
            schedule.step()
            mean.update_parameters(net)
            total += float(found.detach()) * len(batch)
        print(f"round {number + 1} of {_ROUNDS}: loss {total / len(rows):.4f}", flush=True)
    averaged: Net = mean.module
    return averaged.eval()


def tensors(
    batch: Sequence[Example], words: dict[str, int], uses: dict[str, int]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(requests, words) of words, (requests, words, uses) of their uses, and how many words each request has."""
    lengths = [max(1, len(said)) for said, _ in batch]
    places = torch.zeros((len(batch), max(lengths)), dtype=torch.int64)
    used = torch.zeros((len(batch), max(lengths), len(uses)), dtype=torch.uint8)
    for row, (said, _) in enumerate(batch):
        for place, word in enumerate(said):
            places[row, place] = words.get(word.name, 0)
            used[row, place, [uses[use] for use in word.uses if use in uses]] = 1
    return places, used, torch.tensor(lengths)


def arrays_of(net: Net) -> dict[str, torch.Tensor]:
    """The weights of a network by the names that `router/policy_net.py` has for them; directions come first."""
    gated = dict(net.gated.named_parameters())
    both = {
        name: torch.stack([gated[f"{part}_l0"], gated[f"{part}_l0_reverse"]])
        for name, part in (("in", "weight_ih"), ("kept", "weight_hh"))
    }
    biases = {
        name: torch.stack([gated[f"{part}_l0"], gated[f"{part}_l0_reverse"]])[:, None]
        for name, part in (("in_bias", "bias_ih"), ("kept_bias", "bias_hh"))
    }
    return {
        "word": net.word.weight, "use": net.use.weight.T, "use_bias": net.use.bias[None],
        "norm": net.norm.weight[None], "norm_bias": net.norm.bias[None],
        "out": net.out.weight, "out_bias": net.out.bias[None], **both, **biases,
    }  # fmt: skip


def write(nets: Sequence[Net], words: dict[str, int], uses: dict[str, int], to: Path) -> None:
    """The weights as `router/policy_net.py` reads them, in half precision."""
    each = [arrays_of(net) for net in nets]
    halves = {
        name: torch.stack([one[name].detach() for one in each], dim=int(name in _BOTH_WAYS)).numpy().astype(np.float16)
        for name in each[0]
    }
    texts = {"words": words, "uses": uses}
    stored = {name: np.frombuffer("\n".join(one).encode(), dtype=np.uint8) for name, one in texts.items()}
    np.savez_compressed(to, allow_pickle=False, **halves, **stored)


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leave", nargs="*", default=[], help="files to leave out, by name")
    parser.add_argument("--to", type=Path, default=WEIGHTS, help="where the weights are written")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1], help="one network for each")
    options = parser.parse_args()
    rows = [
        row
        for path in files()
        if path.name not in options.leave
        for row in examples(path) * (_OFTEN if path.name == _CASES else 1)
    ]
    words, uses = names(rows)
    write([fit(rows, words, uses, seed) for seed in options.seeds], words, uses, options.to)
    size = options.to.stat().st_size
    print(f"{options.to.name}: {len(rows)} requests, {len(words)} words, {len(uses)} uses, {size} bytes")


if __name__ == "__main__":
    main()

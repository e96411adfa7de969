# SPDX-License-Identifier: Apache-2.0
"""The options of a search, and what they are called among the AutoML settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLES = """
  AutoML (a training without --automl off):
  changenet {verb} train --data boards --trials 20 --parallel 2 --wall-minutes 60 -s num_epochs=10
  changenet {verb} train --data boards --algorithm asha --trials 27 -s num_epochs=27 --objective val_f1:maximize
  changenet {verb} train --data boards --range lr=1e-4..1e-2 --range batch_size=8,16 --search train.optim.policy
"""

_PREFIX = "automl-"
# Option (without dashes) to setting; the value is None, or an empty list, where the option was not given.
_SETTINGS = {
    "algorithm": "algorithm",
    "trials": "trials",
    "total_epochs": "epochs",
    "wall_minutes": "wall_minutes",
    "trial_minutes": "trial_minutes",
    "parallel": "parallel",
    "seed": "seed",
    "objective": "objectives",
    "search": "add",
    "no_search": "remove",
    "range": "ranges",
    "pin": "pin",
    "reduction": "reduction",
    "population": "population",
    "generation_epochs": "generation_epochs",
    "test": "test_dataset",
    "no_test": "test",
}


def add_automl_options(verb: ArgumentParser) -> None:
    """The group "AutoML" of `changenet plan` and `changenet run`."""
    group = verb.add_argument_group(
        "AutoML", "how a training is tuned; what ends first ends the search, and the length of a trial is num_epochs"
    )
    add = group.add_argument
    add("--algorithm", metavar="NAME", help="bayesian (default), random, cmaes, hyperband, asha, bohb or pbt")
    add("--trials", type=int, metavar="N", help="configurations to try, the defaults first; default 10")
    add("--total-epochs", type=int, metavar="N", help="epochs of all trials together")
    add("--wall-minutes", type=float, metavar="M", help="time of the whole search")
    add("--trial-minutes", type=float, metavar="M", help="time of one trial")
    add("--parallel", type=int, metavar="N", help="trials side by side; default: one per 4 CPUs, one with a GPU")
    add("--seed", type=int, metavar="N", help="same seed, same suggestions; default 1234")
    add(
        "--objective",
        metavar="METRIC:DIRECTION",
        action="append",
        default=[],
        help="val_f1:maximize for instance; given twice: both, with a Pareto front; default: the contract's metric",
    )
    add("--search", metavar="KEY", action="append", default=[], help="search this key of the spec as well")
    add("--no-search", metavar="KEY", action="append", default=[], help="leave this key at its default")
    add(
        "--range",
        metavar="KEY=LOW..HIGH",
        action="append",
        default=[],
        help="or KEY=one,other: search it between these ends, or among these options",
    )
    add("--pin", type=int, metavar="TRIAL", action="append", default=[], help="keep the checkpoints of this trial")
    add("--reduction", type=int, metavar="N", help="hyperband, asha, bohb: one of N goes on; default 3")
    add("--population", type=int, metavar="N", help="pbt: how many train together; default 4")
    add("--generation-epochs", type=int, metavar="N", help="pbt: epochs between exchanges")
    add(
        "--test", metavar="DIR", help="held-out data that winner and defaults meet once; default: the data's test split"
    )
    add("--no-test", action="store_true", default=None, help="leave that last evaluation out")


def given_settings(args: Namespace) -> dict[str, Any]:
    """The settings that were typed, by their names in `automl.settings.AutomlSettings`, as JSON values.

    Raises:
        RequestError: a range is none.
    """
    found = {name: getattr(args, option) for option, name in _SETTINGS.items() if is_given(args, option)}
    if "ranges" in found:
        from automl.settings import parse_ranges

        parsed = parse_ranges(found.pop("ranges"))
        found |= {name: {key: list(ends) for key, ends in entries.items()} for name, entries in parsed.items()}
    if "test" in found:
        found["test"] = False
    return found


def given_options(args: Namespace) -> list[str]:
    """The AutoML options that were typed, as they are typed."""
    return [f"--{option.replace('_', '-')}" for option in _SETTINGS if is_given(args, option)]


def is_given(args: Namespace, option: str) -> bool:
    """Whether an option was typed."""
    return getattr(args, option, None) not in (None, [])


def names_search(name: str) -> bool:
    """Whether what was typed for a job means a search: its id, or its folder."""
    return name.startswith(_PREFIX) or (os.sep in name and Path(name).name.startswith(_PREFIX))

# SPDX-License-Identifier: Apache-2.0
"""An argument parser with errors like those of the rest of the project."""

from __future__ import annotations

import argparse
import re
from typing import NoReturn

from core.errors import RequestError, did_you_mean

# What other tools call options that are called otherwise here.
_MEANT = {
    "epochs": "-s num_epochs=N",
    "num-epochs": "-s num_epochs=N",
    "lr": "-s lr=VALUE",
    "learning-rate": "-s lr=VALUE",
    "batch-size": "-s batch_size=N",
    "bs": "-s batch_size=N",
    "backbone": "-s backbone=NAME",
    "checkpoint": "--parent",
    "parent-job": "--parent",
    "model": "--parent",
    "dataset": "--data",
    "data-dir": "--data",
    "output": "--results",
    "out-dir": "--results",
    "no-automl": "--automl",
    "hpo": "--automl",
    "no-hpo": "--automl",
    "num-gpus": "--gpus",
    "platform": "--runner",
    "val": "--eval",
    "test-data": "--infer",
    "num-trials": "--trials",
    "n-trials": "--trials",
    "timeout": "--wall-minutes",
    "background": "--detach",
    "verbose": "--full",
}


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are our errors, with the closest valid names."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print; of a word that is close to one of many choices, that one alone."""
        near = _near_choice(message)
        if near:
            message = message.partition(" (choose from ")[0]
            raise RequestError(message, code="usage", where=self.prog, remedy=f"{near} See `{self.prog} --help`")
        raise RequestError(
            message, code="usage", where=self.prog, remedy=self._nearest(message) or f"see `{self.prog} --help`"
        )

    def _nearest(self, message: str) -> str:
        if "unrecognized arguments:" not in message:
            return ""
        options = [option for action in self._actions for option in action.option_strings]
        unknown = message.partition("unrecognized arguments:")[2].split()
        flag = next((word.partition("=")[0] for word in unknown if word.startswith("-")), "")
        if not flag:
            return ""
        meant = _MEANT.get(flag.lstrip("-").replace("_", "-"))
        return f"use {meant}" if meant in options or (meant and "-s" in options) else did_you_mean(flag, options)

    def parse_args(self, args: list[str], namespace: None = None) -> argparse.Namespace:  # type: ignore[override]
        """As in argparse, but what is not known is our error."""
        known, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return known


def _near_choice(message: str) -> str:
    """The choice that a refused word is close to, as a question; empty where there is none."""
    word, choices = message.partition("invalid choice: ")[2], message.partition(" (choose from ")[2]
    quoted = re.compile(r"'([^']*)'")
    return did_you_mean(found[0], quoted.findall(choices)) if choices and (found := quoted.findall(word)) else ""


def whole_number(text: str) -> int:
    """The type of options that count."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number") from None


def number(text: str) -> float:
    """The type of options that measure."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number") from None

# SPDX-License-Identifier: Apache-2.0
"""An argument parser with errors like those of the rest of the project."""

from __future__ import annotations

import argparse
from typing import NoReturn

from core.errors import RequestError, did_you_mean


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are our errors, with the closest valid names."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print."""
        raise RequestError(
            message, code="usage", where=self.prog, remedy=self._nearest(message) or f"see `{self.prog} --help`"
        )

    def _nearest(self, message: str) -> str:
        if "unrecognized arguments:" not in message:
            return ""
        options = [option for action in self._actions for option in action.option_strings]
        unknown = message.partition("unrecognized arguments:")[2].split()
        return did_you_mean(unknown[0], options) if unknown else ""

    def parse_args(self, args: list[str], namespace: None = None) -> argparse.Namespace:  # type: ignore[override]
        """As in argparse, but what is not known is our error."""
        known, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return known


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

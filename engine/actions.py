# SPDX-License-Identifier: Apache-2.0
"""The classify task's actions, with what all of them need done first."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING

from engine.console import say
from engine.torch_setup import prepare_torch

if TYPE_CHECKING:
    from engine.settings import Run
    from engine.status import StatusFile

_TALKATIVE = (
    "lightning.pytorch.utilities.rank_zero",
    "lightning.fabric.utilities.rank_zero",
    "lightning.pytorch.trainer.connectors.signal_connector",
)


def run_classify(run: Run, status: StatusFile) -> None:
    """Carry out train, evaluate or inference.

    Raises:
        ChangenetError: whatever is wrong.
    """
    prepare_torch()
    quiet_libraries()
    for notice in run.notices:
        say(f"NOTICE {notice}")
    if run.command == "train":
        from engine.training import train

        train(run, status)
    elif run.command == "evaluate":
        from engine.evaluation import evaluate

        evaluate(run, status)
    else:
        from engine.evaluation import infer

        infer(run, status)


class _ToConsole(logging.Handler):
    """Our modules' log lines, as lines of the action's log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say it; warnings are marked."""
        mark = f"{record.levelname} " if record.levelno >= logging.WARNING else ""
        say(mark + record.getMessage())


def quiet_libraries() -> None:
    """Keep what libraries say to developers out of the log; our own lines stay."""
    ours = logging.getLogger("engine")
    if not ours.handlers:
        ours.addHandler(_ToConsole())
        ours.setLevel(logging.INFO)
    # Tips, device lines and "Trainer.fit stopped" come at INFO from these, and a signal is told by our own error; their
    # parents reset levels when imported.
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Lightning 2.6 asks torch's pytree in a way that torch 2.13 deprecates; nothing here can change that.
    warnings.filterwarnings("ignore", message=r".*isinstance\(treespec, LeafSpec\).*")
    # Our loaders do go on at the right batch; Lightning only knows loaders that keep a state of their own.
    warnings.filterwarnings("ignore", message=r".*your dataloader is\s+not resumable.*")
    # The pictures of this data set are in memory: worker processes would only slow loading down.
    warnings.filterwarnings("ignore", message=r".*does not have many workers.*")

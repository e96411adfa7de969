# SPDX-License-Identifier: Apache-2.0
"""The table of actions, (task, command) to entry point, and what every action needs done first."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING

from core.errors import SpecError
from engine.classify import actions as classify
from engine.console import say
from engine.segment import actions as segment
from engine.torch_setup import prepare_torch
from spec.actions import COMMANDS

if TYPE_CHECKING:
    from engine.settings import Run
    from engine.status import StatusFile
    from engine.task import Action

# A task that is added has a package of its own and a row here.
TASKS = {"classify": classify.ACTIONS, "segment": segment.ACTIONS}
ACTIONS: dict[tuple[str, str], Action] = {
    (task, command): action for task, actions in TASKS.items() for command, action in actions.items()
}
AVAILABLE = tuple(command for command in COMMANDS if any(command == known for _, known in ACTIONS))
_TALKATIVE = (
    "lightning.fabric.utilities.distributed",
    "lightning.pytorch.utilities.rank_zero",
    "lightning.fabric.utilities.rank_zero",
    "lightning.pytorch.trainer.connectors.signal_connector",
)


def find_action(task: str, command: str) -> Action:
    """The action of a task behind a command.

    Raises:
        SpecError: the embedded engine does not have it.
    """
    if (task, command) in ACTIONS:
        return ACTIONS[task, command]
    tasks = " and ".join(f"task={name}" for name, known in ACTIONS if known == command)
    what = f"'{command}' for the {task} task" if task in TASKS else f"{task} task"
    raise SpecError(
        f"the embedded engine has no {what} yet",
        code="spec.task",
        where="task",
        remedy=f"available here is {tasks}; the TAO container runs both",
    )


def carry_out(action: Action, run: Run, status: StatusFile) -> None:
    """Carry out an action, with the libraries set up and what was adjusted told.

    Raises:
        ChangenetError: whatever is wrong.
    """
    prepare_torch()
    quiet_libraries()
    for notice in run.notices:
        say(f"NOTICE {notice}")
    action.carry_out(run, status)


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
    # Frozen levels of a backbone stay as loaded, their statistics with them: they are meant to be in that mode.
    warnings.filterwarnings("ignore", message=r".*in eval mode at the start of training.*")
    # Figures are gathered before they are logged: all processes log the same.
    warnings.filterwarnings("ignore", message=r".*recommended to use `self\.log\(.*sync_dist=True\)`.*")
    # Whoever started the action chose how: that srun is on the path of a login node is no reason to use it.
    warnings.filterwarnings("ignore", message=r".*The `srun` command is available on your system but is not used.*")
    # The pictures of this data set are in memory: worker processes would only slow loading down.
    warnings.filterwarnings("ignore", message=r".*does not have many workers.*")

# SPDX-License-Identifier: Apache-2.0
"""Installs what `changenet package --offline` made: checked as a whole before anything of it is used."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

from interfaces.bank.checksums import check, require_signature
from interfaces.bank.install import install_bank
from interfaces.bank.layout import BANK, IMAGES, OFFLINE_FILE, PACKAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from interfaces.bank.install import Home, Wish
    from interfaces.bank.record import Record


def is_carried(folder: Path) -> bool:
    """Whether this is a folder for a machine without a network."""
    return (folder / OFFLINE_FILE).is_file()


def install_carried(folder: Path, home: Home, wish: Wish, say: Callable[[str], None]) -> Record:
    """Install its bank with the engine, from its packages alone unless others are named, and load its images.

    Raises:
        BankError: it is not signed by whom `wish` trusts, or a file was changed, is missing, or is not listed.
        BankError, RequestError, PlatformError: as `install_bank`.
    """
    if not wish.unsigned:
        require_signature(folder, wish.signers)
    say("checking the folder")
    names = check(folder)
    wanted = replace(wish, engine=True, wheels=wish.wheels or folder / PACKAGES)
    record = install_bank(folder / BANK, home, wanted, say)
    _load_images((folder / name for name in names if name.startswith(f"{IMAGES}/") and name.endswith(".tar")), say)
    return record


def _load_images(archives: Iterable[Path], say: Callable[[str], None]) -> None:
    """Bring images into the Docker engine here; where none answers, it is told how to do that elsewhere."""
    for archive in archives:
        command = ["docker", "load", "-q", "-i", str(archive)]
        said = "there is no docker here"
        if shutil.which("docker"):
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            if done.returncode == 0:
                say(done.stdout.strip())
                continue
        say(f"an image was not loaded ({said}); where the containers run: docker load -i {archive}")

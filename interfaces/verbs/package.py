# SPDX-License-Identifier: Apache-2.0
"""`package`, `install` and `uninstall`: the skills as a folder that agents can be given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from interfaces.options import argument, option
from interfaces.outcome import Outcome

if TYPE_CHECKING:
    from interfaces.outcome import Reporter

_HOME = {"metavar": "DIR", "otherwise": "your own"}


@dataclass(frozen=True, slots=True)
class PackageOptions:
    """Where to, and signed by whom."""

    out: str = argument("folder that becomes the bank", metavar="OUT")
    key: str | None = option("OpenSSH key that signs it", metavar="FILE", otherwise="not signed")


@dataclass(frozen=True, slots=True)
class InstallOptions:
    """What, for whom, and whom to trust."""

    bank: str = argument("folder that `changenet package` made", metavar="BANK")
    agents: str | None = option(
        "agents that get the skills, with commas between: claude-code, codex, gemini, cursor, copilot, opencode",
        metavar="NAMES",
        otherwise="those that are there",
    )
    engine: bool = option("install the embedded engine as well, which needs gigabytes", default=False)
    home: str | None = option("home to install into", **_HOME)
    signers: str | None = option("file of the keys that are trusted, as ssh-keygen reads it", metavar="FILE")
    unsigned: bool = option("trust the bank as it is; only its checksums are checked", default=False)
    wheels: str | None = option(
        "folder that all packages come from", metavar="DIR", otherwise="where pip is set to look"
    )


@dataclass(frozen=True, slots=True)
class UninstallOptions:
    """Where from."""

    home: str | None = option("home to remove it from", **_HOME)


def package(options: PackageOptions, reporter: Reporter) -> Outcome:
    """Build the bank."""
    from interfaces.bank.build import build_bank

    reporter.say("building the wheel")
    out = Path(options.out).expanduser().absolute()
    bank = build_bank(out, Path(options.key).expanduser() if options.key else None)
    signed = "signed" if options.key else "not signed"
    text = f"{out}: {' and '.join(bank.skills)}, version {bank.version}, {signed}\n  next: changenet install {out}"
    return Outcome({"bank": str(out), "signed": options.key is not None, **bank.to_json()}, text)


def install(options: InstallOptions, reporter: Reporter) -> Outcome:
    """Check the bank, put its skills where agents look, and make the environment that they use."""
    from interfaces.bank.install import Wish, home_at, install_bank

    wheels, signers = (
        Path(name).expanduser().absolute() if name else None for name in (options.wheels, options.signers)
    )
    home = home_at(options.home)
    wish = Wish(options.agents, options.engine, wheels, signers, options.unsigned)
    record = install_bank(Path(options.bank).expanduser().absolute(), home, wish, reporter.say)
    command = home.root / "environment" / "bin" / "changenet"
    signed = f", signed by {record.signer}" if record.signer else ", its signature was not checked"
    lines = [f"version {record.version} is installed{signed}", *(f"  {skill}" for skill in record.skills)]
    lines += [f"  command: {command}", f"  to remove it: {command} uninstall" + _home_words(options.home)]
    document = {"command": str(command), "skills": list(record.skills), "version": record.version}
    return Outcome({**document, "signer": record.signer or None, "engine": options.engine}, "\n".join(lines))


def uninstall(options: UninstallOptions, reporter: Reporter) -> Outcome:
    """Remove what `install` put, and nothing else."""
    from interfaces.bank.install import home_at, uninstall_bank

    del reporter
    record, kept = uninstall_bank(home_at(options.home))
    lines = [
        f"version {record.version} is removed",
        *(f"  {folder} stays: it holds what others put there" for folder in kept),
    ]
    return Outcome({"removed": list(record.skills), "version": record.version, "kept": kept}, "\n".join(lines))


def _home_words(home: str | None) -> str:
    return f" --home {home}" if home else ""

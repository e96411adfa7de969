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
    """Where to, signed by whom, and what a machine without a network needs besides."""

    out: str = argument("folder that becomes the bank", metavar="OUT")
    key: str | None = option("OpenSSH key that signs it", metavar="FILE", otherwise="not signed")
    offline: bool = option("for a machine without a network: with packages, weights and images", default=False)
    runner: str | None = option("offline: the runner that will be used there", metavar="NAME", otherwise="local")
    image: tuple[str, ...] = option(
        "offline: image to take along", metavar="NAME", default=(), otherwise="those of the runner's actions"
    )
    backbone: str | None = option(
        "offline: file of the published backbone weights", metavar="FILE", otherwise="what was staged, else fetched"
    )


@dataclass(frozen=True, slots=True)
class InstallOptions:
    """What, for whom, and whom to trust."""

    bank: str = argument("folder that `changenet package` made, with --offline or without", metavar="BANK")
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
    from interfaces.bank.offline import require_offline_words

    named = {"runner": options.runner, "image": options.image, "backbone": options.backbone}
    require_offline_words(offline=options.offline, named=named)
    if options.offline:
        return _offline(options, reporter)
    reporter.say("building the wheel")
    out = Path(options.out).expanduser().absolute()
    bank = build_bank(out, Path(options.key).expanduser() if options.key else None)
    signed = "signed" if options.key else "not signed"
    text = f"{out}: {' and '.join(bank.skills)}, version {bank.version}, {signed}\n  next: changenet install {out}"
    return Outcome({"bank": str(out), "signed": options.key is not None, **bank.to_json()}, text)


def _offline(options: PackageOptions, reporter: Reporter) -> Outcome:
    """Build the folder to carry; exit code 3 where something is missing without which nothing runs there."""
    from interfaces.bank.offline import Wanted, build_offline
    from interfaces.skill import the_skill

    out = Path(options.out).expanduser().absolute()
    key, backbone = (Path(name).expanduser() if name else None for name in (options.key, options.backbone))
    wanted = Wanted(options.runner or "local", options.image, backbone)
    pieces = build_offline(out, key, wanted, the_skill(), reporter.say)
    missing = [piece for piece in pieces if not piece.place]
    lacks = any(piece.needed for piece in missing)
    lines = [f"{out}: for runner {wanted.runner} on a machine without a network"]
    lines += [f"  {piece.place}: {piece.name}" for piece in pieces if piece.place]
    lines += [
        f"  missing{'' if piece.needed else ', if need be'}: {piece.name}\n    {piece.remedy}" for piece in missing
    ]
    lines.append(f"  next: carry it there, and run: sh {out.name}/install.sh --unsigned")
    document = {"folder": str(out), "runner": wanted.runner, "complete": not lacks}
    document["pieces"] = [piece.to_json() for piece in pieces]
    return Outcome(document, "\n".join(lines), 3 if lacks else 0)


def install(options: InstallOptions, reporter: Reporter) -> Outcome:
    """Check the bank, put its skills where agents look, and make the environment that they use."""
    from interfaces.bank.carried import install_carried, is_carried
    from interfaces.bank.install import Wish, home_at, install_bank

    wheels, signers = (
        Path(name).expanduser().absolute() if name else None for name in (options.wheels, options.signers)
    )
    home = home_at(options.home)
    wish = Wish(options.agents, options.engine, wheels, signers, options.unsigned)
    folder = Path(options.bank).expanduser().absolute()
    carried = is_carried(folder)
    record = (install_carried if carried else install_bank)(folder, home, wish, reporter.say)
    command = home.root / "environment" / "bin" / "changenet"
    signed = f", signed by {record.signer}" if record.signer else ", its signature was not checked"
    lines = [f"version {record.version} is installed{signed}", *(f"  {skill}" for skill in record.skills)]
    lines += [f"  command: {command}", f"  to remove it: {command} uninstall" + _home_words(options.home)]
    document = {"command": str(command), "skills": list(record.skills), "version": record.version}
    return Outcome({**document, "signer": record.signer or None, "engine": options.engine or carried}, "\n".join(lines))


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

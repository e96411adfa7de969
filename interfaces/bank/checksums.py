# SPDX-License-Identifier: Apache-2.0
"""What a bank holds, by SHA-256, and who signed that: SHA256SUMS as sha256sum writes it, signed by ssh-keygen."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from core.errors import PlatformError
from core.files import open_ordinary, read_ordinary, sha256_file, write_text
from interfaces.bank.layout import BankError

if TYPE_CHECKING:
    from collections.abc import Iterator

SUMS, SIGNATURE = "SHA256SUMS", "SHA256SUMS.sig"
NAMESPACE = "changenet-bank"  # a signature that was made for something else does not fit
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
_LARGEST = 2**30
_AGAIN = "get the bank again, from where it was published"


def write_sums(folder: Path) -> None:
    """Write SHA256SUMS of all files below a folder, in the order of their names."""
    lines = [f"{sha256_file(folder / name)}  {name}\n" for name in sorted(_files(folder))]
    write_text(folder / SUMS, "".join(lines))


def copy_checked(folder: Path, target: Path) -> None:
    """Copy a bank into `target`, each file checked as it is read: what is installed is what was checked.

    Raises:
        BankError: a file is missing, changed or not listed, a name leads out of the bank, or there is a link.
    """
    for name, expected in _listed(folder).items():
        data = read_ordinary(folder / name, _LARGEST, BankError)
        _require_sum(hashlib.sha256(data).hexdigest(), expected, folder / name)
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(data)


def check(folder: Path) -> list[str]:
    """Check files that are too large to be copied where they lie; returns their names, which lead nowhere else.

    Raises:
        BankError: as `copy_checked`.
    """
    sums = _listed(folder)
    for name, expected in sums.items():
        open_ordinary(folder / name, BankError).close()  # a pipe would keep its reader waiting
        _require_sum(sha256_file(folder / name), expected, folder / name)
    return list(sums)


def _listed(folder: Path) -> dict[str, str]:
    """File name to sum, where what is listed is what is there."""
    sums = _read_sums(folder)
    found = set(_files(folder))
    for words, names in (("not listed in", found - sums.keys()), ("listed, but missing, in", sums.keys() - found)):
        if names:
            raise _refusal(f"{words} {SUMS}", folder / min(names), "bank.files")
    return sums


def _require_sum(found: str, expected: str, path: Path) -> None:
    if found != expected:
        raise _refusal(f"the file is not the one that {SUMS} lists", path, "bank.changed")


def _read_sums(folder: Path) -> dict[str, str]:
    text = read_ordinary(folder / SUMS, _LARGEST, BankError).decode("utf-8", "replace")
    sums: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        found = _LINE.fullmatch(line)
        if found is None or _leads_out(found[2]) or found[2] in sums:
            raise _refusal("this line names no file inside the bank", f"{folder / SUMS}:{number}", "bank.name")
        sums[found[2]] = found[1]
    return sums


def _leads_out(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return (
        "\\" in name or "\0" in name or name != "/".join(parts) or not parts or {"..", "/", "."} & set(parts) != set()
    )


def _files(folder: Path) -> Iterator[str]:
    """The files below a folder, but for the sums themselves, as names with slashes."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise _refusal("a bank holds no links", path, "bank.link")
        if not path.is_dir() and name not in {SUMS, SIGNATURE}:
            yield name


def sign(folder: Path, key: Path) -> None:
    """Sign SHA256SUMS with an OpenSSH key; ssh-keygen asks for its passphrase, or its agent.

    Raises:
        PlatformError: there is no ssh-keygen. BankError: it refused.
    """
    (folder / SIGNATURE).unlink(missing_ok=True)
    done = _ssh_keygen("sign", "-f", str(key), "-n", NAMESPACE, str(folder / SUMS))
    if done.returncode:
        raise BankError(
            _last(done), code="bank.key", where=str(key), remedy="name the private key: --key ~/.ssh/id_ed25519"
        )


def require_signature(folder: Path, signers: Path | None) -> str:
    """Whose signature of SHA256SUMS it is; `signers` is a file of allowed signers, as ssh-keygen(1) describes it.

    Raises:
        PlatformError: there is no ssh-keygen. BankError: no signature, of nobody who is allowed, or of other bytes.
    """
    signature = folder / SIGNATURE
    if signature.is_symlink() or not signature.is_file():
        message = "the bank is not signed"
        raise BankError(message, code="bank.unsigned", where=str(signature), remedy="trust it anyway: --unsigned")
    if signers is None:
        message = "whose signature is trusted? No file of allowed signers is named"
        remedy = "name it: --signers FILE, with lines `NAME KEYTYPE KEY`; or trust the bank anyway: --unsigned"
        raise BankError(message, code="bank.signers", where=str(signature), remedy=remedy)
    read_ordinary(signers, _LARGEST, BankError)
    found = _ssh_keygen("find-principals", "-s", str(signature), "-f", str(signers))
    names = found.stdout.split("\n")[0].strip()
    if found.returncode or not names:
        raise _refusal(f"nobody whom {signers} allows has signed this bank", signature, "bank.signature")
    options = ("-f", str(signers), "-I", names, "-n", NAMESPACE, "-s", str(signature))
    with (folder / SUMS).open("rb") as handle:
        checked = _ssh_keygen("verify", *options, stdin=handle)
    if checked.returncode:
        raise _refusal(f"the signature does not fit {SUMS}", signature, "bank.signature")
    return names


def _ssh_keygen(action: str, *words: str, stdin: object = None) -> subprocess.CompletedProcess[str]:
    program = shutil.which("ssh-keygen")
    if program is None:
        message = "signatures are made and checked by ssh-keygen, which is not installed here"
        raise PlatformError(
            message, code="program.missing", remedy="install OpenSSH's client: apt install openssh-client"
        )
    command = [program, "-Y", action, *words]
    return subprocess.run(command, stdin=stdin, capture_output=True, text=True, check=False)  # type: ignore[call-overload,no-any-return]


def _last(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stderr.strip().splitlines() or [f"ssh-keygen ended with {done.returncode}"])[-1]


def _refusal(message: str, where: object, code: str) -> BankError:
    return BankError(message, code=code, where=str(where), remedy=_AGAIN)

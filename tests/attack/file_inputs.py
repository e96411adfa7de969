# SPDX-License-Identifier: Apache-2.0
"""Odd pictures, archives and checkpoints."""

from __future__ import annotations

import io
import os
import pickle
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arena import Case
from typed_inputs import looked_at

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from draw import Draw


def picture(draw: Draw, folder: Path) -> Case:
    """A picture that is spoiled, of another kind, or says that it is huge."""
    return looked_at(draw, "picture", spoiled_picture(draw, sorted((folder / "boards" / "images").rglob("*.png"))))


def spoiled_picture(draw: Draw, pictures: Sequence[Path]) -> str:
    """Spoil one of the pictures; returns how."""
    path = draw.chance.choice(pictures)
    kind = draw.chance.choice(("spoiled", "huge", "empty", "pipe", "loop", "text", "folder", "deep", "gif", "float"))
    _PICTURES[kind](draw, path)
    return kind


def replaced(path: Path, make: Callable[[Path], Any]) -> None:
    """Put something else in the place of a file."""
    path.unlink()
    make(path)


def _huge(path: Path) -> None:
    """A PNG of 60,000 by 60,000 pixels, by its head alone."""
    data = path.read_bytes()
    head = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    path.write_bytes(data[:8] + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + data[33:])


def _other(mode: str, form: str) -> Callable[[Draw, Path], None]:
    def make(draw: Draw, path: Path) -> None:
        from PIL import Image

        del draw
        stream = io.BytesIO()
        Image.new(mode, (64, 64), 7).save(stream, form)
        path.write_bytes(stream.getvalue())

    return make


_PICTURES: dict[str, Callable[[Draw, Path], Any]] = {
    "spoiled": lambda draw, path: path.write_bytes(draw.spoiled(path.read_bytes())),
    "huge": lambda _, path: _huge(path),
    "empty": lambda _, path: path.write_bytes(b""),
    "pipe": lambda _, path: replaced(path, os.mkfifo),
    "loop": lambda _, path: replaced(path, lambda link: link.symlink_to(link.name)),
    "text": lambda _, path: path.write_text("no picture"),
    "folder": lambda _, path: replaced(path, Path.mkdir),
    "deep": _other("I;16", "PNG"),
    "gif": _other("P", "GIF"),
    "float": _other("F", "TIFF"),
}


def archive(draw: Draw, folder: Path) -> Case:
    """Data in an archive that is spoiled, leads outside, or unpacks to more than a disk holds."""
    path = folder / "boards" / f"images{draw.chance.choice(('.tar.gz', '.tgz', '.tar'))}"
    kind = draw.chance.choice(("spoiled", "outside", "link", "sparse", "bomb", "device", "text", "names", "twice"))
    with (
        tarfile.open(path, "w" if path.suffix == ".tar" else "w:gz", compresslevel=1)
        if path.suffix != ".tar"
        else tarfile.open(path, "w") as tar
    ):
        tar.add(folder / "boards" / "images", "images")
        for member, data in _members(kind):
            tar.addfile(member, io.BytesIO(data) if member.isreg() else None)
    if kind in {"spoiled", "text"}:
        path.write_bytes(draw.spoiled(path.read_bytes()) if kind == "spoiled" else b"no archive")
    argv = ("plan", "train", "--data", "boards", "--automl", "off", "--json") if draw.chance.random() < 0.5 else (
        "data", "check", "boards", "--json",
    )  # fmt: skip
    return Case("archive", f"{kind}: {argv[0]} {path.suffix}", "changenet", argv)


def _members(kind: str) -> list[tuple[tarfile.TarInfo, bytes]]:
    names = {
        "outside": ["../../outside.png", "/outside.png"],
        "names": ["images/\x1b[31m.png", "images/" + "n" * 240 + ".png", "images/\udcff.png"],
        "twice": ["images", "images/x.png", "images/x.png/y.png"],
        "bomb": ["images/bomb.png"],
    }.get(kind, [])
    members = [(tarfile.TarInfo(name), bytes(50_000_000 if kind == "bomb" else 10)) for name in names]
    for member, data in members:
        member.size = len(data)
    if kind in {"link", "device", "sparse"}:
        member = tarfile.TarInfo("images/odd.png")
        member.type = {"link": tarfile.SYMTYPE, "device": tarfile.CHRTYPE, "sparse": tarfile.REGTYPE}[kind]
        member.linkname = "/etc/passwd"
        if kind == "sparse":
            member.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(10**15)}
        members.append((member, b""))
    return members


def checkpoint(draw: Draw, folder: Path) -> Case:
    """Weights that are spoiled, or hold something else than weights."""
    path = folder / "model.pth"
    kind = draw.chance.choice(("spoiled", "flipped", "odd", "pickle", "empty", "pipe", "text", "zip"))
    if kind == "spoiled":
        path.write_bytes(draw.spoiled(path.read_bytes()))
    elif kind == "flipped":
        data = bytearray(path.read_bytes())
        data[draw.chance.randrange(len(data))] ^= 1 << draw.chance.randrange(8)
        path.write_bytes(bytes(data))
    elif kind == "odd":
        _odd_content(draw, path)
    elif kind == "pickle":
        path.write_bytes(pickle.dumps({"state_dict": {"a": 1}, "epoch": "x"}))
    elif kind == "zip":
        with zipfile.ZipFile(path, "w") as made:
            made.writestr("archive/data.pkl", draw.chance.randbytes(50))
    else:
        _PICTURES[kind](draw, path)
    command = draw.chance.choice(("evaluate", "inference", "export", "train"))
    key = {"train": "train.resume_training_checkpoint_path"}.get(command, f"{command}.checkpoint")
    return Case(
        "checkpoint", f"{kind}: {command}", "visual_changenet", (command, "-e", "spec.yaml", f"{key}=model.pth")
    )


def _odd_content(draw: Draw, path: Path) -> None:
    import torch

    content = torch.load(path, map_location="cpu", weights_only=False)
    names = [name for name in content if name != "state_dict"] or ["epoch"]
    for _ in range(draw.chance.randint(1, 2)):
        name = draw.chance.choice([*names, "state_dict"])
        content[name] = draw.chance.choice(
            (None, "x", -1, 2**70, float("nan"), [], {}, {"a": 1}, [None], "\x1b[31m", torch.zeros(2), True)
        )
    if draw.chance.random() < 0.3:
        content.pop(draw.chance.choice(names), None)
    torch.save(content, path)

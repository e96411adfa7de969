# SPDX-License-Identifier: Apache-2.0
"""Which paths of a request are its data, and what each of them is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from router.past_tense import is_in_past

if TYPE_CHECKING:
    from collections.abc import Mapping

    from router.reading import Reading

_MODEL_FILES = (".pth", ".pt", ".ckpt", ".safetensors", ".onnx", ".engine", ".trt", ".hdf5", ".yaml", ".yml")
_NO_MODELS = (".yaml", ".yml")
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
_REACH, _BOTH = 4, 2


def data_places(reading: Reading, part: range) -> list[int]:
    """The tokens of a part that are paths, without those that are taken back, ruled out, or only examples."""
    files = [n for n in part if reading.tokens[n].kind == "path"]
    files = _without_refused(reading, uncorrected(reading, files))
    files = [n for n in files if not is_ruled_out(reading, n)] or files  # "on ./new, not on ./old"
    files = _without_theirs(reading, not_of_past(reading, files))
    return _without_examples(reading, files)


def _without_refused(reading: Reading, places: list[int]) -> list[int]:
    """Paths without those of an action that is ruled out, where others are left: "don't train on ./old, …"."""
    refused = list(reading.of("action", negated=True))
    kept = [
        n for n in places if not any(m.start < n <= m.end + _REACH for m in refused if _of_clause(reading, m.start, n))
    ]
    return kept or places


def _without_theirs(reading: Reading, places: list[int]) -> list[int]:
    """Paths without those of what others do, where what is asked for has others: "Tom tests ./a; export m.pth"."""
    ours = [n for n in places if n not in reading.theirs]
    words = {token.word for n, token in enumerate(reading.tokens) if n not in reading.theirs}
    jobs = {n in reading.theirs for n, token in enumerate(reading.tokens) if token.kind == "job"}
    # "evaluate train-… on ./a, then Anna does train-… on ./b" may be a slip
    return ours if ours and len(jobs) < _BOTH and words.isdisjoint(reading.grammar["points_there"]) else places


def _of_clause(reading: Reading, one: int, other: int) -> bool:
    return reading.clause(one) == reading.clause(other)


def not_of_past(reading: Reading, places: list[int]) -> list[int]:
    """Paths or jobs without those of clauses that tell what was, if others are left: "I tested ./a. Train on ./b"."""
    if len(places) < 2:
        return places
    kept = [n for n in places if not is_in_past(reading, range(*reading.clause(n)))] or places
    return [n for n in kept if n not in reading.narrated] or kept


def uncorrected(reading: Reading, places: list[int]) -> list[int]:
    """Paths without those before a correction that is followed by another path; one of data corrects no model file."""
    corrections = [m.start for m in reading.of("correction", negated=None)]
    files = {n for n in places if is_no_data(reading.tokens[n].text)}
    return [
        place
        for place in places
        if not any(
            place < correction < later <= correction + 6 and (place in files) == (later in files)
            for correction in corrections
            for later in places
        )
    ]


def _without_examples(reading: Reading, places: list[int]) -> list[int]:
    """Paths without the names of pictures that only tell what a folder before them holds: "./lot: a.png, b.png"."""
    folder = bool(places) and not reading.tokens[places[0]].text.lower().endswith(PICTURES)
    if not folder or ":" not in reading.text[reading.tokens[places[0]].end :][:1]:
        return places
    named = (n for n in places[1:] if "/" in reading.tokens[n].text or not is_picture(reading, n))
    return [places[0], *named]


def is_picture(reading: Reading, place: int) -> bool:
    """Whether a path is that of a picture."""
    return reading.tokens[place].text.lower().endswith(PICTURES)


def not_spared(reading: Reading, places: list[int]) -> list[int]:
    """Jobs without those that are to be left as they are, if others are left: "leave train-… alone, stop train-…"."""
    spared = {n for m in reading.of("spared", negated=None) for n in m.places}
    spared |= {n for n in places if _is_of_refused(reading, n) or _gives_way(reading, n, places)}
    return [n for n in places if n not in spared] or places


def _is_of_refused(reading: Reading, place: int) -> bool:
    """Whether all that a clause says of a job is ruled out: "don't delete train-…, delete train-…"."""
    start, stop = reading.clause(place)
    said = [m for kind in ("action", "verb") for m in reading.of(kind, negated=None) if start <= m.start < stop]
    return bool(said) and all(m.negated for m in said)


def _gives_way(reading: Reading, place: int, places: list[int]) -> bool:
    """Whether another job is meant in place of one: "stop not train-… but train-…", "nicht train-…, sondern …"."""
    start, _ = reading.clause(place)
    later = next((n for n in places if n > place), None)
    if later is None or reading.grammar["not"].isdisjoint(t.word for t in reading.tokens[start:place]):
        return False
    return not reading.grammar["substitutes"].isdisjoint(t.word for t in reading.tokens[place:later])


def is_ruled_out(reading: Reading, place: int) -> bool:
    """Whether a token is ruled out: "not /d/a", "not of /d/a"."""
    before = [token.word for token in reading.tokens[max(0, place - 2) : place]]
    if before and before[-1] in reading.grammar["prepositions"]:
        before.pop()
    if place > 2 and before and before[-1] in reading.grammar["even"]:
        before = [reading.tokens[place - 3].word]  # "not even for /d/a"
    return bool(before) and before[-1] in reading.grammar["not"]


def are_ruled_out(reading: Reading) -> bool:
    """Whether all paths of a request are: "no verdicts any more, not for /d/a either"."""
    places = [n for n, token in enumerate(reading.tokens) if token.kind == "path"]
    return bool(places) and all(is_ruled_out(reading, n) for n in places)


def is_no_data(path: str) -> bool:
    """Whether a path is a model, a configuration or a page, and no data."""
    return path.lower().endswith(_MODEL_FILES) or path.lower().startswith("http")


def is_model_file(path: str) -> bool:
    """Whether a path is a model: a checkpoint, or what is exported or built of one."""
    return is_no_data(path) and "://" not in path and not path.lower().endswith(_NO_MODELS)


def role_of(reading: Reading, place: int, roles: Mapping[str, list[str]]) -> str | None:
    """The slot that the words before a path name, the nearest one first; None where they name none."""
    start, _ = reading.clause(place)
    tail = " ".join(token.word for token in reading.tokens[max(start, place - 6) : place])
    places = [(f" {tail} ".rfind(f" {phrase} "), role) for role, phrases in roles.items() for phrase in phrases]
    position, role = max(places, default=(-1, ""))
    return role if position >= 0 else None

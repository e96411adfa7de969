# SPDX-License-Identifier: Apache-2.0
"""Rules between backbone, weights, decoder head and difference module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.addresses import is_address, is_repository
from core.dotted import get
from spec.actions import command_of
from spec.backbones import PACKAGED_WEIGHTS, BackboneFacts, backbone_facts, backbone_family, fitting_types
from spec.rule import Spec, broken, task, values

if TYPE_CHECKING:
    from spec.rule import BrokenRule, Rule

TYPE = "model.backbone.type"
WEIGHTS = "model.backbone.pretrained_backbone_path"
FREEZE = "model.backbone.freeze_backbone"
FROZEN_LEVELS = "model.backbone.frozen_levels"
FINEST = "model.backbone.finest_stride"
HEAD = "model.classify.difference_head"
STAGE = "stage the file first with `changenet stage backbone`, and give the local path that it prints"


def weights_are_local(spec: Spec, _action: str) -> BrokenRule | None:
    """Weights are read from a local file; a URL or a repository id would fail seconds after the launch."""
    for key in (WEIGHTS, "train.pretrained_model_path"):
        path = get(spec, key)
        if path and (is_address(path) or is_repository(path)):
            message = f"'{path}' is no local file, and nothing downloads it at run time"
            return broken("spec.weights_remote", (key,), message, STAGE)
    return None


def packaged_weights(spec: Spec, _action: str) -> BrokenRule | None:
    """Weights that a Python package carries belong to one backbone."""
    found = values(spec, WEIGHTS, TYPE)
    if found is None or not str(found[0] or "").startswith("package:"):
        return None
    wanted = PACKAGED_WEIGHTS.get(found[0])
    if wanted == found[1]:
        return None
    if wanted is None:
        remedy = f"name one of: {', '.join(PACKAGED_WEIGHTS)}"
        return broken("spec.weights_package", (WEIGHTS,), f"there are no packaged weights '{found[0]}'", remedy)
    return broken(
        "spec.weights_package",
        (WEIGHTS, TYPE),
        f"{found[0]} holds weights of {wanted}, not of {found[1]}",
        f"set {TYPE} to {wanted}, or leave {WEIGHTS} empty",
        ({WEIGHTS: None}, {TYPE: wanted}),
    )


def weights_fit_backbone(spec: Spec, _action: str) -> BrokenRule | None:
    """A weight file whose name tells its architecture goes with that backbone only."""
    found = values(spec, WEIGHTS, TYPE)
    if found is None or not found[0] or str(found[0]).startswith("package:"):
        return None
    name = str(found[0]).replace("\\", "/").rpartition("/")[2]
    types = fitting_types(name)
    if not types or found[1] in types:
        return None
    choices = " or ".join(types)
    return broken(
        "spec.weights_backbone",
        (WEIGHTS, TYPE),
        f"{name} holds weights of {choices}, which don't fit {found[1]}",
        f"set {TYPE} to {choices}, give weights of {found[1]}, or leave {WEIGHTS} empty",
        ({WEIGHTS: None}, {TYPE: types[0]}),
    )


def frozen_backbone_has_weights(spec: Spec, action: str) -> BrokenRule | None:
    """A frozen backbone without weights would stay random."""
    found = values(spec, FREEZE, WEIGHTS)
    if command_of(action) != "train" or found is None or not found[0] or found[1]:
        return None
    message = "the backbone is frozen, but no weights are given: it would stay random"
    return broken("spec.freeze_backbone", (FREEZE, WEIGHTS), message, f"give {WEIGHTS}, or set {FREEZE} to false")


def frozen_levels_have_weights(spec: Spec, action: str) -> BrokenRule | None:
    """Levels that are not trained need weights as much as a frozen backbone does."""
    found = values(spec, FROZEN_LEVELS, WEIGHTS)
    if command_of(action) != "train" or found is None or not found[0] or found[1]:
        return None
    message = f"{found[0]} levels are not trained, but no weights are given: they would stay random"
    remedy = f"give {WEIGHTS}, or set {FROZEN_LEVELS} to 0"
    return broken("spec.frozen_levels", (FROZEN_LEVELS, WEIGHTS), message, remedy, ({FROZEN_LEVELS: 0},))


def levels_are_timm(spec: Spec, _action: str) -> BrokenRule | None:
    """Only timm backbones let the levels be chosen or frozen one by one."""
    name = str(get(spec, TYPE, ""))
    if backbone_family(name) in {"timm", None}:
        return None
    for key, plain in ((FROZEN_LEVELS, 0), (FINEST, 4)):
        if get(spec, key, plain) != plain:
            message = f"{name} has no levels that can be chosen"
            return broken("spec.levels", (key, TYPE), message, f"set {key} to {plain}", ({key: plain},))
    return None


def dinov3_is_frozen(spec: Spec, action: str) -> BrokenRule | None:
    """DINOv3 backbones are used frozen only."""
    found = values(spec, TYPE, FREEZE)
    if command_of(action) != "train" or found is None or found[1] or backbone_family(found[0]) != "dinov3":
        return None
    message = f"{found[0]} is trained with a frozen backbone only"
    return broken("spec.dinov3_frozen", (TYPE, FREEZE), message, f"set {FREEZE} to true", ({FREEZE: True},))


def _head_fits(spec: Spec, key: str, wanted: Any, what: str) -> BrokenRule | None:
    given = get(spec, key)
    if given is None or list(given) == list(wanted):
        return None
    name = get(spec, TYPE)
    message = f"{name} gives maps with {what} {list(wanted)}, but {key} is {list(given)}"
    return broken(
        f"spec.{key.rpartition('.')[2]}", (key, TYPE), message, f"set {key} to {list(wanted)}", ({key: list(wanted)},)
    )


def _facts(spec: Spec) -> BackboneFacts | None:
    return backbone_facts(str(get(spec, TYPE, "")), get(spec, FINEST, 4))


def decoder_channels(spec: Spec, _action: str) -> BrokenRule | None:
    """The decoder's in_channels are the backbone's."""
    facts = _facts(spec)
    return _head_fits(spec, "model.decode_head.in_channels", facts.channels, "channels") if facts else None


def decoder_strides(spec: Spec, _action: str) -> BrokenRule | None:
    """The decoder's feature_strides are the backbone's."""
    facts = _facts(spec)
    return _head_fits(spec, "model.decode_head.feature_strides", facts.strides, "strides") if facts else None


def pooled_head(spec: Spec, _action: str) -> BrokenRule | None:
    """Only the learnable module has a head that can pool."""
    keys = (HEAD, "model.classify.difference_module")
    if task(spec) != "classify" or values(spec, *keys) != ("pooled", "euclidean"):
        return None
    message = "the euclidean module compares embeddings and has no difference head to pool"
    return broken(
        "spec.difference_head",
        keys,
        message,
        f"set {keys[1]} to learnable, or {keys[0]} to flatten",
        ({keys[0]: "flatten"},),
    )


def second_look_scale(spec: Spec, action: str) -> BrokenRule | None:
    """A look at a second size goes with networks that take any, and stays out of files whose pictures have one."""
    keys = ("model.classify.second_look_scale", "model.classify.second_look", HEAD, TYPE)
    scale, doubt, head, backbone = (
        get(spec, key, usual) for key, usual in zip(keys, (1, 0, "flatten", ""), strict=True)
    )
    if task(spec) != "classify" or scale == 1:
        return None
    if command_of(action) in {"export", "quantize"}:
        message = f"an exported model has pictures of one size: it can't look at doubtful pairs {scale:g} times larger"
        remedy = f"set {keys[0]} to 1: the file looks at one size, with a threshold that is chosen anew for that"
        return broken("spec.one_size", keys[:1], message, remedy)
    wrong = {
        keys[1]: ("no pair is doubtful", "5", not doubt and command_of(action) == "train"),
        HEAD: ("only the pooled head takes pictures of another size", "pooled", head != "pooled"),
        TYPE: (f"{backbone} has one size", "a timm backbone", backbone_family(backbone) != "timm"),
    }
    for key, (message, remedy, is_wrong) in wrong.items():
        if is_wrong:
            return broken(
                "spec.second_look_scale", (keys[0], key), message, f"set {key} to {remedy}, or {keys[0]} to 1"
            )
    return None


def golden_images(spec: Spec, _action: str) -> BrokenRule | None:
    """Several golden images need the learnable module, and no FAN backbone."""
    keys = ("dataset.classify.num_golden", "model.classify.difference_module", TYPE)
    found = values(spec, *keys)
    if task(spec) != "classify" or found is None or found[0] == 1:
        return None
    count, module, backbone = found
    if module == "learnable" and backbone_family(backbone) != "fan":
        return None
    what = f"the {module} module" if module != "learnable" else f"the backbone {backbone}"
    remedy = f"set {keys[0]} to 1, or use the learnable module with a backbone other than FAN"
    return broken("spec.num_golden", keys, f"{what} compares with one golden image, not with {count}", remedy)


RULES: tuple[Rule, ...] = (
    weights_are_local,
    packaged_weights,
    weights_fit_backbone,
    dinov3_is_frozen,
    frozen_backbone_has_weights,
    frozen_levels_have_weights,
    levels_are_timm,
    decoder_channels,
    decoder_strides,
    pooled_head,
    second_look_scale,
    golden_images,
)

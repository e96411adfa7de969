# SPDX-License-Identifier: Apache-2.0
"""Rules between the keys of `train`: intervals, losses, checkpoints, devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.dotted import get
from spec.actions import command_of
from spec.metrics import DEFAULT_MONITOR, EXAMPLES, metric_mode
from spec.rule import Spec, broken, task, values

if TYPE_CHECKING:
    from spec.rule import BrokenRule, Rule

EPOCHS = "train.num_epochs"


def _within_epochs(spec: Spec, key: str, what: str) -> BrokenRule | None:
    found = values(spec, key, EPOCHS)
    if found is None or found[0] <= found[1]:
        return None
    interval, epochs = found
    return broken(
        f"spec.{key.rpartition('.')[2]}",
        (key, EPOCHS),
        f"an interval of {interval} is more than the {epochs} epochs of the training: {what}",
        f"set {key} to at most {epochs}, or {EPOCHS} to at least {interval}",
        ({key: epochs},),
    )


def validation_interval(spec: Spec, action: str) -> BrokenRule | None:
    """validation_interval <= num_epochs."""
    if command_of(action) != "train":
        return None
    return _within_epochs(spec, "train.validation_interval", "no validation would run")


def checkpoint_interval(spec: Spec, action: str) -> BrokenRule | None:
    """checkpoint_interval <= num_epochs, where it counts epochs."""
    if command_of(action) != "train" or get(spec, "train.checkpoint_interval_unit", "epoch") != "epoch":
        return None
    return _within_epochs(spec, "train.checkpoint_interval", "no checkpoint would be written")


def warmup(spec: Spec, action: str) -> BrokenRule | None:
    """warmup_epochs < num_epochs."""
    key = "train.optim.warmup_epochs"
    found = values(spec, key, EPOCHS)
    if command_of(action) != "train" or found is None or found[0] < found[1]:
        return None
    message = f"the learning rate would rise for {found[0]} epochs, but there are only {found[1]}"
    return broken("spec.warmup_epochs", (key, EPOCHS), message, f"set {key} below {found[1]}", ({key: 0.0},))


_LOSS_OF = {"euclidean": "contrastive", "learnable": "ce"}
_MODULE_OF = {loss: module for module, loss in _LOSS_OF.items()}


def loss_fits_module(spec: Spec, action: str) -> BrokenRule | None:
    """Contrastive loss goes with euclidean, ce with learnable."""
    keys = ("train.classify.loss", "model.classify.difference_module")
    found = values(spec, *keys)
    if command_of(action) == "gen_trt_engine" or task(spec) != "classify" or found is None:
        return None
    loss, module = found
    if _LOSS_OF.get(module) == loss:
        return None
    return broken(
        "spec.loss",
        keys,
        f"the loss {loss} can't train the {module} difference module",
        f"set {keys[0]} to {_LOSS_OF.get(module)}, or {keys[1]} to {_MODULE_OF.get(loss)}",
        ({keys[0]: _LOSS_OF.get(module)}, {keys[1]: _MODULE_OF.get(loss)}),
    )


def class_weights(spec: Spec, action: str) -> BrokenRule | None:
    """One class weight for each class."""
    keys = ("train.classify.cls_weight", "dataset.classify.num_classes")
    found = values(spec, *keys)
    if command_of(action) != "train" or task(spec) != "classify" or found is None or len(found[0]) == found[1]:
        return None
    weights, classes = found
    return broken(
        "spec.cls_weight",
        keys,
        f"{len(weights)} class weights are given for {classes} classes",
        f"give {classes} values in {keys[0]}, PASS first",
        ({keys[0]: [weights[0]] + [weights[-1]] * (classes - 1)},),
    )


def best_checkpoint_metric(spec: Spec, action: str) -> BrokenRule | None:
    """The checkpointer ranks by a metric that is logged, in the direction in which it is better."""
    keys = ("train.checkpointer.monitor", "train.checkpointer.mode")
    found = values(spec, *keys)
    if command_of(action) != "train" or found is None or not get(spec, "train.checkpointer.enable_topk"):
        return None
    monitor, mode = found[0] or DEFAULT_MONITOR, found[1]
    better = metric_mode(monitor, task(spec))
    if better is None:
        return broken(
            "spec.monitor",
            keys[:1],
            f"'{monitor}' is no metric that training of the {task(spec)} task logs",
            f"set {keys[0]} to {EXAMPLES[task(spec)]}",
        )
    if mode in {None, better}:
        return None
    message = f"of {monitor} the {'lowest' if better == 'min' else 'highest'} value is best, but mode is {mode}"
    return broken(
        "spec.monitor_mode", keys, message, f"set {keys[1]} to {better}, or leave it null", ({keys[1]: None},)
    )


def replaced_periodic(spec: Spec, action: str) -> BrokenRule | None:
    """replace_periodic means nothing without enable_topk."""
    keys = ("train.checkpointer.replace_periodic", "train.checkpointer.enable_topk")
    found = values(spec, *keys)
    if command_of(action) != "train" or found is None or not found[0] or found[1]:
        return None
    message = "the best checkpoint is to replace the periodic ones, but none is kept by a metric"
    return broken("spec.replace_periodic", keys, message, f"set {keys[1]} to true as well", ({keys[1]: True},))


def gpu_ids(spec: Spec, action: str) -> BrokenRule | None:
    """One device id, each another, for each of num_gpus; on the processor (0) ids mean nothing."""
    command = command_of(action)
    keys = (f"{command}.gpu_ids", f"{command}.num_gpus")
    found = values(spec, *keys)
    if found is None or found[1] == 0:
        return None
    ids, count = found
    if len(set(ids)) != len(ids):
        return broken("spec.gpu_ids", keys[:1], f"a device is named twice: {ids}", "name each device once")
    if len(ids) == count:
        return None
    return broken(
        "spec.gpu_ids",
        keys,
        f"{len(ids)} devices are named, but {keys[1]} is {count}",
        f"name {count} devices, or set {keys[1]} to {len(ids)}",
        ({keys[0]: list(range(count))}, *([{keys[1]: len(ids)}] if ids else [])),
    )


def hard_mining(spec: Spec, action: str) -> BrokenRule | None:
    """Hard pairs are told by the model that a training starts from, and by one device."""
    keys = ("dataset.classify.hard_mining", "train.pretrained_model_path", "train.num_gpus", "train.num_nodes")
    found = values(spec, *keys)
    if command_of(action) != "train" or task(spec) != "classify" or found is None or not found[0]:
        return None
    _, start, gpus, nodes = found
    if not start:
        message, mend = "no model tells which training pairs are hard", f"name one in {keys[1]}"
    elif gpus > 1 or nodes > 1:
        message, mend = "several devices would each choose other hard pairs", f"set {keys[2]} and {keys[3]} to 1"
    else:
        return None
    return broken("spec.hard_mining", keys[:2], message, f"{mend}, or set {keys[0]} to 0")


RULES: tuple[Rule, ...] = (
    validation_interval,
    checkpoint_interval,
    warmup,
    loss_fits_module,
    class_weights,
    hard_mining,
    best_checkpoint_metric,
    replaced_periodic,
    gpu_ids,
)

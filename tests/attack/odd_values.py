# SPDX-License-Identifier: Apache-2.0
"""Odd words, numbers, keys and bytes: what an attack puts in place of sensible ones."""

from __future__ import annotations

# fmt: off
TEXTS = [
    "", " ", "-", "--", "=", ".", "..", "/", "~", "*", "a=b=c", "x" * 300, "y" * 100_000, "${x}", "${a.b}", "$HOME",
    "%s", "\x1b[31mred\x1b[0m", "\x07bell", "\u202eflip", "zero\u200bwidth", "\ufeff", "tab\there", "line\nbreak",
    "\r", "é😀", "\udcff\udcfe", "/dev/zero", "/dev/null", "/dev/stdin", "/proc/self/mem", "no/such/place", "pipe",
    "loop", "a#b?c%20d", "s3://u:p@b/x", "http://[::1", "file:///", "hf://", "../../../../etc/passwd", "true", "null",
    "nan", "abc",
]
NUMBERS = [
    "0", "-1", "1", "2", "1e999", "-1e999", "1e-999", ".nan", ".inf", "0x10", "1_000", "9" * 30, "9" * 6000, "1.5",
    "007",
]
YAML = [
    "[", "{", "]", "}", "[]", "{}", "[[[[1]]]]", "{a: {b: c}}", "&a [*a]", "*b", "!!binary aGk=", "!!set {a}", "!x y",
    "~", "? a", "- a", "a: b: c", "'", '"', "|", ">", "%", "@", "`", "[1, abc, null]", "{1: 2, a: b}", "<<: {a: 1}",
    "[" * 5000,
]
KEYS = [
    "train.num_epochs", "train.optim.lr", "task", "results_dir", "model.backbone.type", "dataset.classify.batch_size",
    "dataset.classify.input_map", "dataset.classify.image_ext", "train", "a.b.c", "train..x", ".", "x" * 500,
    "train.optim", "dataset.classify.grid_map", "model.classify.eval_margin", "encryption_key", "evaluate.checkpoint",
    "train.gpu_ids", "train.checkpointer.monitor", "dataset.classify.augmentation_config.rgb_input_mean",
    "train.seed", "wandb.tags",
]
ODD_BYTES = [
    b"\x00", b"\xff", b"\xfe\xff", b"\x1b[2J", b"\r", b'"', b"'", b",", b";", b"\n\n", b"\xef\xbb\xbf",
    b"\xe2\x80\xae",
]
OPTIONS = [
    "--data", "--train", "--eval", "--infer", "--parent", "--results", "--engine", "--task", "--target", "--profile",
    "--runner", "--gpus", "--nodes", "--trials", "--seed", "--range", "--objective", "--search", "--parallel",
    "--json", "--test", "--pin",
]
# fmt: on

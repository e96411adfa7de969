# SPDX-License-Identifier: Apache-2.0
"""The embedded engine: the `visual_changenet` command, which trains and runs the models on this machine.

Reading order, from the command to the pixels:

1. `cli` parses; `settings` makes a checked `Run` of spec and overrides; `actions` holds the table of what can
   be done.
2. `lifecycle` is what every action has around it: results folder, `status` file, signals, one verdict.
3. `task` is the seam: what the shared parts ask of a task. `classify.task` answers, `classify.actions` are its entry
   points.
4. `classify.training` reads top-down: `pair_table` and `pair_images` (data), `batch_samplers` and `loading` (batches),
   `preparation` (augmentation, alignment, normalisation), `network` on `backbones` and `difference_heads` (of
   one of the `head_kinds`), then `training_module` (steps and figures: `kpi`, `threshold`), `trainer`,
   `checkpoint_writer`, `resume`.
5. `classify.evaluation` scores with a checkpoint: `scoring_loop`, `test_time_augmentation`, `evidence`.
6. `segment` is the other task, in the same order: `pair_list` and `pictures` with `tiles`, `draws`, `preparation`,
   `decoders`, `training_module`, then `mask_files` and `result_tables` of an evaluation.

6. `export` holds graphs and sessions of ONNX for any task; `classify.export` and `classify.quantize` make files with it
   and hold them to the model by `classify.parity`; `classify.trained_model` and `classify.onnx_network` use them.

What stands directly in this folder serves any task, and imports none of them but in the table of `actions`.
"""

# SPDX-License-Identifier: Apache-2.0
"""Run by the Python that has nvidia-tao-automl: its runner tunes a packaged skill; prints what it found as JSON.

python tune_with_client.py SKILL ENVIRONMENT SPEC.json FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tao_automl.runner import AutoMLRunner  # type: ignore[import-not-found]
from tao_sdk.platforms.virtualenv.sdk import VirtualEnvSDK  # type: ignore[import-not-found]

# The client knows no object that is null: what the laptop profile leaves out is said on the command line.
_ARGUMENTS = ["train", "-e", "{config_path}", "dataset.classify.input_map=null"]


def flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in tree.items():
        key = f"{prefix}{name}"
        found |= flat(value, f"{key}.") if isinstance(value, dict) else {key: value}
    return {key: value for key, value in found.items() if value is not None and key != "results_dir"}


def main(skill: str, environment: str, spec: str, folder: str) -> None:
    work = Path(folder)
    sdk = VirtualEnvSDK(venv_path=environment, work_dir=work / "sdk")
    runner = AutoMLRunner(sdk=sdk, skill_dir=skill, action="train", poll_interval=1)
    found = runner.run(
        execution={"type": "python_script", "script": "scripts/visual_changenet.py", "args": _ARGUMENTS},
        spec_overrides=flat(json.loads(Path(spec).read_text(encoding="utf-8"))),
        automl_settings={
            "algorithm": "bayesian",
            "metric": "val_loss",
            "direction": "minimize",
            "automl_max_recommendations": 2,
            "run_baseline": False,
            "run_final_evaluation": False,
        },
        automl_hyperparameters=["train.optim.lr", "train.optim.weight_decay"],
        workspace_path=str(work / "workspace"),
    )
    best = found["best"]
    results = sdk.get_job_results_dir(best["job_id"])
    history = [
        {"status": one["status"], "metric": one["metric"], "why": one.get("failure_reason")} for one in found["history"]
    ]
    print(json.dumps({"best": best, "results": results, "history": history}, default=str))


if __name__ == "__main__":
    main(*sys.argv[1:])

# SPDX-License-Identifier: Apache-2.0
"""Job scripts as text, and one job on two real nodes. No container runs here: pyxis and apptainer are rendered only."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.errors import InputError, RequestError
from runners import api
from runners.jobs.job import JobState
from runners.planning.plan import Mount, Plan, Resources
from runners.platforms.slurm_script import enroot_name, job_script, launch_words, require_mountable
from runners.platforms.slurm_settings import SlurmSettings

if TYPE_CHECKING:
    from runners.jobs.store import JobStore

MakePlan = Callable[..., Plan]
IMAGE = "nvcr.io/nvidia/tao/tao-toolkit:7.1.0-pyt"
FOLDER = Path("/shared/results/train-1")
MOUNTS = (Mount("/shared/boards", "/data/boards"), Mount("/shared/my results", "/results", read_only=False))


def contained(plan: Plan, **resources: int) -> Plan:
    parts = {name: getattr(plan, name) for name in plan.__slots__ if name != "id"}
    command = ("visual_changenet", "train", "-e", "/specs/spec.yaml")
    return Plan.sealed(**parts | {"image": IMAGE, "command": command, "resources": Resources(**resources)})


def test_pyxis_is_rendered_with_image_and_mounts_and_nothing_is_run(make_plan: MakePlan) -> None:
    words = launch_words(contained(make_plan(runner="slurm"), gpus=1), FOLDER, SlurmSettings(), MOUNTS)

    assert words == [
        "srun",
        "--kill-on-bad-exit=1",
        "--container-image=nvcr.io#nvidia/tao/tao-toolkit:7.1.0-pyt",
        "--container-mounts=/shared/boards:/data/boards:ro,/shared/my results:/results",
        "--container-writable",
        "--no-container-mount-home",
        *("visual_changenet", "train", "-e", "/specs/spec.yaml"),
    ]


@pytest.mark.parametrize(("engine", "tasks", "processes"), [("embedded", 4, 8), ("container", 1, 2)])
def test_the_embedded_engine_has_a_task_for_each_gpu_and_the_container_one_for_each_node(
    make_plan: MakePlan, engine: str, tasks: int, processes: int
) -> None:
    plan = make_plan(runner="slurm")
    parts = {name: getattr(plan, name) for name in plan.__slots__ if name != "id"}
    plan = Plan.sealed(**parts | {"engine": engine, "resources": Resources(gpus=4, nodes=2)})

    script = job_script(plan, FOLDER, SlurmSettings(cpus=16))

    for line in (f"#SBATCH --ntasks-per-node={tasks}", f"#SBATCH --cpus-per-task={16 // tasks}"):
        assert line in script.splitlines()
    assert f"WORLD_SIZE={processes}" in script.splitlines()


def test_apptainer_is_rendered_with_image_and_mounts_and_nothing_is_run(make_plan: MakePlan) -> None:
    settings = SlurmSettings(container="apptainer", cpus=8)
    words = launch_words(contained(make_plan(runner="slurm"), gpus=2, nodes=2), FOLDER, settings, MOUNTS)

    assert words[:3] == ["srun", "--kill-on-bad-exit=1", "--cpus-per-task=8"]
    assert words[words.index("apptainer") :] == [
        *("apptainer", "exec", "--nv", "--no-home", "--writable-tmpfs"),
        *("--bind", "/shared/boards:/data/boards:ro", "--bind", "/shared/my results:/results"),
        f"docker://{IMAGE}",
        *("visual_changenet", "train", "-e", "/specs/spec.yaml"),
    ]


@pytest.mark.parametrize(
    ("image", "name"),
    [
        (IMAGE, "nvcr.io#nvidia/tao/tao-toolkit:7.1.0-pyt"),
        ("localhost:5000/changenet:1", "localhost:5000#changenet:1"),
        ("nvidia/cuda:13", "nvidia/cuda:13"),
        ("/shared/images/tao.sqsh", "/shared/images/tao.sqsh"),
    ],
)
def test_images_are_named_as_enroot_takes_them(image: str, name: str) -> None:
    assert enroot_name(image) == name


def test_the_script_asks_for_what_was_set_and_bash_can_read_it(make_plan: MakePlan, tmp_path: Path) -> None:
    settings = SlurmSettings(
        partition="gpu,big", account="lab", qos="high", time_limit="1-12:00:00", memory="64g", cpus=8
    )
    script = job_script(contained(make_plan(runner="slurm"), gpus=4, nodes=2), tmp_path / "it's mine", settings, MOUNTS)

    asked = [line.removeprefix("#SBATCH ") for line in script.splitlines() if line.startswith("#SBATCH ")]
    assert asked[4:] == [
        *("--nodes=2", "--ntasks-per-node=1", "--gres=gpu:4", "--cpus-per-task=8", "--mem=65536M"),
        *("--time=1-12:00:00", "--partition=gpu,big", "--account=lab", "--qos=high"),
    ]
    assert "--no-requeue" in asked
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("partition", "gpu --wrap=x"),
        ("account", "lab\n#SBATCH --uid=0"),
        ("slurm_host", "-oProxyCommand=x"),
        ("time_limit", "soon"),
        ("memory", "lots"),
        ("container", "docker"),
        ("cpus", 0),
        ("retries", -1),
        ("retries", True),
    ],
)
def test_a_setting_that_slurm_could_misread_is_refused_by_its_name(setting: str, value: Any) -> None:
    with pytest.raises(RequestError) as error:
        SlurmSettings(**{setting: value})

    assert error.value.where == setting
    assert error.value.remedy


def test_what_can_not_be_mounted_is_told_before_anything_is_submitted(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="colon or a comma"):
        require_mountable([Mount("/shared/a,b", "/data/ab")])
    with pytest.raises(InputError, match="reads as /data/boards"):
        require_mountable([Mount(str(tmp_path / "nothing"), "/data/boards")])
    require_mountable([Mount(str(tmp_path), "/data/boards"), Mount("{job}/results", "/results", read_only=False)])


RANKS = """#!{python}
# Stands for an engine that trains on several nodes: what torch.distributed needs of the platform is what it uses.
import os, sys, time
from pathlib import Path
import torch, yaml
import torch.distributed as dist
spec = yaml.safe_load(Path(sys.argv[3]).read_text())
out = Path(spec["results_dir"]) / "train"
out.mkdir(parents=True, exist_ok=True)
dist.init_process_group("gloo", init_method="env://")
total = torch.tensor([dist.get_rank() + 1.0])
dist.all_reduce(total)
places = [None] * dist.get_world_size()
dist.all_gather_object(places, os.environ["SLURMD_NODENAME"])
if dist.get_rank() == 0:
    (out / "sum.txt").write_text(f"{{int(total)}} {{' '.join(sorted(places))}} {{os.environ['NODE_RANK']}}")
    (out / "status.json").write_text('{{"status": "SUCCESS"}}\\n')
    print("Execution status: PASS", flush=True)
dist.barrier()
dist.destroy_process_group()
"""


@pytest.mark.usefixtures("slurm")
def test_a_job_on_two_nodes_finds_its_other_half(make_plan: MakePlan, store: JobStore, engine: Path) -> None:
    engine.write_text(RANKS.format(python=sys.executable))
    plan = make_plan(runner="slurm")
    parts = {name: getattr(plan, name) for name in plan.__slots__ if name != "id"}

    job = api.launch(Plan.sealed(**parts | {"resources": Resources(nodes=2)}), store=store)

    assert job.state is JobState.COMPLETE
    assert (Path(job.results_dir) / "sum.txt").read_text() == "3 n1 n2 0"

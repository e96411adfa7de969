# SPDX-License-Identifier: Apache-2.0
"""What can be said about a request, and the router's request and AutoML settings that it makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from core.dotted import parse_override
from core.errors import InputError
from interfaces.options import Group, argument, given, option
from interfaces.verbs.common import RESULTS
from router.types import Request

AUTOML = Group(
    "AutoML", "how a training is tuned; what ends first ends the search, and the length of a trial is num_epochs"
)
SPLITS = Group("splits", "data of one split alone")
RUNNER = Group("Platform", "what the runner is asked for; else its own default holds")
_TARGET = "target"  # a short name of the skill
_SLOTS = (
    "task",
    "automl_policy",
    "data",
    "train_datasets",
    "eval_dataset",
    "inference_dataset",
    "calibration_dataset",
    "parent_job_id",
    "runner",
    "profile",
    "gpus",
    "nodes",
    "results_root",
)
# What is called otherwise among the AutoML settings.
_SETTINGS = {
    "total_epochs": "epochs",
    "objective": "objectives",
    "search": "add",
    "no_search": "remove",
    "range": "ranges",
    "test": "test_dataset",
    "no_test": "test",
}


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """A request as it is typed: the slots of `router.types.Request`, and the settings of a search."""

    request: tuple[str, ...] = argument(
        'an action such as train, or a request: "train on ./boards"', metavar="ACTION or WORDS", default=()
    )
    data: str | None = option("folder or URI that holds the data of every split", metavar="DIR")
    train_datasets: tuple[str, ...] = option(
        "training data: folder, CSV, archive or URI", flag="--train", metavar="PATH", group=SPLITS, default=()
    )
    eval_dataset: str | None = option("validation or test data", flag="--eval", metavar="PATH", group=SPLITS)
    inference_dataset: str | None = option("data to run inference on", flag="--infer", metavar="PATH", group=SPLITS)
    calibration_dataset: tuple[str, ...] = option(
        "calibration images", flag="--calibration", metavar="PATH", group=SPLITS, default=()
    )
    overrides: tuple[str, ...] = option(
        "set a spec key; values are read as YAML", short="-s", flag="--set", metavar="KEY=VALUE", default=()
    )
    task: str | None = option(
        "classify or segment", metavar="NAME", otherwise="told by the data's layout, else classify"
    )
    automl_policy: Literal["on", "off"] | None = option("automl_policy of this run", flag="--automl", otherwise="on")
    target: str | None = option('inspection target, such as "far<=0.1% at recall=100%"', metavar="TEXT")
    parent_job_id: str | None = option(
        "job or search whose checkpoint or ONNX file is used, or a file", flag="--parent", metavar="JOB"
    )
    runner: str | None = option("platform that runs the action", metavar="NAME", otherwise="local")
    profile: str | None = option("profile of skill_info.yaml", metavar="NAME", otherwise="laptop where there is no GPU")
    gpus: int | None = option("number of GPUs", metavar="N")
    nodes: int | None = option("number of nodes", metavar="N")
    results_root: str | None = option(**RESULTS)
    full: bool = option("every key of a plan with where its value comes from", short="-v", default=False)
    engine: str | None = option(
        "another `visual_changenet` to run", metavar="FILE", env="CHANGENET_ENGINE", otherwise="the embedded engine"
    )
    image: str | None = option(
        "container image, or its key in versions.yaml",
        metavar="IMAGE",
        group=RUNNER,
        otherwise="the one that skill_info.yaml names",
    )
    mount: tuple[str, ...] = option(
        "a further folder or file for the container, read-only", metavar="PLACE:PATH", group=RUNNER, default=()
    )
    shm_size: str | None = option(
        "docker, kubernetes: shared memory of the container", metavar="SIZE", group=RUNNER, otherwise="8g"
    )
    slurm_host: str | None = option(
        "slurm: login node on which its commands are run, by ssh",
        metavar="USER@HOST",
        group=RUNNER,
        otherwise="this machine",
    )
    ray_address: str | None = option(
        "ray: its dashboard, such as http://HOST:8265", metavar="URL", group=RUNNER, otherwise="$RAY_API_SERVER_ADDRESS"
    )
    partition: str | None = option("slurm: partition", metavar="NAME", group=RUNNER)
    account: str | None = option("slurm: account that is charged", metavar="NAME", group=RUNNER)
    qos: str | None = option("slurm: quality of service", metavar="NAME", group=RUNNER)
    time_limit: str | None = option(
        "slurm, kubernetes: minutes, HOURS:MM:SS or DAYS-HOURS", metavar="TIME", group=RUNNER
    )
    memory: str | None = option(
        "memory that a container of docker, or a node of slurm, kubernetes or ray, may use, such as 64G",
        metavar="SIZE",
        group=RUNNER,
    )
    cpus: int | None = option("slurm, kubernetes, ray: CPUs on each node", metavar="N", group=RUNNER)
    container: Literal["pyxis", "apptainer", "none"] | None = option(
        "slurm: what runs the image on the nodes; none: the engine of this installation",
        group=RUNNER,
        otherwise="pyxis",
    )
    retries: int | None = option(
        "slurm, kubernetes, ray: how often a job is submitted again that a node, a preemption or the time limit ended",
        metavar="N",
        group=RUNNER,
        otherwise="2",
    )
    context: str | None = option(
        "kubernetes: context of the kubeconfig", metavar="NAME", group=RUNNER, otherwise="the current one"
    )
    namespace: str | None = option("kubernetes: namespace", metavar="NAME", group=RUNNER, otherwise="the context's own")
    claim: tuple[str, ...] = option(
        "kubernetes: a persistent volume claim, and the folder of this machine that is the same volume",
        metavar="CLAIM:PATH",
        group=RUNNER,
        default=(),
    )
    node_selector: tuple[str, ...] = option(
        "kubernetes: a label that the node must have", metavar="LABEL=VALUE", group=RUNNER, default=()
    )
    toleration: tuple[str, ...] = option(
        "kubernetes: a taint that is no hindrance", metavar="KEY[=VALUE][:EFFECT]", group=RUNNER, default=()
    )
    queue: str | None = option("kubernetes: local queue of Kueue that admits the job", metavar="NAME", group=RUNNER)
    service_account: str | None = option("kubernetes: service account of the pods", metavar="NAME", group=RUNNER)
    pull_secret: str | None = option("kubernetes: secret by which the image is pulled", metavar="NAME", group=RUNNER)
    fetch_image: str | None = option(
        "kubernetes: image with rclone, which brings data from stores",
        metavar="IMAGE",
        group=RUNNER,
        otherwise="rclone/rclone:1.68",
    )
    algorithm: str | None = option(
        "bayesian, random, cmaes, hyperband, asha, bohb or pbt", metavar="NAME", group=AUTOML, otherwise="bayesian"
    )
    trials: int | None = option("configurations to try, the defaults first", metavar="N", group=AUTOML, otherwise="10")
    total_epochs: int | None = option("epochs of all trials together", metavar="N", group=AUTOML)
    wall_minutes: float | None = option("time of the whole search", metavar="M", group=AUTOML)
    trial_minutes: float | None = option("time of one trial", metavar="M", group=AUTOML)
    parallel: int | None = option(
        "trials side by side", metavar="N", group=AUTOML, otherwise="one per 4 CPUs, one with a GPU, 4 on a cluster"
    )
    seed: int | None = option("same seed, same suggestions", metavar="N", group=AUTOML, otherwise="1234")
    objective: tuple[str, ...] = option(
        "val_f1:maximize for instance; given twice: both, with a Pareto front",
        metavar="METRIC:DIRECTION",
        group=AUTOML,
        otherwise="the contract's metric",
        default=(),
    )
    search: tuple[str, ...] = option("search this key of the spec as well", metavar="KEY", group=AUTOML, default=())
    no_search: tuple[str, ...] = option("leave this key at its default", metavar="KEY", group=AUTOML, default=())
    range: tuple[str, ...] = option(
        "or KEY=one,other: search it between these ends, or among these options",
        metavar="KEY=LOW..HIGH",
        group=AUTOML,
        default=(),
    )
    pin: tuple[int, ...] = option("keep the checkpoints of this trial", metavar="TRIAL", group=AUTOML, default=())
    reduction: int | None = option("hyperband, asha, bohb: one of N goes on", metavar="N", group=AUTOML, otherwise="3")
    population: int | None = option("pbt: how many train together", metavar="N", group=AUTOML, otherwise="4")
    generation_epochs: int | None = option("pbt: epochs between exchanges", metavar="N", group=AUTOML)
    test: str | None = option(
        "held-out data that winner and defaults meet once",
        metavar="DIR",
        group=AUTOML,
        otherwise="the data's test split",
    )
    no_test: bool = option("leave that last evaluation out", group=AUTOML, default=False)


# Commands that a single word may ask for, as it asks for an action.
_COMMANDS = frozenset({"doctor", "jobs", "status", "demo", "advise", "calibrate", "serve", "watch", "logs", "report"})


def request_of(options: RequestOptions) -> Request:
    """The request that the options make: a single word names an action, several are a sentence."""
    words = options.request
    slots = request_slots(options)
    if len(words) != 1 or " " in words[0].strip() or words[0].strip().lower() in _COMMANDS:
        return Request(text=" ".join(words), **slots)
    return Request(action=words[0].strip(), **slots)


def request_slots(options: RequestOptions) -> dict[str, Any]:
    """The slots of the request without action and words.

    Raises:
        InputError: an override is not of the form key=value, or sets a key twice; a text is not UTF-8.
    """
    _require_unicode(options)
    pairs = [parse_override(text) for text in options.overrides]
    keys = [key for key, _ in pairs]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise InputError(f"'{twice}' is set more than once", code="override.twice", remedy="set it once")
    overrides = dict(pairs)
    if options.target is not None:
        overrides[_TARGET] = options.target
    own = {entry.name: getattr(options, entry.name) for entry in given(options) if entry.group == RUNNER}
    platform = {name: list(value) if isinstance(value, tuple) else value for name, value in own.items()}
    return {slot: getattr(options, slot) for slot in _SLOTS} | {"overrides": overrides, "platform": platform}


def _require_unicode(options: RequestOptions) -> None:
    """Plans and records are UTF-8: they can't hold a name of other bytes."""
    for entry in given(options):
        value = getattr(options, entry.name)
        if any("\udc80" <= letter <= "\udcff" for text in (value if entry.many else [value]) for letter in str(text)):
            raise InputError(
                "it holds bytes that are not UTF-8",
                code="usage.encoding",
                where=entry.flag or entry.metavar,
                remedy="rename the file or folder with UTF-8 characters",
            )


def given_settings(options: RequestOptions) -> dict[str, Any]:
    """The settings that were given, by their names in `automl.settings.AutomlSettings`, as JSON values.

    Raises:
        RequestError: a range is none.
    """
    values = {entry.name: getattr(options, entry.name) for entry in given(options) if entry.group == AUTOML}
    found = {_SETTINGS.get(name, name): list(v) if isinstance(v, tuple) else v for name, v in values.items()}
    if "ranges" in found:
        from automl.settings import parse_ranges

        parsed = parse_ranges(found.pop("ranges"))
        found |= {name: {key: list(ends) for key, ends in entries.items()} for name, entries in parsed.items()}
    if "test" in found:
        found["test"] = False
    return found


def given_flags(options: RequestOptions) -> list[str]:
    """The AutoML options that were given, as they are typed."""
    return [entry.flag for entry in given(options) if entry.group == AUTOML]

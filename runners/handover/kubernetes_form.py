# SPDX-License-Identifier: Apache-2.0
"""The hand-over folder for a Kubernetes cluster: `sh run.sh` needs kubectl, and the folder on a claim."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents import dump_yaml
from core.errors import RequestError
from runners.handover.places import inside, places_of
from runners.model_rules import skill_at
from runners.planning.container import SPEC_PATH
from runners.planning.plan import Mount
from runners.platforms.kubernetes_manifest import ACTION, JOB_LABEL, job_manifest
from runners.platforms.kubernetes_settings import KubernetesSettings

if TYPE_CHECKING:
    from runners.planning.plan import Plan

# run.sh puts the folder as the claim has it, the claim, and the account of its caller in the place of these.
_HERE, _CLAIM = "@HERE@", "changenet-claim"
_USER, _GROUP = 2147483601, 2147483602


class KubernetesForm:
    """Scripts for a POSIX shell with kubectl, the manifest, and the page that says in which order."""

    scripts = {  # noqa: RUF012 - read only
        "job.yaml.in": "kubernetes_job.yaml.in.j2",
        "run.sh": "kubernetes_run.sh.j2",
        "check.sh": "kubernetes_check.sh.j2",
        "fetch.sh": "fetch.sh.j2",
        "README.md": "kubernetes_README.md.j2",
    }

    def facts(self, plan: Plan) -> dict[str, Any]:
        """The manifest, and what it leaves open.

        Raises:
            RequestError: a plan of several nodes, which takes a Service that belongs to the Job.
        """
        if plan.resources.nodes > 1:
            remedy = "ask for one node, or launch it from a machine that reaches the cluster"
            raise RequestError("a carried job has one node", code="runner.nodes", where="nodes", remedy=remedy)
        name = f"changenet-{plan.id[:12]}"
        settings = KubernetesSettings(**{**plan.platform, "claim": (f"{_CLAIM}:/",)})
        manifest = job_manifest(plan, name, settings, _mounts(plan), user=(_USER, _GROUP))
        return {
            "manifest": dump_yaml(manifest),
            "name": name,
            "label": f"{JOB_LABEL}={name}",
            "label_key": JOB_LABEL,
            "fetches": "initContainers" in manifest["spec"]["template"]["spec"],
            "container": ACTION,
            "user": _USER,
            "group": _GROUP,
            "options": _options(settings),
            "here": _HERE,
            "claim": _CLAIM,
            "usual_claim": next(iter(plan.platform.get("claim", ())), ""),
            "writable": [mount for mount in plan.mounts if not mount.read_only],
        }


def _options(settings: KubernetesSettings) -> str:
    named = {"--context": settings.context, "--namespace": settings.namespace}
    return " ".join(f"{flag}={value}" for flag, value in named.items() if value)


def _mounts(plan: Plan) -> list[Mount]:
    """The mounts with what lies in the folder in the place of what lay here."""
    specs = str(Path(SPEC_PATH).parent)
    found = [Mount(f"/{_HERE}{specs}", specs)]
    found += [
        Mount(f"/{_HERE}/{place.inside}", place.target) for place in places_of(plan.mounts, skill_at(plan.skill_dir))
    ]
    own = (mount.target for mount in plan.mounts if not mount.read_only)
    return [*found, *(Mount(f"/{_HERE}/{inside(target)}", target, read_only=False) for target in own)]


FORM = KubernetesForm()

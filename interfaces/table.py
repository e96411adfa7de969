# SPDX-License-Identifier: Apache-2.0
"""Every verb, once: where it stands, what it does, how it is called. Each is loaded when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from interfaces.options import require_values
from interfaces.system_errors import system_errors_told

if TYPE_CHECKING:
    from collections.abc import Callable

    from interfaces.outcome import Outcome, Reporter

_REQUEST_EXAMPLES = """\
examples:
  changenet {verb} "evaluate ChangeNet classify on ./boards" --parent train-20260101-120000-0a1b2c
  changenet {verb} train --data boards -s train.num_epochs=30 -s train.optim.lr=2e-4
  changenet {verb} train --train boards/train --eval boards/val --automl off
  changenet {verb} inference --data boards --parent train-20260101-120000-0a1b2c --json

  AutoML (a training without --automl off):
  changenet {verb} train --data boards --trials 20 --parallel 2 --wall-minutes 60 -s num_epochs=10
  changenet {verb} train --data boards --algorithm asha --trials 27 -s num_epochs=27 --objective val_f1:maximize
  changenet {verb} train --data boards --range lr=1e-4..1e-2 --range batch_size=8,16 --search train.optim.policy
"""


class Verb(NamedTuple):
    """One verb: `function` of `module`, which takes an options dataclass and a reporter and returns an Outcome.

    `read_only` changes nothing but records of how jobs stand, `destructive` ends or replaces something, `slow` may work
    for longer than a caller likes to wait. `is_tool`: agents may call it as a tool as well.
    """

    name: str
    module: str
    function: str
    summary: str
    examples: str = ""
    read_only: bool = False
    destructive: bool = False
    slow: bool = False
    is_tool: bool = True

    @property
    def sentence(self) -> str:
        """The summary as a sentence."""
        return f"{self.summary[0].upper()}{self.summary[1:]}."

    def load(self) -> Callable[[Any, Reporter], Outcome]:
        """The function of the verb."""
        found: Callable[[Any, Reporter], Outcome] = getattr(import_module(self.module), self.function)
        return found

    def call(self, options: Any, reporter: Reporter) -> Outcome:
        """Run the verb, as every face does.

        Raises:
            RequestError: an option has no usable value.
            ChangenetError: as the verb says, and `system_errors_told`.
        """
        require_values(options)
        with system_errors_told():
            return self.load()(options, reporter)

    def options(self) -> type[Any]:
        """The dataclass that holds its options."""
        found: type[Any] = getattr(import_module(self.module), self.load().__annotations__["options"])
        return found


_ROOM = "interfaces.verbs"
_ALL = (
    Verb(
        "plan",
        f"{_ROOM}.plan",
        "plan",
        "show what a request would run, without running it; with --out, write it for another machine",
        _REQUEST_EXAMPLES.format(verb="plan"),
    ),
    Verb(
        "run",
        f"{_ROOM}.run",
        "run",
        "run a request and follow it to its end",
        _REQUEST_EXAMPLES.format(verb="run"),
        slow=True,
        is_tool=False,
    ),
    Verb(
        "import-job",
        f"{_ROOM}.handover",
        "import_job",
        "take back what ran in a folder that `changenet plan --out` wrote, as a job",
        "example:\n  changenet plan train --data boards --automl off --runner docker --out handover\n"
        "  (there: sh fetch.sh, sh run.sh)\n  changenet import-job handover\n",
        slow=True,
        is_tool=False,
    ),
    Verb("jobs", f"{_ROOM}.jobs", "jobs", "list the jobs, newest first", read_only=True),
    Verb("status", f"{_ROOM}.jobs", "status", "show one job: state, progress, metrics", read_only=True),
    Verb("logs", f"{_ROOM}.jobs", "logs", "print a job's log", read_only=True, slow=True),
    Verb("cancel", f"{_ROOM}.jobs", "cancel", "stop a running job with all its processes", destructive=True),
    Verb(
        "result",
        f"{_ROOM}.jobs",
        "result",
        "show what a job made: metrics, artifacts, or why it failed",
        read_only=True,
    ),
    Verb(
        "advise",
        f"{_ROOM}.advise",
        "advise",
        "image size for boards and defects of a size; memory, epochs and time",
        "example:\n  changenet advise --board 30x20 --defect 0.1\n",
        read_only=True,
    ),
    Verb(
        "compare",
        f"{_ROOM}.compare",
        "compare",
        "which of two models is better",
        "example:\n  changenet compare evaluate-20260101-120000-0a1b2c evaluate-20260102-120000-0a1b2c\n",
        read_only=True,
    ),
    Verb(
        "remove",
        f"{_ROOM}.remove",
        "remove",
        "remove the files of a job or search; its record stays",
        "example:\n  changenet remove train-20260101-120000-0a1b2c --yes\n",
        destructive=True,
    ),
    Verb(
        "diagnose",
        f"{_ROOM}.diagnose",
        "diagnose",
        "tell why a job failed, and what helps",
        "example:\n  changenet diagnose train-20260101-120000-0a1b2c\n",
        read_only=True,
    ),
    Verb(
        "report",
        f"{_ROOM}.report",
        "report",
        "write an inspection report anew, for another target",
        'example:\n  changenet report evaluate-20260101-120000-0a1b2c --target "far<=0.5% at recall=99%"\n',
        destructive=True,
    ),
    Verb(
        "inspect",
        f"{_ROOM}.inspect",
        "inspect",
        "find what differs on whole pictures of boards, with a model or without",
        "examples:\n  changenet inspect golden.jpg test.jpg\n"
        "  changenet inspect segment_train-20260101-120000-0a1b2c golden/ photos/\n",
        slow=True,
        is_tool=False,  # agents plan `segment_inspect`, and launch that
    ),
    Verb(
        "calibrate",
        f"{_ROOM}.calibrate",
        "calibrate",
        "set a model's threshold for a line of which there are good pairs alone",
        "example:\n  changenet calibrate starter good_pairs --far 1%\n",
        slow=True,
        is_tool=False,  # agents plan `segment_inspect` with inspect.calibrate_to, and launch that
    ),
    Verb(
        "serve",
        f"{_ROOM}.serve",
        "serve",
        "put a model behind HTTP: pictures in, verdicts out, a page to try it",
        "examples:\n  changenet serve changenet_classify.onnx\n"
        "  changenet serve export-20260101-120000-0a1b2c --listen 0.0.0.0:8000 --queue 256\n",
        slow=True,
        is_tool=False,
    ),
    Verb(
        "watch",
        f"{_ROOM}.watch",
        "watch",
        "inspect what comes into a folder, each pair once",
        "examples:\n  changenet watch line3 --model changenet_classify.onnx --golden golden.png\n"
        "  changenet watch line3 --model export-20260101-120000-0a1b2c --golden golden/ --once\n",
        slow=True,
        is_tool=False,
    ),
    Verb(
        "data check",
        f"{_ROOM}.data_check",
        "check",
        "find what is wrong with a data set, all at once",
        "examples:\n  changenet data check boards\n  changenet data check boards/train/dataset.csv --fix mended.csv\n"
        "  changenet data check boards --lights SolderLight,WhiteLight --sheet samples.png --json\n",
        slow=True,
    ),
    Verb(
        "data import",
        f"{_ROOM}.data_sets",
        "import_set",
        "import a table or data set",
        "examples:\n  changenet data import table results.csv pairs --test Image --golden Reference --label Result "
        "--good OK\n  changenet data import names photos pairs\n"
        "  changenet data import pairs boards crops           whole photos: golden/, test/ and boxes or masks\n"
        "  changenet data import deeppcb PCBData boards --crops centred --size 128\n"
        "  changenet data import deeppcb PCBData masks --task segment\n  changenet data import masks LEVIR-CD masks\n",
        destructive=True,
        slow=True,
    ),
    Verb(
        "data synthesize",
        f"{_ROOM}.data_sets",
        "synthesize",
        "draw synthetic boards with known defects, or defects into your own good pairs",
        "examples:\n  changenet data synthesize boards --boards 24 --defect-rate 0.2 --lights SolderLight,WhiteLight\n"
        "  changenet data synthesize masks --from good_pairs --sizes 6..60\n",
        destructive=True,
        slow=True,
        is_tool=False,
    ),
    Verb(
        "doctor",
        f"{_ROOM}.doctor",
        "doctor",
        "tell whether this machine is ready",
        "example:\n  changenet doctor --runner docker\n",
        read_only=True,
    ),
    Verb(
        "schemas",
        f"{_ROOM}.schemas",
        "schemas",
        "regenerate schemas/ and references/spec_template_*.yaml from the spec",
        destructive=True,
        is_tool=False,
    ),
    Verb(
        "upload",
        f"{_ROOM}.upload",
        "upload",
        "send what a job or a search left to a store",
        "example:\n  changenet upload train-20260101-120000-0a1b2c s3://bucket/runs --exclude '*.png'\n",
        slow=True,
        is_tool=False,  # it would carry data away wherever a text that an agent reads says so
    ),
    Verb(
        "stage backbone",
        f"{_ROOM}.stage",
        "backbone",
        "fetch published backbone weights, checked and recorded",
        "examples:\n  changenet stage backbone\n  changenet stage backbone --from /media/usb/model.safetensors\n",
        slow=True,
    ),
    Verb(
        "stage data",
        f"{_ROOM}.stage",
        "data",
        "fetch data from elsewhere into the cache",
        "examples:\n  changenet stage data s3://bucket/boards\n  changenet stage data https://host/boards.zip\n",
        slow=True,
        is_tool=False,
    ),
    Verb(
        "mcp",
        f"{_ROOM}.agents",
        "mcp",
        "serve all of this to agents as tools, by the Model Context Protocol",
        "examples:\n  changenet mcp --results results          over standard input and output, as clients start it\n"
        "  changenet mcp --http 127.0.0.1:8080 --root .   over HTTP; clients send the token as a bearer token\n",
        slow=True,
        is_tool=False,
    ),
    Verb(
        "tools",
        f"{_ROOM}.agents",
        "tools",
        "print the same tools as function definitions",
        "example:\n  changenet tools --format openai\n",
        read_only=True,
        is_tool=False,
    ),
    Verb(
        "package",
        f"{_ROOM}.package",
        "package",
        "build the bank: the skills, their code and manifests in one folder to install elsewhere",
        "examples:\n  changenet package bank\n  changenet package bank --key ~/.ssh/id_ed25519\n"
        "  changenet package carried --offline --runner docker\n",
        destructive=True,
        slow=True,
        is_tool=False,
    ),
    Verb(
        "install",
        f"{_ROOM}.package",
        "install",
        "install a bank where your agents look for skills, with an environment of its own",
        "examples:\n  changenet install bank --signers allowed_signers\n"
        "  changenet install bank --unsigned --agents claude-code,codex --engine\n",
        slow=True,
        is_tool=False,
    ),
    Verb(
        "uninstall",
        f"{_ROOM}.package",
        "uninstall",
        "remove what `changenet install` put",
        "example:\n  changenet uninstall\n",
        destructive=True,
        is_tool=False,
    ),
    Verb(
        "demo",
        f"{_ROOM}.demo",
        "demo",
        "draw boards, tune, evaluate and inspect: the whole path in a few minutes",
        slow=True,
        is_tool=False,
    ),
)
VERBS = {verb.name: verb for verb in _ALL}
GROUPS = {
    "data": "check, import or draw data sets",
    "stage": "bring backbone weights, or data from elsewhere, to this machine",
}
VARIABLES = {
    "CHANGENET_RESULTS": "folder of all jobs, where --results is not given",
    "CHANGENET_STORE": "the PostgreSQL server that records the jobs of new results roots: postgresql://USER@HOST/DATABASE",
    "CHANGENET_ENGINE": "another `visual_changenet` to run, where --engine is not given",
    "CHANGENET_SKILL_DIR": "folder of the skill (SKILL.md), if not the one that this program is part of",
    "CHANGENET_CACHE": "folder of what was fetched and unpacked, and of what was read of declarations",
    "CHANGENET_KUBERNETES_POLL_SECONDS": "how old an answer of a cluster may be before it is asked again; default: 2",
    "CHANGENET_SLURM_POLL_SECONDS": "how old an answer of Slurm's queue may be before it is asked again; default: 2",
    "CHANGENET_SSH_COMMAND": "how ssh is called, with options if need be; default: ssh",
    "CHANGENET_GRACE_SECONDS": "how long a process that is cancelled may take to end by itself; default: 10",
    "CHANGENET_MCP_TOKEN": "the token that clients of `changenet mcp --http` have to send",
    "CHANGENET_SERVE_TOKEN": "the token that clients of `changenet serve` have to send, where it is set",
    "CHANGENET_TRACEBACK": "set it to see where in the program a defect lies",
}

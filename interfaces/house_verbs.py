# SPDX-License-Identifier: Apache-2.0
"""The verbs of the machine, of agents and of the skill itself."""

from __future__ import annotations

from interfaces.verb import ROOM, Verb

HOUSE_VERBS = (
    Verb(
        "doctor",
        f"{ROOM}.doctor",
        "doctor",
        "tell whether this machine is ready",
        "example:\n  changenet doctor --runner docker\n",
        read_only=True,
    ),
    Verb(
        "schemas",
        f"{ROOM}.schemas",
        "schemas",
        "regenerate schemas/ and references/spec_template_*.yaml from the spec",
        destructive=True,
        is_tool=False,
    ),
    Verb(
        "upload",
        f"{ROOM}.upload",
        "upload",
        "send what a job or a search left to a store",
        "example:\n  changenet upload train-20260101-120000-0a1b2c s3://bucket/runs --exclude '*.png'\n",
        slow=True,
        is_tool=False,  # it would carry data away wherever a text that an agent reads says so
    ),
    Verb(
        "stage backbone",
        f"{ROOM}.stage",
        "backbone",
        "fetch published backbone weights, checked and recorded",
        "examples:\n  changenet stage backbone\n  changenet stage backbone --from /media/usb/model.safetensors\n",
        slow=True,
    ),
    Verb(
        "stage data",
        f"{ROOM}.stage",
        "data",
        "fetch data from elsewhere into the cache",
        "examples:\n  changenet stage data s3://bucket/boards\n  changenet stage data https://host/boards.zip\n",
        slow=True,
        is_tool=False,
    ),
    Verb(
        "mcp",
        f"{ROOM}.agents",
        "mcp",
        "serve all of this to agents as tools, by the Model Context Protocol",
        "examples:\n  changenet mcp --results results          over standard input and output, as clients start it\n"
        "  changenet mcp --http 127.0.0.1:8080 --root .   over HTTP; clients send the token as a bearer token\n",
        slow=True,
        is_tool=False,
    ),
    Verb(
        "tools",
        f"{ROOM}.agents",
        "tools",
        "print the same tools as function definitions",
        "example:\n  changenet tools --format openai\n",
        read_only=True,
        is_tool=False,
    ),
    Verb(
        "package",
        f"{ROOM}.package",
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
        f"{ROOM}.package",
        "install",
        "install a bank where your agents look for skills, with an environment of its own",
        "examples:\n  changenet install bank --signers allowed_signers\n"
        "  changenet install bank --unsigned --agents claude-code,codex --engine\n",
        slow=True,
        is_tool=False,
    ),
    Verb(
        "uninstall",
        f"{ROOM}.package",
        "uninstall",
        "remove what `changenet install` put",
        "example:\n  changenet uninstall\n",
        destructive=True,
        is_tool=False,
    ),
    Verb(
        "demo",
        f"{ROOM}.demo",
        "demo",
        "draw boards, tune, evaluate and inspect: the whole path in a few minutes",
        slow=True,
        is_tool=False,
    ),
)
"""In the order of the help."""

# SPDX-License-Identifier: Apache-2.0
"""The environment variables that the programs read, and what each says."""

from __future__ import annotations

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

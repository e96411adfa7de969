# SPDX-License-Identifier: Apache-2.0
"""The verbs of pictures: what a line inspects, and the data sets that are checked, imported and drawn."""

from __future__ import annotations

from interfaces.verb import ROOM, Verb

LINE_VERBS = (
    Verb(
        "inspect",
        f"{ROOM}.inspect",
        "inspect",
        "find what differs on whole pictures of boards, with a model or without",
        "examples:\n  changenet inspect golden.jpg test.jpg\n"
        "  changenet inspect segment_train-20260101-120000-0a1b2c golden/ photos/\n",
        slow=True,
        is_tool=False,  # agents plan `segment_inspect`, and launch that
    ),
    Verb(
        "calibrate",
        f"{ROOM}.calibrate",
        "calibrate",
        "set a model's threshold for a line of which there are good pairs alone",
        "example:\n  changenet calibrate starter good_pairs --far 1%\n",
        slow=True,
        is_tool=False,  # agents plan `segment_inspect` with inspect.calibrate_to, and launch that
    ),
    Verb(
        "serve",
        f"{ROOM}.serve",
        "serve",
        "put a model behind HTTP: pictures in, verdicts out, a page to try it",
        "examples:\n  changenet serve changenet_classify.onnx\n"
        "  changenet serve export-20260101-120000-0a1b2c --listen 0.0.0.0:8000 --queue 256\n",
        slow=True,
        is_tool=False,
    ),
    Verb(
        "watch",
        f"{ROOM}.watch",
        "watch",
        "inspect what comes into a folder, each pair once",
        "examples:\n  changenet watch line3 --model changenet_classify.onnx --golden golden.png\n"
        "  changenet watch line3 --model export-20260101-120000-0a1b2c --golden golden/ --once\n",
        slow=True,
        is_tool=False,
    ),
    Verb(
        "data check",
        f"{ROOM}.data_check",
        "check",
        "find what is wrong with a data set, all at once",
        "examples:\n  changenet data check boards\n  changenet data check boards/train/dataset.csv --fix mended.csv\n"
        "  changenet data check boards --lights SolderLight,WhiteLight --sheet samples.png --json\n",
        slow=True,
    ),
    Verb(
        "data import",
        f"{ROOM}.data_sets",
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
        f"{ROOM}.data_sets",
        "synthesize",
        "draw synthetic boards with known defects, or defects into your own good pairs",
        "examples:\n  changenet data synthesize boards --boards 24 --defect-rate 0.2 --lights SolderLight,WhiteLight\n"
        "  changenet data synthesize masks --from good_pairs --sizes 6..60\n",
        destructive=True,
        slow=True,
        is_tool=False,
    ),
)
"""In the order of the help."""

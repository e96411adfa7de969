# SPDX-License-Identifier: Apache-2.0
"""What pyproject.toml can't say: the skill's files, at the top of a checkout, are one folder of an installation."""

from setuptools import find_packages, setup

ROOMS = (
    *("core", "spec", "router", "runners", "pairs", "boards", "scoring", "deployed", "engine", "reports"),
    *("interfaces", "automl"),
)

setup(
    script_name="setup.py",  # names this file as no module of the folder that it stands in
    packages=["changenet_skill", *find_packages(include=[f"{room}*" for room in ROOMS])],
    package_dir={"changenet_skill": "."},
)

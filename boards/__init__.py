# SPDX-License-Identifier: Apache-2.0
"""Synthetic boards: seeded pairs of a golden and a test board with labelled defects, rendered from a layout.

layout (catalogue, floorplan, routing) -> scene (what stands on one unit) -> surface (height, colour, gloss per pixel)
-> lighting -> capture (what the camera makes of it) -> dataset (files). The bare style replaces the first three by
copper patterns as a line-scan camera sees them.
"""

from boards.settings import SynthesisSettings, SynthesisSummary
from boards.synthesis import synthesize

__all__ = ["SynthesisSettings", "SynthesisSummary", "synthesize"]

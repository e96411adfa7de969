# SPDX-License-Identifier: Apache-2.0
"""What was found on whole boards, as lines: verdict, registration, regions, warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_WHOLE = 0.99  # of the golden picture; less is told


def board_lines(board: Mapping[str, Any]) -> list[str]:
    """One board of inspection.json."""
    if "reason" in board:
        return [f"{board['name']}: {board['verdict']}, {board['reason']}", f"  what helps: {board['remedy']}"]
    warnings = [f"  warning: {warning}" for warning in board["warnings"]]
    regions, lain = board["regions"], board["registration"]
    count = f"{len(regions)} region{'' if len(regions) == 1 else 's'}"
    residual = f"registered to {lain['residual_px']:.2f} px"
    if lain["covered"] < _WHOLE:
        residual += (
            f"; {100 * (1 - lain['covered']):.0f} % of the golden picture is not on the test picture, and unjudged"
        )
    boxes = [
        f"  {one['number']}: x {one['box'][0]}, y {one['box'][1]}, {one['box'][2]} x {one['box'][3]} px, "
        f"area {one['area']}, score {one['score']:.3f}"
        for one in regions
    ]
    return [f"{board['name']}: {board['verdict']}, {count} ({residual})", *boxes, *warnings]

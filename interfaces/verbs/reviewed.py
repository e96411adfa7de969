# SPDX-License-Identifier: Apache-2.0
"""What was reviewed is what starts: the request as it is routed now, held to the plan id that was shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import RequestError
from core.staged import as_if_nothing_was_fetched
from interfaces.verbs.planned import ID_DIGITS, plan_id_of
from interfaces.verbs.request import names_data_elsewhere, route

if TYPE_CHECKING:
    from interfaces.outcome import Reporter
    from interfaces.verbs.request import Routed
    from interfaces.verbs.request_options import RequestOptions


def reviewed(
    options: RequestOptions, plan_id: str, reporter: Reporter | None = None, *, asked_at: str | None = None
) -> Routed:
    """The request with its plan, once that has the id. Arguments: as `interfaces.verbs.request.route`.

    A plan that names data elsewhere was made before that was fetched, or after: either is what was reviewed. What was
    shown of fetched data has to be so still once it is fetched anew.

    Raises:
        RequestError: the request makes another plan than the one of this id.
    """
    plan_id, routed = plan_id[:ID_DIGITS], route(options, asked_at=asked_at)
    if not names_data_elsewhere(routed, options.test):
        _require(plan_id_of(routed), plan_id)
        return routed
    with as_if_nothing_was_fetched():
        of_addresses = plan_id_of(route(options, asked_at=asked_at)) == plan_id
    if not of_addresses:
        _require(plan_id_of(routed), plan_id)
    if reporter is None:
        return routed
    fetched = route(options, reporter, asked_at=asked_at)
    if not of_addresses:
        _require(plan_id_of(route(options, asked_at=asked_at)), plan_id)
    return fetched


def _require(found: str, plan_id: str) -> None:
    if not found or found != plan_id:
        message = f"this is plan {found or 'none'} now, not {plan_id}: data, record or options are not as they were"
        raise RequestError(message, code="plan.changed", where="--plan", remedy="call `changenet plan` again")

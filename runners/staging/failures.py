# SPDX-License-Identifier: Apache-2.0
"""What the libraries of stores raise, told as what is wrong and how to mend it."""

from __future__ import annotations

import errno
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.addresses import bare_address
from core.errors import ChangenetError, DataError, PlatformError
from core.redaction import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterator

# Known by name: the libraries are imported only where a place of their kind is used.
_NO_CREDENTIALS = frozenset(
    [
        "NoCredentialsError",
        "PartialCredentialsError",
        "CredentialRetrievalError",
        "ProfileNotFound",
        "NoAuthTokenError",
        "DefaultCredentialsError",
        "RefreshError",
        "TokenRetrievalError",
        "CredentialUnavailableError",
        "LocalTokenNotFoundError",
    ]
)
_NO_ACCESS = frozenset(["PermissionError", "GatedRepoError", "ClientAuthenticationError"])
_NOT_THERE = frozenset(
    [
        "FileNotFoundError",
        "RepositoryNotFoundError",
        "RevisionNotFoundError",
        "EntryNotFoundError",
        "ResourceNotFoundError",
    ]
)
_NO_NETWORK = frozenset(
    [
        "EndpointConnectionError",
        "ConnectTimeoutError",
        "ReadTimeoutError",
        "ConnectionClosedError",
        "ConnectionError",
        "TimeoutError",
        "FSTimeoutError",
        "ClientConnectionError",
        "ClientPayloadError",
        "ServerDisconnectedError",
        "ClientConnectorError",
        "ServiceRequestError",
        "ServiceResponseError",
        "TransportError",
        "ConnectError",
        "ReadTimeout",
        "ConnectTimeout",
        "ReadError",
        "RemoteProtocolError",
        "OfflineModeIsEnabled",
        "IncompleteReadError",
        "ResponseStreamingError",
    ]
)
_NO_BUCKET = re.compile(
    r"NoSuchBucket|HeadBucket|ContainerNotFound|(?:bucket|container) (?:does not exist|not found)", re.IGNORECASE
)
_CREDENTIALS = {
    "s3": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; AWS_ENDPOINT_URL for a server of your own",
    "gs": "set GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`",
    "az": "set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or AZURE_STORAGE_CONNECTION_STRING",
    "hf": "set HF_TOKEN, or run `hf auth login`, and accept the terms on the repository's page if it asks for that",
}
_SIGNED = "ask for a new signed address; the one that was given may have expired"


@contextmanager
def failures_told(place: str) -> Iterator[None]:
    """Tell what a store's library raises for `place` as an error of ours.

    Raises:
        DataError: no such bucket, repository or file.
        PlatformError: no credentials, no access, no network, no room, or whatever else a store answers.
    """
    try:
        yield
    except ChangenetError:
        raise
    except Exception as problem:  # noqa: BLE001 - every store's library has a tree of its own
        raise failure_of(problem, place) from None


def failure_of(problem: BaseException, place: str) -> ChangenetError:
    """The error that tells of what a store's library raised."""
    shown, scheme = bare_address(place), place.partition(":")[0].lower()
    chain = _chain(problem)
    names = {kind.__name__ for one in chain for kind in type(one).__mro__}
    status = next((found for one in chain if (found := _status(one))), 0)
    reason = redact_text(" ".join(str(chain[0]).split()))[:200]
    access = _CREDENTIALS.get(scheme, _SIGNED)
    if any(isinstance(one, OSError) and one.errno in {errno.ENOSPC, errno.EDQUOT} for one in chain):
        return PlatformError("the disk of the cache is full", code="stage.room", where=shown, remedy=ROOM)
    if names & _NO_CREDENTIALS or "account_name" in reason or "connection_string" in reason:
        return PlatformError("no credentials were found", code="stage.credentials", where=shown, remedy=access)
    if names & _NO_ACCESS or status in {401, 403} or reason.startswith("Forbidden:"):  # gcsfs' word for 403
        message = "access is denied with the credentials at hand"
        return PlatformError(message, code="stage.denied", where=shown, remedy=f"{access}; or ask its owner for access")
    if status == 404 or (names & _NOT_THERE and not (names & _NO_NETWORK) and status < 500):
        return _not_there(chain, shown)
    # The hub's client takes its session away from other threads when a connection broke.
    broke = scheme == "hf" and isinstance(problem, AttributeError)
    if names & _NO_NETWORK or status >= 500 or status == 429 or broke:
        remedy = "check the network (and AWS_ENDPOINT_URL, HTTPS_PROXY where they are set) and repeat: it goes on there"
        return PlatformError(f"can't be reached: {reason}", code="stage.network", where=shown, remedy=remedy)
    remedy = "check the address; the store's own tool may tell more"
    return PlatformError(
        f"the store refused: {reason or type(problem).__name__}", code="stage.store", where=shown, remedy=remedy
    )


ROOM = "free some, or name a folder on another disk by CHANGENET_CACHE"


def is_passing(error: ChangenetError) -> bool:
    """Whether a further try may go well."""
    return error.code == "stage.network"


def tells_of_bucket(problem: BaseException) -> bool:
    """Whether it is the bucket, or container, that is not there."""
    return bool(_NO_BUCKET.search(" ".join(str(one) for one in _chain(problem))))


def _not_there(chain: list[BaseException], shown: str) -> ChangenetError:
    if tells_of_bucket(chain[0]):
        return DataError("there is no such bucket", code="stage.bucket", where=shown, remedy="check the bucket's name")
    remedy = "check the address: capitals count, and a folder of a store has no leading slash"
    return DataError("there is nothing at this address", code="stage.missing", where=shown, remedy=remedy)


def _chain(problem: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    current: BaseException | None = problem
    while current is not None and current not in found:
        found.append(current)
        current = current.__cause__ or current.__context__
    return found


def _status(problem: BaseException) -> int:
    """The status code that a store or web server answered with."""
    answer = getattr(problem, "response", None)
    if isinstance(answer, dict):  # botocore's
        answer = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    for value in (answer, *(getattr(problem, name) for name in ("status", "status_code") if hasattr(problem, name))):
        number = getattr(value, "status_code", value)
        if isinstance(number, int) and 400 <= number < 600:
            return number
    code = 0 if hasattr(problem, "status") else getattr(problem, "code", 0)  # gcsfs'
    return code if isinstance(code, int) and 400 <= code < 600 else 0

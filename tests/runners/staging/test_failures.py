# SPDX-License-Identifier: Apache-2.0
"""What the libraries of stores raise, made as they make it, is told in words that help."""

from __future__ import annotations

import builtins
import errno
from typing import TYPE_CHECKING, Any

import pytest

from runners.staging.failures import failure_of, is_passing

if TYPE_CHECKING:
    from collections.abc import Callable


def _azure(status: int) -> Exception:
    from azure.core.exceptions import HttpResponseError

    error = HttpResponseError("no")
    error.status_code = status
    return error


def _google() -> Exception:
    from google.auth.exceptions import DefaultCredentialsError

    return DefaultCredentialsError("Your default credentials were not found.")


def _gcsfs(code: int) -> Exception:
    from gcsfs.retry import HttpError

    return HttpError({"code": code, "message": "no"})


def _hub(name: str, status: int) -> Exception:
    import httpx2 as httpx
    from huggingface_hub import errors

    response = httpx.Response(status, request=httpx.Request("GET", "https://hub.example/x"))
    made: Exception = getattr(errors, name)("no", response=response)
    return made


CASES: dict[str, tuple[str, Callable[[], Exception], str, str]] = {
    "azure refuses": ("az://c/x", lambda: _azure(403), "stage.denied", "AZURE_STORAGE_ACCOUNT_NAME"),
    "azure is busy": ("az://c/x", lambda: _azure(503), "stage.network", "repeat"),
    "no account": ("az://c/x", lambda: ValueError("Must provide account_name"), "stage.credentials", "AZURE_"),
    "google knows nobody": ("gs://b/x", _google, "stage.credentials", "GOOGLE_APPLICATION_CREDENTIALS"),
    "google refuses": ("gs://b/x", lambda: _gcsfs(403), "stage.denied", "gcloud auth"),
    "google is busy": ("gs://b/x", lambda: _gcsfs(503), "stage.network", "repeat"),
    "a gated repository": ("hf://datasets/a/b", lambda: _hub("GatedRepoError", 403), "stage.denied", "HF_TOKEN"),
    "no repository": ("hf://datasets/a/b", lambda: _hub("RepositoryNotFoundError", 404), "stage.missing", "check"),
    "the hub's session is gone": (
        "hf://datasets/a/b",
        lambda: AttributeError("'NoneType' object has no attribute 'stream'"),
        "stage.network",
        "repeat",
    ),
    "a timeout": ("https://h/x.zip", builtins.TimeoutError, "stage.network", "HTTPS_PROXY"),
    "no room": ("s3://b/x", lambda: OSError(errno.ENOSPC, "No space left"), "stage.room", "CHANGENET_CACHE"),
    "anything else": ("s3://b/x", lambda: RuntimeError("odd"), "stage.store", "address"),
}


@pytest.mark.parametrize("case", CASES)
def test_failures_are_told_with_code_and_remedy(case: str) -> None:
    place, make, code, remedy = CASES[case]
    try:
        problem: Any = make()
    except ImportError as missing:
        pytest.skip(f"not installed: {missing.name}")

    told = failure_of(problem, place)

    assert told.code == code
    assert remedy in told.remedy
    assert is_passing(told) == (code == "stage.network")


def test_a_secret_in_what_a_library_says_is_masked() -> None:
    told = failure_of(RuntimeError("GET https://u:hunter2hunter2@h/x failed"), "s3://b/x")
    assert "hunter2" not in str(told)

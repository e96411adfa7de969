# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from core.redaction import MASK, Redactor, is_secret_key, redact, redact_text, secret_places

SECRET = "hunter2secret"  # noqa: S105 - the tests need one


@pytest.mark.parametrize(
    "name",
    [
        *(
            "encryption_key",
            "train.encryption_key",
            "HF_TOKEN",
            "password",
            "aws_secret_access_key",
            "apiKey",
            "NGC_KEY",
        ),
        *("private_key", "access_token", "clientSecret", "DB_PASS", "ssh-passphrase", "X-Api-Key", "Authorization"),
        *("SECRET_KEY_BASE", "client-key-data", "wandb_key", "PASSWORD1", "credentials", "MYSQL_PWD", "auth"),
    ],
)
def test_secret_names(name: str) -> None:
    assert is_secret_key(name)


@pytest.mark.parametrize(
    "name",
    [
        *("monitor", "keyboard", "tokenizer", "num_tokens", "use_summary_token_size", "key", "cache_key", "sort.key"),
        *("use_cls_token", "pad_token", "CACHE_KEY", "primary_key", "author", "PWD", "OLDPWD", "n_pass", "hotkey", ""),
        *("password_file", "secret_name", "token_count", "keypoints", "difference_module", "public_key"),
    ],
)
def test_names_that_only_look_alike(name: str) -> None:
    assert not is_secret_key(name)


def test_nothing_secret_survives_redaction() -> None:
    tree = {
        "encryption_key": SECRET,
        "nested": [{"password": SECRET, "use_summary_token": False}],
        "uri": f"s3://user:{SECRET}@bucket/x?X-Amz-Signature={SECRET}&ok=1",
        "text": f'export HF_TOKEN={SECRET} and {{"api_key": "{SECRET}"}}',
    }
    clean = redact(tree)
    assert SECRET not in str(clean)
    assert clean["nested"][0]["use_summary_token"] is False
    assert clean["encryption_key"] == MASK
    assert "ok=1" in clean["uri"]
    assert redact_text("hf_" + "a" * 30) == MASK


@pytest.mark.parametrize(
    ("tree", "place"),
    [
        ({"wandb": {"tags": ["a", "hf_" + "a1" * 17]}}, "wandb.tags[1]"),
        ({"ranges": {"encryption_key": ["a", "b"]}}, "ranges.encryption_key[0]"),
        ({"results_root": f"http://user:{SECRET}@h/x"}, "results_root"),
        ({"api_key": 12345678}, "api_key"),
        ({"command": ["tool", "--password", SECRET]}, "command[2]"),
        ({"adjustments": [{"key": "encryption_key", "old": "x1", "new": None}]}, "adjustments[0].old"),
        ({"env": [{"name": "HF_TOKEN", "value": "abc"}]}, "env[0].value"),
        ({"glpat-" + "a1" * 10: 1}, MASK),
        ({"auths": {"nvcr.io": {"auth": "Ym9iOmh1bnRlcjI="}}}, "auths.nvcr.io.auth"),
        ({"space": {"encryption_key": {"low": "a", "high": "b", "log": False}}}, "space.encryption_key.low"),
        (["ok", {"password": "/a"}], "[1].password"),
    ],
)
def test_secrets_in_lists_mappings_and_keys_are_masked_and_their_places_told(tree: Any, place: str) -> None:
    assert secret_places(tree)[0] == place
    assert secret_places(redact(tree)) in ([], [MASK])


@pytest.mark.parametrize(
    "tree",
    [
        {"adjustments": [{"key": "train.optim.lr", "old": 0.1, "new": 0.2}]},
        {"key": "value", "cache_key": "a1" * 20, "sort": {"key": "name"}},
        {"encryption_key": None, "password": "", "token": "env:HF_TOKEN", "secret": "${SECRET}", "use_token": True},
        {"credentials": "/root/.aws/credentials", "auth": "basic"},
        {"properties": {"encryption_key": {"type": "string", "description": "from the environment"}}},
        {"remedy": "put it into an environment variable, and give its name: encryption_key=env:NAME"},
        {"command": ["tool", "--num-tokens", "5"], "numbers": (1, 2.5, None)},
        "plain",
        7,
    ],
)
def test_what_is_no_secret_is_left_as_it_is(tree: Any) -> None:
    assert secret_places(tree) == []


def test_values_of_this_process_s_own_secret_variables_are_masked_wherever_they_stand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NGC_API_KEY", "zq-unlikely-value-77")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/root/gcp-account.json")
    monkeypatch.setenv("ADMIN_PASSWORD", "laptop")
    monkeypatch.setenv("SOME_VARIABLE", "zq-harmless-value-78")
    text = "a zq-unlikely-value-77 b; /root/gcp-account.json on a laptop with zq-harmless-value-78"
    assert redact_text(text) == text.replace("zq-unlikely-value-77", MASK)
    assert redact({"x": [text]}) == {"x": [text.replace("zq-unlikely-value-77", MASK)]}


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "password=",
            "password:",
            "a.b-c_",
            "://",
            "://a:b",
            "eyJ",
            "eyJ-",
            "sk-",
            "SG.",
            '"key"',
            "--token ",
            "<a>",
            "=",
        ),
        *("token=a,;", "pass: ", "passphrase: a b ", "'password', '", "AKIA", "1234567890:AA", "name=key,value=", "\\"),
        *(
            "Authorization: ",
            "-----BEGIN PRIVATE KEY-----",
            "curl -u a:",
            "docker login ",
            "mysql ",
            "login(",
            '"',
            "-",
            " ",
        ),
    ],
)
def test_no_text_takes_more_than_linear_time(piece: str) -> None:
    # Half a megabyte takes a second at most; quadratic time would be hours.
    text = piece * (500_000 // len(piece))
    assert Redactor().text(f"{text}\nthe end").endswith("\nthe end")
    assert Redactor().text(f"{piece * 1000}\nthe end").endswith("\nthe end")


@pytest.mark.parametrize(
    "text",
    [
        "s3://SECRET@bucket",
        "HTTPS://SECRET@host/x",
        "x?sig=SECRET",
        "x&X-AMZ-Security-Token=SECRET",
        "Password:SECRET",
        "my.passwd = SECRET",
        "HF_TOKEN=SECRET",
        "'apikey' : 'SECRET'",
        "API_\N{KELVIN SIGN}EY=SECRET",
        "CLIENT_\N{LATIN SMALL LETTER LONG S}ecret=SECRET",
    ],
)
def test_every_spelling_of_a_secret_is_masked_alone(text: str) -> None:
    assert redact_text(text) == text.replace("SECRET", MASK)


@pytest.mark.parametrize(
    "token", ["hf_" + "a" * 20, "nvapi-" + "b" * 20, "AKIA" + "C" * 16, "ghp_" + "d" * 30, "sk-" + "e" * 20]
)
def test_a_token_is_known_by_its_form_alone(token: str) -> None:
    assert redact_text(f"with {token} it") == f"with {MASK} it"


@pytest.mark.parametrize(
    ("value", "drawn"), [("abcdefghijklmnop", False), ("1234567890123456", False), ("a1b2c3d4e5f6", True)]
)
def test_under_a_weak_name_a_value_is_a_secret_where_letters_and_digits_are_mixed(value: str, drawn: bool) -> None:
    assert (redact_text(f"signature={value}") == f"signature={MASK}") == drawn


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("INFO reading the api_token: swordfish", None),  # a word behind a colon within a line tells about the name
        ("INFO reading the api_token: Sword7fish", "INFO reading the api_token: ********"),
        ("open /run/db_password: Broken7 pipe", None),  # the colon behind a path introduces a message
        ("db_token:Correct horse battery", "db_token:********"),
        ("db_token=Correct horse battery", "db_token=******** horse battery"),
        ("db_token = Correct horse battery", "db_token = ********"),
        ("at " + "ab1c" * 21, None),  # as long as a key of NGC, and none
    ],
)
def test_what_follows_a_name_is_told_from_what_is_said_about_it(line: str, masked: str | None) -> None:
    assert redact_text(line) == (masked or line)

# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import random
import string

import pytest

from core.redaction import redact_text
from core.secret_hints import NAME_HINTS, RUN_HINT, hints_in
from core.secret_rules import RULES

HINTS = sorted({*NAME_HINTS, *(hint for rule in RULES for hint in rule.hints)})


@pytest.mark.parametrize("hint", HINTS)
def test_every_hint_is_found_wherever_it_stands(hint: str) -> None:
    assert hint in hints_in(hint)
    assert hint in hints_in(f"first line\nx:{hint.upper()}\nlast")
    assert hint in hints_in("é " + hint + "Z9 é" + "word " * 3000)


def test_hints_are_those_that_a_search_for_each_finds() -> None:
    draw = random.Random(7)
    tokens = {hint for rule in RULES if rule.is_token for hint in rule.hints}
    signs = [" ", "_", "-", "=", "\n", ".", "/", "é", "$"]
    for _ in range(300):
        text = "".join(
            draw.choice([draw.choice(HINTS), draw.choice(signs), "".join(draw.choices(string.ascii_letters, k=5))])
            for _ in range(draw.randint(1, 40))
        )
        found, held = hints_in(text), {hint for hint in HINTS if hint in text.casefold()}
        assert found - {RUN_HINT} <= held
        assert held - found <= tokens  # those that something stands before are none


def test_drawn_words_hint_at_nothing_in_their_midst() -> None:
    drawn = "k3x9mq7w{}b8f1k2n4v6r0t5y7z3"
    assert "token" not in hints_in(drawn.format("token"))
    assert "akia" in hints_in("AKIA" + "Q7" * 14)
    assert redact_text("DATABASE2027SERVICESPASSWORD01=s3cr3t") == "DATABASE2027SERVICESPASSWORD01=********"


@pytest.mark.parametrize("before", ["ß", "İ", "\u212a", "é"])  # folded, three of them hold letters of ours
def test_letters_of_other_alphabets_hide_no_secret(before: str) -> None:
    secret = "lin_api_" + "A1b2" * 10
    assert redact_text(f"{before}{secret}") == f"{before}********"
    assert redact_text("access_to\u212aen=a1b2c3d4") == "access_to\u212aen=********"
    assert redact_text(f"?X-Amz-S\u0130gnature={'A1b2' * 10}") == "?X-Amz-S\u0130gnature=********"


def test_words_that_begin_like_a_token_are_none_and_runs_are_told() -> None:
    assert hints_in("a shelf_life of 5, the wolf_den") == frozenset()
    assert hints_in("step 17 loss 0.4\n" * 200) == frozenset()
    assert hints_in("at 0123456789abcdef0") == {RUN_HINT}


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("run --api-key a1b2c3d4e5f6g7h8i9j0k --verbose", "run --api-key ******** --verbose"),
        ("run --api-key a1b2c3d4e5f6g7h8i9j0k", "run --api-key ********"),
        ("GET https://h/a?X-Amz-Signature=ab12cd34ef56&x=1 200", "GET https://h/a?X-Amz-Signature=********&x=1 200"),
        ("GET https://h/a?x=1&access_token=q1w2e3 200", "GET https://h/a?x=1&access_token=******** 200"),
        ("GET https://h/a?access_token=%41bc%3D&x=1", "GET https://h/a?access_token=********&x=1"),
        ("password: b7", "password: ********"),
        ("password: swordfish", "password: ********"),
        ("password: expired", "password: expired"),
        ("password: None", "password: None"),
        ("client.password: expired", "client.password: expired"),
        ("Authorization: Bearer a1b2c3d4e5f6g7h8", "Authorization: Bearer ********"),
        ("Set-Cookie: session=a1b2c3; Path=/ token=x9y8", "Set-Cookie: ********"),
        ("Cookie: none, but token=x9y8z7 is one", "Cookie: none, but token=******** is one"),
        ("token=a=1", "token=********"),
        ("?token==x", "?token==x"),
    ],
)
def test_values_in_common_shapes_are_masked_to_their_ends_alone_and_between_others(line: str, masked: str) -> None:
    assert redact_text(line) == masked
    text = f"step 1 of 9\n{line}\nstep 2 of 9\n"
    assert redact_text(text) == f"step 1 of 9\n{masked}\nstep 2 of 9\n"

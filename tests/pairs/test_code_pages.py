# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import locale
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from core.errors import DataError
from pairs.classify_check import ClassifySource, check_split
from pairs.classify_csv import read_rows
from pairs.code_pages import decode
from pairs.loose_csv import read_loosely
from pairs.mend import fix

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = {
    "cp1252": "Größe,défaut,manqué,Prüfling,Überbrückung,Löt",
    "cp1251": "плата,брак,обрыв,замыкание",
    "gb18030": "电路板,缺陷,短路,开路,良好,缺件,偏移,正常",
    "big5": "電路板,缺陷,短路,開路,良好,缺件,偏移,正常",
    "cp932": "基板,不良,ショート,オープン,良品,欠品,ずれ",
}


@pytest.mark.parametrize(("page", "text"), TEXTS.items())
def test_a_code_page_is_told_by_its_common_characters(page: str, text: str) -> None:
    assert decode(f"board_1,golden,PASS,{text}".encode(page), lambda _text: 0) == (f"board_1,golden,PASS,{text}", page)


def test_names_on_the_disk_settle_it() -> None:
    korean = "기판,불량".encode("cp949")
    assert decode(korean, lambda text: int("기판" in text)) == ("기판,불량", "cp949")


def test_what_could_be_several_is_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locale, "getencoding", lambda: "UTF-8")
    with pytest.raises(LookupError) as caught:
        decode("단락,개방,양호".encode("cp949"), lambda _text: 0)
    assert {"gb18030", "cp949"} <= set(caught.value.args)
    monkeypatch.setattr(locale, "getencoding", lambda: "cp949")
    assert decode("단락,개방,양호".encode("cp949"), lambda _text: 0)[1] == "cp949"


@pytest.mark.parametrize(
    ("page", "folder", "label"),
    [
        ("cp1252", "Prüfling", "défaut"),
        ("gb18030", "电路板", "缺件"),
        ("cp932", "基板", "欠品"),
        ("cp949", "기판", "누락"),
    ],
)
def test_a_table_in_a_local_code_page_is_mended(page: str, folder: str, label: str, tmp_path: Path) -> None:
    (tmp_path / "images" / folder).mkdir(parents=True)
    for name in ("U1.png", "U2.png"):
        (tmp_path / "images" / folder / name).touch()
    rows = [f"{folder},{folder},PASS,U1", f"{folder},{folder},{label},U2"]
    table = tmp_path / "dataset.csv"
    table.write_bytes("\r\n".join(["input_path,golden_path,label,object_name", *rows]).encode(page))
    source = ClassifySource(table, tmp_path / "images", ".png")
    (finding,) = check_split(source).findings
    assert (finding.code, "--fix" in finding.remedy) == ("data.csv_encoding", True)
    mended = fix(source, tmp_path / "mended.csv")
    assert mended.changes == {"encoding": 1, page: 1}
    assert "look whether its names are right" in mended.as_text()
    assert [(row.input_path, row.label) for row in read_rows(tmp_path / "mended.csv")] == [
        (folder, "PASS"),
        (folder, label),
    ]


def test_a_table_that_is_too_ambiguous_says_what_it_could_be(tmp_path: Path) -> None:
    table = tmp_path / "dataset.csv"
    table.write_bytes("input_path,golden_path,label,object_name\na,a,단락,U1".encode("cp949"))
    with pytest.raises(DataError, match=r"it could be .*GBK.* or CP949") as caught:
        read_loosely(table, tmp_path, Counter())
    assert caught.value.code == "data.mend"

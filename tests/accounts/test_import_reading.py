"""Whatever a person sends: its rows are read, or it is said why not, line by line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.imports import examining, reading
from accounts.imports.problems import Unusable
from accounts.imports.reading import Broken, Row, Table, open_table

GOOD = "name,city\nAcme,Oslo\nBeta,Bergen\n"


def read(content: bytes, tmp_path: Path, name: str = "file.csv") -> tuple[Table, list[Row | Broken]]:
    """Everything that a stored upload goes through, from its bytes to its rows."""
    path = tmp_path / "upload"
    path.write_bytes(content)
    with path.open("rb") as stream:
        examined = examining.examine(stream, name=name)
    with open_table(path, encoding=examined.encoding, name=name) as table:
        return table, list(table.rows())


def refusal_of(content: bytes, tmp_path: Path, name: str = "file.csv") -> str:
    with pytest.raises(Unusable) as caught:
        read(content, tmp_path, name)
    return str(caught.value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_reads_what_spreadsheets_write(delimiter: str, encoding: str, line_end: str, tmp_path: Path) -> None:
    lines = [["name", "city"], ["Ångström", "Malmö"], ["Crème", "Zürich"], ["Plain", "Oslo"]]
    content = "".join(delimiter.join(cells) + line_end for cells in lines).encode(encoding)
    table, rows = read(content, tmp_path)
    assert table.headers == ["name", "city"]
    assert rows == [Row(number, cells) for number, cells in enumerate(lines[1:], start=2)]


def test_reads_an_alphabet_of_its_own_in_its_old_encoding(tmp_path: Path) -> None:
    cities = ["Москва", "Санкт-Петербург", "Новосибирск", "Екатеринбург", "Нижний Новгород"] * 8
    content = ("город,страна\n" + "".join(f"{city},Россия\n" for city in cities)).encode("cp1251")
    _, rows = read(content, tmp_path)
    assert rows[0] == Row(2, ["Москва", "Россия"])


def test_takes_the_separator_that_excel_wrote_into_the_first_line(tmp_path: Path) -> None:
    table, rows = read(b"sep=;\nname;notes\nAcme;a,b,c\n", tmp_path)
    assert (table.headers, rows) == (["name", "notes"], [Row(3, ["Acme", "a,b,c"])])


def test_is_not_misled_by_commas_inside_semicolon_cells(tmp_path: Path) -> None:
    table, _ = read(b"name;notes\nAcme;1,5\nBeta;2,5\n", tmp_path)
    assert table.delimiter == ";"


def test_counts_physical_lines_when_a_cell_holds_a_line_break(tmp_path: Path) -> None:
    _, rows = read(b'name,city\n"Acme\nNorth",Oslo\nBeta,Bergen\n', tmp_path)
    assert rows == [Row(2, ["Acme\nNorth", "Oslo"]), Row(4, ["Beta", "Bergen"])]


def test_skips_blank_lines_and_the_empty_cells_that_excel_leaves(tmp_path: Path) -> None:
    _, rows = read(b"\nname,city\nAcme,Oslo,,\n\n,,\nBeta,Bergen\n", tmp_path)
    assert rows == [Row(3, ["Acme", "Oslo"]), Row(6, ["Beta", "Bergen"])]


def test_refuses_a_ragged_row_by_its_line_and_reads_on(tmp_path: Path) -> None:
    _, rows = read(b"name,city\nAcme\nBeta,Bergen,Norway\nCity,Oslo\n", tmp_path)
    assert [(row.line, row.code) for row in rows if isinstance(row, Broken)] == [
        (2, "too_few_cells"),
        (3, "too_many_cells"),
    ]
    assert rows[-1] == Row(4, ["City", "Oslo"])


def test_says_that_a_file_was_cut_in_the_middle_of_a_row(tmp_path: Path) -> None:
    _, rows = read(b"name,city\nAcme,Oslo\nBet", tmp_path)
    assert rows[-1] == Broken(3, "cut_off")


def test_says_that_a_file_was_cut_inside_quotes(tmp_path: Path) -> None:
    _, rows = read(b'name,city\nAcme,Oslo\nBeta,"Ber', tmp_path)
    assert rows[-1] == Broken(3, "cut_off")


def test_says_that_a_file_was_cut_inside_a_character(tmp_path: Path) -> None:
    _, rows = read("name,city\nAcme,Malmö\nBeta,Malmö".encode()[:-1], tmp_path)
    assert rows[0] == Row(2, ["Acme", "Malmö"])
    assert rows[-1] == Broken(3, "damaged_text")


def test_knows_when_the_last_line_has_no_end(tmp_path: Path) -> None:
    assert read(GOOD.encode().rstrip(), tmp_path)[0].ends_open
    assert not read(GOOD.encode(), tmp_path)[0].ends_open


def test_loses_only_the_row_whose_quote_is_not_closed(tmp_path: Path) -> None:
    _, rows = read(b'name,city\nAcme,"Oslo\nBeta,Bergen\nGamma,Trondheim\n', tmp_path)
    assert rows == [Broken(2, "broken_quote"), Row(3, ["Beta", "Bergen"]), Row(4, ["Gamma", "Trondheim"])]


def test_finds_back_after_a_quote_that_swallows_up_to_the_next_one(tmp_path: Path) -> None:
    _, rows = read(b'name,city\nAcme,"Oslo\nBeta,Bergen\n"Gamma, Inc",Trondheim\n', tmp_path)
    assert rows == [
        Broken(2, "broken_quote"),
        Row(3, ["Beta", "Bergen"]),
        Row(4, ["Gamma, Inc", "Trondheim"]),
    ]


def test_refuses_the_row_with_a_nul_and_reads_on(tmp_path: Path) -> None:
    _, rows = read(b"name,city\nAc\x00me,Oslo\nBeta,Bergen\n", tmp_path)
    assert rows == [Broken(2, "nul"), Row(3, ["Beta", "Bergen"])]


def test_refuses_only_the_damaged_rows_of_a_utf8_file(tmp_path: Path) -> None:
    good = "".join(f"Ånge{number},Malmö\n" for number in range(20)).encode()
    _, rows = read(b"name,city\n" + good + b"Acme,\xff\xfe\n", tmp_path)
    assert [row.line for row in rows if isinstance(row, Broken)] == [22]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \r\n\r\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "is a picture"),
        (b"%PDF-1.7\n", "is a document"),
        (b"PK\x03\x04" + bytes(20) + b"[Content_Types].xml", "Excel workbook"),
        (b"PK\x03\x04" + bytes(20) + b"deals.csv", "compressed"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "Excel workbook"),
        (b"<!DOCTYPE html><title>Sign in</title>", "web page"),
        (bytes(range(256)) * 50, "not a text file"),
        (b"x" * (2 * reading.MAX_LINE), "too long for a table"),
        (",".join(f"c{number}" for number in range(5000)).encode() + b"\n", "more than 500 columns"),
    ],
)
def test_says_what_a_file_is_that_is_no_table(content: bytes, words: str, tmp_path: Path) -> None:
    sentence = refusal_of(content, tmp_path, "thing.csv")
    assert words in sentence
    assert "thing.csv" in sentence


def test_stops_at_the_size_that_was_allowed() -> None:
    with pytest.raises(Unusable) as caught:
        examining.examine(io.BytesIO(b"name,city\n" * 1_000_000), name="big.csv", limit=5_000_000)
    assert str(caught.value) == (
        "big.csv is larger than the 5 MB that are left for this import. Split it, or send it by itself."
    )


def test_does_not_read_a_hostile_file_over_and_over(tmp_path: Path) -> None:
    assert "too many quotes" in refusal_of(b"name,city\n" + b'a,"b\n' * 20_000, tmp_path)


def test_begins_again_after_the_last_line_that_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_text(GOOD)
    with open_table(path, encoding="utf-8", name="file.csv") as table:
        assert list(table.rows(after=2)) == [Row(3, ["Beta", "Bergen"])]


def test_memory_stays_flat_however_long_the_file(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "long.csv"
    with path.open("w") as out:
        out.write("name,city\n")
        out.writelines(f"Company {number},Oslo\n" for number in range(100_000))
    tracemalloc.start()
    with open_table(path, encoding="utf-8", name="long.csv") as table:
        assert sum(1 for _ in table.rows()) == 100_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


cells = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffd"), max_size=12)
tables = st.integers(2, 6).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=12)
)


@settings(deadline=None)
@given(table=tables, delimiter=st.sampled_from(reading.DELIMITERS), breaks=st.booleans())
def test_gives_back_every_table_that_python_writes(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]], delimiter: str, breaks: bool
) -> None:
    if breaks:
        table[0][0] += '\n, ; " |\t'
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    header = [f"column_{number}" for number in range(len(table[0]))]
    writer.writerows([header, *table])
    stream = io.StringIO(out.getvalue(), newline="")
    read_back = Table(stream, name="file.csv")
    wanted = [row for row in table if any(cell and not cell.isspace() for cell in row)]
    if read_back.delimiter == delimiter:
        assert [row.cells for row in read_back.rows() if isinstance(row, Row)] == wanted
    assert read_back.delimiter == delimiter


def answer(path: Path) -> tuple[int, list[Row | Broken]] | str:
    """The width and rows of any file, or the sentence that refuses it."""
    try:
        with path.open("rb") as stream:
            examined = examining.examine(stream, name="any.csv")
        with open_table(path, encoding=examined.encoding, name="any.csv") as table:
            return len(table.headers), list(table.rows())
    except Unusable as refused:
        return str(refused)


@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=400) | st.text(alphabet='ab,;"\n\r\t\0é', max_size=300).map(str.encode))
def test_answers_any_bytes_with_rows_or_a_sentence(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(content)
    match answer(path):
        case str() as sentence:
            assert "any.csv" in sentence
        case width, rows:
            assert all(isinstance(row, Broken) or len(row.cells) == width for row in rows)

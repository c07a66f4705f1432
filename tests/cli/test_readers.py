"""Reading of tables: what is read alike from every format, and what is refused."""

import csv
import gzip
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from imbalanced_nn.cli import dialects, readers
from imbalanced_nn.cli.dialects import find_dialect
from imbalanced_nn.cli.readers import names_in, read_table
from imbalanced_nn.cli.reading import AS_FOUND
from imbalanced_nn.cli.refusals import DataRefusal
from imbalanced_nn.exceptions import ImbalanceWarning


class TestReading:
    @pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.tsv", "t.tsv.gz", "T.CSV"])
    def test_text_formats(self, name, frame, tmp_path):
        separator = "\t" if "tsv" in name else ","
        frame.to_csv(tmp_path / name, index=False, sep=separator)
        read = read_table(str(tmp_path / name), "fraud")
        expected = frame.assign(when=frame["when"].dt.strftime("%Y-%m-%d"))
        pd.testing.assert_frame_equal(read, expected, check_dtype=False)

    @pytest.mark.parametrize("name", ["t.parquet", "t.pq"])
    def test_parquet(self, name, frame, tmp_path):
        frame.set_index(frame.index + 5).to_parquet(tmp_path / name)
        read = read_table(str(tmp_path / name), "fraud")
        pd.testing.assert_frame_equal(read, frame, check_dtype=False)

    def test_parquet_with_numbered_columns(self, tmp_path):
        pd.DataFrame({0: [1, 2], 1: ["p", "q"]}).to_parquet(tmp_path / "t.parquet")
        assert list(read_table(str(tmp_path / "t.parquet"), "1")) == ["0", "1"]

    @pytest.mark.parametrize(
        "text",
        [
            "a;y\n1;p\n2;q\n",
            "a, y\n1, p\n2, q\n",
            "\ufeffa,y\r\n1,p\r\n2,q\r\n",
            "a,y\n1,p\n\n2,q",
            '"a","y"\n1,"p"\n2,"q"\n',
            ",a,y\n0,1,p\n1,2,q\n",
        ],
        ids=["semicolon", "spaces", "mark and CRLF", "blank line", "quoted", "row numbers"],
    )
    def test_dialects(self, text, tmp_path):
        (tmp_path / "t.csv").write_bytes(text.encode())
        read = read_table(str(tmp_path / "t.csv"), "y")
        assert read.columns.tolist() == ["a", "y"]
        assert read.to_numpy().tolist() == [[1, "p"], [2, "q"]]

    def test_missing_values(self, tmp_path):
        (tmp_path / "t.csv").write_text("a,b,y\n1,?,None\n,NA,NA\n3,x,\n")
        read = read_table(str(tmp_path / "t.csv"), "y")
        assert read["a"].isna().tolist() == [False, True, False]
        assert read["b"].isna().tolist() == [True, True, False]
        assert read["y"].tolist()[:2] == ["None", "NA"]
        assert read["y"].isna().tolist() == [False, False, True]

    def test_a_quoted_field_over_two_lines(self, tmp_path):
        (tmp_path / "t.csv").write_text('a,y\n"one\ntwo",p\nx,q\n')
        assert read_table(str(tmp_path / "t.csv"), "y")["a"].tolist() == ["one\ntwo", "x"]

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32"])
    def test_encodings_that_show(self, encoding, tmp_path):
        (tmp_path / "t.csv").write_bytes("a,y\n1,pä\n2,q\n".encode(encoding))
        with pytest.warns(ImbalanceWarning, match="was read as UTF-"):
            read = read_table(str(tmp_path / "t.csv"), "y")
        assert read["y"].tolist() == ["pä", "q"]

    def test_decimal_marks_are_those_of_columns(self, tmp_path):
        (tmp_path / "t.csv").write_text("a;b;c;y\n1,5;2.5;1.234.567;p\n2,5;3.5;7;q\n")
        read = read_table(str(tmp_path / "t.csv"), "y")
        assert read.attrs["decimals"] == {"a": ",", "b": ".", "c": ","}
        assert (read["a"].tolist(), read["b"].tolist()) == (["1,5", "2,5"], [2.5, 3.5])


class TestLinesOfJson:
    def test_what_is_nested_and_what_lacks(self, tmp_path):
        lines = ['{"a": {"b": 1, "c": [1]}, "y": "p"}', "", '{"y": "q"}']
        (tmp_path / "t.jsonl").write_text("\n".join(lines))
        read = read_table(str(tmp_path / "t.jsonl"), "y")
        assert read.columns.tolist() == ["y", "a.b", "a.c"]
        assert read["a.c"].tolist()[0] == "[1]"
        assert read["a.b"].isna().tolist() == [False, True]

    @pytest.mark.parametrize("line", ["{bad", "[1, 2]", "7"])
    def test_what_is_no_row(self, line, refused, tmp_path):
        (tmp_path / "t.jsonl").write_text(f'{{"a": 1}}\n{line}\n')
        code, sentence = refused("compare", tmp_path / "t.jsonl", "--target", "y")
        assert code == 1
        assert "line 2 is no JSON object such as" in sentence


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"", " is empty; its first line must name the columns."),
            (b"\n\n", " is empty; its first line must name the columns."),
            (b"a,y\n", " names columns and has no rows."),
            (b"a,y\n\n\n", " names columns and has no rows."),
            (
                b"a,y\n1,p\n2\n",
                " is not a table: line 3 has 1 field, the first line has 2. If this line is no "
                "part of the table, delete it.",
            ),
            (
                b"Sales\n\na,y\n1,p\n",
                " is not a table: line 3 has 2 fields, the first line has 1. If the first line is "
                "no part of the table, such as a title, delete it.",
            ),
            (
                b"sep=,\na,y\n1,p,5\n",
                " is not a table: line 3 has 3 fields, the first line has 2. A value that holds "
                "',' must be in quotation marks.",
            ),
            (
                b"a,b,y\n1,p\n",
                " is not a table: line 2 has 2 fields, the first line has 3. Complete it: a "
                "missing value is left empty between two ','.",
            ),
            (
                b'a,y\n1,p\n"2,q\n3,p\n',
                " is not a table: the quotation mark that opens in line 3 is not closed. Close "
                "it, or write one that is part of a value twice.",
            ),
            (
                b'a,b,y\n1,2,p\n"3\n",4,"q\n5,6,p\n',
                " is not a table: the quotation mark that opens in line 4 is not closed. Close "
                "it, or write one that is part of a value twice.",
            ),
            (
                b'a,y\n1,p\n2,"q\n3",p\n4,q\n',
                " is not a table: line 3 has 3 fields, the first line has 2. A quotation mark may "
                "be open: a field goes on from line 3 to line 4.",
            ),
            (
                b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
                " is no text table: it holds bytes such as 0x1a, which text in UTF-8 does not. If "
                "it is text in another encoding, name that, such as --encoding utf-16; else save "
                "it as .csv, .parquet or .xlsx.",
            ),
            (b"\x1f\x8b\x08", " is no text table but packed by gzip; let its name end in .csv.gz."),
            (
                b"PK\x03\x04",
                " is no text table but a ZIP archive or an Excel workbook; let its name end in "
                ".zip or .xlsx.",
            ),
            (b"a,a,y\n1,2,p\n", " has more than one column 'a'; name each once."),
            (b"a,,y\n1,2,p\n", " has no name for column 2; give it one."),
        ],
    )
    def test_what_is_no_table(self, content, sentence, refused, tmp_path):
        path = tmp_path / "t.csv"
        path.write_bytes(content)
        assert refused("compare", path, "--target", "y") == (1, f"{str(path)!r}{sentence}")

    @pytest.mark.parametrize("opens", ["", '"'])
    def test_long_fields_are_read_and_open_ones_named(self, opens, tmp_path):
        limit = csv.field_size_limit()
        text = 'a,y\n1,p\n"' + "long\n" * 60_000 + f'",q\n{opens}3,p\n' + "4,q\n" * 60_000
        (tmp_path / "t.csv").write_text(text)
        if opens:
            with pytest.raises(DataRefusal, match="mark that opens in line 60004 is not closed"):
                read_table(str(tmp_path / "t.csv"), "y")
        else:
            read = read_table(str(tmp_path / "t.csv"), "y")
            assert (read["a"][1], len(read)) == ("long\n" * 60_000, 60_003)
        assert csv.field_size_limit() == limit

    def test_a_field_beyond_all_bounds(self, tmp_path, monkeypatch):
        monkeypatch.setattr(dialects, "_LONGEST", 1000)
        (tmp_path / "t.csv").write_text('a,y\n1,p\n"2,' + "q\n" * 2000)
        with pytest.raises(DataRefusal, match="begins in line 3 has more than 1,000 characters"):
            read_table(str(tmp_path / "t.csv"), "y")

    @pytest.mark.parametrize("control", ["\x1b", "\0"])
    def test_a_control_character_in_good_text(self, control, tmp_path):
        (tmp_path / "t.csv").write_text(f"a,y\nä{control}b,p\n2,q\n", "utf-8")
        assert read_table(str(tmp_path / "t.csv"), "y")["a"][0] == f"ä{control}b"

    @pytest.mark.parametrize("cut", [0, 12, -4])
    def test_a_broken_gzip(self, cut, tmp_path):
        packed = gzip.compress(b"a,y\n" + b"1,p\n" * 5000)
        (tmp_path / "t.csv.gz").write_bytes(b"no gzip" if cut == 0 else packed[:cut])
        with pytest.raises(DataRefusal, match=r"t\.csv\.gz' cannot be read: .*[^.]\.$"):
            read_table(str(tmp_path / "t.csv.gz"), "y")

    def test_what_is_no_parquet(self, refused, tmp_path):
        (tmp_path / "t.parquet").write_bytes(b"a,y\n1,2\n")
        code, sentence = refused("compare", tmp_path / "t.parquet", "--target", "y")
        assert code == 1
        assert sentence.startswith(f"{str(tmp_path / 't.parquet')!r} is not a Parquet table: ")

    def test_pyarrow_is_missing(self, refused, frame, tmp_path, monkeypatch):
        frame.to_parquet(tmp_path / "t.parquet")
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        assert refused("compare", tmp_path / "t.parquet", "--target", "fraud") == (
            2,
            "Parquet needs pyarrow: pip install pyarrow.",
        )

    def test_a_directory(self, refused, tmp_path):
        assert refused("compare", tmp_path, "--target", "y") == (
            2,
            f"{str(tmp_path)!r} is a directory; give one file.",
        )

    def test_another_kind_of_file(self, refused, tmp_path):
        (tmp_path / "t.xls").write_bytes(b"PK")
        assert refused("compare", tmp_path / "t.xls", "--target", "y") == (
            2,
            f"{str(tmp_path / 't.xls')!r} is none of .csv, .tsv, .txt, .jsonl, .ndjson, "
            ".parquet, .pq, .xlsx, which can be read; text and lines of JSON may be packed, as "
            ".gz, .bz2, .xz, .zip.",
        )


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_chunks_are_the_table_with_rows_numbered_through(frame, tmp_path, monkeypatch, kind):
    path = tmp_path / f"t.{kind}"
    frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path)
    monkeypatch.setattr(readers, "CHUNK_ROWS", 50)
    n_rows, chunks = readers.read_chunks(str(path), ["key", "amount", "no column"], ["key"])
    chunks = [chunk for chunk, _ in chunks]
    assert n_rows == 240
    assert [len(chunk) for chunk in chunks] == [50, 50, 50, 50, 40]
    whole = pd.concat(chunks)
    assert whole.index.tolist() == list(range(240))
    assert whole["key"].tolist() == frame["key"].tolist()
    np.testing.assert_array_equal(whole["amount"], frame["amount"])
    assert sorted(whole.columns) == ["amount", "key"]


@pytest.mark.parametrize("path", sorted((Path(__file__).parent / "messy").glob("*.[ct]sv")))
def test_the_first_lines_tell_the_names_that_the_whole_file_has_or_none(path):
    found = names_in(str(path))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ImbalanceWarning)
            names = [name for name in find_dialect(path, AS_FOUND).names if name]
    except DataRefusal:
        return
    assert found is None or found == names

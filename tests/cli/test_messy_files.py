"""Messy files: each is read as the clean one that it was made of, and what was done is said."""

import bz2
import gzip
import json
import lzma
import shutil
from pathlib import Path

import pytest

from imbalanced_nn.cli.python_code import reading_lines
from imbalanced_nn.cli.reading import Reading
from imbalanced_nn.cli.sources import read_source

MESSY = Path(__file__).parent / "messy"
COMPARE = ("--target", "fraud", "--strategies", "none,class_weight", "--folds", 3, "--json")

# What the reader says of each file, beside what it says of none.
SAID = {
    "clean.csv": [],
    "total_line.csv": [],
    "missing_words.csv": [
        "amount: 57 of 58 values are numbers, 'n.a.' in row 8 is not; taken as missing.",
        "amount: 57 of 58 values are numbers, '-' in row 22 is not; taken as missing.",
        "amount: 57 of 58 values are numbers, 'unknown' in row 41 is not; taken as missing.",
    ],
    "decimal_commas.csv": [],
    "money.csv": [],
    "dates_day_first.csv": [],
    "dates_points.csv": [],
    "dates_month_first.csv": [],
    "dates_slashes.csv": [],
    "dates_names.csv": [],
    "labels.csv": [
        "fraud: 'NO' in row {no} is taken for 'no'; they differ by case or spaces only.",
        "fraud: 'yes ' in row {yes} is taken for 'yes'; they differ by spaces only.",
        "fraud: 'Yes' in row {Yes} is taken for 'yes'; they differ by case or spaces only.",
    ],
    "no_labels.csv": [
        "fraud: '?' in row 61 is taken for a missing class.",
        "fraud: 'n/a' in row 63 is taken for a missing class.",
    ],
    "latin_1.csv": [
        "latin_1.csv is not in UTF-8 and was read as Latin-1; --encoding names others."
    ],
    "utf_16.csv": ["utf_16.csv is not in UTF-8 and was read as UTF-16; --encoding names others."],
    "sep_line.csv": [],
    "blank_first_line.csv": [],
    "trailing_commas.csv": [],
    "row_numbers.csv": [],
    "pipes.csv": [],
}
DETAILS = {
    "decimal_commas.csv": {"amount": "decimal comma"},
    "money.csv": {"amount": "$", "rate": "%"},
    "dates_day_first.csv": {"when": "day first"},
    "dates_points.csv": {"when": "day first"},
    "dates_month_first.csv": {"when": "month first"},
    "row_numbers.csv": {"Unnamed: 0": "row numbers"},
}


@pytest.fixture
def compared(run):
    """Compare on a file; give what was printed as JSON, and the notes."""

    def compared(path, *options):
        result = run("compare", path, *COMPARE, *options)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout), result.stderr.splitlines()

    return compared


def figures(content):
    """Return what was measured on each fold, without the time it took."""
    return [{k: v for k, v in fold.items() if k != "seconds"} for fold in content["folds"]]


@pytest.fixture
def clean(compared):
    """What is found on the clean file."""
    return compared(MESSY / "clean.csv")[0]


def test_every_file_is_tested():
    assert {path.name for path in MESSY.iterdir()} == set(SAID)


@pytest.mark.parametrize("name", SAID)
def test_a_messy_file_is_read_as_the_clean_one(name, compared, clean):
    content, notes = compared(MESSY / name)
    assert figures(content) == figures(clean)
    assert content["class_count"] == [45, 15]
    rows = {"others": "--encoding names others"}
    if name == "labels.csv":
        lines = (MESSY / name).read_text("utf-8").splitlines()[1:]
        ends = [line.rsplit(",", 1)[1] for line in lines]
        rows |= {"yes": ends.index("yes ") + 1, "Yes": ends.index("Yes") + 1}
        rows["no"] = ends.index(" NO") + 1
    told = content["data"]["notes"]
    assert sorted(told) == sorted(f"[INN020] {each.format(**rows)}" for each in SAID[name])
    assert " ".join(notes).split() == " ".join(f"Note: {note}" for note in told).split()
    assert max(map(len, notes), default=0) <= 80
    taken = {each["name"]: each for each in content["data"]["columns"]}
    details = {"amount": "", "rate": "", "when": "", "city": "", "zip": ""} | DETAILS.get(name, {})
    assert {column: each["detail"] for column, each in taken.items()} == details
    assert (taken["amount"]["kind"], taken["amount"]["missing"]) == ("number", 3)
    assert taken["when"]["kind"] == "date"
    assert (taken["zip"]["kind"], taken["zip"]["categories"]) == ("category", 4)


@pytest.mark.parametrize(
    ("packing", "name"), [("gz", "c.csv.gz"), ("bz2", "c.csv.bz2"), ("xz", "c.tsv.xz")]
)
def test_packed_files(packing, name, compared, clean, tmp_path):
    text = (MESSY / "clean.csv").read_bytes()
    text = text.replace(b",", b"\t") if "tsv" in name else text
    opener = {"gz": gzip, "bz2": bz2, "xz": lzma}[packing].open
    with opener(tmp_path / name, "wb") as file:
        file.write(text)
    assert figures(compared(tmp_path / name)[0]) == figures(clean)


def test_a_zip_archive(compared, clean, tmp_path, refused):
    (tmp_path / "in").mkdir()
    shutil.copy(MESSY / "clean.csv", tmp_path / "in")
    path = shutil.make_archive(str(tmp_path / "t"), "zip", tmp_path / "in")
    assert figures(compared(path)[0]) == figures(clean)
    shutil.copy(MESSY / "money.csv", tmp_path / "in")
    shutil.make_archive(str(tmp_path / "t"), "zip", tmp_path / "in")
    assert refused("compare", path, *COMPARE) == (
        1,
        f"{path!r} holds 2 files: clean.csv, money.csv; pack one table alone.",
    )
    (tmp_path / "in" / "money.csv").rename(tmp_path / "in" / "README.txt")
    shutil.make_archive(str(tmp_path / "t"), "zip", tmp_path / "in")
    assert figures(compared(path)[0]) == figures(clean)


def test_the_python_for_a_file_notes_nothing_of_it(recwarn):
    source = read_source(str(MESSY / "latin_1.csv"), "fraud", Reading())
    assert source.notes and reading_lines(source, Reading())
    assert not recwarn.list

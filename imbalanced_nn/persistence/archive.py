"""The container: a zip file of named members, each with its checksum."""

import hashlib
import io
import re
import struct
import zipfile
from pathlib import Path
from typing import BinaryIO

from imbalanced_nn.exceptions import ModelFileError

__all__ = ["MANIFEST", "read_archive", "write_archive"]

MANIFEST = "manifest.json"
CHECKSUMS = "SHA256SUMS"

# Protocols from 2 on; then what joblib packs them with: zlib, gzip, bz2, xz and lz4.
_PICKLES = (
    b"\x80",
    *(b"x\x01", b"x^", b"x\x9c", b"x\xda"),
    *(b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x04\x22M\x18"),
)

_BARE_NETWORK = (
    "holds a Keras network and no estimator. Load it by keras.models.load_model, and give it to "
    "BalancedKerasClassifier(model=...)."
)

_NOT_OURS = "is a zip file, but not as imbalanced_nn.save wrote it."

# What a file declares at its end, beside texts of bounded size.
MOST_MEMBERS = 10_000
MOST_TEXT = 2**25
"""Bytes of the manifest, and of the list of checksums."""

_START = 16
_ENTRY = 300
_MEMBER = re.compile(r"\d+-.{0,200}\.(npy|keras)|copy\.onnx")
_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_LARGE_END = struct.Struct("<4sQ2H2L4Q")

_SAVE_AGAIN = "Get it again from where it came from, or save the estimator again."


def write_archive(path: Path, members: dict[str, bytes]) -> None:
    """Write members to a zip file, uncompressed, and after them a list of their checksums.

    The list is in the form of the command ``sha256sum``, which can check an unpacked file.
    """
    sums = "".join(f"{digest}  {name}\n" for name, digest in _digests(members).items())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in {**members, CHECKSUMS: sums.encode()}.items():
            archive.writestr(zipfile.ZipInfo(name), content)


def read_archive(path: str, source: BinaryIO) -> dict[str, bytes]:
    """Return the members of a file that `write_archive` wrote.

    Parameters
    ----------
    path : str
        Name of the file, for messages.
    source : binary file
        What it holds. Of a file that is none of `write_archive`'s only the ends are read.

    Raises
    ------
    ModelFileError
        If it is another kind of file, cut short, or altered.
    """
    start = source.read(_START)
    if not start.startswith(b"PK"):
        raise ModelFileError(f"{path!r} {_foreign(start)}")
    size = source.seek(0, io.SEEK_END)
    try:
        members = _members(path, source, size)
    except ModelFileError:
        raise
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, ValueError):
        raise ModelFileError(f"{path!r} is cut short or damaged. {_SAVE_AGAIN}") from None
    _check_sums(path, members)
    return members


def _members(path: str, source: BinaryIO, size: int) -> dict[str, bytes]:
    """Return the members of a zip file once all that it declares is in bounds."""
    if _listing_size(source, size) > MOST_MEMBERS * _ENTRY:
        raise ModelFileError(f"{path!r} {_NOT_OURS} {_SAVE_AGAIN}")
    with zipfile.ZipFile(source) as archive:
        entries = archive.infolist()
        names = {entry.filename for entry in entries}
        if MANIFEST not in names and "model.weights.h5" in names:
            raise ModelFileError(f"{path!r} {_BARE_NETWORK}")
        # Nothing is packed and no bytes are two members', so that together they are no larger
        # than the file.
        bad = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
        bad = bad or any(entry.file_size != entry.compress_size for entry in entries)
        bad = bad or sum(entry.file_size for entry in entries) > size
        bad = bad or len(names) < len(entries) or not {MANIFEST, CHECKSUMS} <= names
        bad = bad or not all(_is_ours(name) for name in names)
        if bad:
            raise ModelFileError(f"{path!r} {_NOT_OURS} {_SAVE_AGAIN}")
        for name in (MANIFEST, CHECKSUMS):
            if (declared := archive.getinfo(name).file_size) > MOST_TEXT:
                raise ModelFileError(
                    f"{path!r} has a {name} of {declared} bytes; read are up to {MOST_TEXT}."
                )
        return {entry.filename: archive.read(entry) for entry in entries}


def _listing_size(source: BinaryIO, size: int) -> int:
    """Return how many bytes a zip file's list of members has, as its end declares."""
    tail_size = min(size, _END.size + _LOCATOR.size)
    source.seek(size - tail_size)
    tail = source.read(tail_size)
    if tail[-_END.size :][:4] != b"PK\5\6":
        raise zipfile.BadZipFile("no end")
    listing = _END.unpack(tail[-_END.size :])[5]
    if tail[:4] == b"PK\6\7":
        # The end of a file of more than 4 GiB, which lies before the other.
        source.seek(_LOCATOR.unpack(tail[: _LOCATOR.size])[2])
        large = source.read(_LARGE_END.size)
        if len(large) < _LARGE_END.size or source.tell() != size - tail_size:
            raise zipfile.BadZipFile("no end")
        listing = max(listing, _LARGE_END.unpack(large)[8])
    return listing


def _is_ours(name: str) -> bool:
    """Whether `write_archive` is given members of this name."""
    return name in (MANIFEST, CHECKSUMS) or _MEMBER.fullmatch(name) is not None


def _digests(members: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in members.items()}


def _check_sums(path: str, members: dict[str, bytes]) -> None:
    """Refuse members that are not those of the list of checksums, and drop the list."""
    lines = members.pop(CHECKSUMS).decode("utf-8", "replace").splitlines()
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    found = _digests(members)
    if differing := {name for name, _ in found.items() ^ listed.items()}:
        raise ModelFileError(
            f"{path!r} was altered after it was saved: {', '.join(sorted(differing))} does not "
            f"match its checksum. {_SAVE_AGAIN}"
        )


def _foreign(content: bytes) -> str:
    """Say what a file is that is no zip file."""
    if not content:
        return f"is empty. {_SAVE_AGAIN}"
    if content.startswith(_PICKLES):
        return (
            "is a pickle or a file of joblib, which runs whatever code it holds when it is "
            "loaded. If you trust it, load it by joblib.load and save it by imbalanced_nn.save."
        )
    if content.startswith(b"\x89HDF"):
        return _BARE_NETWORK
    return f"is not a file of imbalanced_nn.save. {_SAVE_AGAIN}"

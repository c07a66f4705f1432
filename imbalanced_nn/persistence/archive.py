"""The container: a zip file of named members, each with its checksum."""

import hashlib
import io
import zipfile
from pathlib import Path

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

_SAVE_AGAIN = "Get it again from where it came from, or save the estimator again."


def write_archive(path: Path, members: dict[str, bytes]) -> None:
    """Write members to a zip file, uncompressed, and after them a list of their checksums.

    The list is in the form of the command ``sha256sum``, which can check an unpacked file.
    """
    sums = "".join(f"{digest}  {name}\n" for name, digest in _digests(members).items())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in {**members, CHECKSUMS: sums.encode()}.items():
            archive.writestr(zipfile.ZipInfo(name), content)


def read_archive(path: str, content: bytes) -> dict[str, bytes]:
    """Return the members of a file that `write_archive` wrote.

    Parameters
    ----------
    path : str
        Name of the file, for messages.
    content : bytes
        What it holds.

    Raises
    ------
    ModelFileError
        If it is another kind of file, cut short, or altered.
    """
    if not content.startswith(b"PK"):
        raise ModelFileError(f"{path!r} {_foreign(content)}")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            # Nothing is packed and no bytes are two members', so that together they are no larger
            # than the file.
            packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
            packed = packed or sum(entry.file_size for entry in entries) > len(content)
            members = {} if packed else {e.filename: archive.read(e) for e in entries}
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, ValueError):
        raise ModelFileError(f"{path!r} is cut short or damaged. {_SAVE_AGAIN}") from None
    if MANIFEST not in members and "model.weights.h5" in members:
        raise ModelFileError(f"{path!r} {_BARE_NETWORK}")
    if len(entries) != len(members) or not {MANIFEST, CHECKSUMS} <= set(members):
        raise ModelFileError(
            f"{path!r} is a zip file, but not as imbalanced_nn.save wrote it. {_SAVE_AGAIN}"
        )
    _check_sums(path, members)
    return members


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

"""Files that are there whole or not at all."""

import errno
import functools
import hashlib
import os
import platform
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["begun_file", "check_writable", "disk_failed", "same_file", "written_whole"]


def check_writable(path: str | os.PathLike, overwrite: bool) -> Path:
    """Return the path that is to be written, links followed, or refuse it.

    Parameters
    ----------
    path : str or path-like
        Where the file is to be.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    FileExistsError
        If there is a file and it must not be replaced.
    FileNotFoundError
        If its folder does not exist.
    IsADirectoryError, OSError
        If the path is a folder, or no plain file, such as a pipe.
    PermissionError
        If nothing may be written in its folder.

    Examples
    --------
    >>> from imbalanced_nn.atomic_files import check_writable
    >>> check_writable("no folder/model.inn", overwrite=False)
    Traceback (most recent call last):
        ...
    FileNotFoundError: There is no folder 'no folder' to write 'no folder/model.inn' in.
    """
    target = Path(os.path.realpath(path))
    name = os.fspath(path)
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        if not target.parent.is_dir():
            folder = os.fspath(Path(path).parent)
            raise FileNotFoundError(
                f"There is no folder {folder!r} to write {name!r} in."
            ) from None
        _check_permission(target, name)
        return target
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(f"{name!r} is a folder; give the name of a file.")
    if not stat.S_ISREG(mode):
        raise OSError(f"{name!r} is no plain file, and cannot be replaced as one.")
    if not overwrite:
        raise FileExistsError(f"{name!r} exists and is not overwritten.")
    _check_permission(target, name)
    return target


def _check_permission(target: Path, name: str) -> None:
    """Refuse a folder in which no file may be made, also beside one that may be changed."""
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise PermissionError(
            f"{name!r} cannot be written: its folder {os.fspath(target.parent)!r} may not be "
            f"written in."
        )


def same_file(one: str | os.PathLike, other: str | os.PathLike) -> bool:
    """Whether two paths lead to one file, by links or other spellings too.

    Parameters
    ----------
    one, other : str or path-like
        The paths; of files that need not be there.

    Examples
    --------
    >>> from imbalanced_nn.atomic_files import same_file
    >>> same_file("new.csv", "./new.csv"), same_file("new.csv", "old.csv")
    (True, False)
    """
    try:
        return os.path.samefile(one, other)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)


@contextmanager
def written_whole(path: str | os.PathLike, overwrite: bool = False) -> Iterator[Path]:
    """Give the path of a new file beside ``path`` that takes its place if the block succeeds.

    Whatever happens, ``path`` holds the old content or the new one, and the new one is on the
    disk when the block has ended. A killed process may leave the file beside it, whose name
    starts with a dot and ends in ``.part``; the next one that writes in the folder removes it.

    Parameters
    ----------
    path : str or path-like
        Where the file is to be.
    overwrite : bool, default=False
        Whether a file that is there may be replaced.

    Yields
    ------
    pathlib.Path
        An empty file to be written.

    Raises
    ------
    OSError
        As `check_writable`; ``FileExistsError`` also where the file came up meanwhile. An error
        of the disk, such as a full one, names ``path``.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from imbalanced_nn.atomic_files import written_whole
    >>> target = Path(tempfile.mkdtemp()) / "answer.txt"
    >>> with written_whole(target) as beside:
    ...     _ = beside.write_text("42")
    >>> target.read_text()
    '42'
    """
    target = check_writable(path, overwrite)
    # A name may have 255 bytes, which what is added to it must leave room for.
    name = target.name.encode(errors="surrogateescape")[:200].decode(errors="ignore")
    beside = begun_file(target.parent, f".{name}", "part")
    # As open() would make it: readable as the user's mask has it, which temporary files are not.
    try:
        os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        if overwrite:
            with suppress(FileNotFoundError):
                beside.chmod(stat.S_IMODE(target.stat().st_mode))
        yield beside
        _flush(beside)
        _move(beside, target, overwrite, os.fspath(path))
    except OSError as error:
        if error.errno is None or not disk_failed(error):
            raise
        # It names the file beside, or none.
        raise OSError(error.errno, os.strerror(error.errno), os.fspath(path)) from error
    finally:
        beside.unlink(missing_ok=True)
    _flush(target.parent)


_OF_DISKS = {errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EROFS, getattr(errno, "EDQUOT", None)}
_OF_DISKS -= {None}
_BEGUN = re.compile(r".+\.([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.(part|float32)")


def disk_failed(error: OSError) -> bool:
    """Whether an error is of the disk, such as a full one, and not of the name of a file.

    Parameters
    ----------
    error : OSError
        What writing raised.

    Examples
    --------
    >>> import errno
    >>> from imbalanced_nn.atomic_files import disk_failed
    >>> disk_failed(OSError(errno.ENOSPC, "No space left on device"))
    True
    """
    return error.errno in _OF_DISKS


def begun_file(folder: str | os.PathLike, name: str, ending: str) -> Path:
    """Return the path of a file that this process is to make and to remove.

    Where the process is killed before it does, the next call for the folder removes the file; it
    now removes those of processes that have ended.

    Parameters
    ----------
    folder : str or path-like
        Where the file is to be.
    name : str
        What its name begins with.
    ending : {"part", "float32"}
        What its name ends in.

    Returns
    -------
    pathlib.Path

    Examples
    --------
    >>> import tempfile
    >>> from imbalanced_nn.atomic_files import begun_file
    >>> begun_file(tempfile.gettempdir(), "matrix", "float32").suffix
    '.float32'
    """
    _clear_stale(Path(folder))
    own = f"{_machine()}-{os.getpid()}-{secrets.token_hex(4)}"
    return Path(folder) / f"{name}.{own}.{ending}"


@functools.cache
def _machine() -> str:
    """Return what tells the processes that are known by number here from others'."""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return hashlib.sha256(f"{platform.node()} {space}".encode()).hexdigest()[:8]


def _clear_stale(folder: Path) -> None:
    """Remove what processes of this machine had begun to write when they were killed."""
    if os.name != "posix":
        return
    for entry in os.scandir(folder):
        begun = _BEGUN.fullmatch(entry.name)
        if begun and begun[1] == _machine() and not _is_alive(int(begun[2])):
            with suppress(OSError):
                os.unlink(entry.path)


def _is_alive(pid: int) -> bool:
    """Whether there is a process of that number."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def _move(beside: Path, target: Path, overwrite: bool, name: str) -> None:
    """Rename a file; a link refuses to replace another where a rename would not."""
    if not overwrite:
        try:
            os.link(beside, target)
            return
        except FileExistsError:
            raise FileExistsError(f"{name!r} exists and is not overwritten.") from None
        except OSError:
            # A file system without links.
            check_writable(target, overwrite)
    os.replace(beside, target)


def _flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    with suppress(PermissionError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

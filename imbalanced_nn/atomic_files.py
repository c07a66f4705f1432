"""Files that are there whole or not at all."""

import errno
import functools
import hashlib
import os
import platform
import re
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where nobody removes a file that a process has open
    fcntl = None  # type: ignore[assignment]  # the module, elsewhere

# Its errors of parameters take a second, and are imported where they are raised.
from imbalanced_nn import exceptions

__all__ = [
    "BegunFile",
    "check_writable",
    "disk_failed",
    "file_name",
    "same_file",
    "written_whole",
]


def file_name(path: str | bytes | os.PathLike) -> str:
    """Return the name of a file as text, or refuse what is none.

    Parameters
    ----------
    path : str, bytes or path-like
        As a caller gave it.

    Raises
    ------
    InvalidParameterError
        If it is none, such as an open file.

    Examples
    --------
    >>> from pathlib import Path
    >>> from imbalanced_nn.atomic_files import file_name
    >>> file_name(Path("model.inn"))
    'model.inn'
    """
    if isinstance(path, str | bytes | os.PathLike) and "\0" not in (name := os.fsdecode(path)):
        return name
    plain = path is None or isinstance(path, str | bytes | int | float)
    got, hint = repr(path) if plain else type(path).__name__, ""
    if hasattr(path, "get_params"):
        hint = " An estimator is given first, and then the path."
    elif hasattr(path, "read") or hasattr(path, "write"):
        hint = " Give the name of the file in place of an open one."
    raise exceptions.InvalidParameterError(
        f"path must be the name of a file, a str or path-like such as 'model.inn'; got {got}.{hint}"
    )


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
    InvalidParameterError
        If the path is no name of a file.
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
    name = file_name(path)
    target = Path(os.path.realpath(name))
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        if not target.parent.is_dir():
            folder = os.fspath(Path(name).parent)
            raise FileNotFoundError(
                f"There is no folder {folder!r} to write {name!r} in."
            ) from None
        if name.endswith((os.sep, os.altsep or os.sep)):
            raise IsADirectoryError(
                f"{name!r} is the name of a folder; give that of a file."
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
    starts with a dot and ends in ``.part``; the next one that writes in the folder removes it
    (`BegunFile`).

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
    # As open() would make it: readable as the user's mask has it, which temporary files are not.
    try:
        begun = BegunFile(target.parent, f".{name}", "part", 0o666)
        try:
            beside = begun.path
            if overwrite:
                with suppress(FileNotFoundError):
                    beside.chmod(stat.S_IMODE(target.stat().st_mode))
            yield beside
            _flush(beside)
            if fcntl is None:
                begun.let_go()
            _move(beside, target, overwrite, file_name(path))
        finally:
            begun.remove()
    except OSError as error:
        if error.errno is None or not disk_failed(error):
            raise
        # It names the file beside, or none.
        raise OSError(error.errno, os.strerror(error.errno), file_name(path)) from error
    _flush(target.parent)


_OF_DISKS = {errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EROFS, getattr(errno, "EDQUOT", None)}
_OF_DISKS -= {None}
_BEGUN = re.compile(r".+\.([0-9a-f]{8})-[0-9a-f]{8}\.(part|float32)")
_WEEK = 7 * 24 * 3600


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


class BegunFile:
    """A new file, which this process is to remove.

    Where the process is killed before it does, the next file that is begun in the folder removes
    this one; it now removes those of processes that have ended. Those that run hold a lock on
    theirs, which the system drops with the process. Where locks of others may not be seen, on a
    disk that other machines write to or that has no locks, a file goes after a week.

    Parameters
    ----------
    folder : str or path-like
        Where the file is to be.
    name : str
        What its name begins with.
    ending : {"part", "float32"}
        What its name ends in.
    mode : int
        Who may read and write it, less what the user's mask takes away.

    Examples
    --------
    >>> import tempfile
    >>> from imbalanced_nn.atomic_files import BegunFile
    >>> begun = BegunFile(tempfile.gettempdir(), "matrix", "float32", 0o600)
    >>> begun.path.suffix, begun.path.exists()
    ('.float32', True)
    >>> begun.remove()
    >>> begun.path.exists()
    False
    """

    def __init__(self, folder: str | os.PathLike, name: str, ending: str, mode: int):
        _clear_stale(Path(folder))
        while True:
            own = f"{_system()}-{secrets.token_hex(4)}"
            self.path = Path(folder) / f"{name}.{own}.{ending}"
            self._descriptor: int | None = os.open(
                self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, mode
            )
            # Until it was locked, another process may have taken it for one that was left.
            if _locked(self._descriptor) is not False and _is_at(self._descriptor, self.path):
                return
            self.remove()

    def let_go(self) -> None:
        """Keep it from others no longer."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def remove(self) -> None:
        """Remove it, if it is still there."""
        # Closed first: Windows removes no file that is open.
        self.let_go()
        with suppress(OSError):
            self.path.unlink()


@functools.cache
def _system() -> str:
    """Return what tells processes that see each other's locks from those of other systems."""
    try:
        # Of the running kernel: the same in all containers, whatever their names.
        text = Path("/proc/sys/kernel/random/boot_id").read_text()
    except OSError:
        text = platform.node()
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _locked(descriptor: int) -> bool | None:
    """Lock a file; it is False where another process has, and None where there are no locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether an open file is the one of that name."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _clear_stale(folder: Path) -> None:
    """Remove what processes had begun to write when they were killed."""
    for entry in os.scandir(folder):
        begun = _BEGUN.fullmatch(entry.name)
        # What is open, not ours or gone meanwhile refuses.
        with suppress(OSError):
            if begun and entry.is_file(follow_symlinks=False):
                _remove_if_left(entry.path, begun[1] == _system())


def _remove_if_left(path: str, of_this_system: bool) -> None:
    """Remove a file that no process holds; of other systems only one that is old, too."""
    if fcntl is None:
        if of_this_system:
            os.unlink(path)
        return
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        locked = _locked(descriptor)
        is_old = time.time() - os.fstat(descriptor).st_mtime > _WEEK
        if (locked and of_this_system) or (locked is not False and is_old):
            os.unlink(path)
    finally:
        os.close(descriptor)


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

"""Files are there whole or not at all."""

import errno
import fcntl
import os
import signal
import stat
import subprocess
import sys
import time

import pytest

from imbalanced_nn.atomic_files import BegunFile, check_writable, written_whole


def test_the_new_content_takes_the_place_of_the_old(tmp_path):
    path = tmp_path / "a"
    with written_whole(path) as beside:
        beside.write_text("old")
        assert not path.exists()
    with written_whole(path, overwrite=True) as beside:
        beside.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file_and_no_other(tmp_path, error):
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(error), written_whole(path, overwrite=True) as beside:
        beside.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_came_up_meanwhile_is_kept(tmp_path, monkeypatch, links):
    def none(*paths):
        raise PermissionError

    path = tmp_path / "a"
    if not links:
        monkeypatch.setattr(os, "link", none)
    with pytest.raises(FileExistsError, match="exists and is not"), written_whole(path) as beside:
        beside.write_text("mine")
        path.write_text("theirs")
    assert path.read_text() == "theirs"
    with written_whole(tmp_path / "b") as beside:
        beside.write_text("mine")
    assert (tmp_path / "b").read_text() == "mine"


@pytest.mark.parametrize("name", ["n" * 255, "ä" * 127])
def test_the_longest_name_is_written(name, tmp_path):
    with written_whole(tmp_path / name) as beside:
        beside.write_text("42")
    assert (tmp_path / name).read_text() == "42"
    assert len(list(tmp_path.iterdir())) == 1


def test_modes_are_those_of_open_and_of_the_old_file(tmp_path):
    with written_whole(tmp_path / "a"):
        pass
    (tmp_path / "b").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode
    (tmp_path / "a").chmod(0o640)
    with written_whole(tmp_path / "a", overwrite=True):
        pass
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "a")
    with written_whole(tmp_path / "link") as beside:
        beside.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "a").read_text() == "new"


def test_what_cannot_be_written_is_refused_first(tmp_path):
    (tmp_path / "a").touch()
    for path, overwrite, error, sentence in [
        (tmp_path / "a", False, FileExistsError, "exists and is not overwritten."),
        (tmp_path, True, IsADirectoryError, "is a folder; give the name of a file."),
        (os.devnull, True, OSError, "is no plain file, and cannot be replaced as one."),
    ]:
        with pytest.raises(error) as refusal:
            check_writable(path, overwrite)
        assert str(refusal.value) == f"{str(path)!r} {sentence}"
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        check_writable(tmp_path / "no" / "a", True)


def test_a_killed_process_leaves_the_old_file_whole(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    code = (
        "import sys, time\n"
        "from imbalanced_nn.atomic_files import written_whole\n"
        "with written_whole(sys.argv[1], overwrite=True) as beside:\n"
        "    beside.write_text('half')\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert path.read_text() == "old"
    assert {each.name for each in tmp_path.iterdir() if not each.name.startswith(".")} == {"a"}


@pytest.mark.parametrize("there", [False, True])
def test_a_folder_that_may_not_be_written_in_is_refused_at_once(tmp_path, monkeypatch, there):
    # The superuser, as whom tests may run, is refused nothing.
    denied = tmp_path / "denied"
    denied.mkdir()
    path = denied / "a"
    if there:
        path.write_text("old")
    access = os.access
    monkeypatch.setattr(os, "access", lambda p, mode: p != denied and access(p, mode))
    with pytest.raises(PermissionError) as refusal:
        check_writable(path, overwrite=True)
    assert str(refusal.value) == (
        f"'{path}' cannot be written: its folder '{denied}' may not be written in."
    )
    assert check_writable(tmp_path / "b", overwrite=True) == tmp_path / "b"


WRITES = (
    "import sys, time\n"
    "from imbalanced_nn.atomic_files import written_whole\n"
    "with written_whole(sys.argv[1]) as beside:\n"
    "    print(beside.name, flush=True)\n"
    "    time.sleep(100)\n"
)


def test_what_killed_processes_began_goes_and_what_runs_stays(tmp_path):
    started = [
        subprocess.Popen(
            [sys.executable, "-c", WRITES, str(tmp_path / name)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("killed", "runs")
    ]
    names = [process.stdout.readline().strip() for process in started]
    started[0].kill()
    started[0].wait()
    try:
        # As long as nothing is written to it, it looks as old as one that was left.
        os.utime(tmp_path / names[1], (0, 0))
        with written_whole(tmp_path / "other") as beside:
            found = {each.name for each in tmp_path.iterdir()}
        assert found == {names[1], beside.name}
    finally:
        started[1].kill()
        for process in started:
            process.communicate()


def test_a_lock_and_no_number_of_a_process_tells_what_was_left(tmp_path):
    begun = BegunFile(tmp_path, "matrix", "float32", 0o600)
    begun.let_go()
    # This process runs on, but holds it no longer.
    BegunFile(tmp_path, "other", "part", 0o600).remove()
    assert list(tmp_path.iterdir()) == []


def test_what_another_system_left_goes_after_a_week(tmp_path):
    for name, days in (("young", 6), ("old", 8), ("held", 8)):
        path = tmp_path / f"{name}.00000000-00000000.part"
        path.touch()
        os.utime(path, (time.time() - days * 86400,) * 2)
    with path.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        BegunFile(tmp_path, "a", "part", 0o600).remove()
        found = {each.name.split(".")[0] for each in tmp_path.iterdir()}
        assert found == {"young", "held"}


def test_what_is_no_file_of_ours_is_left_alone(tmp_path):
    own = BegunFile(tmp_path, "a", "part", 0o600)
    name = own.path.name
    own.remove()
    (tmp_path / "mine").write_text("mine")
    (tmp_path / name.replace("a.", "link.")).symlink_to(tmp_path / "mine")
    os.mkfifo(tmp_path / name.replace("a.", "pipe."))
    (tmp_path / name.replace("a.", "folder.")).mkdir()
    (tmp_path / ".fits.other.part").write_text("mine")
    before = sorted(tmp_path.iterdir())
    BegunFile(tmp_path, "a", "part", 0o600).remove()
    assert sorted(tmp_path.iterdir()) == before


def test_without_locks_files_are_written_and_left_for_a_week(tmp_path, monkeypatch):
    def none(*given):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", none)
    left = BegunFile(tmp_path, "left", "part", 0o600)
    left.let_go()
    with written_whole(tmp_path / "a") as beside:
        beside.write_text("42")
    assert {each.name for each in tmp_path.iterdir()} == {"a", left.path.name}
    os.utime(left.path, (0, 0))
    BegunFile(tmp_path, "next", "part", 0o600).remove()
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("stage", ["before", "while"])
def test_a_file_that_was_taken_for_a_stale_one_is_begun_anew(tmp_path, monkeypatch, stage):
    flock, seen = fcntl.flock, []

    def cleared(descriptor, how):
        if not seen:
            seen.extend(tmp_path.iterdir())
            if stage == "before":
                seen[0].unlink()
            else:
                raise BlockingIOError
        return flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", cleared)
    with written_whole(tmp_path / "a") as beside:
        assert beside != seen[0]
        beside.write_text("42")
    assert (tmp_path / "a").read_text() == "42"
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


def test_a_full_disk_names_the_file(tmp_path):
    target = tmp_path / "answer.txt"
    with pytest.raises(OSError, match="No space left") as failure, written_whole(target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), ".answer.part")
    assert failure.value.filename == str(target)
    assert list(tmp_path.iterdir()) == []

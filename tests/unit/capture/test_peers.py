"""Who could end a wait: what is read from /proc's tables and from memory, without any process but our own."""

from __future__ import annotations

import os
import signal
import socket
import struct
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from analyzer.capture.architecture import ByteOrder
from analyzer.capture.memory import MemoryUnreadable, Segments
from analyzer.capture.peers import opening, tcp
from analyzer.capture.peers.answer import held
from analyzer.capture.peers.descriptor import descriptor
from analyzer.capture.peers.file_locks import FileLock, file_locks
from analyzer.capture.peers.holders import Holders
from analyzer.capture.peers.polled import MOST_POLLED, Polled, polled
from analyzer.capture.peers.streams import Streams
from analyzer.model import Syscall, ThreadRef

LOCKS = """\
1: FLOCK  ADVISORY  WRITE 1234 08:01:4711 0 EOF
1: -> FLOCK  ADVISORY  WRITE 1235 08:01:4711 0 EOF
1:  -> FLOCK  ADVISORY  WRITE 1236 08:01:4711 0 EOF
2: POSIX  ADVISORY  READ 77 00:2e:12 128 255
3: OFDLCK ADVISORY  WRITE -1 fd:00:99 0 EOF
4: LEASE  ACTIVE    READ 5 08:01:6 0 EOF
nonsense
"""


def call(name: str, *arguments: int) -> Syscall:
    values = [*arguments, *[0] * (6 - len(arguments))]
    return Syscall(0, name, tuple(hex(value) for value in values))


def test_file_locks_and_those_who_wait_for_them() -> None:
    assert file_locks(LOCKS) == [
        FileLock(1, False, "FLOCK", 1234, 4711),
        FileLock(1, True, "FLOCK", 1235, 4711),
        FileLock(1, True, "FLOCK", 1236, 4711),
        FileLock(2, False, "POSIX", 77, 12),
        FileLock(3, False, "OFDLCK", -1, 99),
        FileLock(4, False, "LEASE", 5, 6),
    ]


@pytest.mark.parametrize("order", ["little", "big"])
def test_poll_is_read_from_memory(order: ByteOrder) -> None:
    mark = "<" if order == "little" else ">"
    data = b"".join(struct.pack(f"{mark}ihH", *entry) for entry in ((3, 1, 0), (-1, 1, 0), (9, 4, 0), (10, 5, 0)))
    memory = Segments([(0x1000, data)])
    found = polled(1, call("poll", 0x1000, 4, 0xFFFFFFFF), memory, order)
    assert found == [Polled(3, True, False), Polled(9, False, True), Polled(10, True, True)]


@pytest.mark.parametrize("order", ["little", "big"])
def test_select_is_read_from_memory(order: ByteOrder) -> None:
    mark = "<" if order == "little" else ">"
    reads, writes = struct.pack(f"{mark}2Q", 1 << 3, 1 << 6), struct.pack(f"{mark}2Q", 0, 1 << 7)
    memory = Segments([(0x1000, reads), (0x2000, writes)])
    found = polled(1, call("pselect6", 72, 0x1000, 0x2000), memory, order)
    assert found == [Polled(3, True, False), Polled(70, True, False), Polled(71, False, True)]


def test_a_poll_of_nothing_and_one_that_cannot_be_read() -> None:
    assert polled(1, call("poll", 0, 0), Segments([]), "little") == []
    assert polled(1, call("select", 0), Segments([]), "little") == []
    assert polled(1, call("poll", 0x1000, 1), None, "little") == []
    with pytest.raises(MemoryUnreadable):
        polled(1, call("poll", 0x1000, 1), Segments([]), "little")


def test_a_count_that_no_poll_has_is_bounded() -> None:
    memory = Segments([(0x1000, b"\0" * 8 * MOST_POLLED)])
    assert len(polled(1, call("poll", 0x1000, 0x7FFFFFFF), memory, "little")) == MOST_POLLED


def test_what_lies_behind_descriptors_of_our_own() -> None:
    reading, writing = os.pipe()
    with socket.socket() as one, tempfile.TemporaryFile() as file:
        try:
            kinds = [descriptor(os.getpid(), fd) for fd in (reading, writing, one.fileno(), file.fileno(), 9999)]
            assert [end.kind if end else None for end in kinds] == ["pipe", "pipe", "socket", "file", None]
            assert kinds[0] is not None
            assert kinds[1] is not None
            assert (kinds[0].readable, kinds[0].writable) == (True, False)
            assert (kinds[1].readable, kinds[1].writable) == (False, True)
            assert kinds[0].inode == kinds[1].inode == os.fstat(reading).st_ino
        finally:
            os.close(reading)
            os.close(writing)


@contextmanager
def child_without(*closed: int) -> Iterator[int]:
    """A child that has our descriptors but these, and does nothing."""
    ready, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        for number in closed:
            os.close(number)
        os.write(told, b"x")
        while True:
            signal.pause()
    try:
        os.read(ready, 1)
        yield pid
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(ready)
        os.close(told)


def test_the_other_end_of_a_pipe_is_found_by_who_may_write() -> None:
    reading, writing = os.pipe()
    try:
        with child_without(reading) as writer, child_without(writing) as reader:
            end = descriptor(reader, reading)
            assert end is not None
            answer = Streams(Holders()).answer(end, writes=False)
            assert ThreadRef(writer) in answer.peers
            assert ThreadRef(reader) not in answer.peers
    finally:
        os.close(reading)
        os.close(writing)


def test_both_ends_of_a_datagram_pair_in_both_processes() -> None:
    """Podman's parent and child hold both ends; the waiter itself is never the one to wait for."""
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, other, child_without() as first, child_without() as second:
        end = descriptor(first, one.fileno())
        assert end is not None
        assert set(Streams(Holders()).answer(end, writes=False).peers) == {ThreadRef(second)}


def test_an_end_that_only_the_waiter_holds_is_said() -> None:
    reading, writing = os.pipe()
    with child_without() as waiter:
        end = descriptor(waiter, reading)
        os.close(reading)
        os.close(writing)
        assert end is not None
        answer = Streams(Holders()).answer(end, writes=False)
        assert answer.peers == ()
        assert "only this process itself holds" in answer.words


def test_nobody_is_not_said_of_what_could_not_be_seen() -> None:
    holders = Holders()
    holders.unseen = 3
    assert held("data", 1, [], holders).words == (
        "data, whose other end no process holds that could be seen (3 processes could not be looked into)"
    )


@pytest.mark.parametrize(
    ("end", "spoken"),
    [("0100007F:1F90", "127.0.0.1:8080"), ("00000000000000000000000001000000:0016", "[::1]:22")],
)
@pytest.mark.skipif(sys.byteorder != "little", reason="these lines are those of a little-endian kernel")
def test_addresses_are_spoken(end: str, spoken: str) -> None:
    assert tcp._spoken(end) == spoken


def test_an_ipv4_address_inside_ipv6_is_the_same_end() -> None:
    assert tcp._plain("0000000000000000FFFF00000100007F:1F90") == "0100007F:1F90"


@pytest.mark.parametrize("families", [(socket.AF_INET, socket.AF_INET), (socket.AF_INET, socket.AF_INET6)])
def test_a_connection_with_ourselves(families: tuple[socket.AddressFamily, socket.AddressFamily]) -> None:
    client_family, server_family = families
    with socket.socket(server_family) as listener, socket.socket(client_family) as client:
        if server_family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(("::" if server_family == socket.AF_INET6 else "127.0.0.1", 0))
        listener.listen()
        client.connect(("127.0.0.1", listener.getsockname()[1]))
        server, _ = listener.accept()
        with server:
            found = tcp.TcpConnections().connection(os.getpid(), os.fstat(client.fileno()).st_ino)
            assert found is not None
            assert found.peer_inode == os.fstat(server.fileno()).st_ino
            assert tcp.TcpConnections().connection(os.getpid(), os.fstat(listener.fileno()).st_ino) is not None


def test_an_open_that_waits_is_told_from_its_path(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "file").touch()
    for name, flags, told in (("fifo", os.O_RDONLY, "for writing"), ("fifo", os.O_WRONLY, "for reading"), ("file", 0, None)):
        path = os.fsencode(tmp_path / name) + b"\0"
        memory = Segments([(0x1000, path + b"\0" * (4096 - len(path)))])
        answer = opening.opened(os.getpid(), call("openat", 0, 0x1000, flags), memory)
        assert (answer.text if answer else None) == (told and f"somebody to open the FIFO {tmp_path / name} {told}")
    assert opening.opened(os.getpid(), call("openat", 0, 0x5000), Segments([])) is None

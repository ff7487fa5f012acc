"""A stream whose beginning was read already, to see what it is."""

from __future__ import annotations

from typing import IO

_PIECE = 1 << 16


class Behind:
    """Reads the beginning first, then the stream."""

    def __init__(self, head: bytes, stream: IO[bytes]) -> None:
        self._head, self._stream = head, stream
        self.ended = False
        """More was asked for than there is."""

    def read(self, size: int = -1) -> bytes:
        """Like IO.read."""
        if self._head:
            piece, self._head = (self._head, b"") if size < 0 else (self._head[:size], self._head[size:])
            return piece + self._stream.read() if size < 0 else piece
        data = self._stream.read(size)
        self.ended |= not data
        return data

    def readline(self, limit: int) -> bytes:
        """Like IO.readline."""
        pieces: list[bytes] = []
        size = 0
        while size < limit:
            piece = self.read(_PIECE)
            if not piece:
                break
            end = piece.find(b"\n")
            if end >= 0:
                self._head = piece[end + 1 :] + self._head
                pieces.append(piece[: end + 1])
                break
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces)

    def seekable(self) -> bool:
        """It is not."""
        return False

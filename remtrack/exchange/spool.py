"""
Copies on disk: input that cannot be read twice, and rows that must be put in order.

Each is a file without a name that nobody else can read, and is gone when it is closed or the
process ends.
"""

from __future__ import annotations

import marshal
import tempfile
import zlib
from operator import itemgetter
from typing import TYPE_CHECKING, BinaryIO, Self

from ..errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

_CHUNK = 1 << 20
_BUCKET_BYTES = 1 << 20  # of the file, for each part of it that is put in order in memory
_MOST_BUCKETS = 128


def temporary() -> BinaryIO:
    """Return a file without a name that only this process can read."""
    try:
        return tempfile.TemporaryFile(prefix="remtrack")
    except OSError as error:
        raise _no_room(error) from None


def _no_room(error: OSError) -> RecordError:
    why = f"{error.strerror or error} in {tempfile.gettempdir()}"
    return RecordError("no temporary copy of the input can be kept", why, "free some space there, or set TMPDIR")


def copied(stream: BinaryIO) -> BinaryIO:
    copy = temporary()
    try:
        while chunk := stream.read(_CHUNK):
            copy.write(chunk)
        copy.flush()
    except OSError as error:
        copy.close()
        raise _no_room(error) from None
    except BaseException:
        copy.close()
        raise
    copy.seek(0)
    return copy


class Rows:
    """Rows kept in a file without a name, in the order in which they were put there."""

    _TOGETHER = 64

    def __init__(self) -> None:
        self._file = temporary()
        self._waiting: list[tuple[str, int, list[str]]] = []
        self.size = 0

    def put(self, patient_id: str, line_no: int, cells: list[str]) -> None:
        """Keep one row."""
        self._waiting.append((patient_id, line_no, cells))
        if len(self._waiting) >= self._TOGETHER:
            self._write()

    def _write(self) -> None:
        try:
            # marshal, since it is the fastest way there and back; only this process ever reads the file.
            self._file.write(marshal.dumps(self._waiting))
            self._file.flush()
        except OSError as error:
            raise _no_room(error) from None
        self._waiting = []
        self.size = self._file.tell()

    def take(self) -> Iterator[tuple[str, int, list[str]]]:
        """Yield every row that was put; it may be called again, and put no more."""
        if self._waiting:
            self._write()
        self._file.seek(0)
        while self._file.tell() < self.size:
            yield from marshal.load(self._file)  # noqa: S302 - our own file, see above

    def close(self) -> None:
        self._file.close()


class Buckets:
    """Rows in any order, put into parts that fit in memory: a patient's rows are all in one part."""

    def __init__(self, size: int) -> None:
        self._parts = [Rows() for _ in range(max(1, min(_MOST_BUCKETS, size // _BUCKET_BYTES)))]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for part in self._parts:
            part.close()

    def put(self, patient_id: str, line_no: int, cells: list[str]) -> None:
        """Keep one row."""
        # Not hash(): the order of the patients would be another in each process.
        self._parts[zlib.crc32(patient_id.encode()) % len(self._parts)].put(patient_id, line_no, cells)

    def take(self) -> Iterator[Iterator[tuple[int, list[str]]]]:
        """Yield the parts one by one, each with its patients together and a patient's rows in the file's order."""
        for part in self._parts:
            rows = sorted(part.take(), key=itemgetter(0))
            part.close()
            yield ((line_no, cells) for _, line_no, cells in rows)

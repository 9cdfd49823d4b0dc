"""
Copies on disk: input that cannot be read twice, and rows that must be put in order.

Each is a file without a name that nobody else can read, and is gone when it is closed or the
process ends.
"""

from __future__ import annotations

import marshal
import tempfile
import zlib
from array import array
from contextlib import suppress
from operator import itemgetter
from typing import TYPE_CHECKING, BinaryIO, Self

from ..errors import RecordError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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


def copied(stream: BinaryIO, look: Callable[[bytes], None]) -> BinaryIO:
    """Return a copy of a stream; `look` sees each piece of it and may raise, before there is a copy of all of it."""
    copy = temporary()
    try:
        while chunk := _piece(stream):
            look(chunk)
            copy.write(chunk)
        copy.flush()
    except OSError as error:
        forget(copy)
        raise _no_room(error) from None
    except BaseException:
        forget(copy)
        raise
    copy.seek(0)
    return copy


def _piece(stream: BinaryIO) -> bytes:
    try:
        return stream.read(_CHUNK)
    except OSError as error:
        raise UsageError("the input cannot be read", error.strerror or str(error)) from None


def forget(file: BinaryIO) -> None:
    """Close a file without a name; what could not be written to it before cannot be written now either."""
    with suppress(OSError):
        file.close()


class Rows:
    """Rows kept in a file without a name, in the order in which they were put there."""

    _TOGETHER = 64
    _CELLS_TOGETHER = 10_000  # and no more than these, since a stranger's row may have a million

    def __init__(self) -> None:
        self._file = temporary()
        self._waiting: list[tuple[str, int, list[str]]] = []
        self._cells = 0
        self.size = 0

    def put(self, patient_id: str, line_no: int, cells: list[str]) -> None:
        """Keep one row."""
        self._waiting.append((patient_id, line_no, cells))
        self._cells += len(cells)
        if len(self._waiting) >= self._TOGETHER or self._cells >= self._CELLS_TOGETHER:
            self._write()

    def _write(self) -> None:
        try:
            # marshal, since it is the fastest way there and back; only this process ever reads the file.
            self._file.write(marshal.dumps(self._waiting))
            self._file.flush()
        except OSError as error:
            raise _no_room(error) from None
        self._waiting, self._cells = [], 0
        self.size = self._file.tell()

    def take(self) -> Iterator[tuple[str, int, list[str]]]:
        """Yield every row that was put; it may be called again, and put no more."""
        if self._waiting:
            self._write()
        self._file.seek(0)
        while self._file.tell() < self.size:
            yield from marshal.load(self._file)  # noqa: S302 - our own file, see above

    def close(self) -> None:
        forget(self._file)


class Texts:
    """Texts kept in a file without a name, each found again by its number."""

    _MOST_HELD = 50_000
    _LONGEST_HELD = 200  # signs; a long text is seldom referred to twice

    def __init__(self) -> None:
        self._file = temporary()
        self._ends = array("Q", [0])
        self._held: dict[int, str] = {}
        self._is_written = False

    def __len__(self) -> int:
        return len(self._ends) - 1

    def put(self, text: str) -> None:
        """Keep one text, with the next number; all are put before the first is asked for."""
        encoded = text.encode()
        try:
            self._file.write(encoded)
        except OSError as error:
            raise _no_room(error) from None
        self._ends.append(self._ends[-1] + len(encoded))

    def __getitem__(self, number: int) -> str:
        text = self._held.get(number)
        if text is None:
            if not 0 <= number < len(self):
                raise IndexError(number)
            if not self._is_written:
                self._flush()
            start, end = self._ends[number : number + 2]
            self._file.seek(start)
            text = self._file.read(end - start).decode()
            if len(text) <= self._LONGEST_HELD:
                if len(self._held) >= self._MOST_HELD:
                    self._held.clear()
                self._held[number] = text
        return text

    def _flush(self) -> None:
        try:
            self._file.flush()
        except OSError as error:
            raise _no_room(error) from None
        self._is_written = True

    def close(self) -> None:
        forget(self._file)


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

"""A text file's bytes: their digest, whether they are what was declared, and a clean UTF-8 copy where one is needed."""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from copilot_tools.refusals import Refused

__all__ = ["check_text", "digest_of", "header_of", "write_utf8"]

_CHUNK = 1 << 20
_LONGEST_HEADER = 1 << 25
"""Characters of a header's longest line: as much as the engine takes for a line."""
_MOST_UNPACKED = 20_000_000_000
"""Bytes a compressed file may hold: a file of a megabyte can claim to hold a terabyte."""
_DISGUISES = {
    b"PK\x03\x04": ("an Excel workbook", "Give it the ending .xlsx, or save it as CSV."),
    b"PAR1": ("a Parquet file", "Give it the ending .parquet."),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "Save it as .xlsx or CSV."),
    b"\x1f\x8b": ("compressed with gzip", "Give it the ending .csv.gz."),
    b"%PDF": ("a PDF document", "Export the table as CSV."),
}


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes (64 hex digits)."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix.lower() == ".gz" else path.open("rb")


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with _open(path) as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise Refused.because(
            "file.gzip_broken",
            f"{path.name} cannot be decompressed: {error}.",
            "Download or compress it again, or give the plain file.",
            name=path.name,
        ) from error


def check_text(path: Path, encoding: str) -> None:
    """Check that a file is text in the declared encoding, and not empty.

    Raises:
        Refused: Empty, a binary file in disguise, or not in ``encoding``; the line is named.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    lines, read = 1, 0
    for chunk in _chunks(path):
        if not read:
            _check_start(path, chunk, encoding)
        read += len(chunk)
        if read > _MOST_UNPACKED:
            raise Refused.because(
                "file.too_large",
                f"{path.name} holds more than {_MOST_UNPACKED // 10**9:,} GB when it is unpacked.",
                "Give it as Parquet, or only the columns that are needed.",
                name=path.name,
                value=_MOST_UNPACKED,
            )
        try:
            decoded = decoder.decode(chunk)
        except UnicodeDecodeError as error:
            line = lines + error.object[: error.start].count(b"\n")
            raise Refused.because(
                "file.encoding",
                f"{path.name} is not {encoding} text: line {line:,} holds the byte 0x{error.object[error.start]:02x}.",
                "Declare the encoding it was saved in (dialect.encoding: latin-1 or utf-16), or save it as UTF-8.",
                name="dialect.encoding",
                value=encoding,
            ) from error
        if "\x00" in decoded:
            raise Refused.because(
                "file.not_text",
                f"{path.name} holds zero bytes, so it is not {encoding} text.",
                "Declare dialect.encoding: utf-16 if a spreadsheet saved it as Unicode text; else export it as CSV.",
                name="dialect.encoding",
                value=encoding,
            )
        lines += decoded.count("\n")
    if not read:
        raise Refused.because(
            "file.empty", f"{path.name} is empty: 0 bytes of data.", "Export the data again.", name=path.name, value=0
        )


def _check_start(path: Path, chunk: bytes, encoding: str) -> None:
    for start, (what, cure) in _DISGUISES.items():
        if chunk.startswith(start):
            raise Refused.because("file.disguised", f"{path.name} is {what}, not a CSV.", cure, name=path.name)
    if chunk.lstrip()[:9].lower().startswith((b"<!doctype", b"<html", b"<table")):
        raise Refused.because(
            "file.disguised",
            f"{path.name} is a web page, not a CSV.",
            "Open it in a spreadsheet and save it as CSV or .xlsx.",
            name=path.name,
        )
    marks = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
    found = next((name for mark, name in marks.items() if chunk.startswith(mark)), None)
    if found is None and encoding == "utf-16" and b"\x00" not in chunk[:4096]:
        found = "utf-8"
    if found is not None and found != encoding:
        raise Refused.because(
            "file.encoding",
            f"{path.name} is written in {found}, but the declared encoding is {encoding}.",
            f"Declare dialect.encoding: {found}.",
            name="dialect.encoding",
            value=encoding,
        )


def _reader_encoding(encoding: str) -> str:
    return "utf-8-sig" if encoding == "utf-8" else encoding


def header_of(path: Path, encoding: str, delimiter: str) -> tuple[str, ...]:
    """Cells of the first record of a file that passed ``check_text``.

    Raises:
        Refused: A line of it is longer than any header, or a column's name longer than 131,072 characters.
    """
    with _open(path) as raw, io.TextIOWrapper(raw, encoding=_reader_encoding(encoding), newline="") as text:
        try:
            return tuple(next(csv.reader(_lines(text, path.name), delimiter=delimiter), ()))
        except csv.Error as error:
            raise _no_header(path.name) from error


def _lines(text: io.TextIOWrapper, name: str) -> Iterator[str]:
    """Lines, none of them read into memory beyond a bound: a file without a line end is one line."""
    while line := text.readline(_LONGEST_HEADER + 1):
        if len(line) > _LONGEST_HEADER:
            raise _no_header(name)
        yield line


def _no_header(name: str) -> Refused:
    return Refused.because(
        "file.header_too_long",
        f"{name} has a first line that is too long to be a header.",
        "Put the names of the columns into a first line of their own, and each row into a line of its own.",
        name=name,
    )


def write_utf8(path: Path, encoding: str, target: Path) -> None:
    """Write a plain UTF-8 copy with one kind of line end."""
    with (
        _open(path) as raw,
        io.TextIOWrapper(raw, encoding=_reader_encoding(encoding), newline=None) as text,
        target.open("w", encoding="utf-8", newline="\n") as out,
    ):
        while chunk := text.read(_CHUNK):
            out.write(chunk)

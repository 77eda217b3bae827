"""A screenshot with at most 256 colours: a quarter of the bytes, and nothing a reader would miss."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["make_small"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def make_small(path: Path) -> int:
    """Rewrite an 8-bit RGB(A) PNG, as browsers write them, with a palette; returns its bytes.

    Raises:
        ValueError: It is no such file.
    """
    pixels = _read(path.read_bytes())
    palette, indexes = _quantised(pixels)
    path.write_bytes(_written(palette, indexes))
    return path.stat().st_size


def _read(data: bytes) -> NDArray[np.uint8]:
    """Pixels as rows x columns x 3."""
    if not data.startswith(_SIGNATURE):
        raise ValueError("no PNG")
    at, packed, head = len(_SIGNATURE), b"", b""
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        head = body if kind == b"IHDR" else head
        packed += body if kind == b"IDAT" else b""
        at += length + 12
    width, height, depth, colour, *_ = struct.unpack(">IIBBBBB", head)
    if depth != 8 or colour not in {2, 6}:
        raise ValueError(f"depth {depth}, colour type {colour}: only 8-bit RGB(A) is read")
    channels = 3 if colour == 2 else 4
    raw = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, 1 + width * channels)
    return _unfiltered(raw, channels).reshape(height, width, channels)[:, :, :3]


def _unfiltered(raw: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """Undo PNG's five filters (RFC 2083, section 6), row by row."""
    rows = np.zeros((raw.shape[0], raw.shape[1] - 1), np.uint8)
    above = np.zeros(rows.shape[1], np.uint8)
    for number, line in enumerate(raw):
        kind, row = line[0], line[1:].copy()
        if kind == 1:
            row = np.cumsum(row.reshape(-1, channels), axis=0, dtype=np.uint8).reshape(-1)
        elif kind == 2:
            row += above
        elif kind in {3, 4}:
            row = _mixed(row, above, channels, paeth=kind == 4)
        rows[number] = above = row
    return rows


def _mixed(row: NDArray[np.uint8], above: NDArray[np.uint8], channels: int, *, paeth: bool) -> NDArray[np.uint8]:
    """Average and Paeth need the byte before, so they go byte by byte."""
    done, up = [0] * channels + row.tolist(), [0] * channels + above.tolist()
    for i in range(channels, len(done)):
        left, high, corner = done[i - channels], up[i], up[i - channels]
        if paeth:
            guess = left + high - corner
            near = min((abs(guess - left), 0, left), (abs(guess - high), 1, high), (abs(guess - corner), 2, corner))
            done[i] = (done[i] + near[2]) & 255
        else:
            done[i] = (done[i] + (left + high) // 2) & 255
    return np.array(done[channels:], np.uint8)


def _quantised(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The 256 most frequent colours, and for each pixel the one nearest to it."""
    codes = (pixels.astype(np.uint32) * (65536, 256, 1)).sum(axis=2)
    colours, places, counts = np.unique(codes, return_inverse=True, return_counts=True)
    rgb = np.stack([colours >> 16, (colours >> 8) & 255, colours & 255], axis=1).astype(np.int32)
    kept = np.sort(np.argsort(-counts, kind="stable")[:256])
    nearest = np.empty(len(rgb), np.uint8)
    for start in range(0, len(rgb), 4096):
        part = rgb[start : start + 4096]
        nearest[start : start + 4096] = ((part[:, None, :] - rgb[kept][None]) ** 2).sum(axis=2).argmin(axis=1)
    return rgb[kept].astype(np.uint8), nearest[places.reshape(codes.shape)]


def _written(palette: NDArray[np.uint8], indexes: NDArray[np.uint8]) -> bytes:
    height, width = indexes.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), indexes], axis=1)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", head),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    )
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )

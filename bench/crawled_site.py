"""A site of thousands of pages and pictures to measure crawlers on, and a server that is faster than they are.

`python -m bench.crawled_site FOLDER PAGES` serves it on a free port, which it prints. Pages are made as they are asked
for, always the same; pictures are files, made once by `make_pictures`.
"""

import asyncio
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from bench.transformations import Rgb, jpeg
from tests import photos

FANOUT = 20
"""Pages that a page links to below itself."""
_WORDS = ("the", "harbour", "a", "meeting", "of", "people", "seen", "near", "town", "with", "friends", "and", "music")
_WIDTHS = (800, 1100)
_GRAIN = 5.0
_QUALITY = 82


def make_pictures(folder: Path, count: int) -> None:
    """JPEGs of about 60 to 200 kB, each with bytes of its own, four in ten with faces; what is there stays."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [number for number in range(count) if not (folder / f"{number}.jpg").exists()]
    with ProcessPoolExecutor(2) as workers:
        list(workers.map(_make, [folder] * len(missing), missing, chunksize=32))


def _make(folder: Path, number: int) -> None:
    partial = folder / f"{number}.partial"
    partial.write_bytes(jpeg(_picture(number), _QUALITY))
    partial.replace(folder / f"{number}.jpg")


def _picture(number: int) -> Rgb:
    """One of four photos: cut, turned round, brighter or darker, in another size, with grain of its own."""
    random = np.random.default_rng(number)
    photo = random.choice(4, p=(0.2, 0.12, 0.08, 0.6))
    pixels = (photos.astronaut, photos.hopper, photos.group, photos.coffee)[photo]()
    left, top = random.uniform(0, 0.06, 2)
    right, bottom = 1 - random.uniform(0, 0.06, 2)
    pixels = photos.cropped(pixels, left, top, right, bottom)
    if random.random() < 0.5:
        pixels = photos.mirrored(pixels)
    width = int(random.integers(*_WIDTHS))
    pixels = cv2.resize(pixels, (width, width * pixels.shape[0] // pixels.shape[1]))
    # Grain is one small square laid out again and again: enough to be a photo's, and cheap.
    grain = np.tile(random.normal(random.normal(0, 6), _GRAIN, (128, 128, 1)).astype(np.int8), (12, 12, 3))
    grain = grain[: pixels.shape[0], : pixels.shape[1]]
    lighter, darker = np.maximum(grain, 0).astype(np.uint8), np.maximum(-grain, 0).astype(np.uint8)
    return np.asarray(cv2.subtract(cv2.add(pixels, lighter), darker))


def page(number: int, pages: int, pictures: int) -> bytes:
    """Page `number` of a tree, with its share of the pictures and a few kB of text."""
    random = np.random.default_rng(number)
    below = range(number * FANOUT + 1, min(number * FANOUT + FANOUT, pages - 1) + 1)
    links = "".join(f'<li><a href="/page/{each}">Page {each}</a></li>' for each in below)
    shown = "".join(
        f'<figure><img src="/picture/{each}.jpg" alt="Picture {each}" width="600"></figure>'
        for each in range(number, pictures, pages)
    )
    text = "".join(f"<p>{' '.join(random.choice(_WORDS, 80))}.</p>" for _ in range(12))
    head = f'<meta charset="utf-8"><title>Page {number}</title><link rel="canonical" href="/page/{number}">'
    navigation = '<nav><a href="/page/0">Home</a><a href="/page/1">News</a><a href="/page/2">People</a></nav>'
    body = f"{navigation}{shown}{text}<ul>{links}</ul>"
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode()


class _Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, for clients that ask for nothing unusual."""

    def __init__(self, folder: Path, pages: int, pictures: int) -> None:
        self._folder, self._pages, self._pictures = folder, pages, pictures
        self._waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while b"\r\n\r\n" in self._waiting:
            request, _, self._waiting = self._waiting.partition(b"\r\n\r\n")
            status, kind, body = self._answer(request.split(b" ", 2)[1].decode("latin-1"))
            head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
            self._transport.write(head.encode() + body)  # type: ignore[attr-defined]

    def _answer(self, path: str) -> tuple[str, str, bytes]:
        part, _, name = path.strip("/").partition("/")
        if part == "picture":
            return "200 OK", "image/jpeg", (self._folder / name).read_bytes()
        if part in ("page", ""):
            return "200 OK", "text/html; charset=utf-8", page(int(name or 0), self._pages, self._pictures)
        if path == "/robots.txt":
            return "200 OK", "text/plain", b"User-agent: *\nDisallow: /closed/\n"
        return "404 Not Found", "text/plain", b"none"


async def _serve(folder: Path, pages: int, pictures: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(folder, pages, pictures), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))

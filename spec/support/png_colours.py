"""png_colours.py FILE RRGGBB... - prints WIDTHxHEIGHT of a PNG and how many pixels have each
colour.  Reads what browsers write: 8 bits, RGB or RGBA, not interlaced."""

import struct
import sys
import zlib
from collections import Counter


def chunks(data):
    assert data[:8] == b"\x89PNG\r\n\x1a\n", "no PNG"
    at = 8
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at:at + 8])
        yield name, data[at + 8:at + 8 + length]
        at += 12 + length


def paeth(line, above, step):
    for i in range(len(line)):
        a, c = (line[i - step], above[i - step]) if i >= step else (0, 0)
        b = above[i]
        pa, pb, pc = abs(b - c), abs(a - c), abs(a + b - c - c)
        near = a if pa <= pb and pa <= pc else b if pb <= pc else c
        line[i] = (line[i] + near) & 255


def unfilter(kind, line, above, step):
    if kind in (2, 4) and not any(line):  # no difference to the row above
        line[:] = above
    elif kind == 1:
        for i in range(step, len(line)):
            line[i] = (line[i] + line[i - step]) & 255
    elif kind == 2:
        line[:] = bytes((x + y) & 255 for x, y in zip(line, above))
    elif kind == 3:
        for i in range(len(line)):
            left = line[i - step] if i >= step else 0
            line[i] = (line[i] + (left + above[i]) // 2) & 255
    elif kind == 4:
        paeth(line, above, step)


def rows(data):
    pixels = b""
    for name, body in chunks(data):
        if name == b"IHDR":
            width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", body)
            assert depth == 8 and colour in (2, 6) and interlace == 0
        elif name == b"IDAT":
            pixels += body
    step = 3 if colour == 2 else 4
    pixels = zlib.decompress(pixels)
    print("%dx%d" % (width, height))
    above = bytearray(width * step)
    for y in range(height):
        start = y * (width * step + 1)
        line = bytearray(pixels[start + 1:start + 1 + width * step])
        unfilter(pixels[start], line, above, step)
        yield zip(line[0::step], line[1::step], line[2::step])
        above = line


def main(path, wanted):
    counts = Counter()
    with open(path, "rb") as file:
        data = file.read()
    for row in rows(data):
        counts.update(row)
    for colour in wanted:
        print(colour, counts[tuple(bytes.fromhex(colour))])


main(sys.argv[1], sys.argv[2:])

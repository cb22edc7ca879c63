"""Headers of HTTP/2 (RFC 7541), as much as a server of misbehaviour needs:
reads what a client sends, Huffman code and dynamic table included, and writes
literal fields without either.
"""

# The characters of the Huffman code by the length of their codes; those that a
# request line or a header of ours never has are left out.  The code is
# canonical, so the lengths are all there is to know.
LENGTHS = {
    5: "012aceiost", 6: " %-./3456789=A_bdfghlmnpru", 7: ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz",
    8: "&*,;XZ", 10: "!\"()?", 11: "'+|", 12: "#>", 13: "\0$@[]~", 14: "^}", 15: "<`{",
}

STATIC = [(name, value) for name, _, value in (line.partition(" ") for line in """
:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate""".strip().split("\n"))]


def _codes():
    codes, code, last = {}, 0, 5
    for length, characters in sorted(LENGTHS.items()):
        code <<= length - last
        for character in sorted(characters):
            codes[length, code] = character
            code += 1
        last = length
    return codes


CODES = _codes()


def huffman(data):
    text, code, length = "", 0, 0
    for byte in data:
        for bit in range(7, -1, -1):
            code, length = code << 1 | byte >> bit & 1, length + 1
            if (length, code) in CODES:
                text += CODES[length, code]
                code, length = 0, 0
    if length > 7 or code != (1 << length) - 1:
        raise ValueError("a character that no header of ours has")
    return text


class Decoder:
    """Of one connection: what it has read decides what comes next."""

    def __init__(self):
        self.dynamic = []  # the newest first
        self.room = 4096
        self.data, self.at = b"", 0

    def decode(self, data):
        """→ [(name, value), …]"""
        self.data, self.at = data, 0
        fields = []
        while self.at < len(data):
            first = data[self.at]
            if first & 0x80:
                fields.append(self._entry(self._number(7)))
            elif first & 0xE0 == 0x20:
                self.room = self._number(5)
                self._shrink()
            else:
                fields.append(self._literal(first & 0x40))
        return fields

    def _number(self, bits):
        most = (1 << bits) - 1
        value = self.data[self.at] & most
        self.at += 1
        shift = 0
        while value >= most or shift:
            byte = self.data[self.at]
            self.at += 1
            value += (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        return value

    def _text(self):
        coded = self.data[self.at] & 0x80
        length = self._number(7)
        data = self.data[self.at:self.at + length]
        self.at += length
        return huffman(data) if coded else data.decode("latin-1")

    def _entry(self, index):
        if index <= len(STATIC):
            return STATIC[index - 1]
        return self.dynamic[index - len(STATIC) - 1]

    def _literal(self, keep):
        index = self._number(6 if keep else 4)
        name = self._entry(index)[0] if index else self._text()
        field = (name, self._text())
        if keep:
            self.dynamic.insert(0, field)
            self._shrink()
        return field

    def _shrink(self):
        while sum(len(name) + len(value) + 32 for name, value in self.dynamic) > self.room:
            self.dynamic.pop()


def _prefixed(text):
    data = text.encode("latin-1")
    if len(data) < 127:
        return bytes([len(data)]) + data
    rest, size = len(data) - 127, b"\x7f"
    while rest >= 128:
        size += bytes([rest & 0x7F | 0x80])
        rest >>= 7
    return size + bytes([rest]) + data


def encode(fields):
    """Literal fields that nobody is to keep."""
    return b"".join(b"\x00" + _prefixed(name) + _prefixed(value) for name, value in fields)

"""More misbehaviour, for the table of faults: answers that are byte for byte
what no server should send, and good ones that look odd.

`raw-NAME` sends RAW[NAME], `field-NAME-TYPE` a certificate with one field of
another JSON type.
"""

import gzip
import json
import zlib

from fault_answers import answer, certificate, good, good_body
from fault_scenarios import scenario

JSON_TYPES = {
    "null": None, "true": True, "false": False, "zero": 0, "whole": 5, "fraction": 1.5,
    "huge": 1e300, "negative": -1, "text": "text", "empty": "", "list": [], "object": {},
    "nested": [{"id": [1, {"x": None}]}],
}


def head(first="HTTP/1.1 200 OK", *lines):
    return "\r\n".join((first, "Content-Type: application/json") + lines).encode("latin-1")


def sized(body, first="HTTP/1.1 200 OK", *lines):
    return head(first, "Content-Length: %d" % len(body), *lines) + b"\r\n\r\n" + body


def chunked(chunks, *lines):
    return head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", *lines) + b"\r\n\r\n" + chunks


def chunk(body):
    return b"%x\r\n%s\r\n" % (len(body), body)


# name -> (bytes for a good body, whether the connection lives on)
RAW = {
    # odd, and yet to be understood
    "bare-lf": lambda b: (sized(b).replace(b"\r\n", b"\n"), True),
    "folded": lambda b: (sized(b, "HTTP/1.1 200 OK", "X-A: b", "\tc", " d"), True),
    "no-reason": lambda b: (sized(b, "HTTP/1.1 200"), True),
    "long-reason": lambda b: (sized(b, "HTTP/1.1 200 " + "x" * 4000), True),
    "http10": lambda b: (sized(b, "HTTP/1.0 200 OK"), False),
    "http10-no-length": lambda b: (head("HTTP/1.0 200 OK") + b"\r\n\r\n" + b, False),
    "length-twice": lambda b: (sized(b, "HTTP/1.1 200 OK", "Content-Length: %d" % len(b)), True),
    "chunk-extension": lambda b: (chunked(b"%x;a=b;c=\"d\"\r\n%s\r\n0\r\n\r\n" % (len(b), b)),
                                  True),
    "chunk-of-one": lambda b: (chunked(b"".join(chunk(bytes([c])) for c in b) + b"0\r\n\r\n"),
                               True),
    "chunk-zeros": lambda b: (chunked(b"0000%x\r\n%s\r\n0\r\n\r\n" % (len(b), b)), True),
    "chunk-trailer": lambda b: (chunked(chunk(b) + b"0\r\nX-A: b\r\nRetry-After: 9\r\n\r\n"),
                                True),
    "length-and-chunked": lambda b: (chunked(chunk(b) + b"0\r\n\r\n", "Content-Length: 3"), True),
    "continue": lambda b: (b"HTTP/1.1 100 Continue\r\n\r\n" + sized(b), True),
    "continue-fifty": lambda b: (b"HTTP/1.1 100 Continue\r\n\r\n" * 50 + sized(b), True),
    "processing": lambda b: (b"HTTP/1.1 102 Processing\r\n\r\n" + sized(b), True),
    "deflate": lambda b: (sized(zlib.compress(b), "HTTP/1.1 200 OK", "Content-Encoding: deflate"),
                          True),
    "no-type": lambda b: (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(b) + b, True),
    "odd-type": lambda b: (sized(b).replace(b"application/json", b"text/plain; charset=\"\xff\""),
                           True),
    "cookie": lambda b: (sized(b, "HTTP/1.1 200 OK", "Set-Cookie: a=b; Secure"), True),
    "location": lambda b: (sized(b, "HTTP/1.1 200 OK", "Location: http://elsewhere.test/"), True),
    "no-colon": lambda b: (sized(b, "HTTP/1.1 200 OK", "this is no header"), True),
    "space-before-colon": lambda b: (sized(b, "HTTP/1.1 200 OK", "X-A : b"), True),
    "no-name": lambda b: (sized(b, "HTTP/1.1 200 OK", ": b"), True),
    "escape-in-header": lambda b: (sized(b, "HTTP/1.1 200 OK", "X-A: \x1b[31m\x07"), True),
    "many-headers": lambda b: (sized(b, "HTTP/1.1 200 OK", *["X-%d: y" % i for i in range(1000)]),
                               True),
    "white-space": lambda b: (sized(b" \r\n\t" + b + b"\n\n "), True),
    "more-than-length": lambda b: (sized(b) + b"and more", False),
    "encoding-identity": lambda b: (sized(b, "HTTP/1.1 200 OK", "Content-Encoding: identity"),
                                    True),
    # no HTTP, or too odd
    "http99": lambda b: (sized(b, "HTTP/9.9 200 OK"), False),
    "http2": lambda b: (sized(b, "HTTP/2 200"), False),
    "http3": lambda b: (sized(b, "HTTP/3.0 200 OK"), False),
    "status-words": lambda b: (sized(b, "HTTP/1.1 abc OK"), False),
    "status-short": lambda b: (sized(b, "HTTP/1.1 20"), False),
    "status-zero": lambda b: (sized(b, "HTTP/1.1 000 None"), False),
    "status-negative": lambda b: (sized(b, "HTTP/1.1 -200 OK"), False),
    "icy": lambda b: (sized(b, "ICY 200 OK"), False),
    "lower-case": lambda b: (sized(b, "http/1.1 200 OK"), False),
    "line-first": lambda b: (b"\r\n" + sized(b), False),
    "only-line-ends": lambda b: (b"\r\n\r\n\r\n", False),
    "nothing": lambda b: (b"", False),
    "status-line-cut": lambda b: (b"HTTP/1.1 2", False),
    "no-end-of-headers": lambda b: (head() + b"\r\n", False),
    "request-back": lambda b: (b"POST / HTTP/1.1\r\nHost: x\r\n\r\n", False),
    "tls-alert": lambda b: (b"\x15\x03\x03\x00\x02\x02\x28", False),
    "continue-then-end": lambda b: (b"HTTP/1.1 100 Continue\r\n\r\n", False),
    "hints-then-end": lambda b: (b"HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n\r\n", False),
    # bodies that are not what the head says
    "length-differs": lambda b: (sized(b, "HTTP/1.1 200 OK", "Content-Length: 3"), False),
    "length-negative": lambda b: (head("HTTP/1.1 200 OK", "Content-Length: -5") + b"\r\n\r\n" + b,
                                  False),
    "length-huge": lambda b: (head("HTTP/1.1 200 OK", "Content-Length: 99999999999999999999")
                              + b"\r\n\r\n" + b, False),
    "length-large": lambda b: (head("HTTP/1.1 200 OK", "Content-Length: 4294967296")
                               + b"\r\n\r\n" + b, False),
    "length-hex": lambda b: (head("HTTP/1.1 200 OK", "Content-Length: 0x10") + b"\r\n\r\n" + b,
                             False),
    "length-short": lambda b: (head("HTTP/1.1 200 OK", "Content-Length: 10") + b"\r\n\r\n" + b,
                               False),
    "length-zero": lambda b: (head("HTTP/1.1 200 OK", "Content-Length: 0") + b"\r\n\r\n", True),
    "chunk-negative": lambda b: (chunked(b"-1\r\n" + b), False),
    "chunk-huge": lambda b: (chunked(b"ffffffffffffffff1\r\n" + b), False),
    "chunk-empty-size": lambda b: (chunked(b"\r\n" + b), False),
    "chunk-no-end": lambda b: (chunked(chunk(b)), False),
    "chunk-cut": lambda b: (chunked(b"%x\r\n%s" % (len(b) + 10, b)), False),
    "chunk-run-on": lambda b: (chunked(b"%x\r\n%sxx0\r\n\r\n" % (len(b), b)), False),
    "gzip-cut": lambda b: (sized(gzip.compress(b)[:-20], "HTTP/1.1 200 OK",
                                 "Content-Encoding: gzip"), True),
    "gzip-garbage": lambda b: (sized(b, "HTTP/1.1 200 OK", "Content-Encoding: gzip"), True),
    "gzip-unsaid": lambda b: (sized(gzip.compress(b)), True),
    "encoding-unknown": lambda b: (sized(b, "HTTP/1.1 200 OK", "Content-Encoding: x-unknown"),
                                   True),
    "encoding-many": lambda b: (sized(b, "HTTP/1.1 200 OK",
                                      "Content-Encoding: " + ", ".join(["gzip"] * 20)), True),
    "utf16": lambda b: (sized(b.decode().encode("utf-16")), True),
    "bom": lambda b: (sized(b"\xef\xbb\xbf" + b), True),
    "two-values": lambda b: (sized(b + b), True),
    "comment": lambda b: (sized(b"/* */" + b), True),
    "xml": lambda b: (sized(b"<?xml version='1.0'?><id>123</id>"), True),
    "binary": lambda b: (sized(bytes(range(256))), True),
    "spaces": lambda b: (sized(b" " * 1000), True),
}


@scenario(r"raw-([a-z0-9-]+)")
def raw(connection, request, name):
    """Bytes of RAW; some of them end the connection."""
    if name not in RAW:
        connection.send(answer(501, b'{"message":"the fault server knows no such bytes"}'))
        return True
    data, lives_on = RAW[name](good_body(request))
    connection.send(data)
    if not lives_on:
        connection.close()
    return lives_on


@scenario(r"field-([a-z_]+)-([a-z]+)")
def field(connection, request, name, kind):
    """A good certificate but for one field, which has a value of this type."""
    value = certificate(request)
    if kind == "missing":
        value.pop(name, None)
    else:
        value[name] = JSON_TYPES[kind]
    connection.send(answer(200, json.dumps(value).encode()))
    return True


@scenario(r"error-field-([a-z_]+)-([a-z]+)")
def error_field(connection, request, name, kind):
    """400 whose first error has one field of this type."""
    row = {"message": "not valid", "field": "enabled", "error_id": "SSO-1"}
    row[name] = JSON_TYPES[kind]
    connection.send(answer(400, json.dumps({"errors": [row]}).encode()))
    return True


@scenario(r"later-(\d+)-(.+)")
def later(connection, request, count, name):
    """The connection's first n requests are fine; the next one gets RAW."""
    if connection.served <= int(count):
        connection.send(good(request))
        return True
    return raw(connection, request, name)

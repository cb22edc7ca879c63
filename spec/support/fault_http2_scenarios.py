"""What only an HTTP/2 server can get wrong, as scenarios of fault_http2.py.

RFC 9113 is the measure: a stream that is reset with REFUSED_STREAM, or lies
beyond the last one of a GOAWAY, was not worked on; of all others nobody knows.
"""

import struct
import threading
import time

import fault_http2 as http2
from fault_answers import answer, good, good_body
from fault_http2 import (CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PADDED, PING,
                         PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE, encode, frame, play_http2,
                         scenario)

SESSIONS, KNOWN = {}, threading.Lock()  # a token's first session

KIND = ("content-type", "application/json")


def fields(*more, status="200"):
    return [(":status", status), KIND, *more]


def half(request):
    body = good_body(request)
    return body[:len(body) // 2]


# ---- when: the HTTP/1 side has the same, but plays its own scenarios --------

@scenario(r"flaky-(\d+)-(.+)")
def flaky(stream, request, count, fault):
    """This token's first n requests meet the fault, later ones are fine."""
    return play_http2(stream, request, fault if request.order <= int(count) else "ok")


@scenario(r"until-(\d+)-(.+)")
def until(stream, request, count, fault):
    """This token's first n requests are fine, later ones meet the fault."""
    return play_http2(stream, request, fault if request.order > int(count) else "ok")


@scenario(r"once-(.+)")
def once(stream, request, fault):
    """This token's first connection meets the fault, later ones are fine."""
    session = stream.session
    with KNOWN:
        first_one = SESSIONS.setdefault(request.token, session) is session
    return play_http2(stream, request, fault if first_one else "ok")


@scenario(r"first-(.+)")
def first(stream, request, fault):
    """The connection's first request meets the fault, later ones are fine."""
    return play_http2(stream, request, fault if stream.order == 1 else "ok")


@scenario(r"together-(\d+)-(.+)")
def together(stream, request, count, fault):
    """So many requests are waited for on the connection, then each meets it."""
    stream.session.wait_for(int(count))
    return play_http2(stream, request, fault)


@scenario(r"backwards-(\d+)")
def backwards(stream, request, count):
    """Of so many requests the last one is answered first.  Each other one waits for
    the client to have read the answer before."""
    stream.session.wait_for(int(count))
    if stream.order < int(count):
        stream.session.wait_for_ping(stream.order + 1)
    stream.send(good(request))
    stream.session.ping(stream.order)


# ---- streams that end early -------------------------------------------------

@scenario(r"rst-(\d+)")
def rst(stream, _, error):
    """RST_STREAM with this error code instead of an answer."""
    stream.reset(int(error))


@scenario(r"rst-hints-(\d+)")
def rst_hints(stream, _, error):
    """103, then RST_STREAM."""
    stream.headers([(":status", "103"), ("retry-after", "99")])
    stream.reset(int(error))


@scenario(r"rst-headers-(\d+)")
def rst_headers(stream, request, error):
    """The headers, then RST_STREAM."""
    stream.headers(fields())
    stream.reset(int(error))


@scenario(r"rst-body-(\d+)")
def rst_body(stream, request, error):
    """Headers and half of the body, then RST_STREAM."""
    stream.headers(fields())
    stream.data(half(request), 0)
    stream.reset(int(error))


@scenario(r"rst-status-(\d+)-(\d+)")
def rst_status(stream, request, status, error):
    """The headers of an error answer, half of a body, then RST_STREAM."""
    stream.headers(fields(status=status))
    stream.data(half(request), 0)
    stream.reset(int(error))


@scenario(r"rst-after-(\d+)")
def rst_after(stream, request, error):
    """A whole answer, then RST_STREAM as RFC 9113, 8.1 allows it."""
    stream.send(good(request))
    stream.reset(int(error))


@scenario("no-answer")
def no_answer(stream, _):
    """DATA that ends the stream, and no headers before it."""
    stream.data(b"")


@scenario("no-end")
def no_end(stream, request):
    """Headers and the whole body, but the stream does not end."""
    stream.headers(fields())
    stream.data(good_body(request), 0)


@scenario("no-end-length")
def no_end_length(stream, request):
    """The same with a content-length that has been reached."""
    body = good_body(request)
    stream.headers(fields(("content-length", str(len(body)))))
    stream.data(body, 0)


@scenario(r"length-(-?\d+)")
def length(stream, request, more):
    """A content-length of so many more than are sent."""
    body = good_body(request)
    stream.headers(fields(("content-length", str(len(body) + int(more)))))
    stream.data(body)


# ---- connections that end ---------------------------------------------------

@scenario(r"goaway-before(?:-(\d+))?")
def goaway_before(stream, _, error):
    """GOAWAY that covers no stream, with this error code, no answer."""
    stream.session.goaway(0, int(error or 0))


@scenario(r"goaway-before-close(?:-(\d+))?")
def goaway_before_close(stream, _, error):
    """The same, then closed."""
    stream.session.goaway(0, int(error or 0))
    stream.session.close()


@scenario(r"goaway-first")
def goaway_first(stream, request):
    """GOAWAY that covers the connection's first stream alone, which it answers."""
    if stream.order == 1:
        stream.session.goaway(stream.id)
        time.sleep(0.05)
        stream.send(good(request))


@scenario("goaway-with")
def goaway_with(stream, request):
    """GOAWAY that covers this stream, then a good answer."""
    stream.session.goaway(stream.id)
    stream.send(good(request))


@scenario("goaway-after(-close)?")
def goaway_after(stream, request, close):
    """A good answer, then GOAWAY; the connection stays open, or ends."""
    stream.headers(fields())
    stream.data(good_body(request), behind=http2.goaway(stream.id))
    if close:
        stream.session.close()


@scenario(r"goaway-covers(?:-(\d+))?")
def goaway_covers(stream, _, error):
    """GOAWAY that covers this stream, with an error code, then the end."""
    stream.session.goaway(stream.id, int(error or 0))
    stream.session.close()


@scenario("end(-abrupt)?")
def end(stream, _, abrupt):
    """The connection closed instead of an answer, with close_notify or without."""
    stream.session.close(notify=not abrupt)


@scenario("end-body")
def end_body(stream, request):
    """Closed after half of the body."""
    stream.headers(fields())
    stream.data(half(request), 0)
    stream.session.close()


@scenario("reset")
def reset(stream, _):
    """A TCP reset instead of an answer."""
    stream.session.reset()


@scenario("reset-body")
def reset_body(stream, request):
    """A TCP reset after half of the body."""
    stream.headers(fields())
    stream.data(half(request), 0)
    time.sleep(0.03)  # lets what was sent be read first
    stream.session.reset()


@scenario("alert")
def alert(stream, _):
    """A fatal TLS alert instead of an answer."""
    stream.session.alert()


@scenario("alert-body")
def alert_body(stream, request):
    """A fatal TLS alert after half of the body."""
    stream.headers(fields())
    stream.data(half(request), 0)
    time.sleep(0.03)
    stream.session.alert()


@scenario("rst-goaway")
def rst_goaway(stream, _):
    """RST_STREAM of a request that was worked on, and GOAWAY in one packet."""
    stream.session.write(frame(RST_STREAM, 0, stream.id, struct.pack(">I", 2))
                         + http2.goaway(stream.id))


# ---- stalls -----------------------------------------------------------------

@scenario("stall")
def stall(stream, _):
    """No answer ever."""


@scenario("stall-headers-open")
def stall_headers_open(stream, _):
    """A HEADERS frame without END_HEADERS, then nothing."""
    stream.headers(fields(), 0)


@scenario("stall-body")
def stall_body(stream, request):
    """Headers and half of the body, then nothing."""
    stream.headers(fields())
    stream.data(half(request), 0)


@scenario("stall-frame")
def stall_frame(stream, _):
    """The first bytes of a frame, then nothing."""
    stream.session.write(frame(HEADERS, END_HEADERS, stream.id, encode(fields()))[:12])


def flood(stream, bytes_of_one, pause=0.001):
    while True:
        stream.session.write(bytes_of_one)
        time.sleep(pause)


@scenario("ping-flood")
def ping_flood(stream, _):
    """PING after PING, no answer."""
    flood(stream, frame(PING, 0, 0, b"12345678") * 8)


@scenario("settings-flood")
def settings_flood(stream, _):
    """SETTINGS after SETTINGS, no answer."""
    flood(stream, frame(SETTINGS, 0, 0) * 8)


@scenario("empty-flood")
def empty_flood(stream, _):
    """Headers, then DATA after DATA without a byte."""
    stream.headers(fields())
    flood(stream, frame(DATA, 0, stream.id) * 8)


@scenario("hints-flood")
def hints_flood(stream, _):
    """103 after 103, no answer."""
    flood(stream, frame(HEADERS, END_HEADERS, stream.id, encode([(":status", "103")])))


@scenario("continuation-flood")
def continuation_flood(stream, _):
    """HEADERS that never end, in CONTINUATION frames."""
    stream.headers(fields(), 0)
    flood(stream, frame(CONTINUATION, 0, stream.id, encode([("x-more", "x" * 1000)])))


# ---- good answers that look odd ---------------------------------------------

@scenario(r"hints(?:-(\d+))?")
def hints(stream, request, count):
    """103 with Retry-After so many times (1), then a good answer."""
    for _ in range(int(count or 1)):
        stream.headers([(":status", "103"), ("retry-after", "99")])
    stream.send(good(request))


@scenario("trailers")
def trailers(stream, request):
    """A good answer with trailers, Retry-After among them."""
    stream.headers(fields())
    stream.data(good_body(request), 0)
    stream.headers([("retry-after", "99"), ("x-end", "yes")], END_HEADERS | END_STREAM)


@scenario("padded")
def padded(stream, request):
    """Every frame padded with 200 bytes."""
    pad = b"\0" * 200
    stream.frame(HEADERS, END_HEADERS | PADDED, bytes([200]) + encode(fields()) + pad)
    stream.frame(DATA, END_STREAM | PADDED, bytes([200]) + good_body(request) + pad)


@scenario("drip")
def drip(stream, request):
    """The body a byte a frame."""
    stream.headers(fields())
    body = good_body(request)
    for i in range(len(body)):
        stream.frame(DATA, END_STREAM if i + 1 == len(body) else 0, body[i:i + 1])


@scenario("ping")
def ping(stream, request):
    """PING and frames of unknown kinds, then a good answer."""
    stream.session.write(frame(PING, 0, 0, b"12345678") + frame(0xBB, 0xFF, 0, b"unknown")
                         + frame(0xBB, 0, stream.id, b""))
    stream.send(good(request))


@scenario("continued")
def continued(stream, request):
    """The headers in one frame for each byte."""
    block = encode(fields())
    for i in range(len(block)):
        stream.frame(CONTINUATION if i else HEADERS, END_HEADERS if i + 1 == len(block) else 0,
                     block[i:i + 1])
    stream.data(good_body(request))


# ---- frames that are wrong --------------------------------------------------

@scenario("push")
def push(stream, request):
    """PUSH_PROMISE, which clients switch off, then a good answer."""
    stream.frame(PUSH_PROMISE, END_HEADERS, struct.pack(">I", 2) + encode([
        (":method", "GET"), (":scheme", "https"), (":authority", "127.0.0.1"), (":path", "/x")]))
    stream.send(good(request))


@scenario("garbage")
def garbage(stream, _):
    """Bytes that are no frames."""
    stream.session.write(b"\xff" * 72)  # whatever else: too long for a frame


@scenario("frame-size")
def frame_size(stream, request):
    """A DATA frame larger than may be sent."""
    stream.headers(fields())
    stream.frame(DATA, END_STREAM, b"x" * (1 << 20))


@scenario("hpack")
def hpack(stream, _):
    """A header block with an index that there is not."""
    stream.frame(HEADERS, END_HEADERS | END_STREAM, b"\x88\xff\xff\xff\x7f")


@scenario(r"list-(\d+)-(\d+)")
def header_list(stream, request, count, size):
    """A good answer with so many headers of so many bytes."""
    stream.headers(fields(*[("x-filler-%d" % i, "x" * int(size)) for i in range(int(count))]))
    stream.data(good_body(request))


@scenario("data-first")
def data_first(stream, request):
    """DATA before HEADERS."""
    stream.data(half(request), 0)
    stream.send(good(request))


@scenario("stream-0")
def stream_zero(stream, request):
    """The answer on stream 0."""
    stream.id = 0
    stream.send(good(request))


@scenario("stream-unknown")
def stream_unknown(stream, request):
    """The answer on a stream that nobody opened."""
    stream.id += 100
    stream.send(good(request))


@scenario("window-zero")
def window_zero(stream, request):
    """WINDOW_UPDATE by nothing, then a good answer."""
    stream.frame(WINDOW_UPDATE, 0, struct.pack(">I", 0))
    stream.send(good(request))


@scenario("window-overflow")
def window_overflow(stream, request):
    """WINDOW_UPDATE of the connection beyond what it may be."""
    stream.session.write(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 0x7FFFFFFF)))
    stream.send(good(request))


@scenario("settings-odd")
def settings_odd(stream, request):
    """SETTINGS whose length is no multiple of six."""
    stream.session.write(frame(SETTINGS, 0, 0, b"12345"))
    stream.send(good(request))


@scenario("goaway-short")
def goaway_short(stream, request):
    """GOAWAY without an error code."""
    stream.session.write(frame(GOAWAY, 0, 0, b"\0\0\0\0"))
    stream.send(good(request))


@scenario(r"pseudo-(.*)")
def pseudo(stream, request, status):
    """This text as the status; "none": no status at all."""
    block = [KIND] if status == "none" else fields(status=status)
    stream.headers(block)
    stream.data(good_body(request))


@scenario(r"field-(upper|connection|early|newline|twice)")
def field(stream, request, which):
    """A header that HTTP/2 does not allow, then a good answer."""
    block = {
        "upper": fields(("X-Upper", "yes")),
        "connection": fields(("connection", "close")),
        "early": [KIND, (":status", "200")],
        "newline": fields(("x-odd", "a\r\nretry-after: 99")),
        "twice": fields((":status", "200")),
    }[which]
    stream.headers(block)
    stream.data(good_body(request))


@scenario("continuation-other")
def continuation_other(stream, request):
    """HEADERS that another stream's CONTINUATION goes on with."""
    stream.headers(fields(), 0)
    stream.session.write(frame(CONTINUATION, END_HEADERS, stream.id + 2, encode([("x", "y")])))


# ---- sizes ------------------------------------------------------------------

@scenario("endless")
def endless(stream, _):
    """A body without end, as long as the client takes it."""
    stream.headers(fields())
    for _ in range(1024):
        stream.data(b"x" * http2.FRAME_SIZE, 0)


@scenario("oversized")
def oversized(stream, _):
    """1 MiB and 1 byte of JSON, length announced."""
    stream.send(answer(200, b'"' + b"x" * (1024 * 1024 - 1) + b'"'))

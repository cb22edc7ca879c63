"""The scenarios: one function each, chosen by the first path segment.

A function gets the connection and the request just read and returns True when
the connection is to serve another request.  Raising OSError is fine: the
client went away.  fault_server.py lists them at GET /_scenarios.
"""

import functools
import gzip
import json
import re
import time

from fault_answers import (HTML, SHAPES, answer, certificate, good, good_body, http_date)

SCENARIOS = []  # (compiled pattern, function, first line of its description)


def scenario(pattern):
    def register(function):
        SCENARIOS.append((re.compile(pattern), function, function.__doc__.split("\n")[0]))
        return function
    return register


def play(connection, request, name):
    for pattern, function, _ in SCENARIOS:
        match = pattern.fullmatch(name)
        if match:
            return function(connection, request, *match.groups())
    connection.send(answer(501, b'{"message":"the fault server knows no such scenario"}'))
    return True


# ---- good answers ----------------------------------------------------------

@scenario("ok")
def ok(connection, request):
    """A good answer; what was sent comes back as the certificate."""
    connection.send(good(request))
    return True


@scenario(r"delay-(\d+)")
def delay(connection, request, milliseconds):
    """A good answer after so many milliseconds."""
    time.sleep(int(milliseconds) / 1000)
    return ok(connection, request)


@scenario("close")
def close(connection, request):
    """A good answer with Connection: close."""
    connection.send(good(request, [("Connection", "close")]))
    return False


@scenario("headers")
def headers(connection, request):
    """A good answer with rate limits, a request id and a repeated header."""
    connection.send(good(request, [
        ("X-RateLimit-Limit", "600"), ("X-RateLimit-Remaining", "598"),
        ("X-RateLimit-Reset", str(int(time.time()) + 60)), ("X-Request-Id", "f3a1c0de"),
        ("X-Twice", "one"), ("x-twice", "two"), ("X-Empty", "")]))
    return True


@scenario("chunked")
def chunked(connection, request):
    """A good answer in chunks, with a trailer."""
    body = good_body(request)
    half = len(body) // 2
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n"
                    + b"%x\r\n%s\r\n%x;note=1\r\n%s\r\n0\r\nX-Trailer: yes\r\n\r\n"
                    % (half, body[:half], len(body) - half, body[half:]))
    return True


@scenario("gzip")
def gzipped(connection, request):
    """A good answer with Content-Encoding: gzip, asked for or not."""
    body, kind = SHAPES["gzip"](request)
    connection.send(answer(200, body, kind, [("Content-Encoding", "gzip")]))
    return True


@scenario("early-hints")
def early_hints(connection, request):
    """103 with Retry-After, then a good answer."""
    connection.send(answer(103, kind=None, headers=[("Retry-After", "99")]))
    return ok(connection, request)


@scenario(r"early-hints-(\d+)")
def early_hints_then(connection, request, status):
    """103 with Retry-After, then a final answer of this status without one."""
    connection.send(answer(103, kind=None, headers=[("Retry-After", "99")]))
    connection.send(answer(int(status), *SHAPES["object"](request)))
    return True


@scenario(r"drip(?:-(\d+))?")
def drip(connection, request, milliseconds):
    """A good answer, a byte every so many milliseconds (20)."""
    for byte in good(request):
        connection.send(bytes([byte]))
        time.sleep(int(milliseconds or 20) / 1000)
    return True


@scenario(r"drip-body(?:-(\d+))?")
def drip_body(connection, request, milliseconds):
    """Headers at once, then the body a byte every so many milliseconds (20)."""
    head, _, body = good(request).partition(b"\r\n\r\n")
    connection.send(head + b"\r\n\r\n")
    for byte in body:
        connection.send(bytes([byte]))
        time.sleep(int(milliseconds or 20) / 1000)
    return True


# ---- error answers ---------------------------------------------------------

@scenario(r"status-(\d\d\d)(?:-([a-z0-9-]+))?")
def status(connection, request, number, shape):
    """This status; the body in one of the shapes of fault_answers (object)."""
    shape = SHAPES.get(shape or "object")
    if shape is None:
        connection.send(answer(501, b'{"message":"the fault server knows no such shape"}'))
        return True
    connection.send(answer(int(number), *shape(request)))
    return True


@scenario("echo-reason")
def echo_reason(connection, request):
    """401 that repeats the Authorization header in status line and headers."""
    value = request.header("authorization") or ""
    connection.send(answer(401, b"", headers=[("WWW-Authenticate", value), ("X-Echo", value)],
                           reason="refused " + value))
    return True


@scenario(r"echo-type-(\d\d\d)")
def echo_type(connection, request, number):
    """This status with the API key as the content type of an HTML page."""
    kind = (request.header("authorization") or "").split(" ")[-1]
    connection.send(answer(int(number), HTML, kind))
    return True


@scenario(r"echo-location-(\d\d\d)")
def echo_location(connection, request, number):
    """A redirect that carries the API key in its query."""
    key = (request.header("authorization") or "").split(" ")[-1]
    connection.send(answer(int(number), b"", None, [("Location", "/login?token=" + key)]))
    return True


@scenario("html")
def html(connection, request):
    """200 with an HTML page."""
    connection.send(answer(200, HTML, "text/html"))
    return True


@scenario(r"html-(\d\d\d)")
def html_status(connection, request, number):
    """This status with an HTML page."""
    connection.send(answer(int(number), HTML, "text/html"))
    return True


@scenario(r"redirect(?:-(\d\d\d))?")
def redirect(connection, request, number):
    """302 (or another status) to another port of this server, same token."""
    place = "http://127.0.0.1:%d/ok/%s/followed" % (connection.server.ports["http_other"],
                                                    request.token)
    connection.send(answer(int(number or 302), b"", "text/html", [("Location", place)]))
    return True


@scenario(r"retry-after-(.+)")
def retry_after(connection, request, value):
    """429 with Retry-After: the text, or with date-N the date in N seconds;
    a status in front (503:2) replaces 429."""
    number, _, text = value.rpartition(":")
    number = int(number or 429)
    dated = re.fullmatch(r"date-(-?\d+)", text)
    now = int(time.time())
    if dated:
        text = http_date(now + int(dated.group(1)))
    connection.send(answer(number, *SHAPES["object"](request), date=now,
                           headers=[("Retry-After", text)]))
    return True


@scenario(r"ratelimit-reset-(-?\d+)(?:-skew-(-?\d+))?")
def ratelimit_reset(connection, request, seconds, skew):
    """429, X-RateLimit-Reset in so many seconds on a clock that is skewed."""
    now = int(time.time()) + int(skew or 0)
    connection.send(answer(429, *SHAPES["object"](request), date=now, headers=[
        ("X-RateLimit-Limit", "600"), ("X-RateLimit-Remaining", "0"),
        ("X-RateLimit-Reset", str(now + int(seconds)))]))
    return True


# ---- cut off ---------------------------------------------------------------

@scenario("reset-before-answer")
def reset_before_answer(connection, request):
    """Connection reset instead of an answer."""
    connection.reset()


@scenario("close-before-answer")
def close_before_answer(connection, request):
    """Connection closed instead of an answer."""
    connection.close()


@scenario("reset-mid-headers")
def reset_mid_headers(connection, request):
    """Reset after half of the headers."""
    connection.send(good(request)[:40])
    connection.linger_then_reset()


@scenario("close-mid-headers")
def close_mid_headers(connection, request):
    """Closed after half of the headers."""
    connection.send(good(request)[:40])
    connection.close()


@scenario("reset-mid-body")
def reset_mid_body(connection, request):
    """Reset after half of the body."""
    connection.send(good(request)[:-100])
    connection.linger_then_reset()


@scenario("truncated-body")
def truncated_body(connection, request):
    """Content-Length says 1,000 more than is sent; then closed."""
    body = good_body(request)
    connection.send(answer(200, body, length=len(body) + 1000))
    connection.close()


@scenario(r"truncated-body-(\d\d\d)")
def truncated_error(connection, request, number):
    """An error status whose body is cut off."""
    body, kind = SHAPES["object"](request)
    connection.send(answer(int(number), body, kind, length=len(body) + 1000))
    connection.close()


@scenario("truncated-json")
def truncated_json(connection, request):
    """A right Content-Length, but the JSON is cut."""
    connection.send(answer(200, good_body(request)[:-30]))
    return True


@scenario("close-delimited")
def close_delimited(connection, request):
    """No Content-Length: the end of the connection is the end of the body."""
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    b"Connection: close\r\n\r\n" + good_body(request))
    connection.close()


@scenario("close-without-notify")
def close_without_notify(connection, request):
    """As close-delimited, but over TLS no close_notify comes first."""
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    b"Connection: close\r\n\r\n" + good_body(request))
    connection.close(notify=False)


# ---- stalls ----------------------------------------------------------------

@scenario("stall-headers")
def stall_headers(connection, request):
    """No answer ever."""
    connection.wait_for_peer()


@scenario("stall-mid-headers")
def stall_mid_headers(connection, request):
    """Half of the headers, then nothing."""
    connection.send(good(request)[:40])
    connection.wait_for_peer()


@scenario("stall-body")
def stall_body(connection, request):
    """Headers and half of the body, then nothing."""
    connection.send(good(request)[:-100])
    connection.wait_for_peer()


# ---- not HTTP, or too much of it -------------------------------------------

@scenario("oversized-body")
def oversized_body(connection, request):
    """200 with 1 MiB and 1 byte of JSON, length announced."""
    connection.send(answer(200, b'"' + b"x" * (1024 * 1024 - 1) + b'"'))
    return True


@scenario("oversized-chunked")
def oversized_chunked(connection, request):
    """Chunks without end, as long as the client reads."""
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(4096):
        connection.send(b"10000\r\n" + b"x" * 65536 + b"\r\n")


@scenario("full-body")
def full_body(connection, request):
    """A certificate of exactly 1 MiB: the largest body that is read."""
    value = certificate(request)
    value["note"] = ""
    value["note"] = "x" * (1024 * 1024 - len(json.dumps(value)))
    connection.send(answer(200, json.dumps(value).encode()))
    return True


@functools.lru_cache(None)
def bomb():
    return gzip.compress(b"x" * (64 * 1024 * 1024), 9)


@scenario("gzip-bomb")
def gzip_bomb(connection, request):
    """200, a few kB of gzip that unpack to 64 MiB."""
    connection.send(answer(200, bomb(), headers=[("Content-Encoding", "gzip")]))
    return True


@scenario(r"sized-(\d+)")
def sized(connection, request, size):
    """A body of so many bytes that are no JSON."""
    connection.send(answer(200, b"<" * int(size), "application/xml"))
    return True


@scenario("oversized-headers")
def oversized_headers(connection, request):
    """A good answer with 200 headers of 1,000 bytes."""
    connection.send(good(request, [("X-Filler-%d" % i, "x" * 1000) for i in range(200)]))
    return True


@scenario("oversized-header")
def oversized_header(connection, request):
    """A good answer with one header of 150,000 bytes."""
    connection.send(good(request, [("X-Filler", "x" * 150000)]))
    return True


@scenario("garbage")
def garbage(connection, request):
    """Bytes that are not HTTP."""
    connection.send(b"\x00\xff\x17SSH-2.0-OpenSSH_9.2\r\n\x01\x02\x03\r\n\r\n")
    connection.close()


@scenario("http09")
def http09(connection, request):
    """HTTP/0.9: a body and nothing else."""
    connection.send(good_body(request))
    connection.close()


@scenario("bad-chunk")
def bad_chunk(connection, request):
    """A chunk whose size is not a number."""
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + good_body(request) + b"\r\n")
    connection.close()


@scenario("bad-length")
def bad_length(connection, request):
    """Content-Length that is not a number."""
    connection.send(good(request).replace(b"Content-Length: ", b"Content-Length: x"))
    connection.close()


@scenario("switching")
def switching(connection, request):
    """101 that nobody asked for."""
    connection.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                    b"Connection: upgrade\r\n\r\n")
    connection.close()


# ---- connections that live on ----------------------------------------------

@scenario("keepalive-then-reset")
def keepalive_then_reset(connection, request):
    """A good answer first; the connection's second request meets a reset."""
    if connection.served == 1:
        return ok(connection, request)
    connection.reset()


@scenario("keepalive-then-close")
def keepalive_then_close(connection, request):
    """A good answer first; the connection's second request meets an end."""
    if connection.served == 1:
        return ok(connection, request)
    connection.close()


@scenario(r"keepalive-then-close-idle(?:-(\d+))?")
def keepalive_then_close_idle(connection, request, milliseconds):
    """A good answer, then closed after so many idle milliseconds (20)."""
    ok(connection, request)
    connection.wait_for_peer(int(milliseconds or 20) / 1000)
    connection.close()


@scenario(r"stray-answer(?:-(\d+))?")
def stray_answer(connection, request, milliseconds):
    """The connection's first request gets two answers, the second one about
    certificate 999 and so many milliseconds later (0)."""
    stray = answer(200, json.dumps(certificate(request, 999)).encode())
    if connection.served > 1:
        return ok(connection, request)
    if milliseconds is None:
        connection.send(good(request) + stray)
    else:
        connection.send(good(request))
        time.sleep(int(milliseconds) / 1000)
        connection.send(stray)
    return True


@scenario("other-id")
def other_id(connection, request):
    """A good answer about certificate 999."""
    connection.send(answer(200, json.dumps(certificate(request, 999)).encode()))
    return True


@scenario(r"flaky-(\d+)-(.+)")
def flaky(connection, request, count, fault):
    """This token's first n requests meet the fault, later ones are fine."""
    if request.order <= int(count):
        return play(connection, request, fault)
    return ok(connection, request)


@scenario(r"until-(\d+)-(.+)")
def until(connection, request, count, fault):
    """This token's first n requests are fine, later ones meet the fault."""
    if request.order > int(count):
        return play(connection, request, fault)
    return ok(connection, request)

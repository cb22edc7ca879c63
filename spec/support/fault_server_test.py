#!/usr/bin/env python3
"""Checks the fault server itself, with raw sockets and the curl program:

    spec/support/with_faults python3 spec/support/fault_server_test.py

A fault that is not really on the wire would make every spec that relies on it
pass for the wrong reason.
"""

import base64
import itertools
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import fault_http2_frames
from fault_http2_frames import PATIENCE, eventually

HOST = "127.0.0.1"
ENOUGH = 8 * 1024 * 1024
TOKENS = ("token-%d" % i for i in itertools.count(1))
failures = []


def port(name):
    return int(os.environ["SSO_FAULTS_" + name.upper()])


def control(path):
    with urllib.request.urlopen("http://%s:%d%s" % (HOST, port("control"), path)) as answer:
        return json.load(answer)


def log(token, at_least=1):
    """What came, in order; waits for so many requests."""
    entries = eventually(lambda: control("/_log/" + token), lambda told: len(told) >= at_least)
    return [base64.b64decode(entry["raw"]) for entry in entries]


def check(name, condition, detail=""):
    if not condition:
        failures.append(name)
        print("FAILED %s %s" % (name, detail))


def connect(name="http"):
    return socket.create_connection((HOST, port(name)), PATIENCE)


def ask(sock, scenario, token, body=b'{"enabled":false}', path="v3/sso/certificates/123"):
    raw = (b"PATCH /%s/%s/%s HTTP/1.1\r\nHost: x\r\nAuthorization:  Bearer SG.se-cret \r\n"
           b"x-odd:\tCase\r\nContent-Length: %d\r\n\r\n" % (
               scenario.encode(), token.encode(), path.encode(), len(body))) + body
    sock.sendall(raw)
    return raw


def read(sock, wanted=None, quiet=0.1):
    """(everything that came, how it ended: end, reset, stall or endless).  It is a
    stall when nothing follows for so many seconds once the pattern has come."""
    data, came = bytearray(), False
    try:
        while len(data) < ENOUGH:
            came = came or wanted is not None and re.search(wanted, data, re.S)
            sock.settimeout(quiet if came else PATIENCE)
            piece = sock.recv(65536)
            if not piece:
                return bytes(data), "end"
            data += piece
        return bytes(data), "endless"
    except ConnectionResetError:
        return bytes(data), "reset"
    except socket.timeout:
        return bytes(data), "stall"


def once(scenario, ending, wanted):
    token = next(TOKENS)
    with connect() as sock:
        raw = ask(sock, scenario, token)
        data, how = read(sock, wanted if ending == "stall" else None, 1)
    check(scenario + ": ending", how == ending, how)
    check(scenario + ": bytes", re.search(wanted, data, re.S), data[:300])
    check(scenario + ": raw bytes recorded", log(token) == [raw])
    return data


def test_scenarios():
    rows = [  # scenario, how it ends, what the answer matches
        ("ok", "stall", rb"HTTP/1.1 200 OK\r\n.*\"id\": 123.*}$"),
        ("close", "end", rb"200 OK\r\n.*\r\nConnection: close\r\n\r\n{.*}$"),
        ("headers", "stall", rb"X-Twice: one\r\nx-twice: two\r\nX-Empty: \r\n"),
        ("chunked", "stall", rb"\r\n0\r\nX-Trailer: yes\r\n\r\n$"),
        ("gzip", "stall", rb"Content-Encoding: gzip\r\n\r\n\x1f\x8b"),
        ("early-hints", "stall", rb"^HTTP/1.1 103 .*Retry-After: 99\r\n\r\nHTTP/1.1 200 OK"),
        ("early-hints-503", "stall", rb"^HTTP/1.1 103 .*\r\n\r\nHTTP/1.1 503 "),
        ("drip-2", "stall", rb"^HTTP/1.1 200"),
        ("drip-body-2", "stall", rb"\r\n\r\n{"),
        ("status-404-array", "stall", rb"^HTTP/1.1 404 Not Found.*\r\n\r\n\[{"),
        ("status-400", "stall", rb"^HTTP/1.1 400 .*\r\n\r\n{\"errors\": \[{"),
        ("status-401-echo", "stall", rb"token SG.se-cret is not valid"),
        ("status-401-echo-escaped", "stall", rb"\\u0053\\u0047"),
        ("status-500-empty", "stall", rb"^HTTP/1.1 500 .*Content-Length: 0\r\n\r\n$"),
        ("status-204-empty", "stall", rb"^HTTP/1.1 204 No Content\r\n(?!.*Content-Length)"),
        ("status-404-nonsense", "stall", rb"^HTTP/1.1 501 "),
        ("nonsense", "stall", rb"^HTTP/1.1 501 "),
        ("echo-reason", "stall", rb"^HTTP/1.1 401 refused Bearer SG.se-cret\r\n"),
        ("echo-type-200", "stall", rb"^HTTP/1.1 200 .*Content-Type: SG.se-cret\r\n"),
        ("echo-location-302", "stall", rb"Location: /login\?token=SG.se-cret\r\n"),
        ("html", "stall", rb"200 OK.*text/html.*<html>"),
        ("html-502", "stall", rb"502 Bad Gateway.*text/html.*<html>"),
        ("redirect", "stall", rb"302 .*Location: http://127.0.0.1:%d/ok/" % port("http_other")),
        ("retry-after-7", "stall", rb"^HTTP/1.1 429 .*Retry-After: 7\r\n"),
        ("retry-after-503:date-5", "stall", rb"^HTTP/1.1 503 .*Retry-After: \w\w\w, .* GMT\r\n"),
        ("ratelimit-reset-5", "stall", rb"429 .*X-RateLimit-Remaining: 0\r\n"),
        ("reset-before-answer", "reset", rb"^$"),
        ("close-before-answer", "end", rb"^$"),
        ("reset-mid-headers", "reset", rb"^HTTP/1.1 200 OK\r\nServer"),
        ("close-mid-headers", "end", rb"^HTTP/1.1 200 OK\r\nServer"),
        ("reset-mid-body", "reset", rb"\r\n\r\n{[^}]*$"),
        ("truncated-body", "end", rb"\r\n\r\n{.*}$"),
        ("truncated-body-500", "end", rb"^HTTP/1.1 500 .*\r\n\r\n{.*}$"),
        ("truncated-json", "stall", rb"\r\n\r\n{[^}]*$"),
        ("close-delimited", "end", rb"close\r\n\r\n{.*}$"),
        ("stall-headers", "stall", rb"^$"),
        ("stall-mid-headers", "stall", rb"^HTTP/1.1 200 OK\r\nServer"),
        ("stall-body", "stall", rb"\r\n\r\n{[^}]*$"),
        ("garbage", "end", rb"^\x00\xff"),
        ("http09", "end", rb"^{.*}$"),
        ("bad-chunk", "end", rb"\r\n\r\nzz\r\n"),
        ("bad-length", "end", rb"Content-Length: x\d+"),
        ("switching", "end", rb"^HTTP/1.1 101 "),
        ("other-id", "stall", rb"\"id\": 999,"),
        ("stray-answer", "stall", rb"\"id\": 123,.*HTTP/1.1 200 OK.*\"id\": 999,"),
        ("stray-answer-50", "stall", rb"\"id\": 123,.*HTTP/1.1 200 OK.*\"id\": 999,"),
        ("keepalive-then-close-idle", "end", rb"\"id\": 123,"),
        ("flaky-1-reset-before-answer", "reset", rb"^$"),
        ("until-1-reset-before-answer", "stall", rb"\"id\": 123,"),
        ("sized-3", "stall", rb"Content-Length: 3\r\n\r\n<<<$"),
        ("raw-no-such-bytes", "stall", rb"^HTTP/1.1 501 "),
        ("raw-bare-lf", "stall", rb"^HTTP/1.1 200 OK\n[^\r]*\n\n{[^\r]*}$"),
        ("raw-length-short", "end", rb"Content-Length: 10\r\n\r\n{.{10,}}$"),
        ("later-1-no-reason", "stall", rb"^HTTP/1.1 200 OK\r\n"),
        ("later-0-no-reason", "stall", rb"^HTTP/1.1 200\r\n"),
        ("field-enabled-text", "stall", rb"\"id\": 123,.*\"enabled\": \"text\""),
        ("field-not_after-missing", "stall", rb"\r\n\r\n(?!.*\"not_after\"){.*}$"),
        ("error-field-message-list", "stall", rb"^HTTP/1.1 400 .*\"message\": \[\]"),
    ]
    with ThreadPoolExecutor(len(rows)) as pool:
        list(pool.map(lambda row: once(*row), rows))
    patterns = control("/_scenarios")["scenarios"]
    tried = [row[0] for row in rows] + ["delay-1", "keepalive-then-reset", "full-body", "oversized-body",
                                        "keepalive-then-close", "oversized-chunked", "gzip-bomb",
                                        "oversized-headers", "oversized-header",
                                        "close-without-notify"]
    for pattern in patterns:
        check("a row for " + pattern, any(re.fullmatch(pattern, name) for name in tried))


def test_lengths():
    def body(data):
        return data.partition(b"\r\n\r\n")[2]
    rows = [  # scenario, how it ends, what is at the end of the answer
        ("truncated-body", "end", rb"}$"), ("oversized-body", "stall", rb"x\"$"),
        ("full-body", "stall", rb"x\"}$"), ("oversized-chunked", "endless", rb"x"),
        ("gzip-bomb", "stall", rb"\x00\x00\x00\x04$"),  # 64 MiB, as gzip has it last
        ("oversized-headers", "stall", rb"}$"), ("oversized-header", "stall", rb"}$"),
    ]
    with ThreadPoolExecutor(len(rows)) as pool:
        results = dict(zip([row[0] for row in rows], pool.map(lambda row: once(*row), rows)))
    data = results["truncated-body"]
    announced = int(re.search(rb"Content-Length: (\d+)", data).group(1))
    check("truncated-body: announced", announced == len(body(data)) + 1000)
    data = results["oversized-body"]
    check("oversized-body", len(body(data)) == 1024 * 1024 + 1, len(data))
    json.loads(body(data))
    data = results["full-body"]
    check("full-body", len(body(data)) == 1024 * 1024 and json.loads(body(data))["id"] == 123)
    check("gzip-bomb", len(results["gzip-bomb"]) < 100000)
    for name in ("oversized-headers", "oversized-header"):
        data = results[name]
        check(name, len(data) > 2 * 64 * 1024 and body(data).startswith(b"{"), len(data))
    times = []
    while len(times) < 5 and not (times and times[-1] < 0.4):  # we may be late, too
        began = time.monotonic()
        with connect() as sock:
            ask(sock, "delay-150", next(TOKENS))
            sock.recv(1)
        times.append(time.monotonic() - began)
    check("delay", 0.14 < min(times) < 0.4, times)


def test_connections_that_live_on():
    for scenario, ending, second in (("ok", "stall", True), ("stray-answer", "stall", True),
                                     ("keepalive-then-reset", "reset", False),
                                     ("keepalive-then-close", "end", False)):
        token = next(TOKENS)
        with connect() as sock:
            first_raw = ask(sock, scenario, token)
            check(scenario + ": first", b'"id": 123' in read(sock, rb'"id": 123.*}')[0])
            second_raw = ask(sock, scenario, token, b'{"x":2}', "v3/sso/certificates/4")
            data, how = read(sock, rb'"id": 4.*}' if ending == "stall" else None, 0.2)
        check(scenario + ": second", how == ending and (b'"id": 4' in data) == second, (data, how))
        check(scenario + ": both recorded", log(token, 2) == [first_raw, second_raw])
        entries = control("/_log/" + token)
        check(scenario + ": one connection", entries[0]["connection"] == entries[1]["connection"]
              and [e["on_connection"] for e in entries] == [1, 2])
    token = next(TOKENS)
    for expected in (b"503", b"503", b"200"):
        with connect() as sock:
            ask(sock, "flaky-2-status-503", token)
            check("flaky", sock.recv(100).startswith(b"HTTP/1.1 " + expected))


def test_recorder():
    body = bytes(range(256)) * 1024
    token = next(TOKENS)
    with connect() as sock:
        raw = ask(sock, "ok", token, body)
        read(sock, rb"}$")
    check("256 KiB recorded byte for byte", log(token) == [raw])
    token = next(TOKENS)
    with connect() as sock:
        sock.sendall(b"POST /ok/%s/x HTTP/1.1\r\nContent-Length: 9\r\n\r\nshort" % token.encode())
        sock.shutdown(socket.SHUT_WR)
        read(sock)
    entries = control("/_log/" + token)
    check("cut request", len(entries) == 1 and not entries[0]["complete"])
    token = next(TOKENS)
    chunks = b"POST /ok/%s/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    with connect() as sock:
        sock.sendall(chunks % token.encode())
        read(sock, rb"}$")
    check("chunked request", log(token) == [chunks % token.encode()])
    check("unknown token", log("never-seen", 0) == [])


def test_dead_ports():
    try:
        connect("refused").close()
        check("refused", False)
    except ConnectionRefusedError:
        pass
    try:
        socket.create_connection((HOST, port("unaccepted")), 0.5).close()
        check("unaccepted", False)
    except socket.timeout:
        pass


def curl(name, *arguments, ca=True, scenario="ok", codes=()):
    """codes: what is expected; 28: that it gives up, when its request was sent."""
    token = next(TOKENS)
    seconds = 3 if codes == (28,) else PATIENCE
    command = ["curl", "-s", "-m", str(seconds), "--noproxy", "*", *arguments,
               "https://127.0.0.1:%d/%s/%s/v3/sso/certificates/5" % (port(name), scenario, token)]
    if ca:
        command[1:1] = ["--cacert", os.environ["SSO_FAULTS_CA"]]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, token


def test_tls():
    files = os.environ["SSO_FAULTS_DIR"]
    client = ["--cert", files + "/client.pem", "--key", files + "/client.key"]
    rows = [  # port, curl's exit codes, more arguments
        ("https", (0,), []), ("tls_1_2", (0,), []),
        ("tls_1_0", (35,), []), ("tls_1_1", (35,), []),
        ("tls_1_1", (0,), ["--tlsv1.1", "--ciphers", "DEFAULT:@SECLEVEL=0"]),
        ("expired", (60,), []), ("not_yet_valid", (60,), []), ("wrong_host", (60,), []),
        ("wrong_purpose", (60,), []), ("unknown_ca", (60,), []), ("self_signed", (60,), []),
        ("expired", (0,), ["-k"]), ("wrong_host", (0,), ["-k"]), ("unknown_ca", (0,), ["-k"]),
        ("https_client_cert", (0,), client), ("https_client_cert", (35, 52, 55, 56), []),
        ("tls_stall", (28,), []), ("tls_stall_late", (28,), []), ("tls_reset", (35,), []),
        ("tls_close", (35,), []), ("tls_garbage", (35,), []), ("tls_alert", (35,), []),
        ("https", (0,), ["-x", "http://127.0.0.1:%d" % port("proxy"), "--noproxy", ""]),
    ]
    scenarios = [("close-delimited", (0,)),
                 ("reset-before-answer", (35, 52, 56)), ("reset-mid-body", (56, 18)),
                 ("stall-headers", (28,)), ("stall-body", (28,))]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda row: curl(row[0], *row[2], codes=row[1]), rows))
        played = list(pool.map(lambda row: curl("https", scenario=row[0], codes=row[1]), scenarios))
    for (name, codes, arguments), (code, body, token) in zip(rows, results):
        check("%s %s" % (name, arguments), code in codes, code)
        check(name + ": seen iff answered", bool(log(token, code == 0)) == (code == 0), token)
        check(name + ": answered", (b'"id": 5' in body) == (code == 0))
        check(name + ": connection seen", eventually(lambda: control("/_connections/" + name)))
    for (scenario, codes), (code, _, token) in zip(scenarios, played):
        check("https " + scenario, code in codes, code)
        check("https %s: seen" % scenario, len(log(token)) == 1)
    for scenario, clean in (("close-delimited", True), ("close-without-notify", False)):
        check(scenario + ": close_notify", ends_with_notify(scenario) == clean)
    check("CONNECT recorded", log("proxy")[0].startswith(b"CONNECT 127.0.0.1:"))
    check("unknown issuer without the CA", curl("https", ca=False)[0] == 60)


def test_http2():
    fault_http2_frames.run(check, port, control)


def ends_with_notify(scenario):
    context = ssl.create_default_context(cafile=os.environ["SSO_FAULTS_CA"])
    # Python on OpenSSL 3 overlooks a missing close_notify unless told otherwise.
    context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0x80)
    with connect("https") as plain:
        with context.wrap_socket(plain, server_hostname=HOST, suppress_ragged_eofs=False) as sock:
            ask(sock, scenario, next(TOKENS))
            try:
                while sock.recv(65536):
                    pass
                return True
            except ssl.SSLError:  # SSLEOFError, where the version of Python knows it
                return False


def main():
    began = time.monotonic()
    for name, test in sorted(globals().items()):
        if name.startswith("test_"):
            at = time.monotonic()
            test()
            print("%s %.1f s" % (name, time.monotonic() - at))
    print("%s in %.1f s" % ("FAILED: %d" % len(failures) if failures else "ok",
                            time.monotonic() - began))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()

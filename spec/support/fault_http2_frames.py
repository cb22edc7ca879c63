"""Checks the HTTP/2 side of the fault server: which frames each scenario puts
on the wire, read by a raw TLS socket, and the good case with the curl program.
fault_server_test.py runs it.
"""

import base64
import os
import re
import socket
import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from fault_hpack import encode

HOST = "127.0.0.1"
PATIENCE = 10  # s, for what is to come: any process may be held up for a while
NAMES = ["DATA", "HEADERS", "PRIORITY", "RST", "SETTINGS", "PUSH", "PING", "GOAWAY", "WINDOW",
         "CONT"]
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def eventually(ask, holds=bool):
    """ask(), again until holds(it): the last one."""
    end = time.monotonic() + PATIENCE
    while True:
        told = ask()
        if holds(told) or time.monotonic() > end:
            return told
        time.sleep(0.01)


# scenario, how it ends, what comes: frames as NAME.flags.stream.length, with the numbers of RST,
# GOAWAY and WINDOW; acknowledgements and what gives back a window are left out.
HEAD, DATA, LAST = r"HEADERS.4.1.\d+ ", r"DATA.0.1.\d+ ", r"DATA.1.1.\d+ "
GOOD = HEAD + LAST
ROWS = [
    ("ok", "open", GOOD), ("status-404", "open", GOOD), ("status-204-empty", "open",
                                                         r"HEADERS.5.1.\d+ "),
    ("flaky-1-rst-2", "open", "RST.0.1.4.2 "), ("flaky-0-rst-2", "open", GOOD),
    ("until-0-rst-2", "open", "RST.0.1.4.2 "), ("until-1-rst-2", "open", GOOD),
    ("first-rst-2", "open", "RST.0.1.4.2 "), ("once-rst-2", "open", "RST.0.1.4.2 "),
    ("together-1-rst-2", "open", "RST.0.1.4.2 "), ("backwards-1", "open", GOOD + "PING.0.0.8 "),
    ("rst-7", "open", "RST.0.1.4.7 "), ("rst-hints-7", "open", HEAD + "RST.0.1.4.7 "),
    ("rst-headers-2", "open", HEAD + "RST.0.1.4.2 "),
    ("rst-body-2", "open", HEAD + DATA + "RST.0.1.4.2 "),
    ("rst-status-503-2", "open", HEAD + DATA + "RST.0.1.4.2 "),
    ("rst-after-0", "open", GOOD + "RST.0.1.4.0 "),
    ("rst-goaway", "open", "RST.0.1.4.2 GOAWAY.0.0.8.1.0 "),
    ("no-answer", "open", "DATA.1.1.0 "), ("no-end", "open", HEAD + DATA),
    ("no-end-length", "open", HEAD + DATA), ("length-5", "open", GOOD), ("length--5", "open", GOOD),
    ("goaway-before", "open", "GOAWAY.0.0.8.0.0 "),
    ("goaway-before-11", "open", "GOAWAY.0.0.8.0.11 "),
    ("goaway-before-close-2", "end", "GOAWAY.0.0.8.0.2 "),
    ("goaway-first", "open", "GOAWAY.0.0.8.1.0 " + GOOD),
    ("goaway-with", "open", "GOAWAY.0.0.8.1.0 " + GOOD),
    ("goaway-after", "open", GOOD + "GOAWAY.0.0.8.1.0 "),
    ("goaway-after-close", "end", GOOD + "GOAWAY.0.0.8.1.0 "),
    ("goaway-covers-2", "end", "GOAWAY.0.0.8.1.2 "), ("goaway-short", "open", "GOAWAY.0.0.4.* "),
    ("end", "end", ""), ("end-abrupt", "cut", ""), ("end-body", "end", HEAD + DATA),
    ("reset", "reset", ""), ("reset-body", "reset", HEAD + DATA),
    ("alert", "alert", ""), ("alert-body", "alert", HEAD + DATA),
    ("stall", "open", ""), ("stall-headers-open", "open", r"HEADERS.0.1.\d+ "),
    ("stall-body", "open", HEAD + DATA), ("stall-frame", "open", "rest.12 "),
    ("ping-flood", "open", "(PING.0.0.8 ){50,}"), ("settings-flood", "open", ""),
    ("empty-flood", "open", HEAD + "(DATA.0.1.0 ){50,}"),
    ("hints-flood", "open", "(" + HEAD + "){10,}"),
    ("continuation-flood", "open", r"HEADERS.0.1.\d+ (CONT.0.1.1\d\d\d ){10,}"),
    ("hints", "open", HEAD + GOOD), ("hints-3", "open", HEAD * 3 + GOOD),
    ("trailers", "open", HEAD + DATA + r"HEADERS.5.1.\d+ "),
    ("padded", "open", r"HEADERS.c.1.2\d\d DATA.9.1.3\d\d "),
    ("drip", "open", HEAD + "(DATA.0.1.1 ){50,}DATA.1.1.1 "),
    ("ping", "open", r"PING.0.0.8 kind187.ff.0.7 kind187.0.1.0 " + GOOD),
    ("continued", "open", "HEADERS.0.1.1 (CONT.0.1.1 ){20,}CONT.4.1.1 " + LAST),
    ("push", "open", r"PUSH.4.1.\d+ " + GOOD), ("garbage", "open", r".+"),
    ("frame-size", "open", HEAD + "DATA.1.1.1048576 "), ("hpack", "open", "HEADERS.5.1.5 "),
    ("list-2-9000", "open", r"HEADERS.0.1.16384 CONT.4.1.\d+ " + LAST),
    ("data-first", "open", DATA + GOOD), ("stream-0", "open", r"HEADERS.4.0.\d+ DATA.1.0.\d+ "),
    ("stream-unknown", "open", GOOD.replace("4.1.", "4.101.").replace("1.1.", "1.101.")),
    ("window-zero", "open", "WINDOW.0.1.4.0 " + GOOD),
    ("window-overflow", "open", "WINDOW.0.0.4.2147483647 " + GOOD),
    ("settings-odd", "open", "SETTINGS.0.0.5 " + GOOD),
    ("pseudo-none", "open", GOOD), ("pseudo-99", "open", GOOD), ("field-upper", "open", GOOD),
    ("continuation-other", "open", r"HEADERS.0.1.\d+ CONT.4.3.\d+ "),
    ("oversized", "open", HEAD + "(DATA.0.1.16384 ){64}DATA.1.1.1 "),
    ("endless", "open", HEAD + r"(DATA.0.1.16384 ){100,}(rest.\d+ )?"),
]


class Client:
    """TLS over a socket of our own: Python's takes a TCP reset for a mere end."""

    def __init__(self, port):
        context = ssl.create_default_context(cafile=os.environ["SSO_FAULTS_CA"])
        context.set_alpn_protocols(["h2"])
        context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0x80)
        self.sock = socket.create_connection((HOST, port), PATIENCE)
        self.came, self.goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.came, self.goes, server_hostname=HOST)
        self.data, self.how = bytearray(), None
        while self._try(self.tls.do_handshake) is None:
            self._receive()

    def _try(self, action):
        """True when it is done, None when it needs to read first."""
        try:
            action()
            return True
        except ssl.SSLWantReadError:
            return None
        finally:
            self.sock.sendall(self.goes.read())

    def _receive(self):
        piece = self.sock.recv(65536)
        if piece:
            self.came.write(piece)
        else:
            self.came.write_eof()

    def send(self, data):
        self._try(lambda: self.tls.write(data))

    def ask(self, scenario, token):
        block = encode([(":method", "PATCH"), (":scheme", "https"), (":authority", HOST),
                        (":path", "/%s/%s/v3/sso/certificates/123" % (scenario, token)),
                        ("authorization", "Bearer SG.se-cret")])
        self.send(PREFACE + b"\0\0\0\4\0\0\0\0\0" + b"\0\0%c\1\4\0\0\0\1" % len(block)
                  + block + b"\0\0\2\0\1\0\0\0\1{}")

    def _read(self):
        """Until the end, which is an exception unless it was announced."""
        while True:
            piece = self.tls.read(65536)
            if not piece:
                raise ssl.SSLZeroReturnError
            self.data += piece

    def read(self, is_all, most=4 << 20):
        """Until the end, PATIENCE at most; once is_all(), for 0.2 s more."""
        self.how = "open"
        end, came = time.monotonic() + PATIENCE, False
        try:
            while len(self.data) < most and time.monotonic() < end:
                if self._try(self._read) is None:
                    if not came and is_all():
                        end, came = time.monotonic() + 0.2, True
                    self.sock.settimeout(max(0.01, end - time.monotonic()))
                    self._receive()
        except socket.timeout:
            pass
        except ConnectionResetError:
            self.how = "reset"
        except ssl.SSLZeroReturnError:
            self.how = "end"
        except ssl.SSLError as error:
            self.how = "alert" if "ALERT" in str(error) else "cut"

    def trace(self):
        at, said = 0, ""
        while len(self.data) - at >= 9:
            length = int.from_bytes(self.data[at:at + 3], "big")
            kind, flags = self.data[at + 3], self.data[at + 4]
            stream = int.from_bytes(self.data[at + 5:at + 9], "big")
            payload = self.data[at + 9:at + 9 + length]
            if len(payload) < length:
                break
            at += 9 + length
            name = NAMES[kind] if kind < len(NAMES) else "kind%d" % kind
            own = (name == "SETTINGS" and length % 6 == 0) or (
                name == "WINDOW" and payload == b"\0\0\0\2")
            if own:
                continue
            words = [name, "%x" % flags, str(stream), str(length)]
            if name in ("RST", "GOAWAY", "WINDOW"):
                words += [str(int.from_bytes(payload[i:i + 4], "big"))
                          for i in range(0, length, 4)]
            said += ".".join(words) + " "
        return said + ("rest.%d " % (len(self.data) - at) if at < len(self.data) else "")


def play(port, number, row):
    scenario, ending, pattern = row
    client = Client(port)
    token = "http2-%d" % number
    client.ask(scenario, token)
    client.read(lambda: ending == "open" and re.fullmatch(pattern, client.trace()))
    return client.how, client.trace(), token


def run(check, port, control):
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda pair: play(port("http2"), *pair), enumerate(ROWS)))
    for (scenario, ending, pattern), (how, trace, token) in zip(ROWS, results):
        check("http2 %s: ending" % scenario, how == ending, how)
        check("http2 %s: frames" % scenario, re.fullmatch(pattern, trace), trace[:300])
        entries = eventually(lambda: control("/_log/" + token))
        raw = base64.b64decode(entries[0]["raw"]) if entries else b""
        check("http2 %s: recorded" % scenario, re.fullmatch(
            rb"PATCH /%s/%s/v3/sso/certificates/123 HTTP/2\r\nhost: .*\r\nauthorization: "
            rb"Bearer SG.se-cret\r\n\r\n{}" % (re.escape(scenario).encode(), token.encode()), raw,
            re.S), raw)
    for pattern in control("/_scenarios")["http2"]:
        check("a row for http2 " + pattern, any(re.fullmatch(pattern, row[0]) for row in ROWS))
    ports(check, port, control)


def curl(port, name, *arguments, seconds=PATIENCE):
    url = "https://%s:%d/ok/http2-curl-%s/v3/sso/certificates/5" % (HOST, port, name)
    done = subprocess.run(
        ["curl", "-s", "-m", str(seconds), "--noproxy", "*", "--http2", "-w", "%{http_version}",
         "--cacert", os.environ["SSO_FAULTS_CA"], *arguments, url], stdout=subprocess.PIPE)
    return done.returncode, done.stdout


def ports(check, port, control):
    file = os.path.join(os.environ["SSO_FAULTS_DIR"], "large")
    with open(file, "w") as f:
        f.write("x" * 200000)
    large = ["-d", "@" + file]
    rows = [  # port, curl's exit code, the version that it spoke, more arguments
        ("http2", 0, b"2", []), ("http2", 0, b"1.1", ["--http1.1"]), ("http2", 0, b"2", large),
        ("http2_one", 0, b"2", []), ("http1_only", 0, b"1.1", []), ("https", 0, b"1.1", []),
        ("http2_stall", 28, None, []), ("http2_window_0", 28, None, large),
        ("http2_no_window", 28, None, large), ("http2_no_window", 0, b"2", []),
    ]
    for name, code, version, arguments in rows:
        status, output = curl(port(name), name, *arguments, seconds=0.7 if code == 28 else PATIENCE)
        check("curl at %s" % name, status == code, status)
        if version:
            check("curl at %s: %s" % (name, version), output.endswith(version), output)
            check("curl at %s: answered" % name, b'"id": 5' in output, output)
    for name in ("http2_unset", "http2_text"):
        status, _ = curl(port(name), name)
        check("curl at %s" % name, status not in (0, 28), status)
    sent = b"".join(base64.b64decode(entry["raw"]) for entry in control("/_log/http2-curl-http2"))
    check("curl's headers, in Huffman's code", b"\r\nuser-agent: curl/" in sent, sent[:300])
    client = Client(port("http2_one"))
    client.ask("stall", "http2-one")
    settings = b"\4\0\0\0\0\0\0\3\0\0\0\1"
    client.read(lambda: settings in client.data)
    check("http2_one: its SETTINGS", settings in client.data, client.data)
    client = Client(port("http2"))
    client.ask("stall", "http2-given-up")
    client.send(b"\0\0\4\3\0\0\0\0\1\0\0\0\10")
    resets = eventually(lambda: control("/_resets/http2-given-up"))
    check("RST_STREAM is recorded", resets == [{"on_connection": 1, "error": 8}], resets)

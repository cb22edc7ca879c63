#!/usr/bin/env python3
"""A server of misbehaviour that records the raw bytes of every request.

    fault_server.py CMD ARGS…   runs CMD with the ports in its environment
                                (SSO_FAULTS_HTTP=43127, …), exits as CMD did
    fault_server.py             prints {"ports": …, "ca": …} as one line and
                                runs until its standard input ends

It shares no code with the client or the sandbox and needs nothing but the
standard library and the openssl program.  The URL's first path segment names
the scenario, the second is a token of the spec's choice:

    http://127.0.0.1:PORT/reset-mid-body/token-1/v3/sso/certificates/123

What came is read on the control port: GET /_log/TOKEN, /_connections/PORT,
/_resets/TOKEN (HTTP/2: requests that were given up), /_scenarios.  All listeners are on 127.0.0.1; PORTS below says what each does.
"""

import base64
import collections
import itertools
import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

from fault_answers import SHAPES, answer
import fault_http2
import fault_http2_scenarios  # noqa: F401; registers its scenarios
from fault_scenarios import SCENARIOS, play
from fault_tls import Authority
import fault_wire  # noqa: F401; registers its scenarios

LINGER_ZERO = struct.pack("ii", 1, 0)
MAX_HEAD = 1024 * 1024


class Request:
    """One request: .raw as received, and what the scenarios need of it."""

    def __init__(self, raw, head_len, complete):
        self.raw = raw
        self.complete = complete
        self.order = 0
        head = raw[:head_len].decode("latin-1").split("\r\n")
        parts = (head[0].split(" ") + ["", ""])[:3]
        self.method, self.target = parts[0], parts[1]
        self.headers = [line.partition(":")[::2] for line in head[1:] if ":" in line]
        self.body = raw[head_len:]
        path = self.target.split("?")[0].split("/")[1:]
        self.scenario = path[0] if path else ""
        self.token = path[1] if len(path) > 1 else ""
        self.segments = path[2:]

    def header(self, name):
        for key, value in self.headers:
            if key.strip().lower() == name:
                return value.strip()
        return None


class Connection:
    def __init__(self, server, sock, port, number):
        self.server, self.sock, self.port, self.number = server, sock, port, number
        self.buffer = b""
        self.served = 0
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data):
        self.sock.sendall(data)

    def _receive(self):
        data = self.sock.recv(65536)
        self.buffer += data
        return bool(data)

    def read_request(self):
        """The next request; None when the peer is done before its first byte."""
        while b"\r\n\r\n" not in self.buffer and len(self.buffer) < MAX_HEAD:
            if not self._receive():
                return self._take(len(self.buffer), len(self.buffer), False)
        head_len = self.buffer.index(b"\r\n\r\n") + 4
        head = Request(self.buffer[:head_len], head_len, False)
        if (head.header("expect") or "").lower() == "100-continue":
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if (head.header("transfer-encoding") or "").lower() == "chunked":
            end = b"0\r\n\r\n"
            while not self.buffer.endswith(end):
                if not self._receive():
                    return self._take(head_len, len(self.buffer), False)
            return self._take(head_len, len(self.buffer), True)
        total = head_len + int(head.header("content-length") or 0)
        while len(self.buffer) < total:
            if not self._receive():
                return self._take(head_len, len(self.buffer), False)
        return self._take(head_len, total, True)

    def _take(self, head_len, total, complete):
        raw, self.buffer = self.buffer[:total], self.buffer[total:]
        return Request(raw, head_len, complete) if raw else None

    def wait_for_peer(self, seconds=None):
        """Until the peer closes or resets, or until the time is over."""
        self.sock.settimeout(seconds)
        try:
            while self.sock.recv(65536):
                pass
        except OSError:
            pass

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
        self.sock.close()

    def linger_then_reset(self):
        """Lets what was sent be read first."""
        time.sleep(0.03)
        self.reset()

    def close(self, notify=True):
        if notify and isinstance(self.sock, ssl.SSLSocket):
            try:
                self.sock.settimeout(0.2)
                self.sock.unwrap()
            except (OSError, ValueError):
                pass
        self.sock.close()


class Recorder:
    def __init__(self):
        self.lock = threading.Lock()
        self.requests = collections.defaultdict(list)
        self.connections = collections.defaultdict(list)
        self.resets = collections.defaultdict(list)

    def connected(self, port, number):
        with self.lock:
            self.connections[port].append({"connection": number, "time": time.monotonic()})

    def received(self, connection, request):
        with self.lock:
            log = self.requests[request.token]
            request.order = len(log) + 1
            log.append({"connection": connection.number, "order": request.order,
                        "on_connection": connection.served, "port": connection.port,
                        "complete": request.complete, "time": time.monotonic(),
                        "raw": base64.b64encode(request.raw).decode()})

    def reset(self, token, order, error):
        """The client gave up a request of a connection of HTTP/2."""
        with self.lock:
            self.resets[token].append({"on_connection": order, "error": error})

    def answer(self, path):
        kind, _, name = path.strip("/").partition("/")
        with self.lock:
            if kind == "_log":
                return list(self.requests.get(name, []))
            if kind == "_connections":
                return list(self.connections.get(name, []))
            if kind == "_resets":
                return list(self.resets.get(name, []))
        if kind == "_scenarios":
            return {"scenarios": {p.pattern: text for p, _, text in SCENARIOS},
                    "http2": {p.pattern: text for p, _, text in fault_http2.SCENARIOS},
                    "shapes": sorted(SHAPES)}
        return None


# ---- what a connection meets: one function a port --------------------------

def serve_http(connection):
    while True:
        request = connection.read_request()
        if request is None:
            return connection.close()
        connection.served += 1
        connection.server.recorder.received(connection, request)
        if not request.complete or not play(connection, request, request.scenario):
            return connection.close()


def drain(sock):
    """Reads what is still coming: closing before that would reset the
    connection, and the peer would never see the alert that was sent."""
    try:
        sock.shutdown(socket.SHUT_WR)
        sock.settimeout(2)
        while sock.recv(65536):
            pass
    except OSError:
        pass


def serve_tls(name="good", then=serve_http, **options):
    def serve(connection):
        context = connection.server.context(name, **options)
        raw = connection.sock.dup()
        try:
            connection.sock = context.wrap_socket(connection.sock, server_side=True)
        except ssl.SSLError:
            drain(raw)
            raise
        finally:
            raw.close()
        then(connection)
    return serve


def serve_control(connection):
    request = connection.read_request()
    if request:
        value = connection.server.recorder.answer(request.target)
        connection.send(answer(404 if value is None else 200, json.dumps(value).encode(),
                               headers=[("Connection", "close")]))
    connection.close()


def serve_proxy(connection):
    """An HTTP proxy that tunnels CONNECT to 127.0.0.1; token "proxy"."""
    request = connection.read_request()
    if request is None:
        return connection.close()
    request.token = "proxy"
    connection.served = 1
    connection.server.recorder.received(connection, request)
    port = request.target.rpartition(":")[2]
    if request.method != "CONNECT" or not port.isdigit():
        connection.send(answer(405, b"", headers=[("Connection", "close")]))
        return connection.close()
    with socket.create_connection(("127.0.0.1", int(port))) as far:
        connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        back = threading.Thread(target=pump, args=(far, connection.sock), daemon=True)
        back.start()
        pump(connection.sock, far)
        back.join(5)
    connection.close()


def pump(source, sink):
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def tls_stall(connection):
    connection.wait_for_peer()


def tls_reset(connection):
    connection.sock.recv(1)
    connection.reset()


def tls_close(connection):
    connection.sock.recv(65536)
    connection.close()


def tls_garbage(connection):
    connection.sock.recv(65536)
    connection.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    connection.close()


def tls_alert(connection):
    """Answers the ClientHello with the fatal alert handshake_failure."""
    connection.sock.recv(65536)
    connection.send(b"\x15\x03\x03\x00\x02\x02\x28")
    connection.close()


def tls_stall_late(connection):
    """Half of a ServerHello record, then nothing."""
    connection.sock.recv(65536)
    connection.send(b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03")
    connection.wait_for_peer()


PORTS = {
    "http": serve_http,
    "http_other": serve_http,  # where redirects lead
    "https": serve_tls(),
    "https_client_cert": serve_tls(client_certificate=True),
    "expired": serve_tls("expired"),
    "not_yet_valid": serve_tls("not_yet_valid"),
    "wrong_host": serve_tls("wrong_host"),
    "wrong_purpose": serve_tls("wrong_purpose"),
    "unknown_ca": serve_tls("unknown_ca"),
    "self_signed": serve_tls("self_signed"),
    "tls_1_0": serve_tls(newest=ssl.TLSVersion.TLSv1),
    "tls_1_1": serve_tls(newest=ssl.TLSVersion.TLSv1_1),
    "tls_1_2": serve_tls(newest=ssl.TLSVersion.TLSv1_2),
    "http1_only": serve_tls(alpn=("http/1.1",)),
    **{name: serve_tls(then=serve, alpn=("h2", "http/1.1"))
       for name, serve in fault_http2.ports(serve_http).items()},
    "tls_stall": tls_stall,
    "tls_stall_late": tls_stall_late,
    "tls_reset": tls_reset,
    "tls_close": tls_close,
    "tls_garbage": tls_garbage,
    "tls_alert": tls_alert,
    "proxy": serve_proxy,
    "control": serve_control,
}


class Server:
    def __init__(self, directory):
        self.recorder = Recorder()
        self.authority = Authority(directory)
        self.ports = {}
        self.numbers = itertools.count(1)
        self.contexts = {}
        self.kept = []  # sockets that only have to exist
        self.lock = threading.Lock()
        for name, serve in PORTS.items():
            self._listen(name, serve)
        self._refused()
        self._unaccepted()

    def context(self, name, **options):
        key = (name, *sorted(options.items()))
        with self.lock:
            if key not in self.contexts:
                self.contexts[key] = self.authority.context(name, **options)
            return self.contexts[key]

    def _socket(self, name):
        sock = socket.socket()
        sock.bind(("127.0.0.1", 0))
        self.ports[name] = sock.getsockname()[1]
        return sock

    def _listen(self, name, serve):
        sock = self._socket(name)
        sock.listen(1024)
        threading.Thread(target=self._accept, args=(name, sock, serve), daemon=True).start()

    def _accept(self, name, listener, serve):
        while True:
            sock, _ = listener.accept()
            number = next(self.numbers)
            self.recorder.connected(name, number)
            threading.Thread(target=self._serve, daemon=True,
                             args=(serve, Connection(self, sock, name, number))).start()

    @staticmethod
    def _serve(serve, connection):
        try:
            serve(connection)
        except (OSError, ValueError):  # the peer went away, or spoke no HTTP
            connection.sock.close()

    def _refused(self):
        """Bound, never listening: nobody else can get the port."""
        self.kept.append(self._socket("refused"))

    def _unaccepted(self):
        """A full backlog: the kernel drops further SYNs without a word."""
        sock = self._socket("unaccepted")
        sock.listen(0)
        self.kept.append(sock)
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(sock.getsockname())
            self.kept.append(filler)

    def environment(self):
        env = {"SSO_FAULTS_" + name.upper(): str(port) for name, port in self.ports.items()}
        env["SSO_FAULTS_CA"] = self.authority.path("ca.pem")
        env["SSO_FAULTS_DIR"] = self.authority.dir
        return env


def run(server, command):
    """Runs the command; signals meant for it reach it; exits as it did."""
    child = subprocess.Popen(command, env={**os.environ, **server.environment()})
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal tells the child itself
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: child.send_signal(number))
    status = child.wait()
    return status if status >= 0 else 128 - status


def main():
    with tempfile.TemporaryDirectory(prefix="sso-faults-") as directory:
        server = Server(directory)
        if len(sys.argv) > 1:
            status = run(server, sys.argv[1:])
        else:
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            print(json.dumps({"ports": server.ports, "ca": server.authority.path("ca.pem"),
                              "dir": directory}), flush=True)
            sys.stdin.read()
            status = 0
    sys.stdout.flush()
    os._exit(status)  # daemon threads may sit in recv


if __name__ == "__main__":
    main()

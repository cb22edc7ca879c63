"""The HTTP/2 side of the fault server: frames by hand, right and wrong.

A request is recorded as HTTP/1 would have written it, and the scenario in its
path is played in a thread of its own, so that many may wait at once.  Those of
fault_scenarios.py that send a whole answer work here as well; what only HTTP/2
can get wrong is in fault_http2_scenarios.py.
"""

import collections
import re
import select
import socket
import ssl
import struct
import threading

from fault_hpack import Decoder, encode
from fault_scenarios import play

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    0, 1, 3, 4, 5, 6, 7, 8, 9)
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20
MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE = 3, 4
FRAME_SIZE = 16384  # what a client takes unless its SETTINGS say more

SCENARIOS = []  # (compiled pattern, function, first line of its description)


def scenario(pattern):
    def register(function):
        SCENARIOS.append((re.compile(pattern), function, function.__doc__.split("\n")[0]))
        return function
    return register


def play_http2(stream, request, name):
    for pattern, function, _ in SCENARIOS:
        match = pattern.fullmatch(name)
        if match:
            return function(stream, request, *match.groups())
    return play(stream, request, name)


def frame(kind, flags, stream_id, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags,
                                                             stream_id) + payload


def goaway(last, error=0):
    return frame(GOAWAY, 0, 0, struct.pack(">II", last, error))


class Socket:
    """A TLS socket that one thread reads while others write: OpenSSL itself
    allows one at a time."""

    def __init__(self, sock):
        self.sock = sock
        self.lock = threading.Lock()
        self.ended = False
        self.wake, self.woken = socket.socketpair()
        sock.setblocking(False)

    def read(self, size):
        """Exactly so many bytes; EOFError at the end."""
        data = b""
        while len(data) < size:
            with self.lock:
                if self.ended:
                    raise EOFError
                try:
                    piece = self.sock.recv(size - len(data))
                except (ssl.SSLWantReadError, BlockingIOError):
                    piece = None
            if piece is None:
                select.select([self.sock, self.woken], [], [])
            elif piece:
                data += piece
            else:
                raise EOFError
        return data

    def end(self):
        """What is read next is the end."""
        self.ended = True
        self.wake.close()

    def close(self):
        self.wake.close()
        self.woken.close()
        self.sock.close()

    def write(self, data):
        with self.lock:
            while data:
                try:
                    data = data[self.sock.send(data):]
                except (ssl.SSLWantWriteError, BlockingIOError):
                    select.select([], [self.sock], [], 10)


class Request:
    """As fault_server.Request: what the scenarios need of one."""

    def __init__(self, fields, body):
        pseudo = {name: value for name, value in fields if name.startswith(":")}
        self.fields, self.body = fields, body
        self.method, self.target = pseudo.get(":method", ""), pseudo.get(":path", "")
        self.headers = [field for field in fields if not field[0].startswith(":")]
        path = self.target.split("?")[0].split("/")[1:]
        self.scenario = path[0] if path else ""
        self.token = path[1] if len(path) > 1 else ""
        self.segments = path[2:]
        self.order = 0
        self.complete = True
        lines = ["%s %s HTTP/2" % (self.method, self.target)]
        lines += ["%s: %s" % field for field in [("host", pseudo.get(":authority", ""))]
                  + self.headers]
        self.raw = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body

    def header(self, name):
        return dict(self.headers).get(name)


class Stream:
    """One request and the way of its answer."""

    def __init__(self, session, number):
        self.session, self.id = session, number
        self.order = len(session.streams) + 1  # on the connection, the first is 1
        self.fields, self.body = [], b""
        self.server, self.port = session.connection.server, session.connection.port

    @property
    def served(self):
        return self.order

    def frame(self, kind, flags=0, payload=b""):
        self.session.write(frame(kind, flags, self.id, payload))

    def headers(self, fields, flags=END_HEADERS):
        """In as many frames as it takes."""
        block = encode(fields)
        pieces = [block[at:at + FRAME_SIZE] for at in range(0, len(block), FRAME_SIZE)] or [b""]
        last = len(pieces) - 1
        self.session.write(b"".join(
            frame(CONTINUATION if i else HEADERS,
                  (flags & ~END_HEADERS if i == 0 else 0) | (flags & END_HEADERS if i == last
                                                             else 0),
                  self.id, piece)
            for i, piece in enumerate(pieces)))

    def data(self, body, flags=END_STREAM, behind=b""):
        """behind: further frames, in the same TLS record as the last one."""
        for at in range(0, len(body) or 1, FRAME_SIZE):
            last = at + FRAME_SIZE >= len(body)
            self.session.write(frame(DATA, flags if last else 0, self.id, body[at:at + FRAME_SIZE])
                               + (behind if last else b""))

    def reset(self, error):
        self.frame(RST_STREAM, 0, struct.pack(">I", error))

    def send(self, answer):
        """A whole answer as HTTP/1 words it (fault_answers.answer)."""
        head, _, body = answer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = [(":status", first.split(" ")[1])]
        for line in lines:
            name, _, value = line.partition(":")
            if name.lower() != "connection":
                fields.append((name.lower(), value.strip()))
        if fields[0][1].startswith("1"):
            return self.headers(fields)
        self.headers(fields, END_HEADERS if body else END_HEADERS | END_STREAM)
        if body:
            self.data(body)


class Session:
    """One connection.  settings: pairs for its first frame; None: says none."""

    def __init__(self, connection, settings=()):
        self.connection, self.settings = connection, settings
        self.socket = Socket(connection.sock)
        self.decoder = Decoder()
        self.streams = collections.OrderedDict()
        self.started = 0  # requests that have come whole
        self.grants = True  # whether what was read may be sent again
        self.arrived = threading.Condition()
        self.echoed = set()  # numbers of those PINGs of ours that came back
        self.write = self.socket.write

    def run(self):
        if self.socket.read(len(PREFACE)) != PREFACE:
            raise ValueError("no HTTP/2")
        if self.settings is not None:
            self.write(frame(SETTINGS, 0, 0, b"".join(
                struct.pack(">HI", *pair) for pair in self.settings)))
        while True:
            head = self.socket.read(9)
            length = int.from_bytes(head[:3], "big")
            self._take(head[3], head[4], int.from_bytes(head[5:], "big") & 0x7FFFFFFF,
                       self.socket.read(length))

    def _take(self, kind, flags, number, payload):
        if kind == SETTINGS and not flags & ACK and self.settings is not None:
            self.write(frame(SETTINGS, ACK, 0))
        elif kind == PING and not flags & ACK:
            self.write(frame(PING, ACK, 0, payload))
        elif kind == PING:
            with self.arrived:
                self.echoed.add(int.from_bytes(payload, "big"))
                self.arrived.notify_all()
        elif kind == RST_STREAM and number in self.streams:
            stream = self.streams[number]
            self.connection.server.recorder.reset(Request(stream.fields, b"").token, stream.order,
                                                  int.from_bytes(payload, "big"))
        elif kind == HEADERS:
            self._headers(flags, number, payload)
        elif kind == DATA and number in self.streams:
            stream = self.streams[number]
            stream.body += payload
            # what is written from here on may make the client end the connection
            request = self._received(stream) if flags & END_STREAM else None
            if payload and self.grants:
                for of in (0, number):
                    self.write(frame(WINDOW_UPDATE, 0, of, struct.pack(">I", len(payload))))
            if request:
                self._start(stream, request)

    def _headers(self, flags, number, payload):
        if not flags & END_HEADERS:
            raise ValueError("no client of ours sends so many headers")
        padding = payload[0] if flags & PADDED else 0
        payload = payload[1 if flags & PADDED else 0:len(payload) - padding]
        stream = self.streams[number] = Stream(self, number)
        stream.fields = self.decoder.decode(payload[5 if flags & PRIORITY else 0:])
        if flags & END_STREAM:
            self._start(stream, self._received(stream))

    def _received(self, stream):
        """The request, which has come whole and is recorded."""
        request = Request(stream.fields, stream.body)
        self.connection.served = stream.order
        self.connection.server.recorder.received(self.connection, request)
        return request

    def _start(self, stream, request):
        with self.arrived:
            self.started += 1
            self.arrived.notify_all()
        threading.Thread(target=self._play, args=(stream, request), daemon=True).start()

    @staticmethod
    def _play(stream, request):
        try:
            play_http2(stream, request, request.scenario)
        except (OSError, ValueError):  # the client went away
            pass

    def wait_for(self, count):
        """Until so many requests have come, 5 s at most."""
        with self.arrived:
            self.arrived.wait_for(lambda: self.started >= count, 5)

    def ping(self, number):
        self.write(frame(PING, 0, 0, struct.pack(">Q", number)))

    def wait_for_ping(self, number):
        """Until the client has read that PING, and so what came before it; 20 s
        at most."""
        with self.arrived:
            self.arrived.wait_for(lambda: number in self.echoed, 20)

    def goaway(self, last, error=0):
        self.write(goaway(last, error))

    def reset(self):
        """A TCP reset.  The reader closes the socket: while it waits for it,
        nobody else's close would reach the kernel."""
        self.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                        struct.pack("ii", 1, 0))
        self.socket.end()

    def alert(self):
        """The TLS alert that OpenSSL sends when the client seems to have gone
        without a good-bye."""
        socket.socket.shutdown(self.connection.sock, socket.SHUT_RD)

    def close(self, notify=True):
        """Ends it so that the reader sees it as well."""
        if notify:
            with self.socket.lock:
                try:
                    self.connection.sock.unwrap()
                except (OSError, ValueError):
                    pass
        try:
            self.connection.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve_text(connection):
    """What servers say that were asked for HTTP/2 on a port of HTTP/1."""
    connection.sock.recv(65536)
    connection.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    connection.wait_for_peer()


def serve_nothing(connection):
    connection.wait_for_peer()


def ports(serve_http1):
    """What listeners do after the TLS handshake, by the names of their ports."""
    def sessions(settings=(), grants=True):
        def serve(connection):
            if connection.sock.selected_alpn_protocol() != "h2":
                return serve_http1(connection)
            session = Session(connection, settings)
            session.grants = grants
            try:
                session.run()
            except EOFError:
                pass
            finally:
                session.socket.close()
        return serve

    return {
        "http2": sessions(),
        "http2_one": sessions([(MAX_CONCURRENT_STREAMS, 1)]),
        "http2_unset": sessions(None),  # no SETTINGS, which should come first
        "http2_window_0": sessions([(INITIAL_WINDOW_SIZE, 0)], False),
        "http2_no_window": sessions((), False),  # 65,535 bytes, and never more
        "http2_stall": serve_nothing,
        "http2_text": serve_text,
    }

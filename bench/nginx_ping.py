"""Checks that calls in flight do not hold up nginx.

usage: sandbox/sandbox run bench/nginx_ping [DELAY-MS...]      (20 and 200)

Starts an nginx with one worker that has the module loaded, and times its
/ping location, first while the worker is idle, then while it keeps 50 calls in
flight that are answered DELAY-MS late.  In the median of five rounds the 99th
percentile under calls may be 1.5 times the idle one, or 0.5 ms more than it.
Exits 1 when it does not hold.  CPU time is measured while nobody pings.
"""
import glob
import http.client
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
ROUNDS, SECONDS, CALLS = 5, 1, 50
FACTOR, SLACK_US = 1.5, 500


class Server:
    """An nginx of our own, on a unix socket in a temporary directory."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="sso-ping.")
        self.socket = os.path.join(self.dir, "socket")
        program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
        if program is None:
            raise SystemExit("nginx_ping: nginx is not installed")
        with open(os.path.join(ROOT, "bench/nginx_ping.conf.in"), encoding="utf-8") as file:
            text = file.read()
        # A root's nginx would give its worker another user, who cannot read the sandbox's CA.
        user = "user root;" if os.geteuid() == 0 else ""
        for name, value in (("MODULES", modules(program)), ("USER", user), ("ROOT", ROOT),
                            ("SOCKET", self.socket)):
            text = text.replace(f"@{name}@", value)
        conf = os.path.join(self.dir, "nginx.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write(text)
        log = os.path.join(self.dir, "error.log")
        self.process = subprocess.Popen([program, "-p", self.dir, "-e", log, "-c", conf])
        self.wait()

    def wait(self):
        end = time.monotonic() + 10
        while not os.path.exists(self.socket):
            if self.process.poll() is not None or time.monotonic() > end:
                raise SystemExit("nginx_ping: nginx did not start\n" + self.errors())
            time.sleep(0.01)

    def errors(self):
        with open(os.path.join(self.dir, "error.log"), encoding="utf-8") as file:
            return file.read()

    def get(self, path):
        connection = http.client.HTTPConnection("localhost", timeout=60)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(60)
        connection.sock.connect(self.socket)
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.status != 200:
            raise SystemExit(f"nginx_ping: {path} answered {answer.status}\n" + self.errors())
        return text.split()

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.dir)


def modules(program):
    """The load_module lines of an nginx whose Lua module is a file of its own."""
    said = subprocess.run([program, "-V"], stderr=subprocess.PIPE, text=True, check=True).stderr
    folder = [word[15:] for word in said.split() if word.startswith("--modules-path=")]
    names = ("ndk_http_module.so", "ngx_http_lua_module.so")
    files = [path for name in names for path in glob.glob(os.path.join(*folder[:1], name))]
    return " ".join(f'load_module "{path}";' for path in files)


def pin_sandbox():
    """Moves the sandbox and us to one CPU; gives those that are left for what is measured."""
    cpus = sorted(os.sched_getaffinity(0))
    with open(os.path.join(os.environ["SSO_SANDBOX_DIR"], "nginx.pid"), encoding="ascii") as file:
        sandbox = int(file.read())
    if len(cpus) < 2:
        print("one CPU for what is measured, for us and the sandbox")
        return cpus
    for pid in 0, sandbox:
        os.sched_setaffinity(pid, cpus[:1])
    print(f"what is measured runs on CPU {cpus[1]}, we and the sandbox on CPU {cpus[0]}")
    return cpus[1:2]


def make_certificate():
    path = os.path.join(os.environ["SSO_SANDBOX_DIR"], "bench.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-days", "365", "-keyout",
         "/dev/null", "-subj", "/CN=identity provider", "-out", path],
        stderr=subprocess.DEVNULL, check=True)


def ping(server):
    """p50 and p99, in microseconds."""
    program = os.path.join(ROOT, "build/bench/ping_load")
    command = [program, server.socket, "/ping", str(SECONDS)]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    return float(said[1]), float(said[2])


def usage(server):
    cpu, at, calls = server.get("/usage")
    return float(cpu), float(at), int(calls)


def one_round(server):
    idle = ping(server)
    server.get(f"/start?count={CALLS}")
    time.sleep(0.3)
    before = usage(server)
    time.sleep(0.5)
    after = usage(server)
    busy = ping(server)
    server.get("/stop")
    time.sleep(0.3)
    seconds = after[1] - before[1]
    limit = max(FACTOR * idle[1], idle[1] + SLACK_US)
    return {
        "idle": idle, "busy": busy, "limit": limit, "part": busy[1] / limit,
        "cpu": (after[0] - before[0]) / seconds * 100, "rate": (after[2] - before[2]) / seconds,
    }


def run(server, delay_ms):
    """Measures with one delay, prints it and gives it."""
    delay = delay_ms / 1000
    server.get(f"/prepare?delay={delay}")
    print(f"\n{CALLS} calls in flight, answered {delay_ms:g} ms late; /ping in microseconds")
    print("round   idle p50    p99   busy p50    p99   p99 may be   calls/s   CPU %")
    rounds = []
    for number in range(1, ROUNDS + 1):
        r = one_round(server)
        rounds.append(r)
        print(f"{number:5d} {r['idle'][0]:10.0f} {r['idle'][1]:6.0f} {r['busy'][0]:10.0f}"
              f" {r['busy'][1]:6.0f} {r['limit']:12.0f} {r['rate']:9.0f} {r['cpu']:7.1f}")
    part = statistics.median(r["part"] for r in rounds)
    print(f"median p99 is {part:.2f} of what it may be: {'holds' if part <= 1 else 'FAILS'}")
    sleep50, sleep99, call50, call99 = map(
        float, server.get(f"/added?delay={delay}&count={100 if delay_ms < 100 else 30}"))
    print(f"one call takes longer than ngx.sleep({delay:g}) by {(call50 - sleep50) / 1000:.2f} ms"
          f" at p50, {(call99 - sleep99) / 1000:.2f} ms at p99")
    return {
        "part": part, "rounds": rounds, "added_p50_ms": (call50 - sleep50) / 1000,
        "added_p99_ms": (call99 - sleep99) / 1000,
    }


def check(*delays_ms, cpus):
    """Starts the server on these CPUs, measures with each delay and gives what it found."""
    make_certificate()
    server = Server()
    try:
        os.sched_setaffinity(int(server.get("/pid")[0]), cpus)
        return [run(server, delay) for delay in delays_ms]
    finally:
        server.close()


def main():
    delays = [float(word) for word in sys.argv[1:]] or [20, 200]
    results = check(*delays, cpus=pin_sandbox())
    return 0 if all(result["part"] <= 1 for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())

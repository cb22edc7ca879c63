"""Measures each host: what a call adds, whether the loop goes on, CPU a call.

usage: sandbox/sandbox run bench/hosts [HOST...]

Each host runs bench/hosts.lua: 200 calls that are answered after 20 ms against
the host's own sleep; a ticker of 1 ms while 64 TLS connections begin at once
and while 1,000 calls run, with a name look-up and back-offs pending; the CPU
time of a call, as a ratio to plain Lua's blocking form on the same Lua, measured
right after it.  nginx also answers /ping with 50 calls in flight (bench/nginx_ping).

A gap is the longest time between two ticks, "own" the longest without the time
for which others had the CPU (the kernel's run delay; what a hypervisor takes is
not in it): on an idle machine they agree.  Of five rounds the median counts;
the first of them has the process's first TLS connections.  Prints a table and
the limits, "ok" or "missed", and writes build/hosts.json.  Exits 1 when a limit
is missed.
"""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import nginx_ping

ROOT = nginx_ping.ROOT
PATIENCE = 240  # seconds a host may take

# What runs it, the folder of its C modules, the plain Lua to compare with.
HOSTS = {
    "blocking": (["lua5.4"], "5.4", None),
    "nginx": (None, "5.1", "luajit"),
    "neovim": (["nvim", "--headless", "-n", "-u", "NONE", "-i", "NONE", "-c",
                "lua require 'hosts'", "-c", "qa!"], "5.1", "luajit"),
    "luv": (["lua5.4"], "5.4", "lua5.4"),
    "cqueues": (["lua5.4"], "5.4", "lua5.4"),
    "copas": (["luajit"], "5.1", "luajit"),
    "haproxy": (None, "5.3", "lua5.3"),
}

# Milliseconds that a ticker may stand still.
LONGEST_GAP = {"neovim": 5, "luv": 5, "cqueues": 10, "copas": 10, "haproxy": 10}
MOST_ADDED = 2  # ms, nginx


def environment(folder, host, out):
    build = os.path.join(ROOT, "build", folder)
    env = {name: value for name, value in os.environ.items()
           if not name.startswith(("LUA_PATH", "LUA_CPATH", "LUA_INIT"))}
    lua = [f"{ROOT}/{place}" for place in
           ("bench/?.lua", "lua/?.lua", "lua/?/init.lua", "spec/?.lua")]
    env.update({
        "LUA_PATH": ";".join(lua) + ";;",
        "LUA_CPATH": f"{build}/?.so;{build}/spec/?.so;;",
        "LD_PRELOAD": f"{build}/spec/slow_resolver.so",
        "HOSTS_HOST": host,
        "HOSTS_OUT": out,
    })
    return env


def fill(name, folder, values):
    with open(os.path.join(ROOT, "bench/hosts_inside", name), encoding="utf-8") as file:
        text = file.read()
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    path = os.path.join(folder, name[:-3])
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def program(name):
    path = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
    if path is None:
        raise SystemExit(f"hosts: {name} is not installed")
    return path


def command_of(host, command, env, folder):
    if host == "nginx":
        # nginx clears the environment of its workers
        names = ["HOSTS_HOST", "HOSTS_OUT", "SENDGRID_API_KEY", "SSO_SANDBOX_CA",
                 "SSO_SANDBOX_HTTPS"]
        conf = fill("nginx.conf.in", folder, {
            "MODULES": nginx_ping.modules(program("nginx")),
            "USER": "user root;" if os.geteuid() == 0 else "",
            "ENV": " ".join(f"env {name};" for name in names),
            "LUA_PATH": env["LUA_PATH"], "LUA_CPATH": env["LUA_CPATH"],
        })
        return [program("nginx"), "-p", folder, "-e", folder + "/error.log", "-c", conf]
    if host == "haproxy":
        return [program("haproxy"), "-db", "-f",
                fill("haproxy.cfg.in", folder, {"ROOT": ROOT, "DIR": folder})]
    words = [program(command[0])] + command[1:]
    return words if host == "neovim" else words + [os.path.join(ROOT, "bench/hosts.lua")]


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def figures(text):
    """The lines that a host wrote: a name to a list of lists, of numbers where they are some."""
    found = {}
    for line in text.splitlines():
        name, _, rest = line.partition(" ")
        try:
            value = [float(word) for word in rest.split()]
        except ValueError:
            value = rest
        found.setdefault(name, []).append(value)
    return found


def measure(host, command, lua_folder, cpu, only=""):
    """Runs a host to its end and gives its figures."""
    folder = tempfile.mkdtemp(prefix="sso-hosts.")
    try:
        out = os.path.join(folder, "out")
        env = environment(lua_folder, host, out)
        env["HOSTS_ONLY"] = only
        log = os.path.join(folder, "log")
        with open(log, "w", encoding="utf-8") as file:
            process = subprocess.Popen(
                command_of(host, command, env, folder), env=env, stdin=subprocess.DEVNULL, stdout=file,
                stderr=file, preexec_fn=lambda: os.sched_setaffinity(0, cpu))
        try:
            ends = time.monotonic() + PATIENCE
            found = {}
            while "end" not in found and time.monotonic() < ends:
                if process.poll() is not None and "failed" not in found:
                    time.sleep(0.2)
                found = figures(read(out)) if os.path.exists(out) else {}
                if "failed" in found or (process.poll() is not None and "end" not in found):
                    break
                time.sleep(0.1)
        finally:
            process.terminate()
            process.wait()
        if "end" not in found:
            files = [log] + [path for path in [os.path.join(folder, "error.log")]
                             if os.path.exists(path)]
            raise SystemExit(f"hosts: {host} did not end: {found.get('failed')}\n"
                             + "\n".join(read(path)[-3000:] for path in files))
        return found
    finally:
        shutil.rmtree(folder)


def summary(found):
    """In ms and µs: what is shown and kept of a host."""
    row = {
        "version": found["version"][0], "lua": found["lua"][0],
        "added_p50_ms": found["added"][0][0] * 1e3, "added_p99_ms": found["added"][0][1] * 1e3,
        "cpu_in_turn_us": found["cpu_in_turn"][0][0] * 1e6,
        "cpu_at_once_us": found["cpu_at_once"][0][0] * 1e6,
    }
    for name in "tls64", "calls1000":
        if name in found:
            for i, what in enumerate(("idle", "idle_own", "idle_busy", "gap", "gap_own",
                                      "gap_busy")):
                values = [round_[i] * 1e3 for round_ in found[name]]
                row[f"{name}_{what}_ms"] = statistics.median(values)
                row[f"{name}_{what}_most_ms"] = max(values)
    return row


def show(rows):
    print("\nms: added by a call to 20 ms; the ticker's longest gap, median of five rounds, and in"
          "\nbrackets the median and the most without what other processes took of it; µs: CPU a"
          "\ncall in turn and with 64 at once, and the ratio to plain Lua\n")
    print(f"{'host':16} {'added p50':>9} {'p99':>6}  {'idle':>18} {'64 TLS begin':>18}"
          f" {'1,000 calls':>18}  {'CPU in turn':>13} {'64 at once':>13}")
    for host, row in rows.items():
        gaps = ["-"] * 3
        if "tls64_gap_ms" in row:
            gaps = [f"{row[name + '_ms']:.1f} ({row[name + '_own_ms']:.1f},"
                    f" {row[name + '_own_most_ms']:.1f})"
                    for name in ("tls64_idle", "tls64_gap", "calls1000_gap")]
        cpu = [f"{row[name + '_us']:.0f}"
               + (f" = {row[name + '_ratio']:.2f}x" if name + "_ratio" in row else "")
               for name in ("cpu_in_turn", "cpu_at_once")]
        print(f"{host:16} {row['added_p50_ms']:9.2f} {row['added_p99_ms']:6.2f}  {gaps[0]:>18}"
              f" {gaps[1]:>18} {gaps[2]:>18}  {cpu[0]:>13} {cpu[1]:>13}")


def limits(rows, ping):
    """(what, value, limit) of each."""
    for host, most in LONGEST_GAP.items():
        for name, what in (("tls64", "64 TLS calls begin"), ("calls1000", "1,000 calls run")):
            if host in rows:
                yield (f"{host}: longest own gap while {what}, ms",
                       rows[host][name + "_gap_own_ms"], most)
    if ping:
        yield ("nginx: /ping p99 with 50 in flight, part of what it may be, median of 5",
               ping["part"], 1)
        yield "nginx: a call adds to ngx.sleep(0.02), p50, ms", ping["added_p50_ms"], MOST_ADDED


def check(checks):
    print()
    for check_ in checks:
        print(f"{'ok' if check_['ok'] else 'missed':7} {check_['what']}:"
              f" {check_['value']:.2f}, at most {check_['limit']:g}")
    return all(check_["ok"] for check_ in checks)


def write(rows, ping, checks):
    path = os.path.join(ROOT, "build/hosts.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"hosts": rows, "nginx_ping": ping, "limits": checks,
                   "load": os.getloadavg(), "cpus": os.cpu_count()}, file, indent=2)
        file.write("\n")
    print("\nwritten: build/hosts.json")


def measure_beside_plain(host, cpu):
    command, folder, plain = HOSTS[host]
    row = summary(measure(host, command, folder, cpu))
    if plain:
        found = measure("blocking", [plain], folder, cpu, only="cpu")
        for name in "cpu_in_turn", "cpu_at_once":
            row[name + "_plain_us"] = found[name][0][0] * 1e6
            row[name + "_ratio"] = row[name + "_us"] / row[name + "_plain_us"]
    return row


def main():
    wanted = sys.argv[1:] or list(HOSTS)
    for host in wanted:
        if host not in HOSTS:
            raise SystemExit("hosts: there are: " + " ".join(HOSTS))
    mine = nginx_ping.pin_sandbox()
    rows = {}
    for host in wanted:
        print(f"{host} ...", flush=True)
        rows[host] = measure_beside_plain(host, mine)
        print(f"    {rows[host]['version']}, {rows[host]['lua']}", flush=True)
    ping = nginx_ping.check(20, cpus=mine)[0] if "nginx" in wanted else None
    show(rows)
    checks = [{"what": what, "value": value, "limit": limit, "ok": value <= limit}
              for what, value, limit in limits(rows, ping)]
    holds = check(checks)
    write(rows, ping, checks)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())

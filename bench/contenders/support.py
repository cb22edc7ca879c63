"""What the contenders in Python share: the work, threads for what is in
flight, and the line that each prints at its end (bench/README.md)."""
import json
import os
import sys
import threading
import time

CALLS, IN_FLIGHT = int(sys.argv[1]), int(sys.argv[2])
WARM = int(os.environ.get("BENCH_WARM", "400"))
BASE_URL = os.environ["SENDGRID_BASE_URL"]
CA_FILE = os.environ["SSL_CERT_FILE"]
CERT_ID = "66138975"
HEADERS = {
    "Authorization": "Bearer " + os.environ["SENDGRID_API_KEY"],
    "Accept": "application/json",
    "Content-Type": "application/json",
}
with open(sys.argv[3]) as file:
    PEM = file.read()


def encode():
    return json.dumps({
        "public_certificate": PEM,
        "enabled": True,
        "integration_id": "b0b98502-9408-4b24-9e3d-31ed7cb15312",
    }).encode()


def check(status, body):
    if status != 200:
        sys.exit("status %s: %s" % (status, body))
    certificate = json.loads(body)
    if (str(certificate["id"]) != CERT_ID
            or certificate["public_certificate"] != PEM):
        sys.exit("the answer is about another certificate")


def run(calls, count):
    if IN_FLIGHT == 1:
        for _ in range(count):
            calls[0]()
        return
    left = list(range(count))

    def work(call):
        while True:
            try:
                left.pop()
            except IndexError:
                return
            call()
    threads = [threading.Thread(target=work, args=(c,)) for c in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def measure(connect):
    calls = [connect() for _ in range(IN_FLIGHT)]
    run(calls, min(CALLS, WARM))
    wall, cpu = time.monotonic(), time.process_time()
    run(calls, CALLS)
    cpu = time.process_time() - cpu
    wall = time.monotonic() - wall
    print("%d %.6f %.6f" % (CALLS, wall, cpu))

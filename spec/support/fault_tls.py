"""Certificates and TLS contexts for the fault server.

Everything is made at start with the openssl program, in a temporary directory
that goes away with the process: one authority that clients are to trust
(ca.pem), one that they are not, and a server certificate for each way in
which a certificate can be wrong.
"""

import os
import ssl
import subprocess
import time
import warnings

CONFIG = """
[req]
distinguished_name = name
[name]
[ca]
default_ca = authority
[authority]
database = {dir}/index.txt
serial = {dir}/serial
new_certs_dir = {dir}
default_md = sha256
policy = anything
unique_subject = no
rand_serial = yes
[anything]
commonName = supplied
[good]
subjectAltName = DNS:localhost, IP:127.0.0.1
extendedKeyUsage = serverAuth
[elsewhere]
subjectAltName = DNS:elsewhere.test, DNS:127.0.0.1.elsewhere.test
extendedKeyUsage = serverAuth
[client]
extendedKeyUsage = clientAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
"""

# name -> (issuing authority, extension section, first day, last day), days
# counted from today; None: signed by its own key.
CERTIFICATES = {
    "good": ("ca", "good", -1, 30),
    "expired": ("ca", "good", -30, -1),
    "not_yet_valid": ("ca", "good", 10, 30),
    "wrong_host": ("ca", "elsewhere", -1, 30),
    "wrong_purpose": ("ca", "client", -1, 30),
    "client": ("ca", "client", -1, 30),
    "unknown_ca": ("stranger", "good", -1, 30),
    "self_signed": (None, "good", -1, 30),
}


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def utc(days):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * 86400))


class Authority:
    """All files under one directory: NAME.pem and NAME.key."""

    def __init__(self, directory):
        self.dir = directory
        self.config = os.path.join(directory, "openssl.cnf")
        with open(self.config, "w") as f:
            f.write(CONFIG.format(dir=directory))
        open(os.path.join(directory, "index.txt"), "w").close()
        for name in ("ca", "stranger"):
            self._self_signed(name, "root", 30)
        for name, row in CERTIFICATES.items():
            self._issue(name, *row)

    def path(self, file):
        return os.path.join(self.dir, file)

    def _request(self, name):
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.path(name + ".key"), "-subj", "/CN=faults " + name,
                "-config", self.config, "-out", self.path(name + ".csr"))

    def _self_signed(self, name, section, days):
        self._request(name)
        openssl("x509", "-req", "-in", self.path(name + ".csr"), "-signkey",
                self.path(name + ".key"), "-days", str(days), "-extfile", self.config,
                "-extensions", section, "-out", self.path(name + ".pem"))

    def _issue(self, name, issuer, section, first, last):
        if issuer is None:
            self._self_signed(name, section, last)
            return
        self._request(name)
        openssl("ca", "-batch", "-notext", "-config", self.config,
                "-cert", self.path(issuer + ".pem"), "-keyfile", self.path(issuer + ".key"),
                "-extensions", section, "-startdate", utc(first), "-enddate", utc(last),
                "-in", self.path(name + ".csr"), "-out", self.path(name + ".pem"))

    def context(self, name="good", newest=None, client_certificate=False, alpn=()):
        """newest: the newest protocol version that the server offers; alpn: the
        protocols inside, the favourite first."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # some versions of Python set it, which leaves out an alert of OpenSSL's
        context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0x80)
        if newest:
            warnings.simplefilter("ignore", DeprecationWarning)
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = newest
            context.maximum_version = newest
        context.load_cert_chain(self.path(name + ".pem"), self.path(name + ".key"))
        if alpn:
            context.set_alpn_protocols(list(alpn))
        if client_certificate:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.path("ca.pem"))
        return context

"""What the fault server says: good answers as SendGrid gives them, and error
bodies in every shape that has been seen or that a broken gateway may send.
"""

import gzip
import http.client
import json
import time
import urllib.parse

INTEGRATION = "b0b98502-9408-4b24-9e3d-31ed7cb15312"


def http_date(unix=None):
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(unix))


def answer(status, body=b"", kind="application/json", headers=(), length=None, reason=None,
           date=None):
    """The whole answer as bytes.  length: announced instead of the real one."""
    if reason is None:
        reason = http.client.responses.get(status, "Unknown")
    lines = ["HTTP/1.1 %d %s" % (status, reason), "Server: nginx", "Date: " + http_date(date)]
    if kind:
        lines.append("Content-Type: " + kind)
    if status >= 200 and status not in (204, 304):
        lines.append("Content-Length: %d" % (len(body) if length is None else length))
    lines += ["%s: %s" % (name, value) for name, value in headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def certificate(request, cert_id=None):
    """The certificate that the request's path and body are about."""
    try:
        sent = json.loads(request.body or b"{}")
    except ValueError:
        sent = {}
    if not isinstance(sent, dict):
        sent = {}
    if cert_id is None:
        text = urllib.parse.unquote(request.segments[-1] if request.segments else "")
        cert_id = int(text) if text.isdigit() and text.isascii() else text
        if text == "certificates":
            cert_id = 66138975
    return {
        "public_certificate": sent.get("public_certificate", "<your x509 certificate>"),
        "id": cert_id,
        "not_before": 1621289880,
        "not_after": 1936649880,
        "intergration_id": sent.get("integration_id", INTEGRATION),
    }


def good_value(request):
    if request.segments[-1:] == ["certificates"] and request.method == "GET":
        return [certificate(request, 66138975), certificate(request, 66138976)]
    return certificate(request)


def good_body(request):
    return json.dumps(good_value(request)).encode()


def good(request, headers=(), **more):
    return answer(200, good_body(request), headers=headers, **more)


# ---- error bodies: name -> function(request) -> (bytes, content type) ------

ROW = {"message": "public_certificate is not valid", "field": "public_certificate",
       "error_id": "SSO-1017"}


def _json(value):
    return lambda request: (json.dumps(value).encode(), "application/json")


def _raw(body, kind="application/json"):
    return lambda request: (body, kind)


def _echo(request):
    header = request.header("authorization") or ""
    key = header.split(" ")[-1]
    value = {"errors": [{"message": "token %s is not valid" % key, "field": header,
                         "error_id": key}], "help": header}
    return json.dumps(value).encode(), "application/json"


def _echo_escaped(request):
    key = (request.header("authorization") or "").split(" ")[-1]
    escaped = "".join("\\u%04x" % ord(c) for c in key)
    return b'{"message":"token ' + escaped.encode() + b' is not valid"}', "application/json"


def _echo_message(request):
    return json.dumps({"message": request.header("authorization")}).encode(), "application/json"


def _echo_error(request):
    return json.dumps({"error": request.header("authorization")}).encode(), "application/json"


def _echo_html(request):
    text = "<html><body>%s refused</body></html>" % request.header("authorization")
    return text.encode(), "text/html"


def _gzip(request):
    return gzip.compress(good_body(request)), "application/json"


HTML = (b"<html>\r\n<head><title>Bad Gateway</title></head>\r\n<body>\r\n"
        b"<center><h1>Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n")

SHAPES = {
    "array": _json([ROW]),
    "object": _json({"errors": [ROW]}),
    "error": _json({"error": "access forbidden"}),
    "error-object": _json({"error": {"message": "access forbidden", "field": "scope"}}),
    "message": _json({"message": "access forbidden"}),
    "two": _json({"errors": [ROW, {"message": "enabled must be a boolean", "field": "enabled"}]}),
    "strings": _json({"errors": ["first", "second"]}),
    "errors-string": _json({"errors": "plain words"}),
    "errors-object": _json({"errors": {"message": "an object", "field": "enabled"}}),
    "null": _json({"errors": None}),
    "null-fields": _json([{"message": None, "field": None, "error_id": None}]),
    "null-field": _json([{"message": "no field", "field": None, "error_id": "SSO-2"}]),
    "numbers": _json({"errors": [{"message": 7, "field": 8.5, "error_id": 66138975}, 9, True]}),
    "no-errors": _json({"errors": []}),
    "number": _json(5),
    "string": _json("plain words"),
    "json-null": _json(None),
    "list": _json([]),
    "list-of-strings": _json(["66138975"]),
    "empty-object": _json({}),
    "empty": _raw(b""),
    "html": _raw(HTML, "text/html"),
    "html-as-json": _raw(HTML),
    "text": _raw(b"upstream request timeout", "text/plain"),
    "cut": _raw(b'{"errors":[{"message":"cut in the mid'),
    "nul": _raw(b'{"message":"before"}\0{"message":"after"}'),
    "not-a-number": _raw(b'{"id": NaN, "not_before": Infinity}'),
    "bad-utf8": _raw(b'{"message":"caf\xe9 \xff\xfe"}'),
    "deep": _raw(b"[" * 100000 + b"]" * 100000),
    "control": _json({"message": "a\x1b[31mred\x1b[0m\r\nHost: evil\x00\x07\x7f\u009b\u202eend"}),
    "format": _json({"message": "100%n %s %d %999999d %%"}),
    "huge": _json({"message": "x" * 300000}),
    "many": _json({"errors": [ROW] * 5000}),
    "echo": _echo,
    "echo-escaped": _echo_escaped,
    "echo-message": _echo_message,
    "echo-error": _echo_error,
    "echo-html": _echo_html,
    "good": lambda request: (good_body(request), "application/json"),
    "gzip": _gzip,
}

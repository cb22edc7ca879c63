"""Python's http.client, a kept connection a thread.

usage: python3 http_client.py CALLS IN_FLIGHT PEM_FILE
"""
import http.client
import ssl
import urllib.parse

import support

url = urllib.parse.urlsplit(support.BASE_URL)
context = ssl.create_default_context(cafile=support.CA_FILE)


def connect():
    connection = http.client.HTTPSConnection(
        url.hostname, url.port, context=context, timeout=30)
    path = url.path + "/v3/sso/certificates/" + support.CERT_ID

    def call():
        connection.request("PATCH", path, support.encode(), support.HEADERS)
        answer = connection.getresponse()
        support.check(answer.status, answer.read())
    return call


support.measure(connect)

"""Python's requests, a session a thread.

usage: python3 requests_session.py CALLS IN_FLIGHT PEM_FILE
"""
import requests

import support


def connect():
    session = requests.Session()
    session.trust_env = False  # or a variable would win over this CA
    session.verify = support.CA_FILE
    session.headers.update(support.HEADERS)
    url = support.BASE_URL + "/v3/sso/certificates/" + support.CERT_ID

    def call():
        answer = session.patch(url, data=support.encode(), timeout=30)
        support.check(answer.status_code, answer.content)
    return call


support.measure(connect)

"""What is expired, signed in part, or was sent before with something else, is refused."""

import datetime
import json
import sys
import urllib.error
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from service import client, create

TARGET = "KinesisAnalytics_20180523."


def signatures(url, key, secret):
    create(client(url, key, secret), "shop")
    now = datetime.datetime.now(datetime.timezone.utc)
    good = b'{"ApplicationName":"shop","CurrentApplicationVersionId":1}'
    headers = signed(url, key, secret, good, now)
    refusals = [
        ("InvalidSignatureException", good.replace(b"1}", b"2}"), headers),
        ("InvalidSignatureException", good, {**headers, "X-Amz-Target": TARGET + "DeleteApplication"}),
        ("MissingAuthenticationTokenException", good, without(headers, "Authorization")),
        ("IncompleteSignatureException", good, {**headers, "Authorization": "AWS4-HMAC-SHA256"}),
    ]
    for minutes in (-6, 6):
        then = now + datetime.timedelta(minutes=minutes)
        refusals.append(
            ("InvalidSignatureException", good, signed(url, key, secret, good, then)))
    for expected, body, given in refusals:
        status, answer = post(url, body, given)
        assert status == 400 and answer["__type"] == expected, (expected, status, answer)
    # A minute is within what clocks may differ by.
    body = b'{"ApplicationName":"shop"}'
    near = signed(
        url, key, secret, body, now - datetime.timedelta(minutes=4), "DescribeApplication")
    assert post(url, body, near)[0] == 200
    # What is known already is told again to those who sign for it, and to nobody else.
    assert post(url, body, near)[0] == 200
    status, answer = post(url, body, without(near, "Authorization"))
    assert status == 400 and answer["__type"] == "MissingAuthenticationTokenException", answer
    # The request itself is in order, which shows that the refusals were about the changes.
    assert post(url, good, headers)[0] == 200


def without(headers, name):
    return {each: value for each, value in headers.items() if each != name}


def signed(url, key, secret, body, time_of_signing, operation="UpdateApplication"):
    """The headers that botocore signs a request with at a time."""
    request = botocore.awsrequest.AWSRequest(
        "POST", url + "/", data=body,
        headers={"X-Amz-Target": TARGET + operation, "Content-Type": "application/x-amz-json-1.1"},
    )
    auth = botocore.auth.SigV4Auth(
        botocore.credentials.Credentials(key, secret), "kinesisanalytics", "us-east-1")
    request.context["timestamp"] = time_of_signing.strftime("%Y%m%dT%H%M%SZ")
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    canonical = auth.canonical_request(request)
    signature = auth.signature(auth.string_to_sign(request, canonical), request)
    auth._inject_signature_to_request(request, signature)
    return dict(request.headers)


def post(url, body, headers):
    request = urllib.request.Request(url + "/", data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


if __name__ == "__main__":
    signatures(*sys.argv[1:])
    print("ok")

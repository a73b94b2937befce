"""Signs requests with botocore, at the times they say.

    sign_requests.py FILE

FILE holds a JSON list of requests; the standard output gets one line for each: the value of its `Authorization` header, or its presigned URL.
"""

import base64
import datetime
import json
import sys

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SIGNERS = {
    (False, False): botocore.auth.SigV4Auth,
    (False, True): botocore.auth.SigV4QueryAuth,
    (True, False): botocore.auth.S3SigV4Auth,
    (True, True): botocore.auth.S3SigV4QueryAuth,
}

for asked in json.load(open(sys.argv[1], encoding="utf-8")):
    time = datetime.datetime.fromtimestamp(asked["time"], datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda: time
    request = AWSRequest(method=asked["method"], url=asked["url"], data=base64.b64decode(asked["body"]))
    for name, value in asked["headers"]:
        request.headers[name] = value
    is_s3, is_presigned = asked["service"] == "s3", asked["expiry"] is not None
    extra = {"expires": asked["expiry"]} if is_presigned else {}
    credentials = Credentials(asked["key"], asked["secret"], asked["token"])
    SIGNERS[is_s3, is_presigned](credentials, asked["service"], asked["region"], **extra).add_auth(request)
    print(request.url if is_presigned else request.headers["Authorization"])

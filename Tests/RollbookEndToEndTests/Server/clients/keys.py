"""With keys, only what is signed with them is answered, and a refusal leaves no trace."""

import sys

import botocore.exceptions

from service import client, create, describe


def keys(url, good, secret):
    aws = client(url, good, secret)
    create(aws, "shop")
    for wrong in (client(url, good, secret + "x"), client(url, good + "X", secret)):
        try:
            wrong.update_application(ApplicationName="shop", CurrentApplicationVersionId=1)
            raise AssertionError("it was answered")
        except botocore.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] in (
                "InvalidSignatureException",
                "UnrecognizedClientException",
            ), error
    operations = aws.list_application_operations(ApplicationName="shop")
    assert len(operations["ApplicationOperationInfoList"]) == 1
    assert describe(aws, "shop")["ApplicationVersionId"] == 1


if __name__ == "__main__":
    keys(*sys.argv[1:])
    print("ok")

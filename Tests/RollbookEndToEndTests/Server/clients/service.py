"""What the scenarios share: `SCENARIO.py URL [ARGUMENT]...`; an assertion fails loudly."""

import time

import boto3
import botocore.config
import botocore.exceptions


ROLE = "arn:aws:iam::000000000000:role/r"
BUCKET = "arn:aws:s3:::code"


def client(url, key="AKIATEST", secret="secret", **settings):
    return boto3.client(
        "kinesisanalyticsv2",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=botocore.config.Config(retries={"total_max_attempts": 1}, **settings),
    )


def code(key):
    place = {"BucketARN": BUCKET, "FileKey": key}
    return {"CodeContentType": "ZIPFILE", "CodeContent": {"S3ContentLocation": place}}


def create(aws, name, key="counter", **configuration):
    return aws.create_application(
        ApplicationName=name,
        RuntimeEnvironment="FLINK-1_19",
        ServiceExecutionRole=ROLE,
        ApplicationConfiguration={"ApplicationCodeConfiguration": code(key), **configuration},
    )["ApplicationDetail"]


def describe(aws, name):
    return aws.describe_application(ApplicationName=name)["ApplicationDetail"]


def wait_for(aws, name, status):
    deadline = time.monotonic() + 60
    while describe(aws, name)["ApplicationStatus"] != status:
        assert time.monotonic() < deadline, f"{name} never was {status}"
        time.sleep(0.02)


def wait_operation(aws, name, operation):
    deadline = time.monotonic() + 60
    while True:
        found = aws.describe_application_operation(ApplicationName=name, OperationId=operation)
        details = found["ApplicationOperationInfoDetails"]
        if details["OperationStatus"] != "IN_PROGRESS":
            return details
        assert time.monotonic() < deadline, f"operation {operation} never ended"
        time.sleep(0.02)


def wait_snapshot(aws, name, snapshot):
    deadline = time.monotonic() + 60
    while True:
        found = aws.describe_application_snapshot(ApplicationName=name, SnapshotName=snapshot)
        status = found["SnapshotDetails"]["SnapshotStatus"]
        if status == "READY":
            return found["SnapshotDetails"]
        assert status == "CREATING", found
        assert time.monotonic() < deadline, f"snapshot {snapshot} never was READY"
        time.sleep(0.02)


def refused(code_name, call, **arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == code_name, error
        assert error.response["ResponseMetadata"]["RequestId"], error
        return error.response["Error"]["Message"]
    raise AssertionError(f"{code_name} expected")


def roll_back(enabled):
    return {"ApplicationSystemRollbackConfigurationUpdate": {"RollbackEnabledUpdate": enabled}}

"""What the tests do with boto3: `clients.py URL SCENARIO [ARGUMENT]...`; an assertion fails loudly."""

import concurrent.futures
import datetime
import sys
import threading
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


def article(url):
    """The article with boto3: every answer goes through botocore's parser."""
    aws = client(url)
    detail = create(aws, "shop")
    assert isinstance(detail["CreateTimestamp"], datetime.datetime)
    started = aws.start_application(ApplicationName="shop", RunConfiguration={})
    assert wait_operation(aws, "shop", started["OperationId"])["OperationStatus"] == "SUCCESSFUL"
    opted = aws.update_application(
        ApplicationName="shop",
        CurrentApplicationVersionId=1,
        ApplicationConfigurationUpdate=roll_back(True),
    )
    wait_operation(aws, "shop", opted["OperationId"])
    place = {"S3ContentLocationUpdate": {"FileKeyUpdate": "throwing"}}
    failed = aws.update_application(
        ApplicationName="shop",
        CurrentApplicationVersionId=2,
        ApplicationConfigurationUpdate={
            "ApplicationCodeConfigurationUpdate": {"CodeContentUpdate": place}
        },
    )
    details = wait_operation(aws, "shop", failed["OperationId"])
    assert details["OperationStatus"] == "FAILED"
    failure = details["OperationFailureDetails"]
    assert "it does not work" in failure["ErrorInfo"]["ErrorString"]
    rollback = wait_operation(aws, "shop", failure["RollbackOperationId"])
    assert rollback["Operation"] == "SystemRollbackApplication"
    assert rollback["OperationStatus"] == "SUCCESSFUL"
    detail = describe(aws, "shop")
    assert detail["ApplicationStatus"] == "RUNNING" and detail["ApplicationVersionId"] == 2


def pages(url):
    """All paginators; pages stay whole while rows are added."""
    aws = client(url)
    for index in range(7):
        create(aws, f"app-{index}")
    for _ in range(4):
        version = describe(aws, "app-0")["ApplicationVersionId"]
        aws.update_application(
            ApplicationName="app-0",
            CurrentApplicationVersionId=version,
            ApplicationConfigurationUpdate=roll_back(version % 2 == 0),
        )
    settings = {"PaginationConfig": {"PageSize": 2}}
    names = [
        each["ApplicationName"]
        for page in aws.get_paginator("list_applications").paginate(**settings)
        for each in page["ApplicationSummaries"]
    ]
    assert names == [f"app-{index}" for index in range(7)], names
    versions = [
        each["ApplicationVersionId"]
        for page in aws.get_paginator("list_application_versions").paginate(
            ApplicationName="app-0", **settings
        )
        for each in page["ApplicationVersionSummaries"]
    ]
    assert versions == [5, 4, 3, 2, 1], versions
    seen = []
    for page in aws.get_paginator("list_application_operations").paginate(
        ApplicationName="app-0", **settings
    ):
        assert len(page["ApplicationOperationInfoList"]) <= 2
        seen += [each["OperationId"] for each in page["ApplicationOperationInfoList"]]
        # Added while the list is read: it belongs to an earlier page.
        version = describe(aws, "app-0")["ApplicationVersionId"]
        aws.update_application(ApplicationName="app-0", CurrentApplicationVersionId=version)
    assert len(seen) == 5 and len(set(seen)) == 5, seen
    aws.start_application(ApplicationName="app-0")
    wait_for(aws, "app-0", "RUNNING")
    for index in range(5):
        aws.create_application_snapshot(ApplicationName="app-0", SnapshotName=f"s{index}")
        wait_snapshot(aws, "app-0", f"s{index}")
    snapshots = [
        each["SnapshotName"]
        for page in aws.get_paginator("list_application_snapshots").paginate(
            ApplicationName="app-0", **settings
        )
        for each in page["SnapshotSummaries"]
    ]
    assert snapshots == ["s4", "s3", "s2", "s1", "s0"], snapshots
    token = aws.list_application_operations(ApplicationName="app-0", Limit=1)["NextToken"]
    for other in [
        {"ApplicationName": "app-1"},
        {"ApplicationName": "app-0", "Operation": "UpdateApplication"},
        {"ApplicationName": "app-0", "OperationStatus": "SUCCESSFUL"},
    ]:
        refused("InvalidArgumentException", aws.list_application_operations, NextToken=token, **other)


def wait_snapshot(aws, name, snapshot):
    deadline = time.monotonic() + 60
    while True:
        found = aws.describe_application_snapshot(ApplicationName=name, SnapshotName=snapshot)
        if found["SnapshotDetails"]["SnapshotStatus"] == "READY":
            return found["SnapshotDetails"]
        assert time.monotonic() < deadline, f"snapshot {snapshot} never was READY"
        time.sleep(0.02)


def race(url):
    """A hundred updates at once, by version and by token: one wins each version."""
    aws = client(url, max_pool_connections=100)
    create(aws, "shop")

    def attempt(arguments):
        try:
            return aws.update_application(ApplicationName="shop", **arguments)
        except botocore.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] in (
                "ConcurrentModificationException",
                "ResourceInUseException",
            ), error
            return None

    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        for round_number in range(6):
            detail = describe(aws, "shop")
            version = detail["ApplicationVersionId"]
            by_token = round_number % 2 == 1
            arguments = (
                {"ConditionalToken": detail["ConditionalToken"]}
                if by_token
                else {"CurrentApplicationVersionId": version}
            )
            won = [each for each in pool.map(attempt, [arguments] * 100) if each]
            assert len(won) == 1, f"{len(won)} won version {version + 1}"
            assert won[0]["ApplicationDetail"]["ApplicationVersionId"] == version + 1
            after = describe(aws, "shop")
            assert after["ApplicationVersionId"] == version + 1
            assert after["ConditionalToken"] != detail["ConditionalToken"]
    refused(
        "ConcurrentModificationException",
        aws.update_application,
        ApplicationName="shop",
        ConditionalToken=detail["ConditionalToken"],
    )
    refused("InvalidArgumentException", aws.update_application, ApplicationName="shop")


def keys(url, good, secret):
    """With keys, only what is signed with them is answered, and a refusal leaves no trace."""
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


def terraform(url):
    """The provider's sequence of calls, with its strict waits; somebody looks every 10 ms."""
    aws = client(url)
    seen = []
    stop = threading.Event()

    def look():
        looker = client(url)
        while not stop.is_set():
            try:
                seen.append(describe(looker, "shop")["ApplicationStatus"])
            except botocore.exceptions.ClientError as error:
                seen.append(error.response["Error"]["Code"])
            time.sleep(0.01)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        follow_terraform(aws, seen)
    finally:
        stop.set()
        thread.join()


def phase(seen, allowed, act):
    """Everything that was seen since the last phase ended is among what may be seen."""
    start = len(seen)
    act()
    odd = set(seen[start:]) - set(allowed)
    assert not odd, f"{odd} seen, {allowed} expected"


def strict(aws, operation, pending, target):
    details = wait_operation(aws, "shop", operation)
    assert details["OperationStatus"] == "SUCCESSFUL", details
    status = describe(aws, "shop")["ApplicationStatus"]
    while status != target:
        assert status in pending, status
        status = describe(aws, "shop")["ApplicationStatus"]


def follow_terraform(aws, seen):
    missing = "ResourceNotFoundException"

    def make():
        create(aws, "shop")
        aws.list_tags_for_resource(ResourceARN=describe(aws, "shop")["ApplicationARN"])

    phase(seen, [missing, "READY"], make)

    def start():
        run = {"ApplicationRestoreConfiguration": {
            "ApplicationRestoreType": "RESTORE_FROM_LATEST_SNAPSHOT"},
            "FlinkRunConfiguration": {"AllowNonRestoredState": False}}
        begun = aws.start_application(ApplicationName="shop", RunConfiguration=run)
        strict(aws, begun["OperationId"], ["STARTING"], "RUNNING")

    phase(seen, ["READY", "STARTING", "RUNNING"], start)

    def update():
        version = describe(aws, "shop")["ApplicationVersionId"]
        added = aws.add_application_vpc_configuration(
            ApplicationName="shop",
            CurrentApplicationVersionId=version,
            VpcConfiguration={"SubnetIds": ["s-1"], "SecurityGroupIds": ["g-1"]},
        )
        assert added["ApplicationVersionId"] == version + 1
        strict(aws, added["OperationId"], ["UPDATING"], "RUNNING")
        logged = aws.add_application_cloud_watch_logging_option(
            ApplicationName="shop",
            CurrentApplicationVersionId=version + 1,
            CloudWatchLoggingOption={"LogStreamARN": "arn:aws:logs:x"},
        )
        strict(aws, logged["OperationId"], ["UPDATING"], "RUNNING")
        updated = aws.update_application(
            ApplicationName="shop",
            CurrentApplicationVersionId=logged["ApplicationVersionId"],
            ApplicationConfigurationUpdate={"EnvironmentPropertyUpdates": {"PropertyGroups": [
                {"PropertyGroupId": "g", "PropertyMap": {"k": "v"}}]}},
            RunConfigurationUpdate={"FlinkRunConfiguration": {"AllowNonRestoredState": True}},
        )
        strict(aws, updated["OperationId"], ["UPDATING"], "RUNNING")
        run = describe(aws, "shop")["ApplicationConfigurationDescription"][
            "RunConfigurationDescription"]
        assert run["FlinkRunConfigurationDescription"]["AllowNonRestoredState"] is True

    phase(seen, ["RUNNING", "UPDATING"], update)

    def stop():
        begun = aws.stop_application(ApplicationName="shop")
        strict(aws, begun["OperationId"], ["STOPPING"], "READY")
        configuration = describe(aws, "shop")["ApplicationConfigurationDescription"]
        assert "RunConfigurationDescription" not in configuration

    phase(seen, ["RUNNING", "STOPPING", "READY"], stop)
    start()

    def delete():
        created = describe(aws, "shop")["CreateTimestamp"].replace(microsecond=0)
        aws.delete_application(ApplicationName="shop", CreateTimestamp=created)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                assert describe(aws, "shop")["ApplicationStatus"] == "DELETING"
            except botocore.exceptions.ClientError as error:
                assert error.response["Error"]["Code"] == missing, error
                return
        raise AssertionError("it was never gone")

    time.sleep(0.05)
    phase(seen, ["RUNNING", "DELETING", missing], delete)


if __name__ == "__main__":
    globals()[sys.argv[2]](sys.argv[1], *sys.argv[3:])
    print("ok")

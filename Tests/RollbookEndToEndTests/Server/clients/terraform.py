"""The provider's sequence of calls, with its strict waits; somebody looks every 10 ms."""

import sys
import threading
import time

import botocore.exceptions

from service import client, create, describe, wait_operation, wait_snapshot


def terraform(url):
    aws = client(url)
    seen = []
    trouble = []
    stop = threading.Event()

    def look():
        looker = client(url)
        try:
            while not stop.is_set():
                try:
                    seen.append(describe(looker, "shop")["ApplicationStatus"])
                except botocore.exceptions.ClientError as error:
                    seen.append(error.response["Error"]["Code"])
                time.sleep(0.01)
        except BaseException as error:
            trouble.append(error)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        follow_terraform(aws, seen)
    finally:
        stop.set()
        thread.join()
    assert not trouble, trouble


def phase(seen, allowed, act):
    """Everything that was seen since the last phase ended is among what may be seen."""
    start = len(seen)
    act()
    assert len(seen) > start, "nobody looked"
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

    def remove():
        detail = describe(aws, "shop")
        network = detail["ApplicationConfigurationDescription"]["VpcConfigurationDescriptions"][0]
        removed = aws.delete_application_vpc_configuration(
            ApplicationName="shop",
            CurrentApplicationVersionId=detail["ApplicationVersionId"],
            VpcConfigurationId=network["VpcConfigurationId"],
        )
        strict(aws, removed["OperationId"], ["UPDATING"], "RUNNING")
        stream = detail["CloudWatchLoggingOptionDescriptions"][0]
        removed = aws.delete_application_cloud_watch_logging_option(
            ApplicationName="shop",
            CurrentApplicationVersionId=removed["ApplicationVersionId"],
            CloudWatchLoggingOptionId=stream["CloudWatchLoggingOptionId"],
        )
        strict(aws, removed["OperationId"], ["UPDATING"], "RUNNING")
        detail = describe(aws, "shop")
        assert not detail.get("CloudWatchLoggingOptionDescriptions"), detail
        configuration = detail["ApplicationConfigurationDescription"]
        assert not configuration.get("VpcConfigurationDescriptions"), configuration

    phase(seen, ["RUNNING", "UPDATING"], remove)
    phase(seen, ["RUNNING"], lambda: follow_other_resources(aws))

    def stop():
        begun = aws.stop_application(ApplicationName="shop")
        strict(aws, begun["OperationId"], ["STOPPING"], "READY")
        configuration = describe(aws, "shop")["ApplicationConfigurationDescription"]
        assert "RunConfigurationDescription" not in configuration

    phase(seen, ["RUNNING", "STOPPING", "READY"], stop)

    def update_ready():
        version = describe(aws, "shop")["ApplicationVersionId"]
        updated = aws.update_application(
            ApplicationName="shop",
            CurrentApplicationVersionId=version,
            ApplicationConfigurationUpdate={
                "ApplicationSnapshotConfigurationUpdate": {"SnapshotsEnabledUpdate": True}},
        )
        strict(aws, updated["OperationId"], ["UPDATING"], "READY")
        assert describe(aws, "shop")["ApplicationVersionId"] == version + 1

    phase(seen, ["READY", "UPDATING"], update_ready)
    start()

    def delete():
        created = describe(aws, "shop")["CreateTimestamp"].replace(microsecond=0)
        aws.delete_application(ApplicationName="shop", CreateTimestamp=created)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                status = describe(aws, "shop")["ApplicationStatus"]
                assert status == "DELETING", (status, seen[-10:])
            except botocore.exceptions.ClientError as error:
                assert error.response["Error"]["Code"] == missing, error
                return
        raise AssertionError("it was never gone")

    time.sleep(0.05)
    phase(seen, ["RUNNING", "DELETING", missing], delete)


def follow_other_resources(aws):
    """The snapshot's resource and the maintenance configuration's."""
    aws.create_application_snapshot(ApplicationName="shop", SnapshotName="kept")
    details = wait_snapshot(aws, "shop", "kept")
    aws.delete_application_snapshot(
        ApplicationName="shop",
        SnapshotName="kept",
        SnapshotCreationTimestamp=details["SnapshotCreationTimestamp"].replace(microsecond=0),
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            found = aws.describe_application_snapshot(ApplicationName="shop", SnapshotName="kept")
            assert found["SnapshotDetails"]["SnapshotStatus"] == "DELETING", found
        except botocore.exceptions.ClientError as error:
            assert "does not exist" in str(error), error
            break
    window = aws.update_application_maintenance_configuration(
        ApplicationName="shop",
        ApplicationMaintenanceConfigurationUpdate={
            "ApplicationMaintenanceWindowStartTimeUpdate": "05:30"},
    )["ApplicationMaintenanceConfigurationDescription"]
    assert window["ApplicationMaintenanceWindowEndTime"] == "13:30", window


if __name__ == "__main__":
    terraform(*sys.argv[1:])
    print("ok")

"""All paginators; pages stay whole while rows are added."""

import sys

from service import client, create, describe, refused, roll_back, wait_for, wait_snapshot


def pages(url):
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
    names = []
    for page in aws.get_paginator("list_applications").paginate(**settings):
        names += [each["ApplicationName"] for each in page["ApplicationSummaries"]]
        # Each comes before what is still to be read.
        create(aws, f"added-{len(names)}")
    assert names == [f"app-{index}" for index in range(7)], names
    versions = []
    for page in aws.get_paginator("list_application_versions").paginate(
        ApplicationName="app-0", **settings
    ):
        versions += [each["ApplicationVersionId"] for each in page["ApplicationVersionSummaries"]]
        version = describe(aws, "app-0")["ApplicationVersionId"]
        aws.update_application(ApplicationName="app-0", CurrentApplicationVersionId=version)
    assert versions == [5, 4, 3, 2, 1], versions
    before = len(aws.list_application_operations(ApplicationName="app-0")[
        "ApplicationOperationInfoList"])
    seen = []
    for page in aws.get_paginator("list_application_operations").paginate(
        ApplicationName="app-0", **settings
    ):
        assert len(page["ApplicationOperationInfoList"]) <= 2
        seen += [each["OperationId"] for each in page["ApplicationOperationInfoList"]]
        # Added while the list is read: it belongs to an earlier page.
        version = describe(aws, "app-0")["ApplicationVersionId"]
        aws.update_application(ApplicationName="app-0", CurrentApplicationVersionId=version)
    assert len(seen) == before and len(set(seen)) == before, seen
    aws.start_application(ApplicationName="app-0")
    wait_for(aws, "app-0", "RUNNING")
    for index in range(5):
        aws.create_application_snapshot(ApplicationName="app-0", SnapshotName=f"s{index}")
        wait_snapshot(aws, "app-0", f"s{index}")
    snapshots = []
    for page in aws.get_paginator("list_application_snapshots").paginate(
        ApplicationName="app-0", **settings
    ):
        snapshots += [each["SnapshotName"] for each in page["SnapshotSummaries"]]
        added = f"added-{len(snapshots)}"
        aws.create_application_snapshot(ApplicationName="app-0", SnapshotName=added)
        wait_snapshot(aws, "app-0", added)
    assert snapshots == ["s4", "s3", "s2", "s1", "s0"], snapshots
    token = aws.list_application_operations(ApplicationName="app-0", Limit=1)["NextToken"]
    for other in [
        {"ApplicationName": "app-1"},
        {"ApplicationName": "app-0", "Operation": "UpdateApplication"},
        {"ApplicationName": "app-0", "OperationStatus": "SUCCESSFUL"},
    ]:
        refused("InvalidArgumentException", aws.list_application_operations, NextToken=token, **other)


if __name__ == "__main__":
    pages(*sys.argv[1:])
    print("ok")

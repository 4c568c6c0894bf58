"""The article with boto3: every answer goes through botocore's parser."""

import datetime
import sys

from service import client, create, describe, roll_back, wait_operation


def article(url):
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


if __name__ == "__main__":
    article(*sys.argv[1:])
    print("ok")

"""A hundred updates at once, by version and by token: one wins each version."""

import concurrent.futures
import sys

import botocore.exceptions

from service import client, create, describe, refused, wait_for


def race(url):
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
        for round_number in range(8):
            # While READY first, then while it runs.
            if round_number == 4:
                aws.start_application(ApplicationName="shop")
            wait_for(aws, "shop", "READY" if round_number < 4 else "RUNNING")
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
    # While an update is in flight, that is what is said first.
    wait_for(aws, "shop", "RUNNING")
    refused(
        "ConcurrentModificationException",
        aws.update_application,
        ApplicationName="shop",
        ConditionalToken=detail["ConditionalToken"],
    )
    refused("InvalidArgumentException", aws.update_application, ApplicationName="shop")


if __name__ == "__main__":
    race(*sys.argv[1:])
    print("ok")

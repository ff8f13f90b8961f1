"""S3 and SQS, for all tests of triggers."""

from collections.abc import Iterator

import pytest

from tests.moto_server import Aws, serving_aws


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    with serving_aws() as found:
        yield found

"""Files of librdkafka properties."""

from pathlib import Path

import pytest

from schemas.errors import RequestError
from streams.kafka.client_config import read_client_config
from streams.kafka.cluster import Cluster


def test_names_and_values_are_read_and_comments_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "client.properties"
    file.write_text("# a comment\n\nbootstrap.servers = b:1\nsasl.password=a=b#c\n")

    assert read_client_config(file) == {"bootstrap.servers": "b:1", "sasl.password": "a=b#c"}
    assert Cluster.from_file(file, "p.") == Cluster("b:1", "p.", {"sasl.password": "a=b#c"})


def test_a_line_that_is_no_property_is_named_by_its_number_and_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "client.properties"
    file.write_text("a=1\nmy-secret\n")

    with pytest.raises(RequestError, match="line 2: expected name=value") as refused:
        read_client_config(file)
    assert "my-secret" not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"none cannot be read: No such file"):
        read_client_config(tmp_path / "none")


def test_a_cluster_needs_servers(tmp_path: Path) -> None:
    file = tmp_path / "client.properties"
    file.write_text("sasl.username=me\n")

    with pytest.raises(RequestError, match=r"has no bootstrap\.servers"):
        Cluster.from_file(file)

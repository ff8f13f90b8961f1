"""All forms in which a bucket's events come, as the documentation of AWS, MinIO and Ceph shows them."""

import json
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.triggers.messages import Events, MessageError, ObjectEvent, events_in

KEYS = st.text(min_size=1, max_size=30)


def record(key: str, name: str = "ObjectCreated:Put", **found: Any) -> dict[str, Any]:
    """A record of S3 (user guide, "Event message structure")."""
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-west-2",
        "eventTime": "1970-01-01T00:00:00.000Z",
        "eventName": name,
        "userIdentity": {"principalId": "AIDAJDPLRKLG7UEXAMPLE"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "testConfigRule",
            "bucket": {"name": "library", "arn": "arn:aws:s3:::library"},
            "object": {
                "key": key,
                "size": 1024,
                "eTag": "d41d8cd98f00b204e9800998ecf8427e",
                "versionId": "096fKKXTRTtl3on89fVO.nfljtsv6qko",
                "sequencer": "0055AED6DCD90281E5",
                **found,
            },
        },
    }


def native(*records: Any) -> dict[str, Any]:
    return {"Records": list(records)}


def bridged(key: str, kind: str = "Object Created", **fields: Any) -> dict[str, Any]:
    """An event of EventBridge (user guide, "EventBridge event message structure")."""
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": kind,
        "source": "aws.s3",
        "account": "111122223333",
        "time": "2021-11-12T00:00:00Z",
        "region": "ca-central-1",
        "resources": ["arn:aws:s3:::library"],
        "detail": {
            "version": "0",
            "bucket": {"name": "library"},
            "object": {"key": key, "size": 5, "etag": "b1946ac9", "sequencer": "00617F08299329D189"},
            "request-id": "N4N7GDK58NMKJ12R",
            "reason": "PutObject",
            **fields,
        },
    }


def in_sns(message: Any) -> dict[str, Any]:
    """A notification of SNS without raw delivery."""
    return {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic",
        "Subject": "Amazon S3 Notification",
        "Message": json.dumps(message),
        "Timestamp": "2012-05-02T00:54:06.655Z",
        "SignatureVersion": "1",
    }


def minio(key: str, name: str = "s3:ObjectCreated:Put") -> dict[str, Any]:
    """What MinIO writes: a plain key at the top, one with encoded slashes inside."""
    inner = record(quote_plus(key), name.removeprefix("s3:"))
    inner["eventSource"], inner["eventName"] = "minio:s3", name
    return {"EventName": name, "Key": f"library/{key}", "Records": [inner]}


def read(message: Any) -> Events:
    return events_in(json.dumps(message).encode())


def keys(message: Any) -> list[str]:
    events = read(message)
    assert not events.faults
    return [event.key for event in events.found]


# ---------------------------------------------------------------------------------------------- forms


@given(KEYS)
def test_a_key_is_read_as_it_is_whichever_way_it_came(key: str) -> None:
    encoded = record(quote_plus(key))

    for message in (native(encoded), in_sns(native(encoded)), minio(key), bridged(key), in_sns(bridged(key))):
        assert keys(message) == [key]


@pytest.mark.parametrize(
    ("encoded", "key"),
    [
        ("has+some+spaces.log", "has some spaces.log"),
        ("a%2B+b.txt", "a+ b.txt"),
        ("5%3A00.log", "5:00.log"),
        ("5%253A00.log", "5%3A00.log"),
        ("dir/sub%2Fname", "dir/sub/name"),
        ("Auftr%C3%A4ge/%F0%9F%8E%89", "Aufträge/🎉"),
        ("a//b", "a//b"),
        ("%2e%2e/x", "../x"),
    ],
)
def test_keys_of_s3_are_decoded_once_as_a_form(encoded: str, key: str) -> None:
    assert keys(native(record(encoded))) == [key]


@pytest.mark.parametrize("key", ["a+b", "a%20b", "has+some+spaces.log"])
def test_keys_of_eventbridge_are_not_encoded(key: str) -> None:
    assert keys(bridged(key)) == [key]


def test_all_records_of_a_message_are_read() -> None:
    assert keys(native(record("a"), record("b"), record("a"))) == ["a", "b", "a"]


def test_what_an_event_says() -> None:
    assert read(native(record("a"))).found == [
        ObjectEvent("library", "a", mark="0055aed6dcd90281e5", size=1024)
    ]
    assert read(bridged("a")).found == [ObjectEvent("library", "a", mark="00617f08299329d189", size=5)]


def test_without_a_sequencer_version_and_time_tell_events_apart() -> None:
    one = record("a", sequencer=None)
    other = {**one, "eventTime": "1970-01-01T00:00:01.000Z"}
    [first], [second] = read(native(one)).found, read(native(other)).found

    assert first.mark == "096fKKXTRTtl3on89fVO.nfljtsv6qko@1970-01-01T00:00:00.000Z"
    assert second.mark != first.mark
    bare = record("a", sequencer=None)
    del bare["eventTime"]
    assert read(native(bare)).found[0].mark is None


# ---------------------------------------------------------------------------------------------- kinds


@pytest.mark.parametrize("before", ["", "s3:"])
@pytest.mark.parametrize(
    ("name", "removed"),
    [
        ("ObjectCreated:Put", False),
        ("ObjectCreated:Post", False),
        ("ObjectCreated:Copy", False),
        ("ObjectCreated:CompleteMultipartUpload", False),
        ("ObjectRestore:Completed", False),
        ("ObjectRemoved:Delete", True),
        ("ObjectRemoved:DeleteMarkerCreated", True),
        ("LifecycleExpiration:Delete", True),
        ("LifecycleExpiration:DeleteMarkerCreated", True),
        ("LifecycleDelMarkerExpiration:Delete", True),
    ],
)
def test_events_that_change_what_is_there(before: str, name: str, removed: bool) -> None:
    assert [event.removed for event in read(native(record("a", before + name))).found] == [removed]


@pytest.mark.parametrize(
    "name",
    ["ObjectTagging:Put", "ObjectAcl:Put", "LifecycleTransition", "s3:ObjectAccessed:Get", "Replication:X"],
)
def test_events_that_change_nothing_are_passed_over(name: str) -> None:
    events = read(native(record("a", name), record("b")))

    assert [event.key for event in events.found] == ["b"]
    assert events.ignored == 1


@pytest.mark.parametrize(("kind", "removed"), [("Object Deleted", True), ("Object Restore Completed", False)])
def test_kinds_of_eventbridge(kind: str, removed: bool) -> None:
    [event] = read(bridged("a", kind, **{"deletion-type": "Delete Marker Created"})).found

    assert event.removed is removed


@pytest.mark.parametrize("kind", ["Object Tags Added", "Object Storage Class Changed", "Object ACL Updated"])
def test_kinds_of_eventbridge_that_change_nothing_are_passed_over(kind: str) -> None:
    assert not read(bridged("a", kind)).found


@pytest.mark.parametrize("wrap", [lambda message: message, in_sns])
def test_the_test_of_a_new_notification_is_no_event(wrap: Any) -> None:
    message = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2014-10-13T15:57:02.089Z"}

    events = read(wrap({**message, "Bucket": "library", "RequestId": "5582815E1AEA5ADF"}))

    assert not events.found
    assert not events.faults


# -------------------------------------------------------------------------------- what is not understood


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "no JSON object"),
        (b'"text"', "no JSON object"),
        (b'{"hello": 1}', "it has the members hello"),
        (b"{}", "it has the members nothing"),
        (b'{"Records": {}}', "it has the members Records"),
        (json.dumps(in_sns(in_sns(native(record("a"))))).encode(), "it has the members"),
        (json.dumps({**in_sns("x"), "Message": "no JSON"}).encode(), "not JSON"),
        (
            json.dumps({**in_sns({}), "Type": "SubscriptionConfirmation"}).encode(),
            "arn:aws:sns:us-west-2:123456789012:MyTopic asks for its subscription to be confirmed",
        ),
    ],
)
def test_a_message_that_is_no_event_says_what_it_is(body: bytes, says: str) -> None:
    with pytest.raises(MessageError, match=says):
        events_in(body)


@pytest.mark.parametrize(
    "broken",
    [
        None,
        1,
        {},
        {"eventName": 1},
        {**record("a"), "s3": None},
        {**record("a"), "s3": {"bucket": {"name": ""}, "object": {"key": "a"}}},
        record(""),
        record("%ff"),
        record("a\ud800"),
        {"EventSource": "aws:sns", "Sns": {}},
    ],
)
def test_a_broken_record_costs_itself_alone(broken: Any) -> None:
    events = read(native(record("a"), broken, record("b")))

    assert [event.key for event in events.found] == ["a", "b"]
    assert len(events.faults) == 1


def test_another_service_of_eventbridge_is_not_a_bucket() -> None:
    assert "'aws.ec2'" in read({**bridged("a"), "source": "aws.ec2"}).faults[0]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5), KEYS)
def test_whatever_stands_in_a_member_is_an_event_a_fault_or_passed_over(value: Any, member: str) -> None:
    for place in ("s3", "eventName", "eventTime", member):
        events = read(native({**record("a"), place: value}))

        assert len(events.found) + len(events.faults) + events.ignored == 1

"""Topics, and growing their partitions: operations of ours, for admin keys."""

from collections.abc import Sequence

from api.admin import topics
from api.operations.operation import ROOT, Operation, Parameter
from schemas import api

_KEYED = (400, 401, 403, 500)

TOPICS: Sequence[Operation] = (
    Operation(
        "GET",
        f"{ROOT}/topics",
        topics.get_topics,
        "list_topics",
        "List topics with their partitions, sizes and lag",
        answer=api.TopicList,
        refusals=(*_KEYED, 503),
    ),
    Operation(
        "GET",
        f"{ROOT}/topics/growth",
        topics.get_growth,
        "get_topic_growth",
        "How far a growth of partitions is, or what the last one has done",
        answer=api.TopicGrowth,
        refusals=_KEYED,
    ),
    Operation(
        "GET",
        f"{ROOT}/topics/growth/plan",
        topics.get_plan,
        "plan_topic_growth",
        "What a growth of partitions would do",
        answer=api.TopicGrowthPlan,
        parameters=(
            Parameter(
                "partitions",
                "How many each topic is to have.",
                {"type": "integer", "minimum": 1, "maximum": api.MAX_PARTITIONS},
                required=True,
            ),
        ),
        refusals=(*_KEYED, 412),
    ),
    Operation(
        "POST",
        f"{ROOT}/topics/growth",
        topics.post_growth,
        "grow_topics",
        "Give all topics more partitions; changes are refused meanwhile. For the preset admin key",
        success=202,
        answer=api.TopicGrowth,
        body=api.GrowTopicsPayload,
        refusals=(*_KEYED, 409, 412, 413, 415),
    ),
    Operation(
        "POST",
        f"{ROOT}/topics/growth/cancel",
        topics.post_cancel,
        "cancel_topic_growth",
        "Give up a growth of partitions that has not moved anything yet",
        answer=api.TopicGrowth,
        refusals=(*_KEYED, 412),
    ),
)

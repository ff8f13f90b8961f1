"""What is stored beside a mirror, for the next listing of a source."""

import os
import time
from pathlib import Path

from services.connectors.github.mirrors.mirror import Mirror


def test_what_nobody_has_asked_for_in_a_season_is_forgotten(tmp_path: Path) -> None:
    mirror = Mirror(tmp_path, 1, 1)
    for name in ("gone", "read", "written"):
        mirror.remember(name, {"commit": name})
    for file in tmp_path.iterdir():
        os.utime(file, (0, time.time() - 91 * 86_400))

    assert mirror.recall("read") == {"commit": "read"}
    mirror.remember("written", {"commit": "now"})

    found = {name: mirror.recall(name) for name in ("gone", "read", "written")}
    assert found == {"gone": {}, "read": {"commit": "read"}, "written": {"commit": "now"}}

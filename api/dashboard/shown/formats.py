"""How numbers and times are shown: every number with its unit, times relative with the exact one on hover."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from markupsafe import Markup, escape

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))
_SOON_S = 5


def plural(count: int, noun: str, many: str | None = None) -> str:
    """`1 document`, `1,234 documents`."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def number(value: float) -> str:
    """A count without its noun, which stands at the head of a column."""
    return f"{value:,.0f}"


def size(count: int) -> str:
    """Bytes in the unit that fits."""
    amount = float(count)
    for unit in ("bytes", "KB", "MB", "GB"):
        if amount < 1024 or unit == "GB":
            break
        amount /= 1024
    return plural(count, "byte") if unit == "bytes" else f"{amount:,.1f}".removesuffix(".0") + f" {unit}"


def rate(per_second: float, noun: str) -> str:
    """`12.3 documents/s`, `2.4 documents/min`."""
    if 0 < per_second < 0.1:
        return f"{60 * per_second:.1f} {noun}/min"
    digits = 0 if per_second >= 100 else 1
    return f"{per_second:,.{digits}f} {noun}/s"


def duration(seconds: float | timedelta) -> str:
    """`0.4 s`, `12 s`, `3 min 5 s`, `2 h 4 min`, `3 d 2 h`."""
    total = seconds.total_seconds() if isinstance(seconds, timedelta) else float(seconds)
    if total < 10:
        return f"{max(0.0, total):.1f} s"
    whole = round(total)
    for unit, name, below, below_name in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= unit:
            rest = whole % unit // below
            return f"{whole // unit} {name}" + (f" {rest} {below_name}" if rest else "")
    return f"{whole} s"


def ago(moment: datetime, now: datetime | None = None) -> str:
    """`just now`, `3 minutes ago`, `in 2 hours`."""
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    if abs(seconds) < _SOON_S:
        return "just now"
    distance = abs(seconds)
    for unit, noun in _UNITS:
        if distance >= unit:
            said = plural(int(distance // unit), noun)
            break
    else:
        said = plural(int(distance), "second")
    return f"{said} ago" if seconds > 0 else f"in {said}"


def exact(moment: datetime) -> str:
    """The moment to the second, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def when(moment: datetime | None, missing: str = "never") -> Markup:
    """A relative time as HTML; the exact one is its title."""
    if moment is None:
        return Markup('<span class="muted">{}</span>').format(missing)
    iso = moment.astimezone(UTC).isoformat(timespec="seconds")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(iso, exact(moment), ago(moment))


def marked(text: str, words: list[str]) -> Markup:
    """A text with words marked, in any case. Everything is escaped."""
    if not words:
        return escape(text)
    # With the endings of plurals, which `words_of` takes away.
    found_by = (re.escape(word) + "(?:es|s)?" for word in sorted(words, key=len, reverse=True))
    pattern = re.compile("|".join(found_by), re.IGNORECASE)
    pieces, last = [], 0
    for found in pattern.finditer(text):
        pieces += [escape(text[last : found.start()]), Markup("<mark>{}</mark>").format(found.group())]
        last = found.end()
    return Markup("").join([*pieces, escape(text[last:])])


def without(error: str, key: str | None) -> str:
    """An error without the name of its document at the beginning, where that stands beside it."""
    return error.removeprefix(f"{key}: ") if key else error


def breakable(text: str) -> Markup:
    """A path or an address, escaped, that a browser may break behind its slashes."""
    return Markup("<wbr>").join(map(escape, re.split("(?<=/)(?=[^/])", text)))


def sentence(text: str) -> str:
    """A text that begins with a capital letter and ends with a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def percent(part: float, whole: float) -> str:
    """`42 %`; never 100 before it is all, never 0 when there is some."""
    if not whole:
        return "0 %"
    share = 100 * part / whole
    if 0 < share < 1:
        return "1 %"
    return "99 %" if 99 < share < 100 else f"{share:.0f} %"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "plural": plural,
    "number": number,
    "bytes": size,
    "rate": rate,
    "duration": duration,
    "when": when,
    "exact": exact,
    "marked": marked,
    "breakable": breakable,
    "without": without,
    "sentence": sentence,
}
GLOBALS: Mapping[str, Any] = {"percent": percent, "plural": plural}

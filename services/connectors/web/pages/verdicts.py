"""Detect pages whose text is not their content: challenges, consent forms, logins and empty shells."""

import re

from lxml.html import HtmlElement  # type: ignore[import-untyped]

SHELL = "needs JavaScript to show its text"
CHALLENGE = "shows a challenge for browsers in place of its text"
CONSENT = "shows a request for consent in place of its text"
LOGIN = "asks for a login"

#: In characters of visible text: a page with more than this is not a shell, or not a challenge or form.
_SHELL_TEXT = 250
_GATE_TEXT = 1500
_CHALLENGES = re.compile(
    r"just a moment\W|attention required! \| cloudflare|"
    r"checking (?:if the site connection is secure|your browser)|"
    r"verif(?:y|ying) (?:that )?you are (?:a )?human|are you a (?:robot|human)\?|ddos-guard|"
    r"enable javascript and cookies to continue|unusual traffic from your|"
    r"please complete the (?:security check|captcha)|"
    r"pardon our interruption|access to this page has been denied",
    re.I,
)
_CHALLENGE_PARTS = re.compile(
    r"cf-chl|cf_chl|challenge-platform|g-recaptcha|h-captcha|px-captcha|cf-turnstile", re.I
)
_CONSENTS = re.compile(
    r"before you continue to|we value your privacy|bevor sie zu .{1,40} weitergehen|"
    r"(?:accept|agree to) (?:the use of )?cookies to (?:continue|proceed)",
    re.I,
)
_NEEDS_SCRIPT = re.compile(
    r"(?:enable|requires?|turn on|activate|without) javascript|"
    r"javascript (?:is )?(?:enabled|required|disabled)",
    re.I,
)
_MOUNTS = frozenset(
    ("root", "app", "__next", "__nuxt", "___gatsby", "svelte", "react-root", "app-root", "main-app", "q-app")
)
_SKIPPED = frozenset(("script", "style", "template", "noscript", "svg", "head"))


def fault_of(root: HtmlElement) -> str | None:
    """Why the text of a page is not content; None if it is."""
    text = _visible(root)
    title = " ".join((root.findtext(".//title") or "").split())
    if len(text) < _GATE_TEXT:
        words = f"{title}\n{text}"
        if _CHALLENGES.search(words) or (len(text) < _GATE_TEXT / 3 and _has_challenge(root)):
            return CHALLENGE
        if _CONSENTS.search(words):
            return CONSENT
        if len(text) < _GATE_TEXT / 3 and root.find(".//input[@type='password']") is not None:
            return LOGIN
    return SHELL if len(text) < _SHELL_TEXT and _is_shell(root) else None


def is_challenge(headers: dict[str, str]) -> bool:
    """Whether response headers, with names in lower case, mark a challenge."""
    return headers.get("cf-mitigated", "").lower() == "challenge" or "x-amzn-waf-action" in headers


def _is_shell(root: HtmlElement) -> bool:
    if root.find(".//script") is None:
        return False
    if any(_NEEDS_SCRIPT.search(" ".join(one.itertext())) for one in root.iter("noscript")):
        return True
    return any(
        ((one.get("id") or "") in _MOUNTS or one.tag == "app-root" or one.get("ng-version") is not None)
        and len(_visible(one)) < _SHELL_TEXT
        for one in root.iter("div", "main", "app-root", "body")
    )


def _has_challenge(root: HtmlElement) -> bool:
    return any(
        _CHALLENGE_PARTS.search(" ".join((one.get("class") or "", one.get("id") or "", one.get("src") or "")))
        for one in root.iter("div", "form", "script", "iframe")
    )


def _visible(element: HtmlElement) -> str:
    """The text of an element without scripts, cut off where more would change no verdict."""
    found: list[str] = []
    size = 0
    stack = [element]
    while stack and size < _GATE_TEXT * 2:
        at = stack.pop()
        if isinstance(at, str):
            found.append(at)
            size += len(at)
            continue
        if not isinstance(at.tag, str) or at.tag in _SKIPPED:
            continue
        below: list[object] = [at.text.strip()] if at.text and at.text.strip() else []
        for child in at:
            below.append(child)
            if child.tail and child.tail.strip():
                below.append(child.tail.strip())
        stack.extend(reversed(below))
    return " ".join(" ".join(found).split())

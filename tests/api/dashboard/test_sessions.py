"""Sessions of the dashboard: signing in and out, what a cookie is worth, and forms of other sites."""

import asyncio
import uuid
from base64 import urlsafe_b64encode

import pytest
from yarl import URL

from api.dashboard.sessions import COOKIE, IDLE_MS, MOST_MS, Sessions
from api.dashboard.signing_in import Throttle
from api.dependencies import Dependencies
from api.errors import TooManyRequests
from tests.api.conftest import ADMIN_KEY, Server, Start
from tests.api.dashboard.visitor import visiting
from tests.api.test_access import make_key


async def test_a_key_opens_a_session_and_the_browser_does_not_keep_the_key(server: Server) -> None:
    async with visiting(server, signed_in=False) as visitor:
        away = await visitor.get("/sources?type=folder")
        assert (away.status, away.headers["Location"]) == (303, "/sign-in?next=%2Fsources%3Ftype%3Dfolder")

        signed_in = await visitor.sign_in()

        assert (signed_in.status, signed_in.headers["Location"]) == (303, "/")
        cookie = next(one for one in signed_in.headers.getall("Set-Cookie") if one.startswith(COOKIE))
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert "Secure" not in cookie  # plain HTTP
        assert f"Max-Age={IDLE_MS // 1000}" in cookie
        assert ADMIN_KEY not in cookie
        page = await visitor.get("/")
        assert page.status == 200
        assert ADMIN_KEY not in page.text


async def test_behind_tls_the_cookie_is_for_tls_alone(server: Server) -> None:
    async with visiting(server, signed_in=False) as visitor:
        token = (await visitor.get("/sign-in")).token
        proxied = {"X-Forwarded-Proto": "https"}
        answered = await visitor.post("/sign-in", token, headers=proxied, key=ADMIN_KEY)
        assert all("Secure" in one for one in answered.headers.getall("Set-Cookie"))


async def test_a_wrong_key_opens_nothing(server: Server) -> None:
    async with visiting(server, "hr_wrong", signed_in=False) as visitor:
        refused = await visitor.sign_in()
        assert refused.status == 401
        assert "This key is not known" in refused.text
        assert COOKIE not in visitor.cookies


@pytest.mark.parametrize(
    "next_", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x"]
)
async def test_signing_in_leads_to_pages_of_ours_alone(server: Server, next_: str) -> None:
    async with visiting(server, signed_in=False) as visitor:
        token = (await visitor.get("/sign-in")).token
        answered = await visitor.post("/sign-in", token, key=ADMIN_KEY, next=next_)
        assert answered.headers["Location"] == "/"


async def test_a_session_dies_with_its_key_and_so_does_an_open_stream(server: Server) -> None:
    made = await make_key(server, admin=True)
    async with visiting(server, made["key"]) as visitor:
        assert (await visitor.get("/")).status == 200
        async with visitor.http.get("/", headers={"Accept": "text/event-stream"}) as stream:
            assert (await stream.content.readline()).startswith(b"event: part")
            await server.call("DELETE", f"/api/v1/keys/{made['id']}", status=204)
            async with asyncio.timeout(30):
                rest = await stream.content.read()  # it ends
        assert rest.endswith(b"event: over\ndata: {}\n\n")
        assert (await visitor.get("/")).status == 303


async def test_streams_of_the_api_end_with_their_key_too(server: Server, folder_source: str) -> None:
    from tests.api.conftest import create_run

    run = await create_run(server, folder_source, "streams")
    made = await make_key(server)
    headers = {"Accept": "text/event-stream", "x-chroma-token": made["key"]}
    async with server.client.get(f"/api/v1/invocations/{run}/progress", headers=headers) as stream:
        assert (await stream.content.readline()).startswith(b"event: progress")
        await server.call("DELETE", f"/api/v1/keys/{made['id']}", status=204)
        async with asyncio.timeout(30):
            assert b"event: end" not in await stream.content.read()


async def test_signing_out_ends_the_cookie_wherever_it_was_copied_to(server: Server, start: Start) -> None:
    other = await start()
    async with visiting(server) as visitor, visiting(other, signed_in=False) as thief:
        thief.http.cookie_jar.update_cookies({COOKIE: visitor.cookies[COOKIE]}, URL(other.url))
        assert (await thief.get("/")).status == 200  # every gateway knows it

        assert (await visitor.post("/sign-out")).headers["Location"] == "/sign-in"

        assert (await visitor.get("/")).status == 303
        # It looks for what it does not know at the ends of the topics.
        await other.call("GET", f"/api/v1/sources/{uuid.uuid4()}", status=404)
        assert (await thief.get("/")).status == 303


async def test_signing_out_everywhere_ends_all_sessions_of_the_key_and_none_of_others(server: Server) -> None:
    key = (await make_key(server))["key"]
    async with (
        visiting(server, key) as here,
        visiting(server, key) as there,
        visiting(server) as somebody,
    ):
        await here.post("/sign-out", everywhere="yes")
        assert (await there.get("/")).status == 303
        assert (await somebody.get("/")).status == 200
        await asyncio.sleep(0.002)  # sessions that began in the millisecond of the end have ended
        assert (await here.sign_in()).status == 303
        assert (await here.get("/")).status == 200


async def test_a_form_of_another_site_or_session_does_nothing(server: Server) -> None:
    async with visiting(server) as visitor, visiting(server) as somebody:
        foreign = (await somebody.get("/")).token
        token = (await visitor.get("/")).token
        for refused in (
            await visitor.post("/sign-out", ""),
            await visitor.post("/sign-out", foreign),
            await visitor.post("/sign-out", token, headers={"Sec-Fetch-Site": "cross-site"}),
            await visitor.post("/sign-out", token, headers={"Origin": "https://evil.example"}),
        ):
            assert refused.status == 403
            assert "<h1>Not allowed</h1>" in refused.text
        assert (await visitor.get("/")).status == 200


async def test_a_form_that_signs_in_is_refused_without_its_token(server: Server) -> None:
    async with visiting(server, signed_in=False) as visitor:
        await visitor.get("/sign-in")
        assert (await visitor.post("/sign-in", "", key=ADMIN_KEY)).status == 403


async def test_failures_of_others_at_an_address_do_not_keep_out_who_has_a_key(start: Start) -> None:
    server = await start()
    async with visiting(server, signed_in=False) as visitor:
        token = (await visitor.get("/sign-in")).token
        for status in [401] * 10 + [429]:
            assert (await visitor.post("/sign-in", token, key="hr_wrong")).status == status
        assert (await visitor.post("/sign-in", token, key=ADMIN_KEY)).status == 303


def test_ten_attempts_that_fail_make_an_address_wait_a_minute() -> None:
    now = [0.0]
    throttle = Throttle(lambda: now[0])
    for _ in range(10):
        throttle.check("1.2.3.4")
        throttle.failed("1.2.3.4")
    with pytest.raises(TooManyRequests, match="wait a minute"):
        throttle.check("1.2.3.4")
    throttle.check("1.2.3.5")
    now[0] = 60.0
    throttle.check("1.2.3.4")


async def test_a_session_ends_after_an_hour_of_silence_and_after_twelve_in_any_case(server: Server) -> None:
    parts = Dependencies(server.gateway)
    await parts.start()
    now = [1_000_000_000_000]
    sessions = Sessions("secret", parts, lambda: now[0])
    try:
        opened = sessions.open(await parts.doorkeeper.caller(ADMIN_KEY))
        cookie = sessions.seal(opened)
        assert sessions.read(cookie) == opened
        assert sessions.renewed(opened) is None  # not with every request
        now[0] += IDLE_MS - 1
        renewed = sessions.renewed(opened)
        assert renewed is not None
        now[0] += 1
        assert sessions.read(cookie) is None
        assert sessions.read(sessions.seal(renewed)) == renewed
        for _ in range(20):
            now[0] += IDLE_MS - 1
            renewed = sessions.renewed(renewed) or renewed
        assert now[0] > opened.began_ms + MOST_MS
        assert sessions.read(sessions.seal(renewed)) is None
    finally:
        await parts.close()


async def test_a_cookie_that_was_changed_is_none_of_ours(server: Server) -> None:
    async with visiting(server) as visitor:
        cookie = visitor.cookies[COOKIE]
    payload, _, mac = cookie.partition(".")
    for broken in (
        cookie[:-1],
        f"x{cookie}",
        payload,
        cookie.upper(),
        f"{payload}.{mac[::-1]}",
        "é.é",
        f"{payload}.é",
        urlsafe_b64encode(b"[" * 5_000).decode().rstrip("=") + f".{mac}",
        cookie,
    ):
        headers = {"Cookie": f"{COOKIE}={broken}", "Accept": "text/html"}
        async with server.client.get("/", headers=headers, allow_redirects=False) as answer:
            assert answer.status == (200 if broken == cookie else 303), broken


async def test_the_api_takes_no_cookie_and_a_browser_without_one_gets_pages(server: Server) -> None:
    async with visiting(server) as visitor:
        async with visitor.http.get("/api/v1/sources") as answer:
            assert answer.status == 401
        missing = await visitor.get("/no/such/page")
        assert missing.status == 404
        assert "<h1>Not found</h1>" in missing.text
        policy = missing.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy

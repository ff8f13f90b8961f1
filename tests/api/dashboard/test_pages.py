"""What pages show to whom, and what they say when something goes wrong."""

import pytest

from api.views.browsing import Browsing
from tests.api.conftest import DATABASE, Server, create_run
from tests.api.dashboard.visitor import visiting
from tests.api.test_access import make_key


async def test_a_key_sees_its_databases_and_no_buttons_for_what_it_may_not_do(
    server: Server, folder_source: str
) -> None:
    run = await create_run(server, folder_source, "pages")
    limited = (await make_key(server, databases=["elsewhere"]))["key"]
    plain = (await make_key(server, databases=[DATABASE]))["key"]
    async with visiting(server) as admin, visiting(server, limited) as other, visiting(server, plain) as user:
        for path in (f"/sources/{folder_source}", f"/invocations/{run}"):
            assert (await admin.get(path)).status == 200
            assert (await user.get(path)).status == 200
            assert (await other.get(path)).status == 403
        assert folder_source in (await user.get("/sources")).text
        assert folder_source not in (await other.get("/sources")).text
        assert run not in (await other.get("/invocations")).text
        page = (await user.get("/sources")).text
        assert 'href="/sources/new"' not in page
        assert 'href="/keys"' not in page
        assert 'href="/keys"' in (await admin.get("/sources")).text
        assert 'href="/webhook-endpoints"' not in page
        for path in (
            "/sources/new",
            "/keys",
            "/credentials",
            "/topics",
            "/webhook-endpoints",
            f"/sources/{folder_source}/edit",
        ):
            assert (await user.get(path)).status == 403, path
        for path in (f"/sources/{folder_source}/delete", "/keys", "/sources/new", "/webhook-endpoints"):
            refused = await user.post(
                path, type="folder", name="mine", target="pages", url="https://a.example"
            )
            assert refused.status == 403, path
    await server.call("GET", f"/api/v1/sources/{folder_source}", status=200)


async def test_a_key_of_another_tenant_finds_nothing_of_this_one(server: Server, folder_source: str) -> None:
    foreign = (await make_key(server, tenant="somebody_else", admin=True))["key"]
    async with visiting(server, foreign) as visitor:
        assert (await visitor.get(f"/sources/{folder_source}")).status == 404
        assert folder_source not in (await visitor.get("/sources")).text


async def test_a_source_is_run_and_deleted_by_forms(server: Server, folder_source: str) -> None:
    async with visiting(server) as visitor:
        begun = await visitor.post(f"/sources/{folder_source}/run", target="by_form")
        assert begun.status == 303
        run = begun.headers["Location"]
        assert "into by_form" in (await visitor.get(run)).text
        assert (await visitor.post(f"{run}/cancel")).status == 303
        assert ">Cancelled<" in (await visitor.get(run)).text
        late = await visitor.post(f"{run}/cancel")
        assert late.status == 412
        assert "only one that has not ended can be cancelled" in late.text
        gone = await visitor.post(f"/sources/{folder_source}/delete")
        assert (gone.status, gone.headers["Location"]) == (303, "/sources")
        assert "is deleted" in (await visitor.get("/sources")).text
        assert "is deleted" not in (await visitor.get("/sources")).text  # it is said once
    await server.call("GET", f"/api/v1/sources/{folder_source}", status=404)


async def test_an_error_that_nobody_foresaw_shows_nothing_of_itself(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Browsing, scope: object, wanted: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(Browsing, "sources", broken)
    async with visiting(server) as visitor:
        answered = await visitor.get("/sources")
    assert answered.status == 500
    assert "nobody foresaw" in answered.text
    assert "secret detail" not in answered.text


@pytest.mark.parametrize(
    "path",
    [
        "/sources?after=x",
        "/sources?type=nothing",
        "/invocations?status=odd",
        "/sources/no-uuid",
        "/documents?after=x",
        "/search?mode=odd",
        "/collections/verification?collection=none",
        "/dead-letters?state=odd",
    ],
)
async def test_a_wrong_address_is_a_page_that_says_what_is_wrong(server: Server, path: str) -> None:
    async with visiting(server) as visitor:
        answered = await visitor.get(path)
    assert answered.status == 400
    assert "<h1>" in answered.text


async def test_filters_without_a_text_are_answered_with_what_is_missing(
    server: Server, folder_source: str
) -> None:
    await create_run(server, folder_source, "pages")
    async with visiting(server) as visitor:
        assert 'role="alert"' in (await visitor.get("/search?q=&regex=gate")).text
        assert 'role="alert"' not in (await visitor.get("/search?q=&regex=")).text


async def test_who_is_not_signed_in_is_offered_to_sign_in(server: Server) -> None:
    async with server.client.get("/sources", headers={"Accept": "*/*"}) as answered:
        text = await answered.text()
    assert answered.status == 401
    assert '<a class="button" href="/sign-in">Sign in</a>' in text


async def test_files_of_the_page_may_be_kept_for_ever_and_those_of_other_releases_are_gone(
    server: Server,
) -> None:
    async with visiting(server) as visitor:
        style = next(part for part in (await visitor.get("/")).text.split('"') if part.endswith("style.css"))
        kept = await visitor.get(style)
        assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert kept.headers["Content-Type"].startswith("text/css")
        old = style.replace(style.split("/")[2], "0" * 16)
        assert (await visitor.get(old)).status == 404
        assert (await visitor.get(style.replace("style.css", "..%2Fassets.py"))).status == 404

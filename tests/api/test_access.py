from pathlib import Path
from typing import Any

import pytest

from api.access import hash_key
from api.gateway import ChromaAccess
from tests.api.conftest import ADMIN_KEY, DATABASE, Server, Start, create_folder_source, create_run

KEYS = "/api/v1/keys"


async def make_key(server: Server, **fields: Any) -> dict[str, Any]:
    made = await server.call("POST", KEYS, status=201, json={"name": "test", **fields})
    assert isinstance(made, dict)
    return made


@pytest.mark.parametrize("key", [None, "", "wrong", ADMIN_KEY + "x", hash_key(ADMIN_KEY), "\udcff"])
@pytest.mark.parametrize("path", ["/api/v1/sources", "/no/such/path"])
async def test_without_a_known_key_everything_is_unauthorized(
    server: Server, path: str, key: str | None
) -> None:
    refused = await server.call("GET", path, status=401, key=key)
    assert refused["error"] == "ChromaError"
    assert "x-chroma-token" in refused["message"]


async def test_a_key_is_shown_once_and_only_its_hash_is_kept(server: Server) -> None:
    made = await make_key(server, databases=[DATABASE])

    shown = next(key for key in await server.call("GET", KEYS, status=200) if key["id"] == made["id"])

    assert shown == {name: value for name, value in made.items() if name != "key"}
    files = list(server.gateway.state_folder.iterdir())
    assert files
    assert not any(made["key"].encode() in file.read_bytes() for file in files)


async def test_a_revoked_key_opens_nothing_any_more(server: Server, start: Start) -> None:
    other = await start()
    made = await make_key(server)
    for gateway in (server, other):  # also where the key was not made
        await gateway.call("GET", "/api/v1/sources", status=200, key=made["key"])

    await server.call("DELETE", f"{KEYS}/{made['id']}", status=204)

    await server.call("GET", "/api/v1/sources", status=401, key=made["key"])
    await server.call("DELETE", f"{KEYS}/{made['id']}", status=404)


async def test_only_admins_create_and_delete_sources_and_keys(server: Server, folder_source: str) -> None:
    key = (await make_key(server))["key"]

    await server.call("POST", "/api/v1/sources", status=403, key=key, json={})
    await server.call("DELETE", f"/api/v1/sources/{folder_source}", status=403, key=key)
    await server.call("GET", KEYS, status=403, key=key)
    await server.call("POST", KEYS, status=403, key=key, json={"name": "more"})

    await server.call("GET", f"/api/v1/sources/{folder_source}", status=200, key=key)
    path = f"/api/v1/sources/{folder_source}/invocations"
    await server.call("POST", path, status=201, key=key, json={"target_collection_name": "notes"})


async def test_a_limited_key_sees_only_its_databases(server: Server, folder_source: str, roots: Path) -> None:
    key = (await make_key(server, admin=True, databases=["elsewhere"]))["key"]
    run_id = await create_run(server, folder_source)

    assert await server.call("GET", "/api/v1/sources", status=200, key=key) == []
    assert await server.call("GET", "/api/v1/invocations", status=200, key=key) == []
    for path in (
        f"/api/v1/sources?database_name={DATABASE}",
        f"/api/v1/sources/{folder_source}",
        f"/api/v1/invocations/{run_id}",
        f"/api/v1/invocations/{run_id}/documents",
    ):
        await server.call("GET", path, status=403, key=key)
    body = {"folder": {"path": str(roots)}, "database_name": DATABASE}
    await server.call("POST", "/api/v1/sources", status=403, key=key, json=body)
    await server.call("PUT", f"/api/v1/invocations/{run_id}", status=403, key=key)
    await server.call("POST", KEYS, status=403, key=key, json={"name": "wider"})


@pytest.mark.parametrize("tenant", ["../x", "..", ".", "a/b", "a\\b", "a\nb", "a\x7fb"])
async def test_a_tenant_that_cannot_be_in_chroma_gets_no_key(server: Server, tenant: str) -> None:
    refused = await server.call("POST", KEYS, status=400, json={"name": "x", "tenant": tenant})
    assert "tenant" in refused["message"]


async def test_tenants_do_not_see_each_other(server: Server, folder_source: str) -> None:
    made = await make_key(server, admin=True, tenant="other_tenant")
    assert made["tenant"] == "other_tenant"
    run_id = await create_run(server, folder_source)

    async def theirs(path: str, status: int) -> Any:
        return await server.call("GET", path, status=status, key=made["key"])

    assert await theirs("/api/v1/sources", 200) == []
    assert await theirs("/api/v1/invocations", 200) == []
    await theirs(f"/api/v1/sources/{folder_source}", 404)
    await theirs(f"/api/v1/invocations/{run_id}", 404)
    assert {key["tenant"] for key in await theirs(KEYS, 200)} == {"other_tenant"}
    body = {"name": "x", "tenant": "default_tenant"}
    await server.call("POST", KEYS, status=403, key=made["key"], json=body)
    mine = await make_key(server)
    await server.call("DELETE", f"{KEYS}/{mine['id']}", status=404, key=made["key"])


async def test_the_admin_key_is_not_in_the_configuration_as_it_is_printed(server: Server) -> None:
    assert ADMIN_KEY not in repr(server.gateway)


async def test_a_source_of_another_database_needs_its_own_scope(server: Server, roots: Path) -> None:
    key = (await make_key(server, admin=True, databases=[DATABASE]))["key"]
    (roots / "scoped").mkdir()
    source_id = await create_folder_source(server, roots / "scoped")
    await server.call("GET", f"/api/v1/sources/{source_id}", status=200, key=key)
    await server.call("DELETE", f"/api/v1/sources/{source_id}", status=204, key=key)


async def test_tenants_that_share_one_of_chroma_do_not_share_their_databases(
    server: Server, start: Start
) -> None:
    kept = f"/api/v2/tenants/default_tenant/databases/{DATABASE}/collections"
    other = (await make_key(server, tenant="other"))["key"]
    one = await start(chroma=ChromaAccess(server.gateway.chroma.url, tenant="default_tenant"))

    for path in (kept, "/api/v1/sources", "/api/v2/tenants/default_tenant/databases"):
        await one.call("GET", path, status=200)
        refused = await one.call("GET", path, status=403, key=other)
        assert "HEADRACE_CHROMA_TENANT" in refused["message"]
    await one.call("POST", KEYS, status=403, json={"name": "more", "tenant": "other"})

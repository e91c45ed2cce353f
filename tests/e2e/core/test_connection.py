# Connections with nats-py: who gets in, what INFO says, what a restart looks like.
import asyncio
import json
import urllib.request

import nats
import pytest
from nats_clients import connect

pytestmark = pytest.mark.both("nats-server")


async def connect_error(**options):
    """The error texts with which the server refuses such a connection."""
    seen = []

    async def keep(error):
        seen.append(str(error))

    with pytest.raises(Exception):
        await nats.connect(allow_reconnect=False, connect_timeout=5, error_cb=keep, max_reconnect_attempts=1, **options)
    return seen


async def test_info_says_what_clients_gate_features_on(server, nats_client):
    info = nats_client._server_info
    assert info["version"].startswith("2.15.")
    assert info["proto"] == 1
    assert info["headers"] is True
    assert info["jetstream"] is True
    assert info["max_payload"] == 1048576
    assert info["port"] == server.nats_port
    assert info["client_ip"] == "127.0.0.1"
    assert len(info["server_id"]) == 56 and info["server_id"][0] == "N"


async def test_client_ids_differ(nats_client, second_client):
    assert nats_client.client_id != second_client.client_id


@pytest.mark.config('authorization { user: "ada", password: "lovelace" }')
async def test_user_and_password(server):
    client = await connect(server, user="ada", password="lovelace")
    await client.flush()
    await client.close()
    for wrong in ({}, {"user": "ada", "password": "wrong"}, {"user": "bob", "password": "lovelace"}):
        assert any("Authorization Violation" in text for text in await connect_error(servers=server.nats_url, **wrong)), wrong


@pytest.mark.config('authorization { token: "s3cret" }')
async def test_token(server):
    client = await connect(server, token="s3cret")
    await client.flush()
    await client.close()
    assert any("Authorization Violation" in text for text in await connect_error(servers=server.nats_url, token="wrong"))


async def test_a_client_reconnects_to_a_restarted_server(server):
    again = asyncio.Event()

    async def on_reconnect():
        again.set()

    client = await connect(server, allow_reconnect=True, reconnect_time_wait=0.05, max_reconnect_attempts=-1, reconnected_cb=on_reconnect)
    subscription = await client.subscribe("after")
    await client.flush()
    server.restart_on_same_port()
    await asyncio.wait_for(again.wait(), 30)
    await client.publish("after", b"restart")
    assert (await subscription.next_msg(timeout=10)).data == b"restart"
    await client.close()


async def test_varz_counts_what_was_done(server, nats_client):
    await nats_client.publish("counted", b"12345")
    await nats_client.flush()
    with urllib.request.urlopen(server.monitoring_url + "/varz") as answer:
        varz = json.load(answer)
    assert varz["connections"] == 1
    assert varz["in_msgs"] == 1
    assert varz["in_bytes"] == 5
    assert varz["version"].startswith("2.15.")


@pytest.mark.one_shard
async def test_healthz(server):
    with urllib.request.urlopen(server.monitoring_url + "/healthz") as answer:
        assert json.load(answer) == {"status": "ok"}

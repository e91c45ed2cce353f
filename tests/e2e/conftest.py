# The fixtures of all end-to-end tests: `server`, a process of the test's own, and names that no other test uses.
import os
import re

import pytest
import servers
from nats_clients import connect

PEER = os.environ.get("FIRTH_PEER", "")
LONG = os.environ.get("FIRTH_LONG") == "yes"


def is_chosen(item):
    """With FIRTH_PEER only the tests that promise to hold there are left; those that take minutes are asked for."""
    holds_there = not PEER or any(PEER in mark.args for mark in item.iter_markers("both"))
    return holds_there and (LONG or not any(item.iter_markers("long")))


def pytest_collection_modifyitems(config, items):
    chosen = [item for item in items if is_chosen(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


def pytest_generate_tests(metafunc):
    """Every test of Firth runs with one and with two shards; a real server has no shards."""
    if "shards" not in metafunc.fixturenames:
        return
    counts = [1] if PEER or any(metafunc.definition.iter_markers("one_shard")) else [1, 2]
    metafunc.parametrize("shards", counts, ids=[PEER or f"shards={count}" for count in counts], indirect=True)


@pytest.fixture
def shards(request):
    return request.param


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory):
    """One real broker for all tests: it takes seconds to start, and every test uses topics of its own."""
    with servers.make("kafka", tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture
def server(request, shards, tmp_path):
    """A running server on an empty directory: Firth, or what FIRTH_PEER names. kill(), stop(), start(), restart() keep the data."""
    if PEER == "kafka":
        yield request.getfixturevalue("kafka_broker")
        return
    config = "\n".join(mark.args[0] for mark in request.node.iter_markers("config"))
    options = {} if PEER else {"shards": shards}
    instance = servers.make(PEER or "firth", tmp_path / "server", config=config, **options)
    request.node.server = instance
    with instance:
        yield instance


@pytest.fixture
def name(request):
    """A name that is a legal topic, stream, bucket and group, and no other test's."""
    return re.sub(r"[^A-Za-z0-9]+", "-", request.node.name).strip("-")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed and hasattr(item, "server"):
        report.sections.append(("log of the server", item.server.log()))
    return report


@pytest.fixture
async def nats_client(server):
    """A connected nats-py client."""
    client = await connect(server)
    yield client
    if not client.is_closed:
        await client.close()


@pytest.fixture
async def second_client(server, nats_client):
    """Another connection, so on the other shard where there are two."""
    client = await connect(server)
    yield client
    if not client.is_closed:
        await client.close()

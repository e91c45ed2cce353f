# Connections with nats-py as the tests want them: no reconnect unless asked for, and a flush that one can rely on.
from nats.aio.client import Client


class TestClient(Client):
    __test__ = False  # not a class of tests

    async def flush(self, timeout=10):
        """Returns when the server has handled everything sent before. nats-py 2.16 writes its PING past commands that still
        wait in its buffer; they are written before the PONG comes back, so only a second round trip covers them."""
        await super().flush(timeout)
        await super().flush(timeout)


async def connect(server, **options):
    client = TestClient()
    await client.connect(server.nats_url, **{"allow_reconnect": False, "connect_timeout": 10, **options})
    return client

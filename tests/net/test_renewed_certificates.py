"""Files of certificates are read once, and again as soon as there are other ones in their place."""

import shutil
import ssl
from ipaddress import ip_network

import hostile
import pytest
from certificates import self_signed

from hub.net import Client, Unreachable
from hub.net.pinning import Trust, tls_context

LOOPBACK = (ip_network("127.0.0.0/8"),)
DEADLINE = 20.0


@pytest.fixture
def two(tmp_path):
    """Two certificates of one name, neither of which vouches for the other."""
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    return self_signed(tmp_path / "old"), self_signed(tmp_path / "new")


def test_a_partner_that_renews_its_certificate_is_trusted_when_the_file_is_replaced(two, tmp_path):
    old, new = two
    trusted = tmp_path / "trusted.pem"
    shutil.copy(old, trusted)
    trust = Trust(str(trusted))
    client = Client(LOOPBACK, deadline=DEADLINE)
    with hostile.serving(hostile.good, tls=serving_with(new)) as server:
        url = server.url.replace("http:", "https:")
        with pytest.raises(Unreachable, match="tls"):
            client.request("GET", url, headers={}, trust=trust)
        shutil.copy(new, trusted)
        assert client.request("GET", url, headers={}, trust=trust).status == 200
    client.close()


def test_files_that_stay_are_read_once(two):
    trust = Trust(str(two[0]), str(two[0]))
    assert tls_context(trust) is tls_context(trust)


def serving_with(file):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context

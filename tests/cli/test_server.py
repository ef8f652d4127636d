"""The server of `hub serve`, as a process of its own that signals reach."""

import json
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

PATIENCE = 60
SLOW_ANSWER = textwrap.dedent(
    """
    import threading
    from hub.cli.process import when_told_to_stop
    from hub.cli.server import Server, listening

    asked = threading.Event()

    def application(environ, start_response):
        if environ["PATH_INFO"] == "/slow":
            print("begun", flush=True)
            asked.wait(10)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"answered " * 100_000]

    def stop():
        server.stop()
        print("stopping", flush=True)
        threading.Timer(0.3, asked.set).start()

    at = listening("127.0.0.1", 0)
    server = Server(application, at)
    when_told_to_stop(stop)
    print(at.getsockname()[1], flush=True)
    server.run()
    print("ended", flush=True)
    """
)


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", SLOW_ANSWER], stdout=subprocess.PIPE, text=True) as started:
        yield started
        started.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_request_under_way_is_answered_whole_before_the_server_stops(process, number):
    port = said(process)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(requests.get, f"http://127.0.0.1:{port}/slow", timeout=PATIENCE)
        assert said(process) == "begun"
        process.send_signal(number)
        assert said(process) == "stopping"
        assert len(answer.result().content) == 900_000
    assert said(process) == "ended"
    assert process.wait(PATIENCE) == 0


def test_no_connection_is_taken_while_the_server_stops(process):
    port = int(said(process))
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(requests.get, f"http://127.0.0.1:{port}/slow", timeout=PATIENCE)
        assert said(process) == "begun"
        process.send_signal(signal.SIGTERM)
        assert answer.result().ok
    assert process.wait(PATIENCE) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def test_an_idle_connection_does_not_hold_the_server_up(process):
    port = said(process)
    with requests.Session() as idle:
        assert idle.get(f"http://127.0.0.1:{port}/", timeout=PATIENCE).ok
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def test_slow_connections_keep_nobody_out(process):
    port = int(said(process))
    slow = [socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) for _ in range(150)]
    for connection in slow:
        connection.sendall(b"PUT / HTTP/1.1\r\nHost: hub\r\nContent-Length: 100\r\n\r\n{")
    assert requests.get(f"http://127.0.0.1:{port}/", timeout=PATIENCE).ok  # while all of them are still open
    for connection in slow:
        connection.close()


def test_a_body_beyond_all_measure_is_refused_without_being_read(process):
    port = int(said(process))
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: hub\r\nContent-Length: 50000000\r\n\r\n")
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 413")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status_code"] == 2001  # TR-13

# SPDX-License-Identifier: Apache-2.0
"""What stands where Ray is looked for, and is no Ray."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

import pytest

from runners.platforms.ray_api import Cluster, RefusedError, SilentError

_TEXT = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nContent-Type: text/plain\r\n\r\n# HELP a_sum"


def _ask(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with suppress(OSError), server.accept()[0] as connection:
                connection.recv(65536)
                connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            Cluster(f"http://127.0.0.1:{server.getsockname()[1]}").refresh()
        finally:
            thread.join()


@pytest.mark.parametrize("said", [b"SSH-2.0-server\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n[]"])
def test_a_server_that_gives_no_whole_answer_is_told_with_its_address(said: bytes) -> None:
    with pytest.raises(SilentError, match="gave no answer") as told:
        _ask(said)

    assert told.value.where.startswith("http://127.0.0.1:")
    assert "--ray-address" in told.value.remedy


def test_a_server_of_another_kind_is_no_ray() -> None:
    with pytest.raises(RefusedError, match="no Ray"):
        _ask(_TEXT)

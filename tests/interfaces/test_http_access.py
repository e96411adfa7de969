# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import socket

from interfaces.http_access import address_of, listen


def test_answers_in_several_parts_wait_for_no_acknowledgement() -> None:
    async def play() -> int:
        listener = listen(address_of("127.0.0.1:0", "--listen"), "--listen")
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            found.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(accepted, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            no_delay = await found
            writer.close()
            return no_delay

    assert asyncio.run(play())

"""Runs the simulated SMTP and IMAP servers on an event loop of their own, beside the web process."""

import asyncio
import logging
import threading
from dataclasses import replace

from core.logs import logger
from simulators.imap import Connection
from simulators.postoffice import PostOffice

log = logger("simulators")


class MailServer:
    """Both servers of one world. A port that is taken leaves the world without mail, and says so."""

    def __init__(self, post: PostOffice) -> None:
        self.post = post
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._servers: list[asyncio.Server] = []

    def start(self) -> bool:
        """Listen where the configuration says; whether that worked."""
        config = self.post.exchange.config
        if config.smtp is None or config.imap is None:
            return False
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd's, which tells of every command
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulated-mail", daemon=True)
        self._thread.start()
        try:
            smtp, imap = asyncio.run_coroutine_threadsafe(self._listen(config.smtp, config.imap), self._loop).result(10)
        except OSError as error:
            log.warning("no_simulated_mail", why=str(error))
            self.close()
            return False
        self.post.exchange.config = replace(config, smtp=smtp, imap=imap)
        return True

    def close(self) -> None:
        """Stop listening and hang up."""
        loop, self._loop = self._loop, None
        if loop is None:
            return
        asyncio.run_coroutine_threadsafe(self._shut(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        if self._thread is not None:
            self._thread.join(5)
        loop.close()

    async def _listen(self, smtp: tuple[str, int], imap: tuple[str, int]) -> tuple[tuple[str, int], tuple[str, int]]:
        from simulators.smtp import Server  # aiosmtpd is loaded only where the server really runs

        loop = asyncio.get_running_loop()
        self._servers.append(await loop.create_server(lambda: Server(self.post), *smtp))
        self._servers.append(await asyncio.start_server(self._client, *imap, limit=2**20))
        (a, b) = (server.sockets[0].getsockname()[:2] for server in self._servers)
        return (a[0], a[1]), (b[0], b[1])

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Connection(self.post, reader, writer).serve()

    async def _shut(self) -> None:
        for server in self._servers:
            server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

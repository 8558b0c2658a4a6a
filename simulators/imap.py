"""The mailbox that Ombud reads: as much of IMAP4rev1 (RFC 3501, with IDLE and MOVE) as a client needs."""

import asyncio
import re
from dataclasses import dataclass, field
from email import message_from_bytes

from simulators.faults import FaultKind
from simulators.postoffice import INBOX, Letter, PostOffice

CAPABILITIES = "IMAP4rev1 IDLE MOVE UIDPLUS"
_WORD = re.compile(rb'"((?:[^"\\]|\\.)*)"|\(([^)]*)\)|(\S+)')
_LITERAL = re.compile(rb"\{(\d+)\+?\}\r\n$")
_PART = re.compile(r"BODY(?:\.PEEK)?\[(HEADER)?\](?:<0\.(\d+)>)?", re.IGNORECASE)


class Hangup(Exception):
    """The line is cut, as ordered."""


@dataclass
class Connection:
    """One client. `folder` is the one selected."""

    post: PostOffice
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    signed_in: bool = False
    folder: str = ""
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self) -> None:
        """Greet, then answer commands until the client leaves."""
        loop = asyncio.get_running_loop()

        def told() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self.news.set)

        self.post.listeners.add(told)
        try:
            await self.say("* OK Ombud simulator ready")
            while (line := await self.line()) and await self.answer(line):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, Hangup):
            self.writer.transport.abort()
        finally:
            self.post.listeners.discard(told)
            self.writer.close()

    async def line(self) -> bytes:
        """One command, with the literals that belong to it; empty at the end."""
        whole = await self.reader.readline()
        while (found := _LITERAL.search(whole)) is not None:
            await self.say("+ go on")
            literal = await self.reader.readexactly(int(found.group(1)))
            quoted = literal.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
            whole = whole[: found.start()] + b'"' + quoted + b'"' + await self.reader.readline()
        return whole

    async def say(self, text: str, literal: bytes | None = None, after: str = "") -> None:
        """One response; `literal` are bytes in its middle."""
        body = text.encode() + (f" {{{len(literal)}}}\r\n".encode() + literal if literal is not None else b"")
        self.writer.write(body + after.encode() + b"\r\n")
        await self.writer.drain()

    async def answer(self, line: bytes) -> bool:
        """Do one command; False when it was the last."""
        words = [_unquoted(found) for found in _WORD.finditer(line.strip())]
        tag, command, rest = (words[0], words[1].upper(), words[2:]) if len(words) > 1 else ("*", "", [])
        if command == "UID" and rest:
            command, rest = f"UID {rest[0].upper()}", rest[1:]
        match command:
            case "CAPABILITY":
                await self.say(f"* CAPABILITY {CAPABILITIES}")
            case "LOGIN":
                return await self.login(tag, rest)
            case "LOGOUT":
                await self.say("* BYE")
                await self.say(f"{tag} OK")
                return False
            case "NOOP" | "CLOSE" | "SUBSCRIBE":
                pass
            case _ if not self.signed_in:
                await self.say(f"{tag} NO Sign in first")
                return True
            case "SELECT" | "EXAMINE":
                return await self.select(tag, rest[0] if rest else INBOX)
            case "CREATE":
                self.post.folders.setdefault(rest[0], [])
            case "LIST":
                for name in list(self.post.folders):
                    await self.say(f'* LIST () "/" "{name}"')
            case "EXPUNGE":
                await self.expunge()
            case "IDLE":
                await self.idle()
            case "UID SEARCH":
                found = " ".join(str(letter.uid) for _, letter in self.letters() if _matches(letter, rest))
                await self.say(f"* SEARCH {found}".rstrip())
            case "UID FETCH":
                await self.fetch(rest[0], " ".join(rest[1:]))
            case "UID STORE":
                await self.store(rest)
            case "UID COPY" | "UID MOVE":
                await self.copy(rest, move=command.endswith("MOVE"))
            case _:
                await self.say(f"{tag} BAD Not known here: {command[:20]}")
                return True
        await self.say(f"{tag} OK {command.title()} completed")
        return True

    async def login(self, tag: str, rest: list[str]) -> bool:
        password = self.post.exchange.config.mail_password
        refused = self.post.exchange.faults.take("email", "imap", FaultKind.unauthorized)
        self.signed_in = not refused and (not password or rest[1:2] == [password])
        word = "OK Welcome" if self.signed_in else "NO [AUTHENTICATIONFAILED] Wrong name or password"
        await self.say(f"{tag} {word}")
        return True

    async def select(self, tag: str, name: str) -> bool:
        if name not in self.post.folders:
            await self.say(f"{tag} NO [NONEXISTENT] There is no such folder")
            return True
        self.folder = name
        await self.say("* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft)")
        await self.say(f"* {len(self.letters())} EXISTS")
        await self.say("* 0 RECENT")
        await self.say(f"* OK [UIDVALIDITY {self.post.uid_validity}] valid")
        await self.say(f"{tag} OK [READ-WRITE] Selected")
        return True

    def letters(self) -> list[tuple[int, Letter]]:
        """The selected folder's mails with their place in it."""
        with self.post.lock:
            return list(enumerate(self.post.folders.get(self.folder, []), start=1))

    def chosen(self, numbers: str) -> list[tuple[int, Letter]]:
        """The mails of a set of uids, as 1,3:5 or 7:*."""
        letters = self.letters()
        top = max((letter.uid for _, letter in letters), default=0)
        wanted: set[int] = set()
        for part in numbers.split(","):
            first, _, last = part.partition(":")
            ends = [top if end == "*" else int(end) for end in (first, last or first) if end == "*" or end.isdigit()]
            if len(ends) == 2:
                wanted.update(range(min(ends), min(max(ends), top) + 1))
        return [(place, letter) for place, letter in letters if letter.uid in wanted]

    async def fetch(self, numbers: str, items: str) -> None:
        for place, letter in self.chosen(numbers):
            said = [f"UID {letter.uid}"]
            if "RFC822.SIZE" in items.upper():
                said.append(f"RFC822.SIZE {len(letter.raw)}")
            if "FLAGS" in items.upper():
                said.append(f"FLAGS ({' '.join(sorted(letter.flags))})")
            part = _PART.search(items)
            if part is None:
                await self.say(f"* {place} FETCH ({' '.join(said)})")
                continue
            raw = re.split(rb"\r?\n\r?\n", letter.raw, maxsplit=1)[0] + b"\r\n\r\n" if part.group(1) else letter.raw
            name = "BODY[HEADER]" if part.group(1) else "BODY[]"
            if part.group(2):
                raw, name = raw[: int(part.group(2))], name + "<0>"
            if ".PEEK" not in part.group(0).upper():
                letter.flags.add("\\Seen")
            await self.say(f"* {place} FETCH ({' '.join(said)} {name}", raw, ")")

    async def store(self, rest: list[str]) -> None:
        if self.post.exchange.faults.take("email", "imap", FaultKind.silent):
            raise Hangup
        flags = set(" ".join(rest[2:]).split())
        for place, letter in self.chosen(rest[0]):
            letter.flags = letter.flags - flags if rest[1].startswith("-") else letter.flags | flags
            await self.say(f"* {place} FETCH (UID {letter.uid} FLAGS ({' '.join(sorted(letter.flags))}))")

    async def copy(self, rest: list[str], *, move: bool) -> None:
        for _, letter in self.chosen(rest[0]):
            self.post.put(letter.raw, rest[1])
            if move:
                letter.flags.add("\\Deleted")
        if move:
            await self.expunge()

    async def expunge(self) -> None:
        gone = [place for place, letter in self.letters() if "\\Deleted" in letter.flags]
        with self.post.lock:
            kept = [letter for letter in self.post.folders[self.folder] if "\\Deleted" not in letter.flags]
            self.post.folders[self.folder] = kept
        for place in reversed(gone):
            await self.say(f"* {place} EXPUNGE")

    async def idle(self) -> None:
        """Tell of new mail until the client says DONE."""
        self.news.clear()
        await self.say("+ idling")
        done = asyncio.ensure_future(self.reader.readline())
        while not done.done():
            heard = asyncio.ensure_future(self.news.wait())
            await asyncio.wait([done, heard], return_when=asyncio.FIRST_COMPLETED)
            heard.cancel()
            if self.news.is_set():
                self.news.clear()
                await self.say(f"* {len(self.letters())} EXISTS")
        done.result()


def _unquoted(found: "re.Match[bytes]") -> str:
    quoted, grouped, plain = found.groups()
    if quoted is not None:
        return re.sub(rb"\\(.)", rb"\1", quoted).decode("utf-8", "replace")
    return (grouped if grouped is not None else plain).decode("utf-8", "replace")


def _matches(letter: Letter, criteria: list[str]) -> bool:
    words = list(criteria)
    while words:
        word = words.pop(0).strip("()").upper()
        if word == "HEADER" and len(words) > 1:
            name, value = words.pop(0), words.pop(0)
            if value not in str(message_from_bytes(letter.raw).get(name, "")):
                return False
        elif word == "CHARSET" and words:
            words.pop(0)
        elif " " in word:
            words = word.split() + words
        elif (word in ("UNSEEN", "UNDELETED") and f"\\{word[2:].title()}" in letter.flags) or (
            word in ("SEEN", "DELETED") and f"\\{word.title()}" not in letter.flags
        ):
            return False
    return True

"""The words of a mail, whatever it was written in: wrong charsets, encoded headers, HTML alone, flowed lines.

Nothing here raises: a mail that cannot be read well is read as well as it can be.
"""

import re
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from html import unescape

HTML_LIMIT = 400_000
"""Characters of HTML that are read; people's words are not longer."""
TEXT_BYTES = 400_000
_ALIASES = {"cp-1251": "cp1251", "windows1251": "cp1251", "x-cp1251": "cp1251", "win-1251": "cp1251", "ansi": "cp1252"}
_ALIASES |= {"iso-8859-8-i": "iso-8859-8", "x-gbk": "gbk", "unicode-1-1-utf-7": "utf-7", "x-sjis": "shift_jis"}
_UNSURE = frozenset(
    {"", "ascii", "us-ascii", "iso-8859-1", "latin-1", "latin1", "cp1252", "windows-1252", "utf-8", "utf8"}
)
"""Charsets that mail programs also write where they do not know."""
_MANY_BYTES = re.compile(r"utf-?(?:16|32|7)|iso-2022|hz", re.IGNORECASE)
_CYRILLIC = re.compile("[а-яё]")
_CYRILLIC_LARGE = re.compile("[А-ЯЁ]")
_ACCENTED = re.compile("[ß-öø-ÿ]")


def decode(data: bytes, charset: str) -> str:
    """Bytes as text: by the charset they name where that holds, else by the one that makes words of them."""
    if data.isascii() and not _MANY_BYTES.match(charset):
        return data.decode("ascii")
    named = _ALIASES.get(charset.strip().strip("'\"").lower(), charset.strip().strip("'\"").lower())
    if not _MANY_BYTES.match(named):
        try:
            return data.decode("utf-8")  # text in another charset is hardly ever valid UTF-8 by chance
        except UnicodeDecodeError:
            pass
    if named not in _UNSURE:
        try:
            return data.decode(named)
        except (LookupError, UnicodeError, ValueError):
            pass
    return _guessed(data, named)


def _guessed(data: bytes, named: str) -> str:
    """Russian and Western one-byte charsets, by which letters they give: Russian is mostly small Cyrillic letters."""
    sample = data[:4000]
    readings = {charset: sample.decode(charset, "replace") for charset in ("cp1251", "koi8-r", "iso-8859-5")}
    scores = {c: len(_CYRILLIC.findall(t)) - 2 * len(_CYRILLIC_LARGE.findall(t)) for c, t in readings.items()}
    best = max(scores, key=lambda charset: scores[charset])
    foreign = sum(byte > 0x7F for byte in sample)
    letters = sum(byte > 0x7F or chr(byte).isalpha() for byte in sample)
    if scores[best] > foreign * 0.5 and foreign * 3 > letters:
        return data.decode(best, "replace")
    if foreign and len(_ACCENTED.findall(sample.decode("cp1252", "replace"))) * 2 >= foreign:
        return data.decode("cp1252", "replace")
    try:
        return data.decode(named or "utf-8", "replace")
    except (LookupError, UnicodeError, ValueError):
        return data.decode("utf-8", "replace")


def raw_header(message: Message, name: str, limit: int = 10_000) -> str:
    """A header as it was written, bytes that nobody encoded as surrogates; empty where it is missing."""
    wanted = name.lower()
    return next((str(value)[:limit] for key, value in message.raw_items() if key.lower() == wanted), "")


def header(message: Message, name: str, limit: int = 1000) -> str:
    """A header in words, on one line; empty where it is missing."""
    return words(raw_header(message, name), limit)


def words(raw: str, limit: int = 1000) -> str:
    """An encoded header value (RFC 2047) in words, on one line."""
    text = raw[: limit * 8]
    parts: list[str] = []
    try:
        decoded = decode_header(text)
    except (HeaderParseError, ValueError, IndexError, AttributeError):
        decoded = [(text, None)]
    for part, charset in decoded:
        if isinstance(part, bytes):
            parts.append(decode(part, charset or ""))
        else:
            parts.append(part)
    whole = "".join(parts)
    if any("\udc80" <= letter <= "\udcff" for letter in whole):  # bytes that were never encoded
        whole = decode(whole.encode("utf-8", "surrogateescape"), "")
    return " ".join(whole.split())[:limit]


def part_text(part: Message) -> str:
    """The words of one text part: decoded, its flowed lines joined, its HTML as plain text."""
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        payload = None
    if payload is None:
        payload = str(part.get_payload() or "").encode("utf-8", "surrogateescape")
    data = payload if isinstance(payload, bytes) else b""
    text = decode(data[:TEXT_BYTES], parameter(part, "charset")).replace("\r\n", "\n").replace("\r", "\n")
    if part.get_content_type() == "text/html":
        return html_text(text)
    if parameter(part, "format").lower() == "flowed":
        return unflow(text, joined=parameter(part, "delsp").lower() == "yes")
    return text


def parameter(part: Message, name: str) -> str:
    """A parameter of the content type as plain text; empty where it is missing or broken."""
    try:
        value = part.get_param(name, "")
    except (ValueError, IndexError, AttributeError, TypeError):
        return ""
    return value[2] if isinstance(value, tuple) else str(value or "")


def unflow(text: str, *, joined: bool) -> str:
    """Lines that a mail program broke, put together again (RFC 3676); quotes and signatures stay as they are."""
    done: list[str] = []
    open_depth: int | None = None
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        words_ = line[depth:].removeprefix(" ")
        flows = words_.endswith(" ") and words_ != "-- "
        body = words_[:-1] if flows and joined else words_
        if open_depth == depth and words_ != "-- ":
            done[-1] += body
        else:
            done.append((">" * depth + " " if depth else "") + body)
        open_depth = depth if flows else None
    return "\n".join(line.rstrip() if line != "-- " else line for line in done)


_BLOCKS = frozenset(
    "p div tr ul ol table section article header footer h1 h2 h3 h4 h5 h6 pre address dl dt dd form center".split()
)
_SILENT = frozenset("style script head title template noscript svg".split())
_BREAKS = re.compile(r"[ \t\r\n\f\u00a0]+")


_TOKEN = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:]{0,20}+)[^<>]{0,8000}+>|<[!?/][^<>]{0,8000}+>|([^<]+)|<")
"""A tag, a declaration, text, or a lone `<`; each matches in one way only, so hostile HTML costs no more than any."""


class _Plain:
    """HTML as the plain text somebody would read out: blocks on lines of their own, quotes behind `>`."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.quotes = 0
        self.silent = 0

    def start(self, tag: str) -> None:
        """A tag opens."""
        if tag in _SILENT:
            self.silent += 1
        elif tag == "body":
            self.silent = 0  # a head that was never closed
        elif tag == "br":
            self._end_line()
        elif tag == "hr":
            self._block()
            self.lines.append("_" * 32)
        elif tag == "blockquote":
            self._block()
            self.quotes += 1
        elif tag == "li":
            self._block()
            self.line.append("- ")
        elif tag in ("td", "th") and self.line:
            self.line.append(" ")
        elif tag in _BLOCKS:
            self._block(gap=tag == "p")

    def end(self, tag: str) -> None:
        """A tag closes."""
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag == "blockquote":
            self._block()
            self.quotes = max(0, self.quotes - 1)
        elif tag in _BLOCKS or tag == "li":
            self._block(gap=tag == "p")

    def say(self, text: str) -> None:
        """Words between tags."""
        if self.silent:
            return
        text = _BREAKS.sub(" ", text)
        if not self.line:
            text = text.lstrip()
            if text and self.quotes:
                text = "> " * min(self.quotes, 5) + text
        if text:
            self.line.append(text)

    def text(self) -> str:
        """All that was said."""
        self._end_line()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self.lines)).strip()

    def _end_line(self) -> None:
        self.lines.append("".join(self.line).rstrip())
        self.line = []

    def _block(self, *, gap: bool = False) -> None:
        if any(part.strip() for part in self.line):
            self._end_line()
        if gap and self.lines and self.lines[-1]:
            self.lines.append("")


def html_text(html: str) -> str:
    """HTML as plain text."""
    plain = _Plain()
    for token in _TOKEN.finditer(_without_comments(html[:HTML_LIMIT])):
        closing, tag, text = token.groups()
        if tag:
            (plain.end if closing else plain.start)(tag.lower())
        elif text or token.group() == "<":
            plain.say(unescape(text or "<"))
    return plain.text()


def _without_comments(html: str) -> str:
    kept, place = [], 0
    while (begin := html.find("<!--", place)) >= 0:
        kept.append(html[place:begin])
        end = html.find("-->", begin + 4)
        place = end + 3 if end >= 0 else len(html)
    return "".join([*kept, html[place:]])

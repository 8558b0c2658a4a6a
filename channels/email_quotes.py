"""Of a reply, the words that are new: quoted history and signature lines are cut.

Line by line and by marks that only mail programs make, in the languages mail programs write here. Where it is not
plain what is new, everything stays: a repeated line costs a reader a second, a lost one may be the whole complaint.
"""

import re

SIGNATURE = 8
"""Lines a signature has at most."""
LINES = 4000
"""Lines looked at; what is longer than that is no reply."""

_MARK = re.compile(
    r"^\s*[-_=]{2,}\s*(?:original (?:message|appointment)|reply message|mesazhi origjinal|mesazh origjinal|"
    r"исходное сообщение|оригинальное сообщение|мূল বার্তা|মূল বার্তা|আসল বার্তা|"
    r"ursprüngliche nachricht|messaggio originale|message d'origine|mensaje original)\s*[-_=]{2,}\s*$",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"^\s*(?:[-_=]{2,}\s*(?:forwarded message|forwarded by .{0,80}|mesazhi i përcjellë|mesazh i përcjellë|"
    r"пересылаемое сообщение|пересланное сообщение|ফরোয়ার্ড করা বার্তা|ফরওয়ার্ড করা বার্তা|weitergeleitete nachricht|"
    r"messaggio inoltrato)\s*[-_=]{2,}|begin forwarded message:)\s*$",
    re.IGNORECASE,
)
_FORWARD_SUBJECT = re.compile(r"^\s*(?:fwd?|wg|i|fw|përcj|пересл)\s*:", re.IGNORECASE)
_WROTE = re.compile(
    r"(?:\bwrote|\bshkroi|\bka shkruar|লিখেছেন|লিখেছে|লিখেছিলেন|\bпиш[еу]т|\bнаписал(?:а|\(а\))?|\bschrieb|"
    r"\bha scritto|\ba écrit|\bescribió).{0,80}:\s*$",
    re.IGNORECASE | re.DOTALL,
)
_BEGINS = re.compile(r"^\s*(?:on|më|me|në|am|il|le|el|[\w\u0980-\u09ff]+[.,]|\d{1,4}[./ -])", re.IGNORECASE)
_ADDRESSED = re.compile(r"[<\[(]?[\w.+-]{1,80}@[\w.-]{1,200}[>\])]?.{0,40}:\s*$", re.DOTALL)
_CLOCK = re.compile(r"[\d০-৯]{1,2}[:.][\d০-৯]{2}")
_FROM = re.compile(r"^[\s>*_]*(?:from|nga|от|প্রেরক|von|da|de)\s*[*_]*\s*:", re.IGNORECASE)
_LABEL = re.compile(
    r"^[\s>*_]*(?:from|sent|to|cc|subject|date|importance|nga|dërguar|derguar|për|per|kujt|tek|subjekti|tema|lënda|"
    r"data|kopje|от|отправлено|кому|копия|тема|дата|প্রেরক|প্রেরিত|পাঠানো|প্রাপক|প্রতি|বিষয়|বিষয়|তারিখ|von|gesendet|an|"
    r"betreff|datum|da|inviato|a|oggetto|de|envoyé|à|objet)\s*[*_]*\s*:",
    re.IGNORECASE,
)
_RULE = re.compile(r"^\s*_{10,}\s*$")
_QUOTED = re.compile(r"^\s{0,3}>")
_DEVICE = re.compile(
    r"^\s*(?:sent from (?:my|mail for|yahoo|outlook)|get outlook for|sent with|dërguar nga|derguar nga|"
    r"отправлено (?:с|из|от)|отправлено из мобильной|আমার .{1,30} থেকে পাঠানো|.{1,30} থেকে পাঠানো হয়েছে).{0,80}$",
    re.IGNORECASE,
)


def own_words(text: str, subject: str = "") -> str:
    """What the writer of this mail wrote; the whole where that cannot be told, or nothing would be left."""
    lines = text.split("\n")
    if len(lines) > LINES or _FORWARD_SUBJECT.match(subject) or any(map(_FORWARDED.match, lines)):
        return text.strip()
    cut = _without_history(lines)
    cut = _without_signature(cut)
    kept = "\n".join(cut).strip()
    return kept if any(letter.isalnum() for letter in kept) else text.strip()


def _without_history(lines: list[str]) -> list[str]:
    """Without the block a mail program put under or over the reply."""
    end = next((i for i, _ in enumerate(lines) if i and _starts_history(lines, i)), len(lines))
    above, below = lines[:end], lines[end:]
    if not below:
        above = lines
    quoted = [bool(_QUOTED.match(line)) for line in above]
    if not any(quoted):
        return above
    runs = _own_runs(above, quoted)
    if len(runs) > 1 and any(quoted[runs[0][1] : runs[-1][0]]):
        return above  # answers between quotes make sense only with them
    return [line for line, is_quote in zip(_without_attribution(above, quoted), quoted, strict=True) if not is_quote]


def _own_runs(lines: list[str], quoted: list[bool]) -> list[tuple[int, int]]:
    """Stretches of the writer's own lines between quotes, as (first, end); attributions and blanks are none."""
    runs: list[tuple[int, int]] = []
    plain = _without_attribution(lines, quoted)
    start: int | None = None
    for index in range(len(lines) + 1):
        inside = index < len(lines) and not quoted[index]
        if inside and start is None:
            start = index
        elif not inside and start is not None:
            words = [line.strip() for line in plain[start:index] if line.strip()]
            if words and words[0] != "--":
                runs.append((start, index))
            start = None
    return runs


def _without_attribution(lines: list[str], quoted: list[bool]) -> list[str]:
    """The same number of lines; those that only announce a quote ("… wrote:") are empty."""
    done = list(lines)
    for index, is_quote in enumerate(quoted):
        if not is_quote or (index and quoted[index - 1]):
            continue
        last = index - 1
        while last >= 0 and not lines[last].strip():
            last -= 1
        for first in range(last, max(last - 3, -1), -1):
            if _announces(" ".join(lines[first : last + 1]), before_quote=True):
                done[first : last + 1] = [""] * (last + 1 - first)
                break
    return done


def _starts_history(lines: list[str], index: int) -> bool:
    """Whether everything from here on is history that no `>` marks."""
    line = lines[index]
    if _MARK.match(line):
        return True
    if _RULE.match(line):
        following = [later for later in lines[index + 1 : index + 6] if later.strip()]
        return bool(following) and _header_block(following)
    if _FROM.match(line) and not _QUOTED.match(line):
        return _header_block([later for later in lines[index : index + 8] if later.strip()])
    if line.strip() and not _QUOTED.match(line) and (_BEGINS.match(line) or "@" in line):
        for end in (index + 1, index + 2, index + 3):
            rest = next((later for later in lines[end : end + 3] if later.strip()), "")
            if _announces(" ".join(lines[index:end]), before_quote=False) and not _QUOTED.match(rest):
                return True
    return False


def _header_block(lines: list[str]) -> bool:
    """From:, Sent:, To:, Subject: under each other, with an address or a time of day among them."""
    if not lines or not _FROM.match(lines[0]):
        return False
    labels = sum(bool(_LABEL.match(line)) for line in lines[:5])
    return labels >= 3 and bool(_CLOCK.search(" ".join(lines[:5])) or "@" in " ".join(lines[:5]))


def _announces(line: str, *, before_quote: bool) -> bool:
    """Whether a line says that somebody wrote what follows. Only before a quote an address and a time are enough."""
    line = line.strip()
    if not line.endswith(":") or len(line) > 300 or not any(letter.isdigit() for letter in line):
        return False
    if _WROTE.search(line):
        return before_quote or "@" in line  # without a quote under it, it may be the writer's own sentence
    return bool(_ADDRESSED.search(line) and _CLOCK.search(line))


def _only_signs(lines: list[str]) -> bool:
    """Whether lines under a `--` may be a signature: few and short, and no sentences."""
    said = [line.strip() for line in lines if line.strip()]
    return len(said) <= SIGNATURE and all(len(line) <= 90 and not line.endswith((".", "?", "।")) for line in said)


def _without_signature(lines: list[str]) -> list[str]:
    """Without what stands under `-- `, and without the line a telephone adds; closing words and names stay."""
    for index, line in enumerate(lines):
        if index and line.strip("\u00a0 ") == "--" and any(one.strip() for one in lines[:index]):
            if _only_signs(lines[index + 1 :]):
                lines = lines[:index]
            break
    last = len(lines) - 1
    while last > 0 and not lines[last].strip():
        last -= 1
    if last > 0 and _DEVICE.match(lines[last]):
        lines = lines[:last]
    return lines

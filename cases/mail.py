"""E-mail: kept durably with its files, then taken for what it is: more of a case, an answer to a survey, a new case."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from cases import attachments, consent, lifecycle, solved, status, surveyed
from cases.arriving import belongs_apart, open_apart, open_from
from cases.contacts import HELP_WORDS, find_or_make, word_of
from cases.inbox import row_of, store
from channels.email import message_of
from channels.email_parse import Mail, parse_mail
from channels.mailbox import Fetched
from channels.values import Channel
from core import doorbell
from core.crypto import decrypt
from core.database import after_commit, database
from core.errors import BadInput
from core.i18n import translator
from core.ids import find_reference
from core.settings import settings
from core.texts import clean
from domain.case import Case
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage
from domain.outbox import OutboundMessage
from domain.states import EntryKind, InboxState, Purpose
from domain.timeline import append
from domain.visibility import names_citizen
from nlp import language as languages
from notifications import compose, letters, outbox
from surveys import conversation as surveying
from surveys.answers import Taken

REPEATED = timedelta(days=1)
"""The same words from the same address within this time are the same matter: an answering machine, a second click."""
SIGNATURE_LINES = 4
_ANSWERED = re.compile(r"^\s*(?:re|fwd?|aw|wg|sv|ri|i|отв|ответ|пересл|përgj|উত্তর)\s*(?:\[\d+\])?:\s*", re.IGNORECASE)


# -- keeping --------------------------------------------------------------------------------------------------------


def keep(fetched: Fetched, now: datetime) -> None:
    """Store one mail and its files, all or nothing, and commit. A mail that was stored before changes nothing."""
    whole = fetched.size <= len(fetched.raw)
    mail = parse_mail(fetched.raw, address=settings().mail_address, size=None if whole else fetched.size, now=now)
    row = row_of(mail.value, now)
    with database().write() as session:
        if _known(session, row["account"], row["provider_id"]):
            return
        row["details"] |= _keep_files(session, mail, str(row["provider_id"]), now)
        store(session.connection(), [row])
        after_commit(session, lambda: doorbell.ring(doorbell.INBOX))


def _known(session: Session, account: str, provider_id: str) -> bool:
    return (
        session.exec(
            select(InboundMessage.id).where(
                col(InboundMessage.channel) == Channel.email,
                col(InboundMessage.account) == account,
                col(InboundMessage.provider_id) == provider_id,
            )
        ).first()
        is not None
    )


def _keep_files(session: Session, mail: Mail, provider_id: str, now: datetime) -> dict[str, object]:
    """Store the files; gives what the row says of them. What cannot be kept is named, with a reason for the citizen."""
    refused = [{"name": name, "why": why} for name, why in mail.refused]
    key = f"email:{provider_id}"
    said: dict[str, object] = {}
    for file in mail.files:
        try:
            attachments.keep_upload(
                session, data=file.data, name=file.name, upload_key=key, channel=Channel.email, now=now
            )
        except BadInput as error:
            refused.append({"name": file.name, "why": error.fields.get("file", error.message)})
        else:
            said["upload_key"] = key
    return said | ({"refused": refused} if refused else {})


# -- taking ---------------------------------------------------------------------------------------------------------


def take(session: Session, row: InboundMessage, now: datetime) -> str:
    """Do what one mail asks for; gives in a word what that was."""
    if row.details.get("automatic"):
        return _note_automatic(session, row)
    if not row.sender:
        if not _says_something(row):
            return "empty"
        row.text = _with_subject(row)
        _tell_refused(session, row, open_from(session, row, None, now), None, now)
        return "case"
    known = find_or_make(session, Channel.email, row.sender, now)
    contact = known.contact
    if contact.language is None:
        contact.language = _hinted_language(row)
    if _unproven(row):
        outcome, case = _matter(session, row, contact, now)
        session.flush()
        letters.answering(session, contact, row, case, now)
        return outcome
    outcome, case = _done(session, row, contact, now, existed=known.existed)
    session.flush()
    letters.answering(session, contact, row, case, now)
    return outcome


def _done(
    session: Session, row: InboundMessage, contact: ContactPoint, now: datetime, *, existed: bool
) -> tuple[str, Case | None]:
    if order := _order(session, row, contact, now):
        return order, session.get(Case, row.case_id) if row.case_id else None
    contact.language = languages.detect(f"{row.text} {_subject(row)}", settings().languages) or contact.language
    if not _says_something(row):
        consent.say(session, row, contact, "unreadable", Purpose.help, f"unreadable:{row.id}", now)
        return "unreadable", None
    about, invited = _thread(session, row)
    if about is not None and _belongs(about, contact):
        return _continued(session, row, about, contact, now), about
    if (invited or about is None) and (taken := _survey_answer(session, row, contact, now)) is not None:
        return "survey_answer", surveyed.follow(session, row, contact, taken, now)
    if (same := _said_before(session, row, contact, now)) is not None:
        return _continued(session, row, same, contact, now), same
    row.text = _with_subject(row)
    case = open_from(session, row, contact, now, existed=existed)
    if about is not None and _may_be_named(about):
        # somebody else's case: they may have been forwarded our mail; nothing of it is told to them
        words = f"This mail answers one about {about.reference}, the case of another person."
        append(session, case, EntryKind.noted, now, body={"text": words, "by": "Ombud"})
    _tell_refused(session, row, case, contact, now)
    return "case", case


def _survey_answer(session: Session, row: InboundMessage, contact: ContactPoint, now: datetime) -> Taken | None:
    """A mail as the answer to a survey: to the question of the mail it answers, if that put one."""
    answered = [str(row.details.get("reply_to") or ""), *reversed(_references(row))]
    quoted = next((key for key in answered if surveying.is_quoted(session, contact, key)), None)
    return surveying.take(session, contact, row.text, now, reply_to=quoted)


def _unproven(row: InboundMessage) -> bool:
    """Whether nothing shows that the mail comes from its sender: its server doubts it, or a website named them."""
    return bool(row.details.get("held") or row.details.get("on_behalf"))


def _matter(session: Session, row: InboundMessage, contact: ContactPoint, now: datetime) -> tuple[str, Case | None]:
    """A mail whose sender nobody vouches for is a matter like any other, but no order, no answer to us, and no word of
    a case that is there already: else anybody could stop a citizen's messages, or speak for them."""
    if not _says_something(row):
        return "unreadable", None
    if (same := _said_before(session, row, contact, now)) is not None:
        row.case_id = same.id
        attachments.expect(session, row, same, now)
        return "repeated", same
    row.text = _with_subject(row)
    case = open_from(session, row, contact, now, existed=False)
    _tell_refused(session, row, case, None if row.details.get("held") else contact, now)
    return "case", case


def _note_automatic(session: Session, row: InboundMessage) -> str:
    """A machine's mail: it opens nothing, ends nothing and is not answered. It is kept beside its case."""
    about, _ = _thread(session, row)
    if about is not None:
        row.case_id = about.id
    return str(row.details["automatic"])


def _order(session: Session, row: InboundMessage, contact: ContactPoint, now: datetime) -> str | None:
    """Opt-out words first, then everything else that is an order and not a message."""
    written = _unsigned(row.text) or _ANSWERED.sub("", _subject(row))
    word = word_of(written)
    if done := consent.take(session, row, contact, word, now):
        return done
    if reference := status.asked_for(written):
        return status.answer(session, row, contact, reference, now)
    if word in HELP_WORDS:
        consent.say(session, row, contact, "help", Purpose.help, f"help:{row.id}", now)
        return "help"
    return None


def _unsigned(text: str) -> str:
    """The first line, where only what may be a signature follows it: few short lines that are no sentences."""
    first, *rest = [line.strip() for line in text.split("\n") if line.strip()] or [""]
    plain = len(rest) <= SIGNATURE_LINES and all(len(line) < 60 and not line.endswith((".", "?", "।")) for line in rest)
    return first if plain else text


def _thread(session: Session, row: InboundMessage) -> tuple[Case | None, bool]:
    """The case a mail is about, and whether it answers a survey: by the mails it answers, else by its reference."""
    answered = [str(row.details.get("reply_to") or ""), *reversed(_references(row))]
    for key in dict.fromkeys(filter(None, answered)):
        named = message_of(key)
        message = session.get(OutboundMessage, named) if named is not None else None
        if message is not None:
            return _case(session, message.case_id), message.invitation_id is not None
    earlier = session.exec(
        select(InboundMessage.case_id)
        .where(
            col(InboundMessage.channel) == Channel.email,
            col(InboundMessage.message_key).in_(list(filter(None, answered))),
            col(InboundMessage.sender_index) == row.sender_index,
            col(InboundMessage.case_id).is_not(None),
        )
        .order_by(col(InboundMessage.received_at).desc())
        .limit(1)
    ).first()
    if earlier is not None:
        return _case(session, earlier), False
    for text in (_subject(row), row.text, _whole(row)):
        if reference := find_reference(text):
            found = session.exec(select(Case.id).where(col(Case.reference) == reference)).first()
            if found is not None:
                return _case(session, found), False
    return None, False


def _references(row: InboundMessage) -> Sequence[str]:
    given = row.details.get("references")
    return [str(key) for key in given] if isinstance(given, list) else []


def _case(session: Session, case_id: UUID | None) -> Case | None:
    """The case, locked, since it is about to be written to."""
    if case_id is None:
        return None
    return session.exec(select(Case).where(col(Case.id) == case_id).with_for_update()).first()


def _may_be_named(case: Case) -> bool:
    """Whether staff of any office may read a case's reference: with it, its tracking page says where it stands."""
    shut = case.integrity or case.about_office_id is not None or case.about_staff_id is not None
    return names_citizen(case) and not shut


def _belongs(case: Case, contact: ContactPoint) -> bool:
    """Whether a case is this sender's, or that of the person they are known to be."""
    return case.contact_point_id == contact.id or (
        case.citizen_id is not None and case.citizen_id == contact.citizen_id and names_citizen(case)
    )


def _said_before(session: Session, row: InboundMessage, contact: ContactPoint, now: datetime) -> Case | None:
    """The case that the same words from this address opened not long ago."""
    rows = session.exec(
        select(InboundMessage)
        .where(
            col(InboundMessage.sender_index) == row.sender_index,
            col(InboundMessage.received_at) > now - REPEATED,
            col(InboundMessage.state) == InboxState.processed,
            col(InboundMessage.case_id).is_not(None),
        )
        .order_by(col(InboundMessage.received_at).desc())
        .limit(20)
    ).all()
    words = {row.text, _with_subject(row)}
    alike = (one for one in rows if one.id != row.id and _unproven(one) == _unproven(row))
    same = next((one for one in alike if one.text in words), None)
    case = _case(session, same.case_id) if same is not None else None
    return case if case is not None and _belongs(case, contact) else None


def _continued(session: Session, row: InboundMessage, case: Case, contact: ContactPoint, now: datetime) -> str:
    if belongs_apart(case, row.text):
        open_apart(session, row, case, now)
        return "case"
    if (after := solved.read_reply(session, case, _unsigned(row.text) or row.text, row.text, now)) is not None:
        words = solved.told(session, case, after, contact.language or case.language)
        outbox.enqueue(
            session,
            purpose=Purpose.aftercare,
            contact=contact,
            language=contact.language or case.language,
            body=words,
            dedupe_key=f"aftercare:{row.id}",
            now=now,
            case=case,
        )
    else:
        lifecycle.citizen_wrote(session, case, row.text, now)
    row.case_id = case.id
    attachments.expect(session, row, case, now)
    _tell_refused(session, row, case, contact, now)
    return "continued"


def _tell_refused(
    session: Session, row: InboundMessage, case: Case, contact: ContactPoint | None, now: datetime
) -> None:
    """Tell staff, and the citizen, which files were not kept and why."""
    given = row.details.get("refused")
    refused = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    if not refused:
        return
    listed = "; ".join(f"{one.get('name') or 'the mail'}: {one.get('why')}" for one in refused)
    append(session, case, EntryKind.noted, now, body={"text": f"Not everything was kept. {listed}", "by": "Ombud"})
    if contact is None:
        return
    spoken = contact.language or case.language
    gettext = translator(spoken).gettext
    files = [{"name": str(one.get("name") or ""), "why": gettext(str(one.get("why")))} for one in refused]
    outbox.enqueue(
        session,
        purpose=Purpose.help,
        contact=contact,
        language=spoken,
        body=compose.compose("files_refused", spoken, reference=case.reference, files=files),
        dedupe_key=f"files_refused:{row.id}",
        now=now,
        case=case,
    )


def _says_something(row: InboundMessage) -> bool:
    return bool(row.text or row.details.get("upload_key") or _ANSWERED.sub("", _subject(row)))


def _hinted_language(row: InboundMessage) -> str:
    spoken = settings().languages
    hint = str(row.details.get("language") or "")[:2]
    return hint if hint in spoken else status.language_of(row.text, spoken) or spoken[0]


def _subject(row: InboundMessage) -> str:
    sealed = row.details.get("subject")
    return decrypt(str(sealed)) if sealed else ""


def _whole(row: InboundMessage) -> str:
    sealed = row.details.get("whole")
    return decrypt(str(sealed)) if sealed else ""


def _with_subject(row: InboundMessage) -> str:
    """What opens a case: the subject says what it is about, unless the words begin with it anyway."""
    subject = clean(_ANSWERED.sub("", _subject(row)))
    if not subject or row.text.casefold().startswith(subject.casefold()):
        return row.text
    return f"{subject}\n\n{row.text}".strip()


# -- surveys --------------------------------------------------------------------------------------------------------


def end_surveys(session: Session, token: str, now: datetime) -> ContactPoint | None:
    """No more surveys to the address an unsubscribe link was made for; None where the link was not made here.

    Answers to what the citizen raises still come. The caller commits.
    """
    contact_id = letters.contact_of(token)
    contact = session.get(ContactPoint, contact_id, with_for_update=True) if contact_id else None
    if contact is None:
        return None
    contact.no_surveys_at = contact.no_surveys_at or now
    session.add(contact)
    return contact

"""The channels of this installation, made from its settings when a message first needs them."""

import threading
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from channels import fetching
from channels.email import Email
from channels.errors import Failure, SendFailed
from channels.fetching import Fetched
from channels.mailbox import Mailbox
from channels.sms import Sms
from channels.telegram import Telegram
from channels.values import Channel, Outgoing, Sent
from core.errors import Misconfigured
from core.settings import Settings, settings
from notifications.sending import NoLookUp


class Senders:
    """One adapter per channel, shared by all threads of a process."""

    def __init__(self, current: Settings) -> None:
        self._settings = current
        self._lock = threading.Lock()
        self._twilio: dict[Channel, Sms] = {}
        self._telegram: Telegram | None = None
        self._email: Email | None = None

    def send(self, outgoing: Outgoing, channel: Channel) -> Sent:
        """Hand a message to its channel. Raises SendFailed."""
        if channel in (Channel.sms, Channel.whatsapp):
            receipts = f"{self._settings.site_url}/webhooks/twilio/status?message={outgoing.id}"
            return self.twilio(channel).send(replace(outgoing, receipt_url=receipts))
        if channel is Channel.telegram:
            return self.telegram.send(outgoing)
        if channel is Channel.email:
            return self.email.send(outgoing)
        raise SendFailed(Failure.not_configured, f"Nothing is sent by {channel.value}")

    def find_sent(self, outgoing: Outgoing, channel: Channel, since: datetime) -> Sent | None:
        """Look for a message at its provider. Raises NoLookUp where the channel has no way, else SendFailed."""
        if channel in (Channel.sms, Channel.whatsapp):
            return self.twilio(channel).find_sent(outgoing, since)
        if channel is Channel.email:
            if (found := self.email.find_sent(outgoing)) is not None:
                return found
            raise NoLookUp("A mail that is not among the sent ones may have left all the same")
        raise NoLookUp(channel.value)

    def fetch(self, source: str, channel: Channel) -> Fetched:
        """A file that a provider keeps for us. Raises SendFailed, and BadInput where it is too large."""
        now = self._settings
        if source.startswith(fetching.TELEGRAM):
            file_id = source.removeprefix(fetching.TELEGRAM)
            return Fetched(self.telegram.download(file_id, limit=now.attachment_limit_bytes))
        if channel in (Channel.sms, Channel.whatsapp, Channel.voice):
            return fetching.from_twilio(
                source,
                account_sid=now.twilio_account_sid,
                auth_token=now.twilio_auth_token,
                api_url=now.twilio_url,
                limit=now.attachment_limit_bytes,
            )
        raise SendFailed(Failure.not_configured, f"Nothing is fetched for {channel.value}")

    def twilio(self, channel: Channel = Channel.sms) -> Sms:
        """The SMS or WhatsApp adapter."""
        with self._lock:
            if channel not in self._twilio:
                now = self._settings
                own = now.twilio_whatsapp_from if channel is Channel.whatsapp else ""
                self._twilio[channel] = Sms(
                    now.twilio_account_sid, now.twilio_auth_token, own or now.twilio_from, now.twilio_url, channel
                )
            return self._twilio[channel]

    @property
    def telegram(self) -> Telegram:
        """The Telegram bot. Raises SendFailed when it is switched off."""
        if self._settings.telegram_mode == "off" or not self._settings.telegram_token:
            raise SendFailed(Failure.not_configured, "Telegram is switched off in the settings")
        with self._lock:
            if self._telegram is None:
                self._telegram = Telegram(self._settings.telegram_token, api_url=self._settings.telegram_url)
            return self._telegram

    @property
    def email(self) -> Email:
        """The mail server. Raises SendFailed when e-mail is not set up."""
        now = self._settings
        if not now.mail_server_url:
            raise SendFailed(Failure.not_configured, "E-mail is not set up")
        with self._lock:
            if self._email is None:
                try:
                    sent = Mailbox(now.mailbox_url) if now.mailbox_url else None
                    look = sent.has_sent if sent is not None and sent.sent else None
                    self._email = Email(now.mail_server_url, now.mail_address, name=now.government, find=look)
                except Misconfigured as error:
                    raise SendFailed(Failure.not_configured, error.message) from error
            return self._email

    def close(self) -> None:
        """Close all connections; the next message opens new ones."""
        with self._lock:
            for adapter in self._twilio.values():
                adapter.close()
            if self._telegram is not None:
                self._telegram.close()


@lru_cache(maxsize=1)
def senders() -> Senders:
    """The senders of this process."""
    return Senders(settings())


def close_senders() -> None:
    """Close the connections of this process, if it has any; settings are read anew at the next use."""
    if senders.cache_info().currsize:
        senders().close()
        senders.cache_clear()

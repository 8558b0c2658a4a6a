"""Loading what the first message would otherwise wait for: the classifier and the providers' libraries."""

import threading
import time

from channels.errors import SendFailed
from core.errors import OmbudError
from core.logs import logger
from core.settings import settings
from nlp import classifier
from notifications.senders import senders

log = logger("worker.warm")


def warm_up() -> None:
    """Load in the background; what cannot be loaded is told by whoever needs it."""
    threading.Thread(target=_load, name="warm-up", daemon=True).start()


def _load() -> None:
    started = time.monotonic()
    try:
        model = classifier.current(settings().models_dir)
        if model is not None:
            model.classify("water")
        senders().twilio().connect()
    except (OmbudError, SendFailed, OSError) as error:
        log.warning("not_warm", error=type(error).__name__, detail=str(error))
        return
    log.info("warm", seconds=round(time.monotonic() - started, 2))

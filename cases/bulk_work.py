"""Acts on many cases that wait for a worker: those too big for a request, and those whose request was cut off."""

from datetime import datetime

from cases import bulk, bulk_undo
from core.claims import claim, retry_at
from core.database import database
from core.logs import logger
from domain.queue import BulkAct, BulkState

log = logger("cases.bulk")


def run_due(now: datetime, limit: int = 5) -> int:
    """Do, or take back, the acts that are due; how many. What fails as a whole waits and is tried again."""
    home, done = database(), 0
    for state, work in ((BulkState.waiting, bulk.run), (BulkState.undoing, bulk_undo.finish)):
        with home.write() as session:
            claimed = claim(session, BulkAct, now, state=state, limit=limit, lease=bulk.LEASE)
        for act_id in claimed:
            try:
                work(home, act_id, now)
            except Exception as error:  # noqa: BLE001  (one act that fails must not keep the others waiting)
                log.error("bulk_failed", act=str(act_id), error=type(error).__name__)  # noqa: TRY400
                with home.write() as session:
                    act = session.get_one(BulkAct, act_id)
                    act.last_error, act.leased_until = str(error)[:500], retry_at(now, act.attempts)
        done += len(claimed)
    return done

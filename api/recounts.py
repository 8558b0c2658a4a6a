"""What a correction would come to, and came to, as pages show it."""

from statistics import median
from uuid import UUID

from sqlmodel import Session, col, select

from api.counting import STATES
from domain.policy import Correction, CorrectionState
from escalation.recount import Preview
from surveys.shares import wilson


def shown_preview(found: Preview) -> dict[str, object]:
    """A preview as staff/timing_parts.html takes it. Of a sample the share of changed cases has its interval."""
    sample = found.n < found.total
    sizes = [abs(seconds) for seconds in found.seconds]
    return {
        "total": found.total,
        "n": found.n,
        "sample": sample,
        "moved": found.moved,
        "share": (found.moved / found.n, *wilson(found.moved / found.n, found.n)) if sample else None,
        "earlier": sum(seconds < 0 for seconds in found.seconds),
        "later": sum(seconds > 0 for seconds in found.seconds),
        "usual": median(sizes) if sizes else 0,
        "most": max(sizes, default=0),
        "became_late": found.became_late,
        "no_longer_late": found.no_longer_late,
        "ended": found.ended,
        "lines": [
            {
                "reference": line.reference,
                "clock": str(line.shift.clock),
                "before": line.shift.before,
                "after": line.shift.after,
                "was": STATES[line.shift.state_before] if line.shift.state_before != line.shift.state_after else "",
                "is": STATES[line.shift.state_after] if line.shift.state_before != line.shift.state_after else "",
            }
            for line in found.most
            if line.shift.seconds or line.shift.state_before != line.shift.state_after
        ],
    }


def lines_of(session: Session, row_id: UUID, limit: int = 5) -> list[dict[str, object]]:
    """The last corrections after changes of a row, and how far they came."""
    found = session.exec(
        select(Correction).where(col(Correction.row_id) == row_id).order_by(col(Correction.at).desc()).limit(limit)
    )
    return [
        {
            "title": row.title,
            "why": " ".join(row.why),
            "by": row.by,
            "at": row.at,
            "done": row.state == CorrectionState.done,
            "looked_at": row.looked_at,
            "moved": row.moved,
            "became_late": row.became_late,
            "no_longer_late": row.no_longer_late,
            "error": row.last_error or "",
        }
        for row in found
    ]

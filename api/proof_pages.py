"""`/check`: anybody with a receipt sees whether what they told us is still as it was; the digests, day by day."""

import csv
import io
import json
from datetime import UTC, datetime, time

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import throttle
from api.forms import Posted
from api.pages import choose_language, render
from api.words import N_
from cases import anchors, proofs
from core.database import database
from core.errors import NotFound
from core.i18n import translator
from core.settings import settings

router = APIRouter(include_in_schema=False)

SHOWN = 62
"""Days on the page; the file has all of them."""
_WRONG = N_("This number and this proof do not go together. Check each letter and digit of both.")


@router.get("/check")
def show_check(request: Request, reference: str = "", proof: str = "") -> Response:
    """Ask for the number and the proof."""
    return _page(request, reference, proof)


@router.post("/check")
def post_check(request: Request, form: Posted) -> Response:
    """What the proof shows, as a page or, with `go=file`, as a file that can be checked without us."""
    reference, proof = form.get("reference", "")[:40], form.get("proof", "")[:80]
    lang, _ = choose_language(request)
    address = throttle.address_of(request)
    throttle.check("track", address)
    with database().read() as session:
        try:
            found = proofs.check(session, reference, proof)
        except NotFound:
            throttle.spend("track", address)
            return _page(request, reference, proof, {"proof": translator(lang).gettext(_WRONG)}, status=422)
    if form.get("go") == "file" and found.anchored is not None:
        return _file(found.reference, found.anchored)
    return _page(request, reference, proof, found=found)


@router.get("/check/days")
def show_days(request: Request) -> Response:
    """The digests of the last days."""
    with database().read() as session:
        days = [
            {"at": datetime.combine(one.day, time(12), settings().zone), "digest": one.digest}
            for one in anchors.made(session, SHOWN)
        ]
    return render(request, "citizen/check_days.html", {"days": days})


@router.get("/check/days.csv")
def days_as_csv() -> Response:
    """All digests, the oldest first, as `ombud verify --published` reads them."""
    said = io.StringIO()
    table = csv.writer(said, lineterminator="\n")
    table.writerow(("day", "digest", "root", "previous"))
    with database().read() as session:
        table.writerows(
            (one.day.isoformat(), one.digest, one.root, one.previous) for one in reversed(anchors.made(session))
        )
    return Response(
        said.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="digests.csv"'},
    )


def _page(
    request: Request,
    reference: str,
    proof: str,
    errors: dict[str, str] | None = None,
    found: proofs.Proof | None = None,
    status: int = 200,
) -> Response:
    context: dict[str, object] = {"reference": reference[:40], "proof": proof[:80], "errors": errors or {}}
    context["found"] = found and {
        "reference": found.reference,
        "written_at": found.written_at,
        "holds": not found.faults,
        "anchored_on": datetime.combine(found.anchored.day, time(12), settings().zone) if found.anchored else None,
        "digest": found.anchored.digest if found.anchored else "",
    }
    return render(request, "citizen/check.html", context, status=status)


def _file(reference: str, anchored: proofs.Anchored) -> Response:
    said = {
        "how": "RFC 6962 with SHA-256. leaf = SHA-256(00 + line); along the path node = SHA-256(01 + left + right);"
        " its end is the root; digest = SHA-256(previous + LF + day + LF + root + LF), all as lower-case hexadecimal.",
        "line": anchored.line,
        "path": [{"side": side, "hash": beside} for side, beside in anchored.path],
        "root": anchored.root,
        "day": anchored.day.isoformat(),
        "previous": anchored.previous,
        "digest": anchored.digest,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return Response(
        json.dumps(said, indent=2, ensure_ascii=False),
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="proof-{reference}.json"'},
    )

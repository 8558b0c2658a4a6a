"""What became of a case after its closing, and with which others it belongs together, in the lines of its story."""

from collections.abc import Mapping

from domain.states import EntryKind

DECIDED = {
    "allowed": "the citizen is right",
    "partly": "the citizen is partly right",
    "dismissed": "the decision below stands",
    "withdrawn": "taken back",
}
RESULTS = {
    "solved": "the citizen says it is solved",
    "not_solved": "the citizen says it is not solved",
    "not_reached": "nobody was reached",
}
AFTERWARDS = frozenset(
    {
        EntryKind.asked_solved,
        EntryKind.solved,
        EntryKind.appealed,
        EntryKind.appeal_decided,
        EntryKind.taken_back,
        EntryKind.merged,
        EntryKind.unmerged,
        EntryKind.passed_on,
        EntryKind.divided,
        EntryKind.linked,
        EntryKind.checked,
    }
)


def afterwards(kind: EntryKind, body: Mapping[str, object], to: str) -> str:
    """One entry in words; `to` is the office it names."""
    match kind:
        case EntryKind.asked_solved:
            return "the citizen was asked whether it is solved"
        case EntryKind.solved:
            return "solved, says the citizen"
        case EntryKind.appealed:
            return f"the citizen appealed; {to} decides"
        case EntryKind.appeal_decided:
            return f"appeal decided: {DECIDED.get(str(body.get('outcome')), '')}"
        case EntryKind.taken_back:
            return "the citizen took it back, so nobody waits"
        case EntryKind.merged if body.get("into"):
            return f"merged with {body.get('into')}, the same citizen's: {_bare(body.get('why'))}"
        case EntryKind.merged:
            return f"{body.get('took')} of the same citizen was merged with this"
        case EntryKind.unmerged if body.get("from"):
            return f"taken apart from {body.get('from')}: {_bare(body.get('why'))}"
        case EntryKind.unmerged:
            return f"{body.get('gave')} was taken apart from this"
        case EntryKind.passed_on:
            return f"the citizen wrote; it went to {body.get('to')}"
        case EntryKind.divided if body.get("from"):
            return f"split from {body.get('from')}"
        case EntryKind.divided:
            other = body.get("reference")
            return f"a second matter became {other}" if other else "a second matter became a case of its own"
        case EntryKind.linked:
            done = "no longer linked" if body.get("undone") else "linked with another case"
            return f"{done}: {_bare(body.get('why')).lower()}"
        case _:
            return f"checked by a call: {RESULTS.get(str(body.get('result')), '')}"


def reviewed(body: Mapping[str, object], to: str) -> str:
    """What a weekly review did with a case; `to` is the office it names."""
    why, note = _bare(body.get("why") or ""), _bare(body.get("note") or "")
    if body.get("raised_to"):
        return f"the weekly review handed it up to {to}: {why}"
    if body.get("raised_back"):
        return f"the weekly review did not hand it up to {to} after all"
    if body.get("checked"):
        return f"the weekly review checked it: {body['checked']}" + (f": {note}" if note else "")
    return f"the weekly review decided: {_bare(body['decision'])}" if body.get("decision") else "reviewed"


def _bare(text: object) -> str:
    return str(text).rstrip(" .")

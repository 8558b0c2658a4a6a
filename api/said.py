"""What the desk says after something was done, by the word in the address."""

from typing import Final

SAID: Final = {
    "answer": "Sent. The silence ends when it reaches the citizen.",
    "recall": "Taken back before it left. Your words are in the box.",
    "translated": "Translated by a machine, beside the citizen's own words.",
    "kept": "Kept for you. Nobody else sees it, and nothing was sent.",
    "dropped": "Thrown away.",
    "ask": "Your question is on its way. The silence goes on until you answer.",
    "note": "The note is kept.",
    "transfer": "Offered. It stays yours until they accept.",
    "assign": "Given.",
    "take": "It is yours.",
    "accept": "Accepted. Your office answers for it now.",
    "refuse": "Given to triage, with your reason.",
    "withdraw": "Taken back. It was yours all the time.",
    "give-part": "Offered to them. You lead, and the citizen hears you alone.",
    "close": "Closed. The citizen gets your words.",
    "release": "Released. It went where it belongs, and the recogniser learns from it.",
    "restrict": "Given to the integrity office. You do not see it any more.",
    "about": "Kept. They and those above them do not see it.",
    "added": "Added to this case. The citizen has its number already.",
    "again": "Asked for again. It shows here once it came.",
    "urgent": "Noted. The deadline follows from it.",
    "join": "Joined. One answer goes to all of them.",
    "undone": "Taken apart again. They are proposed as before.",
    "refused": "Kept apart. They are not proposed here again.",
    "send": "On its way. Each silence ends when it reaches its citizen.",
    "part": "Taken out. It is answered by itself.",
    "placed": "Placed. The office has it, and the classifier learns from it.",
}

"""The page of tablets, and the setup page of one."""

from tests.look.samples import EXIT, QR, ago

TABLET = {"id": "t1", "name": "Main door", "office": "Service Centre Kombinat", "hand": "right", "state": "paired"} | {
    "seen_at": ago(minutes=3),
    "waiting": 0,
    "version": "0a1b2c3d",
    "answers": 1_204,
}
TABLETS: dict[str, object] = {
    "tablets": [
        TABLET,
        {**TABLET, "id": "t2", "name": "Window 3", "hand": "left", "state": "quiet", "waiting": 312, "version": "old"},
        {**TABLET, "id": "t3", "state": "unpaired", "seen_at": None, "version": "", "answers": 0},
        {**TABLET, "id": "t4", "state": "revoked"},
    ],
    "posters": [("Service Centre Kombinat", 41)],
    "pairing": None,
    "offices": [{"label": "", "options": [{"code": "CIV1", "name": "Service Centre Kombinat"}]}],
    "errors": {},
    "values": {"name": "", "office": "", "hand": ""},
    "version": "0a1b2c3d",
    "secure": True,
    "counted_days": 30,
}
PAIRING = {"name": "Main door", "code": "K7QF-3M9X", "address": "https://voice.example/exit/CIV1/setup", "minutes": 15}

KIOSK: dict[str, tuple[str, dict[str, object]]] = {
    "tablets": ("tablets", {**TABLETS, "pairing": {**PAIRING, "qr": QR, "secure": True}}),
    "tablets-empty": (
        "tablets",
        {**TABLETS, "tablets": [], "posters": [], "secure": False, "errors": {"name": "Say where it stands."}},
    ),
    "kiosk-setup": ("kiosk_setup", EXIT),
}

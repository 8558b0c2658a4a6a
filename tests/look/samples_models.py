"""The page of the classifier's models."""

from tests.look.samples import NOW, ago

LINE = {
    "where": "All messages", "n": 1_211, "before": 0.759, "after": 0.768, "low": -0.4, "high": 2.1,
    "standing": "not worse", "tone": "well",
}  # fmt: skip
LANGUAGE = {"code": "en", "n": 612, "accuracy": 0.781, "top3": 0.88, "coverage_at_threshold": 0.55}
RUN = {
    "at": ago(days=2), "why": "A week has passed, and staff said 41 times what a message is about", "by": "",
    "state": "on trial", "tone": "soon", "model": "20261123T021400Z-f2d391b5-0",
    "words": ["It runs in the shadow of the model in use.", "Too few messages to judge by themselves: bn (31)."],
}  # fmt: skip
MODELS: dict[str, object] = {
    "model": {
        "name": "20261116T021400Z-e90c1d8f-0",
        "readable": True,
        "trained_at": ago(days=9),
        "n": 1_146,
        "services": 24,
        "right": 0.759,
        "interval": [0.734, 0.783],
        "top3": 0.864,
        "alone": True,
        "routed": 0.53,
        "routed_right": 0.963,
        "few": False,
        "languages": [
            LANGUAGE,
            {**LANGUAGE, "code": "sq", "n": 180},
            {**LANGUAGE, "code": "bn", "n": 31, "accuracy": 0.7},
            {**LANGUAGE, "code": "unknown", "n": 4},
        ],
        "worst": [
            {"service": "Complaints about noise at night in residential quarters", "n": 40, "found": 0.41},
            {"service": "Street lights", "n": 52, "found": 0.5},
        ],
        "unknown": ["Parks and playgrounds"],
    },
    "trial": {
        "model": "20261123T021400Z-f2d391b5-0",
        "started": ago(days=2),
        "earliest": ago(days=1),
        "last": NOW,
        "wanted": 50,
        "words": ["It runs in the shadow of the model in use."],
        "lines": [
            LINE,
            {**LINE, "where": "en", "n": 640},
            {**LINE, "where": "sq", "n": 188, "low": -6.1, "high": 1.2, "standing": "may be worse", "tone": "soon"},
            {**LINE, "where": "bn", "n": 31, "standing": "too few to tell", "tone": ""},
            {**LINE, "where": "ru", "n": 90, "low": -9.4, "high": -0.8, "standing": "worse", "tone": "late"},
        ],
    },
    "waiting": ["A service is new: Parks and playgrounds"],
    "runs": [
        RUN,
        {**RUN, "state": "waits", "why": "A service is new: Parks and playgrounds", "model": "", "words": [],
         "by": "Rupert Saltmarsh"},
        {**RUN, "state": "not used", "tone": "late", "words": ["In ru the candidate is right in 61.0%: worse."]},
        {**RUN, "state": "in use", "tone": "well", "words": ["There was no model before that could be used."]},
    ],
    "stored": [
        {"name": "20261109T021400Z-0c1d8fe9-0", "trained_at": ago(days=16), "right": 0.741, "n": 1_102,
         "was_used": True},
        {"name": "20261102T021400Z-1d8fe90c-0", "trained_at": ago(days=23), "right": None, "n": 0, "was_used": False},
    ],
    "before": "20261109T021400Z-0c1d8fe9-0",
    "may_act": True,
}  # fmt: skip
SMALL: dict[str, object] = {
    **MODELS,
    "model": {
        **MODELS["model"],  # type: ignore[dict-item]
        "n": 40, "alone": False, "few": True, "routed": 0.0, "routed_right": None, "unknown": [], "worst": [],
    },
    "trial": None, "waiting": [], "stored": [], "before": "", "may_act": False,
}  # fmt: skip
NONE: dict[str, object] = {**SMALL, "model": None, "runs": [], "may_act": True}
PAGES: dict[str, tuple[str, dict[str, object]]] = {
    "models": ("models", MODELS),
    "models-small": ("models", SMALL),
    "models-none": ("models", NONE),
    "models-unreadable": ("models", {**NONE, "model": {"name": "20261109T021400Z-0c1d8fe9-0", "readable": False}}),
}

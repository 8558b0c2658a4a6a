"""What the collector of cycles looks at in processes that serve for long."""

import gc

YOUNG = 20_000
"""Objects made since its last look from which the collector looks again; Python's 700 are for small programs."""


def settle() -> None:
    """Take what a process has begun with out of the collector's sight, and let it look less often.

    Called once, when all is imported. A batch of ten thousand lines makes some hundred thousand objects at once: each
    few of these the collector would go through everything there is, and find nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)

"""Files named on the command line."""

import sys
from pathlib import Path

from core.errors import BadInput


def read(file: Path) -> tuple[str, bytes]:
    """What a file is called in complaints, and its content; `-` is stdin. Raises BadInput."""
    if str(file) == "-":
        return "the input", sys.stdin.buffer.read()
    try:
        return file.name, file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.", mend="Check the path.") from error

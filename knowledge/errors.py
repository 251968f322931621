"""The two faults that the knowledge base reports."""

from pathlib import Path


class SourceFault(Exception):
    """One fault of one file; `line` counts from 1, and 0 means the file as a whole."""

    def __init__(self, path: Path, line: int, what: str) -> None:
        super().__init__(path, line, what)
        self.path = path
        self.line = line
        self.what = what

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


class IndexUnusable(Exception):
    """An index folder is missing, damaged, or being built by somebody else."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return self.what

"""Which words of a sentence are new or gone, beside the sentence of the other version that is most like it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

ALIKE: Final = 0.4  # below it two sentences have so little in common that marking words would only be noise


@dataclass(frozen=True)
class Words:
    """A part of a sentence, and whether the other version has it too."""

    text: str
    changed: bool


def marked(sentence: str, others: Sequence[str]) -> list[Words]:
    """Return the sentence in parts; joined with spaces they are the sentence. Without one like it, nothing is marked."""
    words = sentence.split()
    matchers = [SequenceMatcher(None, other.split(), words, autojunk=False) for other in others]
    nearest = max(matchers, key=SequenceMatcher.ratio, default=None)
    if nearest is None or nearest.ratio() < ALIKE:
        return [Words(" ".join(words), changed=False)]
    return [
        Words(" ".join(words[start:stop]), changed=tag != "equal")
        for tag, _, _, start, stop in nearest.get_opcodes()
        if stop > start
    ]

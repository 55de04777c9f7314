"""The translation task: numbers in words to be written in digits, under tokens drawn afresh."""

from __future__ import annotations

import random
from collections.abc import Callable

import torch

from autograder.rubric import Draw, MismatchError, Student, as_tensor, expect

from . import words


def tokens_of(value: object) -> list[object]:
    """The student's sequence as a list of numbers, whether it came as a list or as a tensor."""
    if isinstance(value, torch.Tensor):
        return list(value.reshape(-1).tolist())
    if isinstance(value, list | tuple):
        return [item.item() if isinstance(item, torch.Tensor) and item.numel() == 1 else item for item in value]
    raise MismatchError("the sequence should be a list of ints.")


class Task:
    """Numbers in words and in digits; which token stands for which word or digit is drawn."""

    def __init__(self, draw: Draw, pairs: list[tuple[list[str], str]], train: int) -> None:
        spelled = [spelling for spelling, _ in pairs]
        vocabulary = sorted({word for sequence in spelled for word in sequence})
        codes = dict(zip(vocabulary, (3 + draw.permutation(len(vocabulary))).tolist(), strict=True))
        figures = (3 + draw.permutation(10)).tolist()
        self.sizes = (3 + len(vocabulary), 13)
        self.sources = _padded([[codes[word] for word in sequence] for sequence in spelled])
        self.wanted = [[figures[int(digit)] for digit in digits] for _, digits in pairs]
        self.targets = _padded(self.wanted)
        self.train = train
        self.seed = draw.integer(0, 2**31)

    def translate(self, student: Student) -> tuple[list[list[object]], list[float]]:
        """What the student's translator makes of the unseen numbers, and the losses it reports."""
        train = self.train
        got = student.train_translator(
            self.sources[:train], self.targets[:train], self.sources[train:], *self.sizes, self.seed
        )
        expect(
            isinstance(got, list | tuple) and len(got) == 2, "train_translator returns the translations and the losses."
        )
        rows = list(got[0]) if isinstance(got[0], torch.Tensor | list | tuple) else []
        unseen = len(self.sources) - train
        expect(len(rows) == unseen, f"{unseen} sequences were to be translated, and {len(rows)} came back.")
        trace = as_tensor(got[1])
        losses = [] if trace is None else trace.reshape(-1).tolist()
        return [content(tokens_of(row)) for row in rows], losses

    def exact(self, translations: list[list[object]]) -> float:
        """The part of the unseen numbers that are right to the last digit."""
        right = [one == other for one, other in zip(translations, self.wanted[self.train :], strict=True)]
        return sum(right) / len(right)

    def digits(self, translations: list[list[object]]) -> float:
        """The part of the digits of the unseen numbers that are right and in their place."""
        pairs = list(zip(translations, self.wanted[self.train :], strict=True))
        right = sum(mine == other for one, wanted in pairs for mine, other in zip(one, wanted, strict=False))
        return float(right / sum(max(len(one), len(wanted)) for one, wanted in pairs))

    def lengths(self, translations: list[list[object]]) -> float:
        """The part of the translations that have the right number of digits."""
        pairs = zip(translations, self.wanted[self.train :], strict=True)
        return sum(len(one) == len(other) for one, other in pairs) / len(translations)


def _padded(sequences: list[list[int]]) -> torch.Tensor:
    longest = max(map(len, sequences))
    return torch.tensor([sequence + [0] * (longest - len(sequence)) for sequence in sequences])


def content(tokens: list[object]) -> list[object]:
    """Without BOS in front, and without EOS or padding and what follows."""
    tokens = tokens[1:] if tokens[:1] == [1] else tokens
    end = next((i for i, token in enumerate(tokens) if token in (0, 2)), len(tokens))
    return tokens[:end]


def numbers(draw: Draw, spell: Callable[[int], list[str]], digits: int, train: int, unseen: int) -> Task:
    """Numbers of up to so many digits, and how they are spelled."""
    found = words.spread(train + unseen, digits, random.Random(draw.integer(0, 2**62)))
    return Task(draw, [(spell(number), str(number)) for number in found], train)


def english(draw: Draw) -> Task:
    """English numbers below a million: 4,000 to learn from, 500 unseen."""
    return numbers(draw, words.english, 6, 4000, 500)


def chinese(draw: Draw) -> Task:
    """Chinese numbers below a hundred thousand: 2,000 to learn from, 300 unseen."""
    return numbers(draw, words.chinese, 5, 2000, 300)


def made_up(draw: Draw) -> Task:
    """A language that nobody speaks, drawn anew: 2,500 to learn from, 200 unseen.

    Ten words stand for digits, and for other ones behind the word that turns them; half of these languages are read
    from right to left. What is known about numbers is of no use here: the language has to be learned from the pairs.
    """
    plain, turned = draw.permutation(10).tolist(), draw.permutation(10).tolist()
    backwards = draw.integer(0, 2) == 1
    chance = random.Random(draw.integer(0, 2**62))
    pairs = []
    for _ in range(2700):
        sentence, digits = [], ""
        for _ in range(chance.randint(2, 5)):
            word, turn = chance.randrange(10), chance.random() < 0.3
            sentence += ["turn"] * turn + [f"word {word}"]
            digits += str((turned if turn else plain)[word])
        pairs.append((sentence, digits[::-1] if backwards else digits))
    return Task(draw, pairs, 2500)

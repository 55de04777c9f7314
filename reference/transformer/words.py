"""Numbers in words: the translation task's data, made from nothing.

`python -m reference.transformer.words` writes the public pairs, `public/numbers.csv`.
"""

from __future__ import annotations

import csv
import random
from pathlib import Path

ONES = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
]
TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
DIGITS = "零一二三四五六七八九"

PUBLIC = Path(__file__).parent / "public" / "numbers.csv"


def english(n: int) -> list[str]:
    """Words of 0 <= n < 1 000 000: 21 045 is twenty one thousand forty five."""
    if n >= 1000:
        return [*english(n // 1000), "thousand", *(english(n % 1000) if n % 1000 else [])]
    if n >= 100:
        return [ONES[n // 100], "hundred", *(english(n % 100) if n % 100 else [])]
    if n >= 20:
        return [TENS[n // 10], *([ONES[n % 10]] if n % 10 else [])]
    return [ONES[n]]


def chinese(n: int) -> list[str]:
    """Characters of 0 <= n < 100 000 000: 21 045 is 二万一千零四十五, and 13 is 十三."""
    spelled = _chinese(n)
    return spelled[1:] if spelled[:2] == ["一", "十"] else spelled


def _chinese(n: int) -> list[str]:
    for size, name in ((10_000, "万"), (1000, "千"), (100, "百"), (10, "十")):
        if n >= size:
            head, rest = divmod(n, size)
            gap = ["零"] if 0 < rest < size // 10 else []
            return [*_chinese(head), name, *gap, *(_chinese(rest) if rest else [])]
    return [DIGITS[n]]


def spread(count: int, digits: int, random_source: random.Random) -> list[int]:
    """`count` different numbers of 1 to `digits` digits, most of them long, in a random order."""
    numbers: set[int] = set()
    while len(numbers) < count:
        numbers.add(random_source.randrange(10 ** random_source.randint(max(1, digits - 3), digits)))
    found = sorted(numbers)
    random_source.shuffle(found)
    return found


def main() -> None:
    """Write the public pairs."""
    PUBLIC.parent.mkdir(exist_ok=True)
    with PUBLIC.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("number", "english", "chinese"))
        for number in spread(4500, 6, random.Random(2027)):
            writer.writerow((number, " ".join(english(number)), " ".join(chinese(number))))


if __name__ == "__main__":
    main()

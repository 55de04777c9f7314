"""Give a student another name, the same on every page of an assignment, that only the course's secret leads to."""

from __future__ import annotations

import hashlib
import hmac

_COLOURS = """
amber azure black blue bronze brown copper coral crimson cyan ebony emerald golden green grey hazel indigo
ivory jade lemon lilac lime maroon mauve navy ochre olive orange pearl pink plum purple red rose ruby rusty
sandy sepia silver teal violet white yellow
"""
_ANIMALS = """
badger bat bear beaver bee bison camel cat cod crane crow deer dolphin dove duck eagle eel elk falcon ferret
finch fox frog gecko goat goose hare hawk hedgehog heron horse ibex jackal jay kestrel koala lark lemur lion
lizard llama lynx marten mole moose moth mouse newt otter owl panda parrot pelican penguin pike puffin quail
rabbit raven robin salmon seal shark sheep shrew snail sparrow squid stork swan swift tapir tern thrush
tiger toad trout turtle vole walrus wasp weasel whale wolf wombat wren yak zebra
"""
COLOURS, ANIMALS = tuple(_COLOURS.split()), tuple(_ANIMALS.split())


def pseudonym(student: str, assignment: str, secret: bytes) -> str:
    """Return a student's pseudonym, such as "amber heron 4821".

    Args:
        student: The student's name.
        assignment: The assignment's name: of another one, nobody can tell who is who.
        secret: The course's secret.
    """
    message = "\0".join(("pseudonym", assignment, student)).encode("utf-8", "surrogatepass")
    number = int.from_bytes(hmac.new(secret, message, hashlib.sha256).digest(), "big")
    number, digits = divmod(number, 10_000)
    number, animal = divmod(number, len(ANIMALS))
    return f"{COLOURS[number % len(COLOURS)]} {ANIMALS[animal]} {digits:04}"

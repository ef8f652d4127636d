"""Texts that no spreadsheet takes for formulas, whoever wrote them."""

import re

BEGINNING = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of one, or for something that it skips before one."""
WITHIN = re.compile(r"(?<=;)(?=[=+\-@\t\r\n])")
"""Where one would begin for a spreadsheet that takes semicolons for what separates cells."""


def harmless(text: str) -> str:
    """With an apostrophe where one would begin."""
    within = WITHIN.sub("'", text) if ";" in text else text
    return f"'{within}" if text.startswith(BEGINNING) else within

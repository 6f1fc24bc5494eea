"""Reads JSON texts, one a line in hexadecimal, and answers each with a line:

    refused             if Python's json does not read it, or what it reads has no UTF-8 form (lone surrogates) or is no JSON (NaN, infinities);
    canonical HEX       the text as Python writes it, if its numbers are those of canonical JSON;
    lenient HEX         the same for other numbers.
"""

import json
import math
import sys

sys.set_int_max_str_digits(0)


def main():
    is_canonical = True

    def read_float(digits):
        nonlocal is_canonical
        is_canonical = False
        number = float(digits)
        if math.isinf(number):
            raise ValueError("not finite")
        return number

    def read_integer(digits):
        nonlocal is_canonical
        number = int(digits)
        if abs(number) > 2**53 - 1:
            is_canonical = False
        return number

    def read_constant(name):
        raise ValueError(name)

    def read_object(members):
        # Members that a later one replaces have to be encodable too.
        write(members)
        return dict(members)

    def write(value):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")

    decoder = json.JSONDecoder(
        parse_float=read_float, parse_int=read_integer, parse_constant=read_constant, object_pairs_hook=read_object
    )
    answers = []
    for line in sys.stdin:
        is_canonical = True
        try:
            written = write(decoder.decode(bytes.fromhex(line).decode("utf-8")))
            answers.append(("canonical " if is_canonical else "lenient ") + written.hex())
        except ValueError:
            answers.append("refused")
    print("\n".join(answers))


main()

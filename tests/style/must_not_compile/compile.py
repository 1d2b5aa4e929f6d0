#!/usr/bin/env python3
"""Checks what a compiler says of one source file.

    compile.py COMPILER ROOT FILE                   must compile without a word
    compile.py COMPILER ROOT FILE --expect WARNING  must be refused, for the line marked "dropped"
"""

import subprocess
import sys
from pathlib import Path


def main():
    compiler, root, source = sys.argv[1:4]
    expected = sys.argv[5] if len(sys.argv) > 5 else None
    command = [compiler, "-std=c++20", "-Wall", "-Werror", "-fsyntax-only", "-I", root, source]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(done.stderr, end="")
    if expected is None:
        return done.returncode
    lines = Path(source).read_text(encoding="utf-8").splitlines()
    dropped = next(number for number, line in enumerate(lines, 1) if "dropped" in line and ";" in line)
    place = f"{Path(source).name}:{dropped}:"
    refused = [line for line in done.stderr.splitlines() if expected in line and place in line]
    if done.returncode != 0 and refused:
        return 0
    print(f"expected {place} to be refused with '{expected}'; status {done.returncode}")
    return 1


if __name__ == "__main__":
    sys.exit(main())

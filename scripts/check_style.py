#!/usr/bin/env python3
"""Checks the budgets of the house style: lines a file and a function, columns, words that only one
file may use, how includes are written.

    scripts/check_style.py [ROOT]       every finding as path:line: what; exit status 1 if there is one
    scripts/check_style.py --self-test  shows that every rule finds what it is there for
"""

import re
import sys
import tempfile
from pathlib import Path

FOLDERS = ("runtime", "kernels", "models", "gossip", "peers", "tests")
TEXT_FOLDERS = FOLDERS + ("cmake", "docs", "examples", "scripts", ".ci")
CODE_SUFFIXES = {".h", ".cc", ".cu"}
TEXT_SUFFIXES = CODE_SUFFIXES | {".capnp", ".cmake", ".in", ".json", ".md", ".py", ".toml", ".txt", ""}

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 60
COLUMNS_MAX = 100

# What is banned, and the one file that owns it.
BANNED = (
    (r"\bsleep_for\b", "sleep_for", None),
    (r"(?<![:\w.])s?rand\s*\(|\bstd::s?rand\b", "rand(", None),
    (r"\bsystem_clock\b", "system_clock", None),
    (r"\bgetenv\b", "getenv", "runtime/log.cc"),
    (r"\bstd::cout\b", "std::cout", None),
    (r"\busing\s+namespace\b", "using namespace", None),
)
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
SOMEBODYS_PATH = re.compile(r"(?<![\w.])/(home|root|Users|work)/\w")
WORDS_OF_NO_FILE = re.compile(r"manager|helper|util")


def code_files(root):
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in CODE_SUFFIXES and path.is_file():
                yield path


def text_files(root):
    yield from (path for path in sorted(root.glob("*")) if is_text(path))
    for folder in TEXT_FOLDERS:
        yield from (path for path in sorted((root / folder).rglob("*")) if is_text(path))


def is_text(path):
    # .git is a file in a worktree of git's; a corpus is bytes.
    if path.name == ".git" or not {"__pycache__", "corpus"}.isdisjoint(path.parts):
        return False
    return path.is_file() and path.suffix in TEXT_SUFFIXES


def blank(match):
    """Keeps the lines of what it removes."""
    return re.sub(r"[^\n]", " ", match.group(0))


def without_comments(text):
    """The code with the insides of comments and literals blanked out, line by line the same."""
    pattern = re.compile(
        r'R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'",
        re.DOTALL,
    )
    return pattern.sub(blank, text)


NOT_A_FUNCTION = re.compile(r"\s*(if|else|for|while|switch|do|catch|try|namespace|class|struct|union|enum)\b")


def is_function_head(head):
    return ")" in head and not NOT_A_FUNCTION.match(head)


def functions(code):
    """(first line, lines) of every function that is not inside another."""
    head, head_line, line = "", 1, 1
    depth = 0
    start = None  # (depth outside, first line) of the function that we are in
    for letter in code:
        if letter == "\n":
            line += 1
        if letter in "{};":
            if letter == "{":
                if start is None and is_function_head(head):
                    start = (depth, head_line)
                depth += 1
            elif letter == "}":
                depth -= 1
                if start is not None and depth == start[0]:
                    yield start[1], line - start[1] + 1
                    start = None
            head = ""
            continue
        if not head.strip() and not letter.isspace():
            head, head_line = "", line
        head += letter


def check_code(path, name, text):
    lines = text.splitlines()
    code = without_comments(text)
    if len(lines) > FILE_LINES_MAX:
        yield 1, f"{len(lines)} lines; a file has at most {FILE_LINES_MAX}"
    if path.suffix == ".h" and "#pragma once" not in lines:
        yield 1, "a header says #pragma once"
    if WORDS_OF_NO_FILE.search(path.stem):
        yield 1, "a file is named for what is in it"
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            yield number, f"{len(line)} columns; at most {COLUMNS_MAX}"
        include = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if include and include.group(1).split("/")[0] not in FOLDERS:
            yield number, f'"{include.group(1)}" is not written from the root of the repository'
    for number, line in enumerate(code.splitlines(), 1):
        for pattern, word, owner in BANNED:
            if re.search(pattern, line) and name != owner:
                yield number, f"{word} is banned" + (f" outside {owner}" if owner else "")
    for first, count in functions(code):
        if count > FUNCTION_LINES_MAX:
            yield first, f"a function of {count} lines; at most {FUNCTION_LINES_MAX}"


def check_text(text):
    for number, line in enumerate(text.splitlines(), 1):
        if UNFINISHED.search(line):
            yield number, "unfinished work is an issue, not a comment"
        if SOMEBODYS_PATH.search(line):
            yield number, "a path of somebody's machine"


def check(root):
    findings = []
    for path in code_files(root):
        name = path.relative_to(root).as_posix()
        for line, what in check_code(path, name, path.read_text(encoding="utf-8")):
            findings.append(f"{name}:{line}: {what}")
    for path in text_files(root):
        name = path.relative_to(root).as_posix()
        for line, what in check_text(path.read_text(encoding="utf-8")):
            findings.append(f"{name}:{line}: {what}")
    return findings


CLEAN = {
    "runtime/a.h": "#pragma once\n// getenv(\"X\") and using namespace are only words here\n"
    'inline const char* f() { return "std::cout"; }\n',
    "runtime/log.cc": '#include "runtime/a.h"\nconst char* g() { return getenv("NO_COLOR"); }\n',
    "runtime/b.cc": "void h() {\n" + "  f();\n" * 58 + "}\n",
}
DIRTY = {
    "a header says #pragma once": ("runtime/a.h", "int x;\n"),
    "lines; a file": ("runtime/a.cc", "int x;\n" * 601),
    "a function of 61 lines": ("runtime/a.cc", "void f() {\n" + "  g();\n" * 59 + "}\n"),
    "a function of 62 lines": (
        "runtime/a.cc",
        "namespace n {\nclass C {\n  C(int a)\n      : a_(a), b_(a) {\n" + "  if (a) {}\n" * 59 + "  }\n};\n}\n",
    ),
    "columns; at most": ("runtime/a.cc", "// " + "x" * 98 + "\n"),
    "sleep_for is banned": ("runtime/a.cc", "void f() { std::this_thread::sleep_for(x); }\n"),
    "rand( is banned": ("tests/runtime/a.cc", "int f() { return rand(); }\n"),
    "system_clock is banned": ("peers/a.cc", "auto t = std::chrono::system_clock::now();\n"),
    "getenv is banned outside": ("peers/a.cc", 'auto x = std::getenv("X");\n'),
    "std::cout is banned": ("peers/a.cc", "void f() { std::cout << 1; }\n"),
    "using namespace is banned": ("peers/a.cc", "using namespace std;\n"),
    "not written from the root": ("peers/a.cc", '#include "config.h"\n'),
    "named for what is in it": ("peers/string_utils.cc", "int x;\n"),
    "unfinished work": ("docs/a.md", "TO" + "DO: write\n"),
    "somebody's machine": ("scripts/a", "cd /ho" + "me/me\n"),
}


def findings_in(files):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        return check(root)


def self_test():
    failed = [f"clean files: {finding}" for finding in findings_in(CLEAN)]
    for what, (name, text) in DIRTY.items():
        found = findings_in({name: text})
        if len(found) != 1 or what not in found[0]:
            failed.append(f"expected one finding of '{what}', got {found}")
    return failed


def main():
    if sys.argv[1:] == ["--self-test"]:
        findings, what = self_test(), "rules that do not hold"
    else:
        root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
        findings, what = check(root), "findings"
    print("\n".join(findings + [f"check_style: {len(findings)} {what}"]))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())

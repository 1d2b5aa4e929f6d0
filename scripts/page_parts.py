"""Pages of the documentation that a script keeps true: tables, and the parts between their marks."""

import re


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def replace_parts(path, parts):
    """`parts`: names to bodies. A part stands between <!-- name --> and <!-- /name -->."""
    page = path.read_text(encoding="utf-8")
    for name, body in parts.items():
        part = re.compile(f"<!-- {name} -->.*?<!-- /{name} -->", re.DOTALL)
        if not part.search(page):
            raise RuntimeError(f"{path} has no part {name}")
        page = part.sub(lambda _: f"<!-- {name} -->\n{body}\n<!-- /{name} -->", page)
    path.write_text(page, encoding="utf-8")

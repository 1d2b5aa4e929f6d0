#!/usr/bin/env python3
"""Checks what each folder may know: includes go upward only, the CMake link edges draw the same
picture, and a library from outside is named by the files that own it and no others.

    scripts/check_layers.py [ROOT]       every finding as path:line: what; exit status 1 if there is one
    scripts/check_layers.py --self-test  shows that every rule finds what it is there for
"""

import re
import sys
import tempfile
from pathlib import Path

# What each folder may include and link, itself included.
ABOVE = {
    "runtime": {"runtime"},
    "kernels": {"runtime", "kernels"},
    "models": {"runtime", "kernels", "models"},
    "gossip": {"runtime", "kernels", "gossip"},
    "peers": {"runtime", "kernels", "models", "gossip", "peers"},
}
ANYTHING = ABOVE["peers"]

# Headers from outside, and the files that may name them.
OWNERS = (
    ("ZeroMQ", r"zmq[._]", r"(tests/)?runtime/zmq_|tests/bench/"),
    ("Cap'n Proto", r"capnp/|kj/|.*\.capnp\.h$", r"gossip/wire"),
    ("toml++", r"toml\+\+/|toml\.hpp", r"peers/config_toml\.cc$"),
    ("oneDNN", r"dnnl|oneapi/", r"kernels/cpu/onednn"),
    ("Eigen", r"Eigen/", r"kernels/cpu/"),
    ("CUDA", r"cuda|cublas|curand|nvrtc", r"kernels/cuda/|tests/late_gpu/"),
    ("cuDNN", r"cudnn", r"kernels/cuda/cudnn_"),
    ("CLI11", r"CLI/", r"peers/main\.cc$|tests/bench/"),
    ("libtorch", r"torch/", r"tests/bench/"),
    ("Catch2", r"catch2/", r"tests/support/"),
)
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
LINK = re.compile(r"\bmurmur(?:::|_)(runtime|kernels|models|gossip|peers)\b")


def may_include(name):
    """The folders of ours that this file may include."""
    parts = name.split("/")
    if parts[0] != "tests":
        return ABOVE[parts[0]]
    return ABOVE.get(parts[1], ANYTHING) | {"tests"}


def check_includes(name, text):
    for number, line in enumerate(text.splitlines(), 1):
        include = INCLUDE.match(line)
        if not include:
            continue
        path = include.group(2)
        folder = path.split("/")[0]
        if include.group(1) == '"' and folder in ABOVE and folder not in may_include(name):
            yield f"{name}:{number}: must not know {folder}/ ({path})"
        if include.group(1) == '"' and folder in ABOVE and not path.endswith(".capnp.h"):
            continue
        for library, header, owner in OWNERS:
            if re.match(header, path) and not re.match(owner, name):
                yield f"{name}:{number}: must not name {library} ({path})"


def check_links(name, text):
    allowed = may_include(name)
    for number, line in enumerate(text.splitlines(), 1):
        for folder in LINK.findall(line.split("#")[0]):
            if folder not in allowed:
                yield f"{name}:{number}: must not link {folder}"


def check(root):
    findings = []
    for top in (*ABOVE, "tests"):
        for path in sorted((root / top).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.suffix in {".h", ".cc", ".cu"}:
                findings += check_includes(name, path.read_text(encoding="utf-8"))
            elif path.name == "CMakeLists.txt":
                findings += check_links(name, path.read_text(encoding="utf-8"))
    return findings


CLEAN = {
    "runtime/zmq_transport.cc": "#include <zmq.hpp>\n",
    "kernels/cpu/onednn.cc": '#include <oneapi/dnnl/dnnl.hpp>\n#include "kernels/view.h"\n',
    "kernels/open_backend.cc": '#include "kernels/cuda/module.h"\n',
    "kernels/cuda/cudnn_graph.cc": '#include <cudnn.h>\n#include "kernels/cuda/conv_key.h"\n',
    "gossip/CMakeLists.txt": "murmur_library(gossip LINK murmur::runtime murmur::kernels) # not murmur::models\n",
    "gossip/wire.cc": '#include <capnp/message.h>\n#include "gossip/wire.capnp.h"\n',
    "peers/config_toml.cc": '#include <toml++/toml.h>\n#include "gossip/mass.h"\n#include "models/network.h"\n',
    "tests/gossip/a.cc": '#include "tests/support/catch.h"\n#include "gossip/mass.h"\n',
    "tests/nodes/CMakeLists.txt": "murmur_test(nodes LINK murmur::peers)\n",
}
DIRTY = {
    "must not know kernels/": ("runtime/a.h", '#include "kernels/view.h"\n'),
    "must not know models/": ("gossip/a.cc", '  #  include "models/network.h"\n'),
    "must not know gossip/": ("models/a.cc", '#include "gossip/mass.h"\n'),
    "must not know peers/": ("kernels/a.cc", '#include "peers/config.h"\n'),
    "tests of kernels must not know gossip/": ("tests/kernels/a.cc", '#include "gossip/mass.h"\n'),
    "must not name ZeroMQ": ("runtime/sim_network.cc", "#include <zmq.hpp>\n"),
    "must not name Cap'n Proto": ("gossip/mass.cc", '#include "gossip/wire.capnp.h"\n'),
    "must not name toml++": ("peers/config.cc", "#include <toml++/toml.h>\n"),
    "must not name oneDNN": ("kernels/cpu/pool.cc", "#include <dnnl.hpp>\n"),
    "must not name Eigen": ("models/network.cc", "#include <Eigen/Dense>\n"),
    "must not name CUDA": ("kernels/backend.h", "#include <cuda_runtime.h>\n"),
    "must not name cuDNN": ("kernels/cuda/conv.cc", "#include <cudnn.h>\n"),
    "must not name CLI11": ("peers/launch.cc", "#include <CLI/CLI.hpp>\n"),
    "must not name Catch2": ("tests/peers/a.cc", "#include <catch2/catch.hpp>\n"),
    "must not name libtorch": ("peers/a.cc", "#include <torch/torch.h>\n"),
    "must not link models": ("gossip/CMakeLists.txt", "murmur_library(gossip\n  LINK murmur::models)\n"),
    "must not link peers": ("tests/models/CMakeLists.txt", "murmur_test(models LINK murmur_peers)\n"),
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
        if len(found) != 1 or what[what.index("must") :] not in found[0]:
            failed.append(f"expected one finding of '{what}', got {found}")
    return failed


def main():
    if sys.argv[1:] == ["--self-test"]:
        findings, what = self_test(), "rules that do not hold"
    else:
        root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
        findings, what = check(root), "findings"
    print("\n".join(findings + [f"check_layers: {len(findings)} {what}"]))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())

"""What starts peers on other machines: scripts/launch-ssh, and the files of examples/deploy. One ctest a method."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tomllib
import unittest

from node_run import PATIENCE, PROGRAM, SMALL, Run, free_port

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "examples/deploy"
# So long that all have come before the first is done.
SOME_SECONDS = SMALL.replace("steps = 60", "steps = 20000") + "[peer]\nthreads = 1\n"
LONG = SOME_SECONDS.replace("steps = 20000", "steps = 100000000")

# Another machine is a folder.
SSH = """#!/usr/bin/env bash
cd "$MACHINES/$1" && shift && exec bash -c "$*"
"""
SCP = """#!/usr/bin/env bash
set -eu
options=() files=()
for word; do
  case $word in
    -q) ;;
    -*) options+=("$word") ;;
    *:*) files+=("$MACHINES/${word%%:*}/${word#*:}") ;;
    *) files+=("$word") ;;
  esac
done
exec cp "${options[@]}" "${files[@]}"
"""


def end_group(leader):
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Ssh(unittest.TestCase):
    def launch(self, run, machines):
        """launch-ssh under way, with programs in place of ssh and scp that stay here."""
        tools = run.folder / "tools"
        tools.mkdir()
        for name, text in (("ssh", SSH), ("scp", SCP)):
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        lines = []
        for name in machines:
            (run.folder / "machines" / f"{name}@127.0.0.1").mkdir(parents=True)
            lines.append(f"{name}@127.0.0.1 {free_port(in_a_row=2)}\n")
        (run.folder / "hosts").write_text("# name and port\n" + "".join(lines))
        environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "MACHINES": str(run.folder / "machines")}
        process = subprocess.Popen([ROOT / "scripts/launch-ssh", "hosts", "run.toml", "--program", PROGRAM], cwd=run.folder,
                                   env=environment, text=True, stderr=subprocess.PIPE, start_new_session=True)
        # Whatever happens, none of what it started stays behind.
        self.addCleanup(process.wait)
        self.addCleanup(end_group, process.pid)
        return process

    def remote_events(self, run, machine, number):
        folder = f"machines/{machine}@127.0.0.1/murmur-runs/t/peer{number}/"
        return run.events(f"peer{number}", inside=folder)

    def test_peers_on_three_machines_train_together_and_all_they_leave_is_gathered(self):
        with Run(SOME_SECONDS) as run:
            process = self.launch(run, ["anna", "bert", "carl"])
            _, err = process.communicate(timeout=150 * PATIENCE)
            self.assertEqual(process.returncode, 0, err)
            for number in range(3):
                events = run.events(f"peer{number}")
                end = events[-1]
                self.assertEqual((end["event"], end["reason"]), ("end", "done"), err)
                self.assertGreater(end["parcels_received"], 0)
                others = {f"peer{other}" for other in range(3)} - {f"peer{number}"}
                self.assertEqual({e["peer"] for e in events if e["event"] == "member"}, others)
                self.assertTrue((run.folder / f"runs/t/peer{number}/checkpoints/final.safetensors").exists())

    def test_ctrl_c_lets_all_leave_and_gathers(self):
        with Run(LONG) as run:
            process = self.launch(run, ["anna", "bert"])
            together = lambda: all(any(e.get("members") == 2 for e in self.remote_events(run, machine, number))
                                   for number, machine in enumerate(("anna", "bert")))
            run.wait_for(together, process)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=100 * PATIENCE)
            self.assertEqual(process.returncode, 130, err)
            for number in range(2):
                end = run.events(f"peer{number}")[-1]
                self.assertEqual((end["event"], end["reason"]), ("end", "stopped"), err)

    def test_what_is_wrong_is_said_before_anybody_is_called(self):
        with Run() as run:
            (run.folder / "hosts").write_text("# nobody\n")
            for arguments, says in ((["hosts"], "expected HOSTS and FILE"), (["none", "run.toml"], "none: no such file"),
                                    (["hosts", "run.toml"], "names no host"), (["hosts", "none.toml"], "none.toml"),
                                    (["--fast", "hosts", "run.toml"], "unknown option '--fast'")):
                done = subprocess.run([ROOT / "scripts/launch-ssh", "--program", PROGRAM, *arguments], cwd=run.folder,
                                      capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(says, done.stderr)


class Examples(unittest.TestCase):
    def needs(self, program):
        found = shutil.which(program)
        if found is None:
            self.skipTest(f"no {program} here")
        return found

    def passes(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_scripts_pass_shellcheck(self):
        self.passes(self.needs("shellcheck"), ROOT / "scripts/launch-ssh", DEPLOY / "murmur.slurm")

    def test_systemd_takes_the_unit(self):
        analyze = self.needs("systemd-analyze")
        with Run() as run:
            # It looks for the program where the unit says that it is.
            unit = run.folder / "murmur.service"
            unit.write_text((DEPLOY / "murmur.service").read_text().replace("/usr/local/bin/murmur", PROGRAM))
            self.assertEqual(self.passes(analyze, "verify", "--man=no", unit), "")
            unit.write_text(unit.read_text().replace("KillSignal=SIGINT", "KillSignal=NEVER"))
            self.assertIn("NEVER", self.passes(analyze, "verify", "--man=no", unit))

    def test_the_kubernetes_objects_fit_together_and_their_script_is_bash(self):
        try:
            import yaml
        except ImportError:
            self.skipTest("no yaml for Python here")
        service, peers = yaml.safe_load_all((DEPLOY / "murmur.yaml").read_text())
        self.assertEqual((service["kind"], peers["kind"]), ("Service", "StatefulSet"))
        labels = peers["spec"]["template"]["metadata"]["labels"]
        self.assertEqual(peers["spec"]["selector"]["matchLabels"], labels)
        self.assertEqual(service["spec"]["selector"], labels)
        self.assertEqual(peers["spec"]["serviceName"], service["metadata"]["name"])
        pod = peers["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        self.assertEqual({port["port"] for port in service["spec"]["ports"]},
                         {port["containerPort"] for port in container["ports"]})
        claimed = {claim["metadata"]["name"] for claim in peers["spec"]["volumeClaimTemplates"]}
        self.assertEqual({mount["name"] for mount in container["volumeMounts"]},
                         {volume["name"] for volume in pod["volumes"]} | claimed)
        (script,) = container["args"]
        self.passes("bash", "-n", "-c", script)
        with Run() as run:
            self.keys_are_known(run, script)

    def test_every_key_that_the_slurm_script_sets_is_known(self):
        self.passes("bash", "-n", DEPLOY / "murmur.slurm")
        with Run() as run:
            self.keys_are_known(run, (DEPLOY / "murmur.slurm").read_text())

    def keys_are_known(self, run, script):
        keys = re.findall(r'--set "?([a-z_.]+)=', script)
        self.assertIn("peer.listen", keys)
        _, complete, _ = run.call("check", "run.toml")
        known = tomllib.loads(complete)
        for key in keys:
            table, name = key.split(".")
            self.assertIn(name, known[table])


if __name__ == "__main__":
    unittest.main()

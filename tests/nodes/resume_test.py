"""Real processes on this machine: peers that are killed and go on from their checkpoints. One ctest a method."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
import unittest

from node_run import PATIENCE, Run, fault, kill, still_alive_after

TRAINING = """
run = "t"
[model]
kind = "mlp"
[train]
steps = 100000000
batch = 16
evaluate_every = 0
[checkpoint]
every_seconds = 0.05
"""
AGAIN = ["--set", "checkpoint.resume=auto"]


def metadata(path):
    data = path.read_bytes()
    return json.loads(data[8:8 + int.from_bytes(data[:8], "little")])["__metadata__"]


class Resuming(unittest.TestCase):
    def saved(self, run, name):
        """The checkpoints of a peer, by step."""
        return sorted((run.folder / "runs/t" / name / "checkpoints").glob("step-*.safetensors"))

    def has_saved(self, run, names, count=2):
        return lambda: all(len(self.saved(run, name)) >= count for name in names)

    def start_record(self, run, name):
        return run.events(name)[0]

    def launch_and_kill(self, run, peers, *more):
        """A whole run that trains, writes checkpoints and is gone at once."""
        names = [f"p{i}" for i in range(peers)]
        process = run.start("launch", "run.toml", "--peers", str(peers), *more)
        run.wait_for(self.has_saved(run, names), process)
        pids = run.pids(peers)
        kill(process.pid)
        for pid in pids:
            kill(pid)
        process.communicate()
        self.assertEqual(still_alive_after(pids, 20), [])

    def steps_after(self, run, peers, more=100):
        """So many steps that all have some left to take."""
        latest = max(int(metadata(self.saved(run, f"p{i}")[-1])["step"]) for i in range(peers) if self.saved(run, f"p{i}"))
        return ["--set", f"train.steps={latest + more}"]

    def go_on(self, run, peers, *more):
        status, _, err = run.call("launch", "run.toml", "--peers", str(peers), *AGAIN, *more)
        logs = "".join((run.folder / f"runs/t/p{i}/events.log").read_text() for i in range(peers))
        self.assertEqual(status, 0, err + logs)
        return err + logs

    def check_whole_run(self, pace):
        with Run(TRAINING + f"[gossip]\npace = \"{pace}\"\n") as run:
            self.launch_and_kill(run, 3)
            steps = self.steps_after(run, 3)
            before = {name: int(metadata(self.saved(run, name)[-1])["step"]) for name in ("p0", "p1", "p2")}
            self.go_on(run, 3, *steps)
            for name, step in before.items():
                start = self.start_record(run, name)
                self.assertGreater(start["incarnation"], 1)
                former = run.folder / "runs/t" / name / "metrics-1.jsonl"
                self.assertEqual(json.loads(former.read_text().splitlines()[0])["incarnation"], 1)
                self.assertTrue(start["resumed_from"].endswith(f"step-{step:09}.safetensors"), start)
                # In step all begin where the one furthest behind was.
                self.assertEqual(start["step"], min(before.values()) if pace == "sync" else step)
                self.assertEqual(run.events(name)[-1]["step"], int(steps[1].split("=")[1]))
            summary = run.summary()
            self.assertLess(abs(summary["weight_total"] + summary["weight_in_flight"] - 3), 1e-9)
            self.assertGreater(summary["average"]["test_accuracy"], 0.5)

    @fault
    def test_a_whole_run_that_was_killed_goes_on(self):
        self.check_whole_run("async")

    def test_a_whole_run_in_step_goes_on_at_one_round(self):
        self.check_whole_run("sync")

    @fault
    def test_a_run_goes_on_from_any_subset_of_its_peers(self):
        for pace in ("async", "sync"):
            with self.subTest(pace), Run(TRAINING + f"[gossip]\npace = \"{pace}\"\n") as run:
                self.launch_and_kill(run, 3)
                for name in ("p0", "p2"):
                    shutil.rmtree(run.folder / "runs/t" / name)
                steps = self.steps_after(run, 3)
                left = int(metadata(self.saved(run, "p1")[-1])["step"])
                said = self.go_on(run, 3, *steps)
                self.assertIn("p0 has no checkpoint: it begins with that of p1", said)
                self.assertEqual([self.start_record(run, f"p{i}")["step"] for i in range(3)], [left] * 3)
                self.assertGreater(run.summary()["average"]["test_accuracy"], 0.5)

    @fault
    def test_a_peer_that_is_stopped_goes_on_too(self):
        with Run(TRAINING.replace("0.05", "0")) as run:
            process = self.peer(run, "a", 0)
            run.wait_for(self.training(run, "a", process), process)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60 * PATIENCE)
            self.assertEqual(len(self.saved(run, "a")), 1)
            step = int(metadata(self.saved(run, "a")[0])["step"])
            process = self.peer(run, "a", 0, *AGAIN)
            run.wait_for(self.training(run, "a", process), process)
            self.assertEqual(self.start_record(run, "a")["step"], step)

    def peer(self, run, name, part, *more):
        return run.start("peer", "run.toml", "--set", f"peer.name={name}", "--set", "peer.threads=1",
                         "--set", "data.parts=2", "--set", f"data.part={part}", *more)

    def said(self, run, name, process):
        """Its records; none as long as there are only those of a former life."""
        events = run.events(name)
        return events if events and events[0]["pid"] == process.pid else []

    def training(self, run, name, process):
        return lambda: any(e["event"] == "progress" for e in self.said(run, name, process))

    @fault
    def test_a_killed_peer_comes_back_as_another_life_of_itself(self):
        with Run(TRAINING + "[membership]\nsuspicion_multiplier = 300.0\n") as run:
            first = self.peer(run, "a", 0)
            run.wait_for(self.training(run, "a", first), first)
            join = ["--join", self.start_record(run, "a")["listen"]]
            lives = [0]
            for _ in range(3):
                second = self.peer(run, "b", 1, *join, *AGAIN)
                run.wait_for(self.training(run, "b", second), second)
                lives.append(self.start_record(run, "b")["incarnation"])
                self.assertGreater(lives[-1], lives[-2])
                run.wait_for(self.has_saved(run, ["b"]), second)
                # Two live, not more: what it was is gone, long before a suspicion would end.
                run.wait_for(lambda: run.events("a")[-1].get("members") == 2, first)
                kill(second.pid)
                second.communicate()
                # Not before: who lives puts the oldest away while they are read.
                self.assertEqual(len({metadata(path)["id"] for path in self.saved(run, "b")}), 1)
            self.assertIn("goes on from", (run.folder / "runs/t/b/events.log").read_text())
            self.assertIsNone(first.poll())

    @fault
    def test_who_all_wait_for_each_other_after_a_power_cut_go_on(self):
        with Run(TRAINING) as run:
            names = ["a", "b", "c"]
            at = {name: f"ipc://{run.folder}/{name}" for name in names}

            def begin(name, others, *more):
                joins = [word for other in others for word in ("--join", at[other])]
                return run.start("peer", "run.toml", "--set", f"peer.name={name}", "--set", "peer.threads=1",
                                 "--set", f"peer.listen={at[name]}", "--set", "data.parts=3",
                                 "--set", f"data.part={names.index(name)}", *joins, *more)

            peers = [begin("a", []), begin("b", ["a"]), begin("c", ["a", "b"])]
            run.wait_for(self.has_saved(run, names), peers[0])
            for process in peers:
                kill(process.pid)
                process.communicate()
            saved = max(int(metadata(self.saved(run, name)[-1])["step"]) for name in names)
            lives = {name: begin(name, [other for other in names if other != name], *AGAIN) for name in names}
            for name, process in lives.items():
                run.wait_for(lambda: any(e.get("members") == 3 and e["step"] > saved
                                         for e in self.said(run, name, process) if e["event"] == "progress"), process)
            logs = [(run.folder / "runs/t" / name / "events.log").read_text() for name in names]
            self.assertEqual(sum("this peer begins it again" in log for log in logs), 1, logs)
            for process in lives.values():
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=60 * PATIENCE)

    def alone_and_killed(self, run):
        process = self.peer(run, "a", 0)
        run.wait_for(self.has_saved(run, ["a"]), process)
        kill(process.pid)
        process.communicate()

    @fault
    def test_a_damaged_checkpoint_is_named_and_the_one_before_it_taken(self):
        with Run(TRAINING) as run:
            self.alone_and_killed(run)
            before, latest = self.saved(run, "a")[-2:]
            data = bytearray(latest.read_bytes())
            data[len(data) // 2] ^= 1
            latest.write_bytes(data)
            process = self.peer(run, "a", 0, *AGAIN)
            run.wait_for(self.training(run, "a", process), process)
            self.assertTrue(self.start_record(run, "a")["resumed_from"].endswith(before.name))
            said = (run.folder / "runs/t/a/events.log").read_text()
            self.assertIn(f"{latest.name}: damaged: its checksum is", said)

    def test_a_checkpoint_of_another_run_is_refused_with_what_differs(self):
        with Run(TRAINING) as run:
            self.alone_and_killed(run)
            for change, difference in (("model.kind=logistic", "model.kind: this run has logistic, the checkpoint mlp"),
                                       ("policy.optimizer=adamw", "policy.optimizer: this run has adamw, the checkpoint momentum")):
                status, _, err = run.call("peer", "run.toml", "--set", "peer.name=a", *AGAIN, "--set", change)
                self.assertEqual(status, 1)
                self.assertIn(difference, err)

    def test_a_run_that_begins_anew_puts_checkpoints_away(self):
        with Run(TRAINING) as run:
            self.alone_and_killed(run)
            names = [path.name for path in self.saved(run, "a")]
            process = self.peer(run, "a", 0, "--set", "checkpoint.every_seconds=0")
            run.wait_for(self.training(run, "a", process), process)
            self.assertEqual(self.saved(run, "a"), [])
            earlier = sorted((run.folder / "runs/t/a/checkpoints/earlier").iterdir())
            self.assertEqual([path.name for path in earlier], names)

    @fault
    def test_killed_at_any_moment_the_latest_is_whole_and_no_older_than_was_said(self):
        """MURMUR_KILLS: how often; MURMUR_CHECKPOINT_EVERY: seconds between checkpoints. Prints what was seen."""
        kills, rng, partial, oldest = int(os.environ.get("MURMUR_KILLS", "12")), random.Random(1), 0, 0.0
        every = float(os.environ.get("MURMUR_CHECKPOINT_EVERY", "0.02"))
        with Run(TRAINING.replace("0.05", str(every))) as run:
            checkpoints = run.folder / "runs/t/a/checkpoints"
            for _ in range(kills):
                process = self.peer(run, "a", 0, *AGAIN)
                said = lambda: [e for e in self.said(run, "a", process) if e["event"] == "checkpoint"]
                run.wait_for(said, process)
                try:
                    process.wait(timeout=rng.uniform(0, 5 * every))
                except subprocess.TimeoutExpired:
                    pass
                kill(process.pid)
                killed = time.time()
                process.communicate()
                saved = self.saved(run, "a")
                # Whatever was said to be written is there, or a later one.
                self.assertGreaterEqual(int(metadata(saved[-1])["step"]), said()[-1]["step"])
                self.assertNotIn("damaged", (run.folder / "runs/t/a/events.log").read_text())
                partial += len(list(checkpoints.glob("*.partial")))
                oldest = max(oldest, killed - saved[-1].stat().st_mtime)
                status, _, err = run.call("export", str(saved[-1]), "--to", "x.safetensors")
                self.assertEqual(status, 0, err)
            print(f"killed {kills} times, {partial} of them while a file was half written; the latest whole one "
                  f"was at most {oldest:.3f} s old, with one every {every} s")

    def test_two_peers_of_one_name_do_not_share_a_folder(self):
        with Run(TRAINING) as run:
            process = self.peer(run, "a", 0)
            run.wait_for(self.training(run, "a", process), process)
            status, _, err = run.call("peer", "run.toml", "--set", "peer.name=a")
            self.assertEqual(status, 1)
            self.assertIn("a peer of this name still runs there", err)
            self.assertIsNone(process.poll())

    def test_what_cannot_be_written_is_said_and_counted_and_training_goes_on(self):
        with Run(TRAINING) as run:
            process = self.peer(run, "a", 0)
            run.wait_for(self.has_saved(run, ["a"]), process)
            folder = run.folder / "runs/t/a/checkpoints"
            folder.rename(run.folder / "elsewhere")
            folder.write_text("not a folder")
            failures = lambda: [e for e in run.events("a") if e["event"] == "checkpoint" and "error" in e]
            run.wait_for(lambda: len(failures()) >= 3, process)
            folder.unlink()
            (run.folder / "elsewhere").rename(folder)
            last = failures()[-1]["step"]
            # By their names: a file that is read now may have made room for later ones.
            later = lambda: any(int(path.stem.removeprefix("step-")) > last for path in self.saved(run, "a"))
            run.wait_for(later, process)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60 * PATIENCE)
            self.assertGreaterEqual(run.events("a")[-1]["checkpoints_failed"], 3)
            self.assertIn("not written", (run.folder / "runs/t/a/events.log").read_text())


if __name__ == "__main__":
    unittest.main()

"""Real processes on this machine: peers that come while others train. One ctest a method."""

import os
import pathlib
import signal
import unittest

from node_run import PATIENCE, SMALL, Run, fault, kill

# Nobody waits for the end of it; and one of some seconds, so that others have time to come.
LONG = SMALL.replace("steps = 60", "steps = 100000000")
SHORT = SMALL.replace("logistic", "mlp").replace("steps = 60", "steps = 4000").replace("batch = 16", "batch = 32")


class Joining(unittest.TestCase):
    def peer(self, run, name, part, join=(), parts=3, more=()):
        # One thread each: the cores are shared.
        arguments = ["peer", "run.toml", "--set", f"peer.name={name}", "--set", "peer.threads=1",
                     "--set", f"data.parts={parts}", "--set", f"data.part={part}", *more]
        for address in join:
            arguments += ["--join", address]
        return run.start(*arguments)

    def is_training(self, run, name):
        return lambda: any(e["event"] == "progress" and e["step"] > 0 for e in run.events(name))

    def address(self, run, name):
        return run.events(name)[0]["listen"]

    def end(self, run, name):
        return run.events(name)[-1]

    def finish(self, process):
        _, err = process.communicate(timeout=120 * PATIENCE)
        self.assertEqual(process.returncode, 0, err)
        return err

    def leave(self, run, name, process):
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60 * PATIENCE)
        self.assertEqual(process.returncode, 130, err)
        self.assertEqual(self.end(run, name)["weight"], 0)
        return err

    def heard_that(self, run, name, peer, state):
        return lambda: any(e["event"] == "member" and e["peer"] == peer and e["state"] == state
                           for e in run.events(name))

    def heard_in_the_log(self, run, name, words):
        log = pathlib.Path(run.folder, "runs/t", name, "events.log")
        return lambda: log.exists() and words in log.read_text(encoding="utf-8")

    def test_a_newcomer_goes_on_where_the_run_is_and_ends_with_it(self):
        with Run(SHORT) as run:
            first = self.peer(run, "a", 0, parts=2)
            run.wait_for(lambda: run.events("a"), first)
            second = self.peer(run, "b", 1, [self.address(run, "a")], parts=2)
            self.finish(second)
            self.finish(first)
            ends = [self.end(run, name) for name in ("a", "b")]
            for end in ends:
                self.assertEqual(end["step"], 4000)
                self.assertGreater(end["test_accuracy"], 0.5)
                self.assertGreater(end["parcels_received"], 0)
            held = sum(end["weight"] + end["weight_in_flight"] for end in ends)
            self.assertLess(abs(held - 2), 1e-9)

    @unittest.skipIf(len(os.sched_getaffinity(0)) < 2, "one core is not shared")
    def test_peers_started_by_hand_share_the_cores_of_their_machine_while_they_are_there(self):
        with Run(LONG) as run:
            first = self.peer(run, "a", 0, parts=2, more=["--set", "peer.threads=0"])
            run.wait_for(self.is_training(run, "a"), first)
            second = self.peer(run, "b", 1, [self.address(run, "a")], parts=2, more=["--set", "peer.threads=0"])
            for name in ("a", "b"):
                run.wait_for(self.heard_in_the_log(run, name, "2 peers of this run are on this machine: computes on "),
                             first)
            self.leave(run, "b", second)
            run.wait_for(self.heard_in_the_log(run, "a", "no other peer of this run is on this machine: computes on all"),
                         first)
            first.send_signal(signal.SIGINT)
            self.assertEqual(first.wait(timeout=60 * PATIENCE), 130)

    @fault
    def test_a_newcomer_brings_weight_one_and_leaves_it_behind(self):
        with Run(LONG) as run:
            first = self.peer(run, "a", 0)
            run.wait_for(self.is_training(run, "a"), first)
            second = self.peer(run, "b", 1, [self.address(run, "a")])
            run.wait_for(self.is_training(run, "b"), second)
            said = self.leave(run, "b", second)
            self.assertGreater(int(said.split("at step ")[1].split()[0]), 0)
            alone = lambda: abs(run.events("a")[-1].get("weight", 0) - 2) < 1e-9
            run.wait_for(alone, first)

    @fault
    def test_no_peer_is_needed_by_the_others_not_even_the_first(self):
        with Run(LONG) as run:
            first = self.peer(run, "a", 0)
            run.wait_for(self.is_training(run, "a"), first)
            second = self.peer(run, "b", 1, [self.address(run, "a")])
            run.wait_for(self.is_training(run, "b"), second)
            kill(first.pid)
            # Nobody answers at the first address any more; one that lives is enough.
            third = self.peer(run, "c", 2, [self.address(run, "a"), self.address(run, "b")])
            run.wait_for(self.is_training(run, "c"), third)
            run.wait_for(self.heard_that(run, "b", "a", "dead"), second)
            self.leave(run, "c", third)
            self.assertIsNone(second.poll())

    def test_who_knows_one_peer_comes_to_know_all(self):
        with Run(LONG) as run:
            peers = [self.peer(run, "a", 0)]
            run.wait_for(self.is_training(run, "a"), peers[0])
            for part, (name, known) in enumerate((("b", "a"), ("c", "b")), start=1):
                peers.append(self.peer(run, name, part, [self.address(run, known)]))
                run.wait_for(self.is_training(run, name), peers[-1])
            everybody = lambda: all(any(e.get("members") == 3 for e in run.events(name)) for name in "abc")
            run.wait_for(everybody, peers[0])
            self.leave(run, "b", peers[1])
            for name, process in (("a", peers[0]), ("c", peers[2])):
                run.wait_for(self.heard_that(run, name, "b", "left"), process)

    def test_a_peer_of_another_run_is_told_what_differs(self):
        with Run(LONG) as run:
            first = self.peer(run, "a", 0)
            run.wait_for(self.is_training(run, "a"), first)
            stranger = self.peer(run, "b", 1, [self.address(run, "a")], more=["--set", "model.kind=mlp"])
            _, err = stranger.communicate(timeout=60 * PATIENCE)
            self.assertEqual(stranger.returncode, 1)
            self.assertIn("model.kind: this peer has mlp, the run logistic", err)
            self.assertIsNone(first.poll())

    def test_ctrl_c_ends_a_peer_that_knocks_where_nobody_is(self):
        with Run(LONG) as run:
            lonely = self.peer(run, "a", 0, ["tcp://127.0.0.1:9"])
            run.wait_for(lambda: run.events("a"), lonely)
            lonely.send_signal(signal.SIGINT)
            _, err = lonely.communicate(timeout=60 * PATIENCE)
            self.assertEqual(lonely.returncode, 130, err)


if __name__ == "__main__":
    unittest.main()

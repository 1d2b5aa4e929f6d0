"""Real processes on this machine: what `murmur launch` promises. One ctest a method."""

import os
import pathlib
import random
import signal
import time
import unittest

from node_run import PATIENCE, SMALL, Run, alive, children, fault, free_port, kill, still_alive_after

# Long enough that something can happen meanwhile; nobody waits for its end.
LONG = SMALL.replace("steps = 60", "steps = 1000000")
# A second or two, so that a kill lands anywhere in it.
MEDIUM = SMALL.replace("steps = 60", "steps = 4000")


def environment(pid):
    return pathlib.Path(f"/proc/{pid}/environ").read_text().split("\0")


def name_of(pid):
    return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()


class Launch(unittest.TestCase):
    def check_books(self, summary, peers):
        self.assertLess(abs(summary["weight_total"] + summary["weight_in_flight"] - peers), 1e-9)
        self.assertEqual(len(summary["peers"]), peers)

    def test_four_peers_train_and_the_books_balance(self):
        with Run() as run:
            status, out, err = run.call("launch", "run.toml", "--peers", "4")
            self.assertEqual(status, 0, err)
            summary = run.summary()
            self.check_books(summary, 4)
            for peer in summary["peers"]:
                self.assertEqual(peer["exit"], 0)
                self.assertEqual(peer["steps"], 60)
                self.assertEqual(peer["samples"], 960)
                self.assertGreater(peer["test_accuracy"], 0.5)
                events = [e["event"] for e in run.events(peer["name"])]
                self.assertEqual(events[0], "start")
                self.assertEqual(events[-1], "end")
                self.assertEqual(run.events(peer["name"])[-1]["state"], "fine")
                self.assertNotIn("standing", events)
                self.assertIn("checkpoint", events)
            self.assertGreater(summary["average"]["test_accuracy"], 0.5)
            self.assertIn("average of all estimates", out)

    def test_a_lone_peer_trains(self):
        with Run() as run:
            status, _, err = run.call("launch", "run.toml", "--peers", "1")
            self.assertEqual(status, 0, err)
            self.check_books(run.summary(), 1)

    def test_peers_talk_over_ipc_as_well(self):
        with Run() as run:
            status, _, err = run.call("launch", "run.toml", "--peers", "2", "--set",
                                      f"peer.listen=ipc://{run.folder}/socket")
            self.assertEqual(status, 0, err)
            self.check_books(run.summary(), 2)

    def test_the_books_balance_over_every_codec(self):
        with Run() as run:
            for codec in ("bf16", "f16", "int8", "int4"):
                with self.subTest(codec):
                    status, _, err = run.call("launch", "run.toml", "--peers", "3", "--set", f"gossip.codec={codec}")
                    self.assertEqual(status, 0, err)
                    self.check_books(run.summary(), 3)
                    self.assertEqual(run.summary()["weight_in_flight"], 0)

    def test_in_step_codecs_and_pushes_of_some_blocks_give_the_same_bits(self):
        for codec in ("bf16", "int8"):
            with self.subTest(codec):
                self.same_bits("lenet5", f"codec = \"{codec}\"\nblock_bytes = 65536\nblocks_per_push = 2\nblock_choice = \"random\"\n")

    @fault
    def test_a_peer_that_leaves_hands_all_over_whatever_the_codec(self):
        with Run(MEDIUM + "[gossip]\ncodec = \"int4\"\ndamping = 0.5\n") as run:
            process = run.start("launch", "run.toml", "--peers", "3")
            run.wait_for(run.all_training(3), process)
            pid = run.pids(3)[1]
            if alive(pid):
                os.kill(pid, signal.SIGINT)
            _, err = process.communicate(timeout=60 * PATIENCE)
            summary = run.summary()
            self.check_books(summary, 3)
            leaver = summary["peers"][1]
            self.assertIn(leaver["exit"], (0, 130), err)  # 0: it was done before it heard
            if leaver["exit"] == 130:
                self.assertEqual(leaver["weight"], 0)
            for peer in (0, 2):
                self.assertEqual(summary["peers"][peer]["steps"], 4000)

    def test_in_step_two_launches_and_a_simulation_give_the_same_bits(self):
        self.same_bits("lenet5", "topology = \"complete\"\n")

    def test_in_step_shares_by_distance_do_not_depend_on_when_messages_come(self):
        for distance in ("sketch", "exact"):
            with self.subTest(distance):
                self.same_bits("logistic", f"weighting = \"moreau\"\n[gossip.moreau]\nk = 1.0\ndistance = \"{distance}\"\n")

    def same_bits(self, model, gossip):
        toml = SMALL.replace("logistic", model).replace("steps = 60", "steps = 12") + "[gossip]\npace = \"sync\"\n" + gossip
        with Run(toml) as run:
            for name in ("a", "b"):
                status, _, err = run.call("launch", "run.toml", "--peers", "3", "--set", f"run={name}")
                self.assertEqual(status, 0, err)
            status, _, err = run.call("simulate", "run.toml", "--set", "simulate.peers=3", "--out", "simulated")
            self.assertEqual(status, 0, err)
            for peer in ("p0", "p1", "p2"):
                first = run.estimate(peer, "runs/a")
                self.assertEqual(first, run.estimate(peer, "runs/b"))
                self.assertEqual(first, run.estimate(peer, "simulated"))

    @fault
    def test_who_stood_still_and_was_taken_for_dead_comes_back(self):
        with Run(LONG) as run:
            process = run.start("launch", "run.toml", "--peers", "3")
            run.wait_for(run.all_training(3), process)
            frozen = run.pids(3)[1]
            os.kill(frozen, signal.SIGSTOP)
            run.wait_for(lambda: "dead" in self.states_of(run, "p0", "p1"), process)
            os.kill(frozen, signal.SIGCONT)
            run.wait_for(lambda: all(self.states_of(run, p, "p1")[-1:] == ["alive"] for p in ("p0", "p2")), process)
            run.wait_for(lambda: run.events("p1")[-1].get("members") == 3, process)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60 * PATIENCE)

    @fault
    def test_who_waits_in_step_says_for_whom(self):
        with Run(LONG + "[gossip]\npace = \"sync\"\n[membership]\nsuspicion_multiplier = 300.0\n") as run:
            process = run.start("launch", "run.toml", "--peers", "3")
            run.wait_for(run.all_training(3), process)
            frozen = run.pids(3)[1]
            os.kill(frozen, signal.SIGSTOP)
            run.wait_for(lambda: "s for p1 (at round " in (run.folder / "runs/t/p0/events.log").read_text(), process)
            os.kill(frozen, signal.SIGCONT)
            before = self.step_of(run, "p0")
            run.wait_for(lambda: self.step_of(run, "p0") > before, process)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60 * PATIENCE)

    def step_of(self, run, name):
        return max(e["step"] for e in run.events(name) if e["event"] == "progress")

    def states_of(self, run, name, peer):
        """What `name` has recorded of `peer`, in order."""
        return [e["state"] for e in run.events(name) if e["event"] == "member" and e["peer"] == peer]

    @fault
    def test_a_killed_peer_costs_the_others_nothing(self):
        seed = int(os.environ.get("MURMUR_SEED", "1"))
        chance = random.Random(seed)
        with Run(MEDIUM) as run:
            process = run.start("launch", "run.toml", "--peers", "4")
            run.wait_for(lambda: all(run.events(f"p{i}") for i in range(4)), process)
            victim = chance.randrange(4)
            try:
                process.wait(timeout=chance.uniform(0.0, 1.5))
            except Exception:
                pass
            pid = run.pids(4)[victim]
            killed = alive(pid)
            if killed:
                kill(pid)
            _, err = process.communicate(timeout=60 * PATIENCE)
            self.assertEqual(process.returncode, 0, f"seed {seed}: {err}")
            for i, peer in enumerate(run.summary()["peers"]):
                if i == victim and killed and peer["exit"] != 0:
                    self.assertEqual(peer["exit"], 128 + signal.SIGKILL)
                    self.assertIn(f"p{victim} was killed", err)
                else:
                    self.assertEqual(peer["exit"], 0)
                    self.assertEqual(peer["steps"], 4000)

    @fault
    def test_who_is_killed_before_the_run_has_begun_costs_the_others_nothing(self):
        for pace in ("async", "sync"):
            with self.subTest(pace), Run(SMALL + f"[gossip]\npace = \"{pace}\"\n") as run:
                process = run.start("launch", "run.toml", "--peers", "3")
                run.wait_for(lambda: len(children(process.pid)) == 3, process)
                victim = children(process.pid)[1]  # in most runs it does not listen yet
                kill(victim)
                _, err = process.communicate(timeout=60 * PATIENCE)
                self.assertEqual(process.returncode, 0, err)
                self.assertIn("was killed", err)
                peers = run.summary()["peers"]
                self.assertEqual(sorted(peer["exit"] for peer in peers), [0, 0, 128 + signal.SIGKILL])
                self.assertEqual([peer["steps"] for peer in peers if peer["exit"] == 0], [60, 60])

    @fault
    def test_the_last_of_several_finishes_and_says_that_it_trained_alone(self):
        with Run(MEDIUM.replace("steps = 4000", "steps = 40000")) as run:
            process = run.start("launch", "run.toml", "--peers", "3")
            run.wait_for(run.all_training(3), process)
            pids = run.pids(3)
            for victim in (0, 2):
                kill(pids[victim])
            _, err = process.communicate(timeout=120 * PATIENCE)
            self.assertEqual(process.returncode, 0, err)
            self.assertEqual([peer["exit"] for peer in run.summary()["peers"]], [137, 0, 137])
            end = run.events("p1")[-1]
            self.assertEqual((end["reason"], end["state"], end["step"]), ("done", "alone", 40000))
            self.assertGreater(end["alone_seconds"], 0)
            self.assertIn("p1 ended ALONE", err)
            log = (run.folder / "runs/t/p1/events.log").read_text()
            for said in ("ALONE: no other member is left", "ended ALONE"):
                self.assertIn(said, log)
            self.assertIn("alone", [e["state"] for e in run.events("p1") if e["event"] == "standing"])

    @fault
    def test_ctrl_c_ends_all_within_three_seconds_and_exits_130(self):
        with Run(LONG) as run:
            process = run.start("launch", "run.toml", "--peers", "4")
            run.wait_for(run.all_training(4), process)
            pids = run.pids(4)
            before = time.monotonic()
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=10)
            self.assertLess(time.monotonic() - before, 3.0)
            self.assertEqual(process.returncode, 130)
            self.assertFalse([pid for pid in pids if alive(pid)])

    @fault
    def test_no_peer_outlives_a_killed_launcher(self):
        with Run(LONG) as run:
            process = run.start("launch", "run.toml", "--peers", "3")
            run.wait_for(run.all_training(3), process)
            pids = run.pids(3)
            process.kill()
            self.assertEqual(still_alive_after(pids, seconds=5), [])

    def test_threads_that_wait_for_others_do_not_keep_their_cores_unless_one_says_so(self):
        for said, spins in (((), "3000"), (("env", "GOMP_SPINCOUNT=7"), "7")):
            with Run(LONG) as run:
                process = run.start("launch", "run.toml", "--peers", "1", on=said)
                run.wait_for(run.all_training(1), process)
                for pid in (process.pid, *run.pids(1)):
                    self.assertIn(f"GOMP_SPINCOUNT={spins}", environment(pid))
                    self.assertEqual(name_of(pid), "murmur")

    def test_sixteen_peers_on_few_cores_end_with_exact_books(self):
        with Run() as run:
            status, _, err = run.call("launch", "run.toml", "--peers", "16")
            self.assertEqual(status, 0, err)
            self.check_books(run.summary(), 16)


class Refusals(unittest.TestCase):
    def refused(self, run, status, *arguments, says=()):
        got, out, err = run.call(*arguments)
        self.assertEqual(got, status, err)
        self.assertEqual(out, "")
        for text in says:
            self.assertIn(text, err)

    def test_an_unknown_key_names_the_nearest(self):
        with Run(SMALL + "bacth = 4\n") as run:
            self.refused(run, 2, "launch", "run.toml", says=["run.toml:", "train.bacth", "train.batch"])

    def test_a_missing_data_folder_is_named(self):
        with Run() as run:
            self.refused(run, 2, "launch", "run.toml", "--set", "data.set=idx", "--set", "data.path=/nowhere/mnist",
                         says=["/nowhere/mnist"])

    def test_two_peers_on_one_port_are_told_apart_from_success(self):
        with Run() as run:
            status, _, err = run.call("launch", "run.toml", "--peers", "2", "--set", f"peer.listen=tcp://127.0.0.1:{free_port()}")
            self.assertEqual(status, 1, err)
            self.assertIn("in use", err)

    def test_a_run_folder_that_cannot_be_written_is_named(self):
        with Run() as run:
            (run.folder / "runs").write_text("a file where a folder should be")
            self.refused(run, 1, "launch", "run.toml", says=["runs/t"])

    def test_a_wrong_command_line_exits_2(self):
        with Run() as run:
            self.assertEqual(run.call("launch")[0], 2)
            self.assertEqual(run.call("lunch", "run.toml")[0], 2)
            self.assertEqual(run.call("list", "model")[0], 2)

    def test_a_listed_preset_says_what_it_is_made_of_and_check_what_comes_of_it(self):
        with Run() as run:
            status, presets, _ = run.call("list", "presets")
            self.assertEqual(status, 0)
            _, parts, source = presets[presets.index("\nvrl-sgd "):].strip().splitlines()[:3]
            self.assertIn('correction = "vrl"', parts)
            self.assertIn('gossip.pace = "sync"', parts)
            self.assertIn("Liang et al. 2019", source)
            status, config, err = run.call("check", "run.toml", "--set", "policy.preset=vrl-sgd", "--set", "policy.period=3")
            self.assertEqual(status, 0, err)
            for line in ('preset = "vrl-sgd"', 'correction = "vrl"', 'pace = "sync"', "period = 3"):
                self.assertIn(f"\n{line} ", config)

    def test_check_reads_what_a_run_would_start_from(self):
        header = b'{"fc1.bias": {"dtype": "F32", "shape": [10], "data_offsets": [0, 40]}}'
        with Run() as run:
            file = run.folder / "start.safetensors"
            file.write_bytes(len(header).to_bytes(8, "little") + header + bytes(40))
            check = "check", "run.toml", "--set", "model.init=start.safetensors"
            status, said, err = run.call(*check)
            self.assertEqual(status, 0, err)
            self.assertIn("1 tensors used: fc1.bias", said)
            self.assertIn("1 missing, started from the seed: fc1.weight", said)
            file.write_bytes(file.read_bytes()[:-1])
            status, _, err = run.call(*check)
            self.assertEqual(status, 2)
            self.assertIn("start.safetensors", err)


if __name__ == "__main__":
    unittest.main()

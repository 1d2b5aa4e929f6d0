"""Real processes on this machine: `murmur status` and `murmur stop`. One ctest a method."""

import json
import signal
import socket
import threading
import time
import unittest

from node_run import PATIENCE, SMALL, OtherMachine, Run, fault, free_port

# Nobody waits for the end of it.
LONG = SMALL.replace("steps = 60", "steps = 100000000")
CURVE = "[security]\nmode = \"curve\"\nauthorized = \"keys\"\n"


class Asking(unittest.TestCase):
    def peer(self, run, name, part, join=(), more=(), on=()):
        arguments = ["peer", "run.toml", "--set", f"peer.name={name}", "--set", "peer.threads=1", "--set", "data.parts=3",
                     "--set", f"data.part={part}", *more]
        for address in join:
            arguments += ["--join", address]
        process = run.start(*arguments, on=on)
        run.wait_for(lambda: any(e["event"] == "progress" and e["step"] > 0 for e in run.events(name)), process)
        return process

    def address(self, run, name):
        return run.events(name)[0]["listen"]

    def status(self, run, name, *more):
        status, out, err = run.call("status", self.address(run, name), "--json", *more)
        self.assertEqual(status, 0, err)
        return json.loads(out)

    def refused(self, run, command, *arguments, says):
        since = time.monotonic()
        status, out, err = run.call(command, *arguments)
        self.assertEqual(status, 1, err)
        self.assertEqual(out, "")
        self.assertLess(time.monotonic() - since, 10)
        for text in says:
            self.assertIn(text, err)

    def keys(self, run, folder, *names):
        for name in names:
            status, _, err = run.call("keygen", folder, "--name", name)
            self.assertEqual(status, 0, err)

    def test_a_peer_says_how_it_is_and_what_passes_on_its_edges(self):
        with Run(LONG) as run:
            first = self.peer(run, "a", 0)
            lone = self.status(run, "a")
            self.assertEqual((lone["members_living"], lone["members"], lone["state"]), (1, [], "fine"))
            second = self.peer(run, "b", 1, [self.address(run, "a")])

            def told():
                said = self.status(run, "a")
                edge = said["members"][0] if said["members"] else {}
                return edge.get("round_trip_seconds_p50", 0) > 0 and edge["bytes_received_per_second"] > 0 and edge["step"] > 0
            run.wait_for(told, first)

            def recorded():
                progress = [event for event in run.events("a") if event["event"] == "progress"]
                edges = progress[-1]["edges"]
                return [edge["peer"] for edge in edges] == ["b"] and edges[0]["bytes_received_per_second"] > 0
            run.wait_for(recorded, first)
            said = self.status(run, "a")
            start = run.events("a")[0]
            self.assertEqual(said["name"], "a")
            self.assertEqual(said["run"], "t")
            self.assertEqual(said["fingerprint"], start["fingerprint"])
            self.assertEqual(said["phase"], "training")
            self.assertFalse(said["leaving"])
            self.assertEqual(said["precision"], "f32")
            self.assertEqual(said["members_living"], 2)
            for field in ("step", "loss", "learning_rate", "samples_per_second", "epoch", "weight"):
                self.assertGreater(said[field], 0, field)
            (edge,) = said["members"]
            self.assertEqual((edge["name"], edge["state"], edge["refused"]), ("b", "alive", 0))
            self.assertGreater(edge["bytes_sent_per_second"], 0)
            self.assertLessEqual(edge["round_trip_seconds_p50"], edge["round_trip_seconds_p99"])
            self.assertLess(edge["silent_seconds"], 10)
            status, out, err = run.call("status", self.address(run, "b"))
            self.assertEqual(status, 0, err)
            for text in ("b of run t", "training", "samples/s, f32", "members living 2 of 2", "alive"):
                self.assertIn(text, out)
            second.kill()
            run.wait_for(lambda: self.status(run, "a")["members"][0]["state"] == "dead", first)
            run.wait_for(lambda: self.status(run, "a")["state"] == "alone", first)
            self.assertIn("-- alone --", run.call("status", self.address(run, "a"))[1])

    def test_asking_changes_no_mass_however_often(self):
        with Run(SMALL.replace("steps = 60", "steps = 3000")) as run:
            launch = run.start("launch", "run.toml", "--peers", "2")
            run.wait_for(lambda: all(run.events(f"p{i}") for i in range(2)), launch)
            answers = 0
            while launch.poll() is None:
                answers += run.call("status", self.address(run, "p0"), "--json")[0] == 0
            _, err = launch.communicate()
            self.assertEqual(launch.returncode, 0, err)
            self.assertGreater(answers, 0)
            summary = run.summary()
            self.assertLess(abs(summary["weight_total"] + summary["weight_in_flight"] - 2), 1e-9)
            self.assertEqual(run.events("p0")[-1]["messages_refused"], 0)

    def test_parcels_that_are_clipped_are_counted_by_sender_and_lose_no_weight(self):
        with Run(SMALL + "[security]\nnorm_limit = 1e-6\nnorm_action = \"clip\"\n") as run:
            launch = run.start("launch", "run.toml", "--peers", "2")
            _, err = launch.communicate()
            self.assertEqual(launch.returncode, 0, err)
            events = run.events("p0")
            clipped = [(event["peer"], event["count"]) for event in events if event["event"] == "clipped"]
            self.assertEqual(clipped[:2], [("p1", 1), ("p1", 2)])
            self.assertGreaterEqual(events[-1]["parcels_clipped"], clipped[-1][1])
            self.assertEqual(events[-1]["messages_refused"], 0)
            summary = run.summary()
            self.assertLess(abs(summary["weight_total"] + summary["weight_in_flight"] - 2), 1e-9)

    def test_watching_goes_on_until_it_is_interrupted(self):
        with Run(LONG) as run:
            self.peer(run, "a", 0)
            watching = run.start("status", self.address(run, "a"), "--watch", "--json")
            steps = [json.loads(watching.stdout.readline())["step"] for _ in range(3)]
            self.assertLess(steps[0], steps[2])
            watching.send_signal(signal.SIGINT)
            watching.communicate(timeout=30 * PATIENCE)
            self.assertEqual(watching.returncode, 130)

    @fault
    def test_a_peer_that_is_asked_to_leaves_as_with_ctrl_c(self):
        with Run(LONG) as run:
            first = self.peer(run, "a", 0)
            second = self.peer(run, "b", 1, [self.address(run, "a")])
            status, out, err = run.call("stop", self.address(run, "b"))
            self.assertEqual(status, 0, err)
            self.assertIn("has left", out)
            # The command returns once the process has closed its sockets, the last thing that it does.
            _, err = second.communicate(timeout=30 * PATIENCE)
            self.assertEqual(second.returncode, 130, err)
            self.assertIn("murmur stop", err)
            end = run.events("b")[-1]
            self.assertEqual((end["event"], end["reason"], end["weight"]), ("end", "stopped", 0))
            left = lambda: [e["state"] for e in run.events("a") if e["event"] == "member" and e["peer"] == "b"][-1:] == ["left"]
            run.wait_for(left, first)
            run.wait_for(lambda: abs(run.events("a")[-1].get("weight", 0) - 2) < 1e-9, first)

    def test_where_nobody_is_that_is_said(self):
        with Run() as run:
            address = f"tcp://127.0.0.1:{free_port()}"
            self.refused(run, "status", address, says=["nobody listens at", address])
            self.refused(run, "stop", address, says=["nobody listens at", address])

    def test_who_is_no_peer_is_told_apart(self):
        with Run() as run, socket.create_server(("127.0.0.1", 0)) as web:
            def greet():
                while True:
                    try:
                        caller, _ = web.accept()
                    except OSError:
                        return
                    caller.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    caller.close()
            threading.Thread(target=greet, daemon=True).start()
            self.refused(run, "status", f"tcp://127.0.0.1:{web.getsockname()[1]}", says=["does not talk as a Murmur peer", "something else"])
            web.shutdown(socket.SHUT_RDWR)

    @fault
    def test_a_frozen_peer_does_not_answer_and_that_is_said(self):
        with Run(LONG) as run:
            process = self.peer(run, "a", 0)
            process.send_signal(signal.SIGSTOP)
            self.refused(run, "status", self.address(run, "a"), says=["stands still"])
            process.send_signal(signal.SIGCONT)
            self.assertEqual(self.status(run, "a")["name"], "a")

    def test_what_is_no_address_is_refused(self):
        with Run() as run:
            for address in ("127.0.0.1:7000", "tcp://127.0.0.1", "tcp://127.0.0.1:0"):
                self.refused(run, "status", address, says=[address])

    def test_with_keys_only_an_authorized_one_is_answered(self):
        with Run(LONG + CURVE) as run:
            self.keys(run, "keys", "a", "ops")
            self.keys(run, "theirs", "mallory")
            (run.folder / "theirs/a.pub").write_text((run.folder / "keys/a.pub").read_text())
            process = self.peer(run, "a", 0, more=["--set", "security.key=keys/a.key"])
            address = self.address(run, "a")
            self.assertEqual(self.status(run, "a", "--key", "keys/ops.key")["name"], "a")
            status, _, err = run.call("status", address + "#a", "--key", "keys/ops.key")
            self.assertEqual(status, 0, err)
            for command in ("status", "stop"):
                self.refused(run, command, address, says=["--key"])
                self.refused(run, command, address, "--key", "theirs/mallory.key", says=["mallory.pub", "security.authorized"])
            self.refused(run, "status", address + "#b", "--key", "keys/ops.key", says=["no b.pub"])
            self.refused(run, "status", address, "--key", "keys/none.key", says=["--key", "keys/none.key"])
            self.assertIsNone(process.poll())
            status, out, err = run.call("stop", address, "--key", "keys/ops.key")
            self.assertEqual(status, 0, err)
            process.communicate(timeout=30 * PATIENCE)
            self.assertEqual(process.returncode, 130)

    def test_without_keys_a_peer_leaves_at_the_word_of_its_own_machine_only(self):
        if not OtherMachine.can_be():
            self.skipTest("a second network namespace needs root")
        with Run(LONG + "[security]\nallow_insecure_lan = true\n") as run, OtherMachine() as other:
            process = self.peer(run, "a", 0, more=["--set", f"peer.listen=tcp://{other.address}:0"], on=other.on)
            self.assertEqual(self.status(run, "a")["name"], "a")
            self.refused(run, "stop", self.address(run, "a"), says=["own machine only"])
            self.assertFalse(self.status(run, "a")["leaving"])
            status, _, err = run.call("stop", self.address(run, "a"), on=other.on)
            self.assertEqual(status, 0, err)
            process.communicate(timeout=30 * PATIENCE)
            self.assertEqual(process.returncode, 130)


if __name__ == "__main__":
    unittest.main()

"""Every protocol between real processes: in step the same bits as in a simulation, and a death that stops nobody."""

import unittest

from node_run import PATIENCE, SMALL, Run, alive, fault, kill

MEDIUM = SMALL.replace("steps = 60", "steps = 1500")
IN_STEP = ("d-sgd", "allreduce", 'allreduce"\ntopology = "base-k', "s-addopt", 'choco"\ncodec = "sign', 'liec"\ncodec = "sign', 'quantized-push-sum"\ncodec = "int4')


class Protocols(unittest.TestCase):
    def test_in_step_processes_and_a_simulation_give_the_same_bits(self):
        for protocol in IN_STEP:
            with self.subTest(protocol), Run(SMALL + f'[gossip]\nprotocol = "{protocol}"\n') as run:
                status, _, err = run.call("launch", "run.toml", "--peers", "4")
                self.assertEqual(status, 0, err)
                status, _, err = run.call("simulate", "run.toml", "--set", "simulate.peers=4", "--out", "simulated")
                self.assertEqual(status, 0, err)
                for peer in ("p0", "p1", "p2", "p3"):
                    self.assertEqual(run.estimate(peer), run.estimate(peer, "simulated"))
                self.assertGreater(run.summary()["average"]["test_accuracy"], 0.5)

    def test_pairs_leave_every_weight_at_one(self):
        with Run(SMALL + '[gossip]\nprotocol = "ad-psgd"\n') as run:
            status, _, err = run.call("launch", "run.toml", "--peers", "4")
            self.assertEqual(status, 0, err)
            for peer in run.summary()["peers"]:
                self.assertAlmostEqual(peer["weight"], 1.0, delta=1e-9)
            self.assertEqual(run.summary()["weight_in_flight"], 0.0)
            self.assertGreater(run.summary()["average"]["test_accuracy"], 0.5)

    def end_without_one(self, run, peers):
        """Launches the run and kills its third peer; the others take all their steps. Returns the summary."""
        process = run.start("launch", "run.toml", "--peers", str(peers))
        run.wait_for(run.all_training(peers), process)
        victim = run.pids(peers)[2]
        if alive(victim):
            kill(victim)
        _, err = process.communicate(timeout=60 * PATIENCE)
        self.assertEqual(process.returncode, 0, err)
        summary = run.summary()
        for i in range(peers):
            if i != 2:
                self.assertEqual(summary["peers"][i]["steps"], 1500)
        return summary

    def goes_on_without_one(self, gossip):
        with Run(f"{MEDIUM}[gossip]\n{gossip}\n") as run:
            self.assertGreater(self.end_without_one(run, 4)["average"]["test_accuracy"], 0.5)

    @fault
    def test_a_killed_peer_stops_nobody_in_d_sgd(self):
        self.goes_on_without_one('protocol = "d-sgd"')

    @fault
    def test_a_killed_peer_stops_nobody_in_allreduce(self):
        self.goes_on_without_one('protocol = "allreduce"')

    @fault
    def test_a_killed_peer_stops_nobody_in_allreduce_on_base_k(self):
        self.goes_on_without_one('protocol = "allreduce"\ntopology = "base-k"')

    @fault
    def test_a_killed_peer_stops_nobody_in_s_addopt(self):
        self.goes_on_without_one('protocol = "s-addopt"')

    @fault
    def test_a_killed_peer_stops_nobody_in_choco(self):
        self.goes_on_without_one('protocol = "choco"\ncodec = "sign"')

    @fault
    def test_a_killed_peer_stops_nobody_in_liec(self):
        self.goes_on_without_one('protocol = "liec"\ncodec = "sign"')

    @fault
    def test_a_killed_peer_stops_nobody_in_quantized_push_sum(self):
        self.goes_on_without_one('protocol = "quantized-push-sum"\ncodec = "int4"')

    @fault
    def test_a_killed_peer_stops_nobody_in_ad_psgd(self):
        self.goes_on_without_one('protocol = "ad-psgd"')

    @fault
    def test_peers_that_keep_to_views_go_on_without_one_that_is_killed(self):
        view = '[gossip]\ntopology = "view"\nfanout = 2\nview.neighbours = 3\n'
        with Run(MEDIUM + view) as run:
            self.assertEqual(self.end_without_one(run, 6)["weight_in_flight"], 0.0)
            self.assertGreater(run.summary()["average"]["test_accuracy"], 0.5)

    def test_the_list_says_what_each_fixes_and_where_it_is_from(self):
        with Run() as run:
            status, out, _ = run.call("list", "protocols")
            self.assertEqual(status, 0)
            lines = out[out.index("\nd-sgd "):].strip().splitlines()
            self.assertIn('gossip.weighting = "metropolis": ', lines[2])
            self.assertIn("Lian et al. 2017", lines[4])


if __name__ == "__main__":
    unittest.main()

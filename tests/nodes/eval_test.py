"""Real runs: what `murmur eval` and `murmur export` say of what they left. One ctest a method."""

import json
import math
import unittest

from node_run import SMALL, Run


class Eval(unittest.TestCase):
    def judge(self, run, *arguments):
        status, out, err = run.call("eval", *arguments, "--json")
        self.assertEqual(status, 0, err)
        return json.loads(out)

    def finals(self, peers):
        return [f"runs/t/p{i}/checkpoints/final.safetensors" for i in range(peers)]

    def launched(self, run, peers, *more):
        status, _, err = run.call("launch", "run.toml", "--peers", str(peers), *more)
        self.assertEqual(status, 0, err)
        return run.summary()

    def test_one_and_the_average_are_what_the_run_itself_says(self):
        with Run() as run:
            # So short that three models are left, not three copies of one.
            summary = self.launched(run, 3, "--set", "gossip.settle_rounds=0", "--set", "train.steps=9")
            for peer, file in zip(summary["peers"], self.finals(3)):
                for checkpoint in (file, f"runs/t/{peer['name']}/checkpoints/step-000000009.safetensors"):
                    judged = self.judge(run, checkpoint)
                    self.assertEqual(judged["of"], "checkpoint")
                    self.assertEqual(judged["test_accuracy"], peer["test_accuracy"])
                    self.assertAlmostEqual(judged["test_loss"], peer["test_loss"], places=4)
                    self.assertAlmostEqual(judged["disagreement"], 0, places=9)
            judged = self.judge(run, *self.finals(3))
            self.assertEqual(judged["of"], "average")
            self.assertAlmostEqual(judged["test_accuracy"], summary["average"]["test_accuracy"], places=3)
            self.assertAlmostEqual(judged["test_loss"], summary["average"]["test_loss"], places=4)

    def test_an_ensemble_knows_what_its_members_do_not_agree_on(self):
        with Run() as run:
            for seed in ("1", "2"):
                status, _, err = run.call("launch", "run.toml", "--peers", "1", "--set", f"run=s{seed}",
                                          "--set", f"seed={seed}", "--set", "train.steps=20")
                self.assertEqual(status, 0, err)
            files = [f"runs/s{seed}/p0/checkpoints/final.safetensors" for seed in ("1", "2")]
            config = ["--config", "runs/s1/p0/config.toml"]
            alone = [self.judge(run, file, *config) for file in files]
            both = self.judge(run, "--ensemble", *files, *config)
            self.assertEqual(both["of"], "ensemble")
            self.assertGreater(both["disagreement"], 0)
            self.assertLess(both["disagreement"], math.log(2))
            # Jensen: the mean of probabilities loses no more than the mean of the losses.
            self.assertLessEqual(both["test_loss"], sum(one["test_loss"] for one in alone) / 2)
            self.assertEqual(sum(bin["count"] for bin in both["bins"]), both["predictions"])
            twice = self.judge(run, "--ensemble", files[0], files[0], *config)
            self.assertAlmostEqual(twice["test_loss"], alone[0]["test_loss"], places=9)
            self.assertAlmostEqual(twice["disagreement"], 0, places=9)

    def test_what_peers_disagree_on_says_how_sharp_the_loss_is_there(self):
        with Run() as run:
            summary = self.launched(run, 3, "--set", "gossip.settle_rounds=0", "--set", "train.steps=9")
            finals = self.finals(3)
            judged = self.judge(run, "--sharpness", *finals)
            sharpness = judged["sharpness"]
            # Tr(Xi) is the consensus distance: of the same estimates, with the same meaning.
            self.assertAlmostEqual(sharpness["trace"], summary["consensus_distance"],
                                   delta=1e-4 * summary["consensus_distance"])
            # The loss of a logistic regression is convex: no direction goes downhill from the middle of a pair.
            self.assertGreater(sharpness["curvature"], 0)
            self.assertGreater(sharpness["rise"], 0)
            drawn = self.judge(run, "--ensemble", "--draws", "20", *finals)
            self.assertEqual(drawn["of"], "draws")
            self.assertGreater(drawn["disagreement"], 0)
            self.assertEqual(drawn, self.judge(run, "--ensemble", "--draws", "20", *finals))
            status, _, err = run.call("eval", "--sharpness", finals[0])
            self.assertEqual(status, 1)
            self.assertIn("one estimate disagrees with nobody", err)

    def test_what_cannot_be_judged_is_refused_by_name(self):
        with Run() as run:
            self.launched(run, 1)
            file = self.finals(1)[0]
            _, _, err = run.call("eval", "nowhere.safetensors", "--config", "run.toml")
            self.assertIn("nowhere.safetensors: ", err)
            (run.folder / "alone.safetensors").write_bytes((run.folder / file).read_bytes())
            status, _, err = run.call("eval", "alone.safetensors")
            self.assertEqual(status, 1)
            self.assertIn("no config.toml beside it", err)
            (run.folder / "mlp.toml").write_text(SMALL.replace("logistic", "mlp"))
            status, _, err = run.call("eval", file, "--config", "mlp.toml")
            self.assertEqual(status, 1)
            self.assertIn(file, err)
            data = bytearray((run.folder / file).read_bytes())
            data[-1] ^= 1
            (run.folder / file).write_bytes(data)
            for command in (["eval", file], ["export", file, "--to", "x.safetensors"]):
                status, _, err = run.call(*command)
                self.assertEqual(status, 1)
                self.assertIn("damaged: its checksum is", err)

    def test_an_export_holds_the_parameters_alone(self):
        with Run() as run:
            self.launched(run, 1)
            status, _, err = run.call("export", "runs/t/p0/checkpoints/step-000000060.safetensors", "--to", "m.safetensors")
            self.assertEqual(status, 0, err)
            data = (run.folder / "m.safetensors").read_bytes()
            size = int.from_bytes(data[:8], "little")
            header = json.loads(data[8:8 + size])
            said = header.pop("__metadata__")
            self.assertEqual((said["peer"], said["step"]), ("p0", "60"))
            self.assertEqual((header, data[8 + size:]), run.estimate("p0"))


if __name__ == "__main__":
    unittest.main()

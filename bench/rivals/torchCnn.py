"""The benchmark's network, physics, likelihood and optimiser as a PyTorch user would write them.

One process, driven by lines on standard input (bench/contender.ts has the protocol). The ways in which PyTorch can do the
same thing (memory layout, far field by FFT or matrix products, merge by grid_sample or matrix products, two
implementations of Adam, frozen TorchScript for inference) are tried by `--tune`, which prints the fastest; the timed
process is then told to use it, so that what was tried adds nothing to its memory.
"""

import argparse
import json
import math
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

BACKGROUND_COUNTS = 1e-4
LEARNING_RATE = 1e-5


@dataclass(frozen=True)
class Variant:
    layout: str = "contiguous"  # or channels_last
    dft: str = "fft"  # or matmul
    merge: str = "bmm"  # or grid_sample
    adam: str = "foreach"  # or fused
    graph: str = "eager"  # inference: or frozen; with --compile also compiled


def conv(channels: int, out: int) -> nn.Conv2d:
    return nn.Conv2d(channels, out, 3, padding=1)


def enlarge(x: torch.Tensor) -> torch.Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")


class Block(nn.Module):
    def __init__(self, channels: int, out: int):
        super().__init__()
        self.conv1 = conv(channels, out)
        self.conv2 = conv(out, out)


class EncoderBlock(Block):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.conv1(x), inplace=True)
        # Pooling first leaves the ReLU a quarter of the work.
        return F.relu(F.max_pool2d(self.conv2(x), 2), inplace=True)


class DecoderBlock(Block):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.conv1(x), inplace=True)
        return enlarge(F.relu(self.conv2(x), inplace=True))


class Head(nn.Module):
    """Centre at full resolution from most channels, border at half resolution from the last ones."""

    def __init__(self, features: int, outputs: int, n: int, activation: nn.Module):
        super().__init__()
        self.outputs = outputs
        self.margin = n // 4
        self.centre = conv(features - outputs, outputs)
        self.border1 = conv(outputs, features)
        self.border2 = conv(features, features)
        self.border3 = conv(features, outputs)
        self.activation = activation
        mask = torch.ones(n, n)
        mask[n // 4 : 3 * n // 4, n // 4 : 3 * n // 4] = 0
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        split = x.shape[1] - self.outputs
        centre = self.activation(self.centre(x[:, :split]))
        border = F.relu(self.border1(x[:, split:]), inplace=True)
        border = F.relu(self.border2(border), inplace=True)
        border = F.silu(self.border3(enlarge(border)))
        return F.pad(centre, (self.margin,) * 4) + border * self.mask


class Phase(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return math.pi * torch.tanh(x)


class Decoder(nn.Sequential):
    def __init__(self, bottleneck: int, channels: list, outputs: int, n: int, activation: nn.Module):
        super().__init__()
        for i, (before, after) in enumerate(zip([bottleneck, *channels], channels)):
            self.add_module(str(i), DecoderBlock(before, after))
        self.add_module("head", Head(channels[-1], outputs, n, activation))


class Cnn(nn.Module):
    """Diffraction amplitudes [B, C, N, N] to object amplitude and phase, each [B, C, N, N]."""

    def __init__(self, sizes: dict):
        super().__init__()
        n, channels, encoder = sizes["N"], sizes["channels"], sizes["encoder"]
        self.encoder = nn.Sequential(*(EncoderBlock(a, b) for a, b in zip([channels, *encoder], encoder)))
        self.amplitude = Decoder(encoder[-1], sizes["decoder"], channels, n, nn.SiLU())
        self.phase = Decoder(encoder[-1], sizes["decoder"], channels, n, Phase())

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        features = self.encoder(images)
        return torch.polar(self.amplitude(features), self.phase(features))


class Physics(nn.Module):
    """Object patches [B, C, N, N] to diffraction intensity, over a merged object where groups have several patches."""

    def __init__(self, sizes: dict, probe: torch.Tensor, variant: Variant):
        super().__init__()
        self.n, self.side, self.merged = sizes["N"], sizes["canvasSide"], sizes["merged"]
        self.variant = variant
        self.register_buffer("probe", probe)
        self.register_buffer("dft", centred_dft(self.n))
        square = torch.zeros(self.n, self.n)
        square[self.n // 4 : 3 * self.n // 4, self.n // 4 : 3 * self.n // 4] = 1
        self.register_buffer("square", square)

    def forward(self, patches: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
        if self.merged:
            patches = self.share(patches, offsets)
        return self.far_field_intensity(patches * self.probe)

    def far_field_intensity(self, wave: torch.Tensor) -> torch.Tensor:
        if self.variant.dft == "matmul":
            wave = self.dft @ wave @ self.dft
            return wave.real.square() + wave.imag.square()
        # A shift of the wave is a phase of its spectrum, so only the intensity needs one.
        wave = torch.fft.fft2(wave, norm="ortho")
        return torch.fft.fftshift(wave.real.square() + wave.imag.square(), dim=(-2, -1))

    def share(self, patches: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
        """Average of the patches on a canvas, and the windows of the patches in it."""
        batch, channels, n, _ = patches.shape
        move = self.move_by_matmul if self.variant.merge == "bmm" else self.move_by_sampling
        weight = self.square.expand(batch, channels, n, n)
        placed = move(torch.stack((patches.real, patches.imag, weight), 2), offsets, self.side)
        weights = placed[:, :, 2]
        count = weights.sum(1)
        inverse = torch.where(count > 1e-6, 1 / (count + 1e-3), 0.0)
        canvas = (placed[:, :, :2] * weights.unsqueeze(2)).sum(1) * inverse.unsqueeze(1)
        windows = move(canvas.unsqueeze(1).expand(-1, channels, -1, -1, -1), -offsets, n)
        return torch.complex(windows[:, :, 0], windows[:, :, 1])

    @staticmethod
    def move_by_matmul(images: torch.Tensor, shifts: torch.Tensor, to: int) -> torch.Tensor:
        """[B, C, part, h, w] moved by [B, C, 2] onto [B, C, part, to, to], bilinear, zeros outside."""
        size = images.shape[-1]
        grid = (torch.arange(to) - to // 2)[:, None] - (torch.arange(size) - size // 2)[None, :]
        hats = F.relu(1 - (grid - shifts[..., None, None]).abs())
        down, across = hats[:, :, 0].unsqueeze(2), hats[:, :, 1].unsqueeze(2)
        return down @ images @ across.transpose(-1, -2)

    @staticmethod
    def move_by_sampling(images: torch.Tensor, shifts: torch.Tensor, to: int) -> torch.Tensor:
        batch, channels, parts, size, _ = images.shape
        centred = torch.arange(to) - to // 2 + size // 2
        y = (centred - shifts[..., 0, None]).flatten(0, 1) * (2 / (size - 1)) - 1
        x = (centred - shifts[..., 1, None]).flatten(0, 1) * (2 / (size - 1)) - 1
        grid = torch.stack((x[:, None, :].expand(-1, to, to), y[:, :, None].expand(-1, to, to)), -1)
        moved = F.grid_sample(images.flatten(0, 1), grid, align_corners=True)
        return moved.view(batch, channels, parts, to, to)


def centred_dft(n: int) -> torch.Tensor:
    k = torch.arange(n, dtype=torch.float64) - n // 2
    return torch.polar(torch.tensor(n**-0.5, dtype=torch.float64), -2 * math.pi / n * k[:, None] * k).to(torch.complex64)


def deviance(intensity: torch.Tensor, images: torch.Tensor, counts_per_unit: float) -> torch.Tensor:
    """Poisson deviance per pixel, mean 2 [rate - k + k ln(k / rate)]."""
    rate = intensity * counts_per_unit + BACKGROUND_COUNTS
    counts = images.square() * counts_per_unit
    return 2 * (rate - counts + counts * torch.log(counts.clamp_min(1e-20) / rate)).mean()


class Problem:
    def __init__(self, folder: Path, variant: Variant):
        self.sizes = json.loads((folder / "problem.json").read_text())
        with np.load(folder / "problem.npz") as arrays:
            prefix = "weights."
            weights = {k[len(prefix) :]: torch.from_numpy(arrays[k]) for k in arrays.files if k.startswith(prefix)}
            self.images = list(torch.from_numpy(arrays["images"]))
            self.offsets = list(torch.from_numpy(arrays["offsets"]))
            self.probe = torch.from_numpy(arrays["probe"])[0]
        self.net = Cnn(self.sizes)
        self.net.load_state_dict(weights, strict=True)
        if variant.layout == "channels_last":
            self.net = self.net.to(memory_format=torch.channels_last)
            self.images = [x.contiguous(memory_format=torch.channels_last) for x in self.images]


class Training:
    def __init__(self, folder: Path, variant: Variant):
        problem = Problem(folder, variant)
        self.images, self.offsets = problem.images, problem.offsets
        self.counts_per_unit = problem.sizes["countsPerUnit"]
        self.net = problem.net
        self.physics = Physics(problem.sizes, problem.probe, variant)
        self.optimizer = torch.optim.Adam(self.net.parameters(), LEARNING_RATE, **{variant.adam: True})
        self.loss = torch.compile(self.loss_of) if variant.graph == "compiled" else self.loss_of
        self.done = 0

    def loss_of(self, images: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
        return deviance(self.physics(self.net(images), offsets), images, self.counts_per_unit)

    def step(self) -> float:
        i = self.done % len(self.images)
        self.done += 1
        return self.step_on(self.images[i], self.offsets[i])

    def step_on(self, images: torch.Tensor, offsets: torch.Tensor) -> float:
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(images, offsets)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def check(self, _path: str) -> dict:
        return {"losses": [self.step() for _ in range(3)]}


class Learning(Training):
    """The training that the problem's epochs describe."""

    def __init__(self, folder: Path, variant: Variant):
        super().__init__(folder, variant)
        self.epochs = json.loads((folder / "problem.json").read_text())["epochs"]
        self.batch = self.images[0].shape[0]
        self.patterns = torch.cat(self.images)
        self.epoch = 0

    def learn(self, epochs: int, path: str) -> dict:
        start = time.perf_counter()
        first = math.nan
        for epoch in self.epochs[self.epoch : self.epoch + epochs]:
            for group in self.optimizer.param_groups:
                group["lr"] = epoch["learningRate"]
            for indices in torch.tensor(epoch["order"]).split(self.batch):
                loss = self.step_on(self.patterns[indices], self.offsets[0])
                first = loss if math.isnan(first) else first
        self.epoch += epochs
        seconds = time.perf_counter() - start
        np.savez(path, **{name: value.contiguous().numpy() for name, value in self.net.state_dict().items()})
        return {"seconds": seconds, "firstLoss": first}


class Inference:
    def __init__(self, folder: Path, variant: Variant):
        problem = Problem(folder, variant)
        self.images = problem.images
        self.net = problem.net.eval()
        if variant.graph == "compiled":
            self.net = torch.compile(self.net)
        elif variant.graph == "frozen":
            with torch.no_grad():
                self.net = torch.jit.freeze(torch.jit.trace(self.net, self.images[0]))
                self.net = torch.jit.optimize_for_inference(self.net)
        self.done = 0

    def step(self) -> torch.Tensor:
        i = self.done % len(self.images)
        self.done += 1
        with torch.inference_mode():
            return self.net(self.images[i]).contiguous()

    def check(self, path: str) -> dict:
        np.save(path, self.step().numpy())
        return {"patches": path}


TASKS = {"train": Training, "infer": Inference, "learn": Learning}


def timed(task, runs: int) -> list:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        task.step()
        times.append(1e3 * (time.perf_counter() - start))
    return times


def tune(name: str, folder: Path, compiled: bool) -> Variant:
    """One choice after the other, each by the least of a few times."""
    sizes = json.loads((folder / "problem.json").read_text())
    choices = [("layout", ["contiguous", "channels_last"])]
    if name == "train":
        choices += [("dft", ["fft", "matmul"]), ("adam", ["foreach", "fused"])]
        choices += [("merge", ["bmm", "grid_sample"])] if sizes["merged"] else []
        choices += [("graph", ["eager", "compiled"])] if compiled else []
    else:
        choices += [("graph", ["eager", "frozen", *(["compiled"] if compiled else [])])]
    best, least = Variant(), math.inf
    for field, values in choices:
        for value in values:
            variant = replace(best, **{field: value})
            if variant == best and least < math.inf:
                continue
            task = TASKS[name](folder, variant)
            timed(task, 2)
            took = min(timed(task, 5))
            print(f"{variant}: {took:.1f} ms", file=sys.stderr)
            if took < least:
                best, least = variant, took
    return best


def serve(task) -> None:
    for line in sys.stdin:
        request = json.loads(line)
        if request["command"] == "check":
            answer = task.check(request["path"])
        elif request["command"] == "learn":
            answer = task.learn(request["epochs"], request["path"])
        else:
            timed(task, 1)
            answer = {"milliseconds": timed(task, request["runs"])}
        print(json.dumps(answer), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--variant", type=json.loads, default={})
    parser.add_argument("--tune", action="store_true")
    parser.add_argument("--compile", action="store_true", help="tune: try torch.compile too (needs a C++ compiler)")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_num_interop_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    if options.tune:
        print(json.dumps(asdict(tune(options.task, options.folder, options.compile))))
        return
    print(json.dumps({"versions": {"python": sys.version.split()[0], "torch": torch.__version__}}), flush=True)
    task = TASKS[options.task](options.folder, Variant(**options.variant))
    print(json.dumps({"ready": True}), flush=True)
    serve(task)


if __name__ == "__main__":
    main()

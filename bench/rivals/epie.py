"""ePIE as a NumPy user writes it, complex64, on one thread, windows on whole pixels.

Driven by lines on standard input, [side, modes, frames]; answers with milliseconds a pattern.
"""

import json
import sys
import time

import numpy as np


class Problem:
    def __init__(self, side, modes):
        random = np.random.default_rng(1)
        y, x = np.mgrid[:side, :side] / side - 0.5
        square = x * x + y * y
        self.probe = np.stack(
            [3 * np.exp(-40 * square + 1j * (30 * square + 5 * mode * x)) / (1 + 2 * mode) for mode in range(modes)]
        ).astype(np.complex64)
        self.object = np.ones((2 * side, 2 * side), np.complex64)
        light = np.sqrt((np.abs(np.fft.fft2(self.probe, norm="ortho")) ** 2).sum(0))
        self.amplitudes = [(light * random.uniform(0.8, 1.2, light.shape)).astype(np.float32) for _ in range(8)]
        self.corners = [(int(side * a), int(side * b)) for a, b in random.uniform(0, 1, (8, 2))]
        self.most = np.float32((np.abs(self.probe) ** 2).sum(0).max())

    def update(self, frame):
        side = self.probe.shape[-1]
        top, left = self.corners[frame % 8]
        window = self.object[top : top + side, left : left + side]
        patch = window.copy()
        exit_waves = patch * self.probe
        far = np.fft.fft2(exit_waves, norm="ortho")
        light = (far.real**2 + far.imag**2).sum(0)
        far *= self.amplitudes[frame % 8] / np.sqrt(np.maximum(light, np.float32(1e-20)))
        change = np.fft.ifft2(far, norm="ortho") - exit_waves
        window += np.float32(0.5) / self.most * (self.probe.conj() * change).sum(0)
        shade = (patch.real**2 + patch.imag**2).max()
        self.probe += np.float32(0.1) / shade * (patch.conj() * change)
        self.most = (self.probe.real**2 + self.probe.imag**2).sum(0).max()


print(json.dumps(f"numpy {np.__version__}"), flush=True)
for line in sys.stdin:
    side, modes, frames = json.loads(line)
    # Each turn begins anew, as the other side's do.
    problem = Problem(side, modes)
    problem.update(0)
    start = time.perf_counter()
    for frame in range(frames):
        problem.update(frame)
    print(json.dumps((time.perf_counter() - start) * 1e3 / frames), flush=True)

"""Unitary two-dimensional transforms of one complex64 plane on one thread, by NumPy, SciPy and, where it is, PyTorch.

Driven by lines on standard input, [side, milliseconds]; answers with microseconds of single transforms by library.
"""

import json
import sys
import time

import numpy as np
import scipy
import scipy.fft

LIBRARIES = {
    f"numpy {np.__version__}": lambda plane: lambda: np.fft.fft2(plane, norm="ortho"),
    f"scipy {scipy.__version__}": lambda plane: lambda: scipy.fft.fft2(plane, norm="ortho", workers=1),
}

try:
    import torch

    torch.set_num_threads(1)

    def torch_transform(plane):
        tensor = torch.from_numpy(plane)
        return lambda: torch.fft.fft2(tensor, norm="ortho")

    LIBRARIES[f"torch {torch.__version__}"] = torch_transform
except ImportError:
    pass


def times(transform, seconds):
    transform()
    found = []
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        transform()
        found.append((time.perf_counter() - start) * 1e6)
    return found


print(json.dumps(list(LIBRARIES)), flush=True)
for line in sys.stdin:
    side, milliseconds = json.loads(line)
    random = np.random.default_rng(1)
    plane = (random.standard_normal((side, side)) + 1j * random.standard_normal((side, side))).astype(np.complex64)
    print(json.dumps([times(make(plane), milliseconds / 1000) for make in LIBRARIES.values()]), flush=True)

"""Iterative engines of other programs on a simulated scan, on the CPU: seconds, and errors against the true object.

    python engines.py SCAN.npz --engines numpy:epie ptychi:LSQML ptylab:ePIE --epochs 20 --threads 1 [--batch 16]
        [--interpolation fourier|bilinear] [--settings '{"momentum_acceleration_gain": 0.5}'] [--turns]

SCAN.npz is one of `ptychonaut simulate`, its positions at whole distances: the probe is the first guess, the object the
truth. Of every engine a line of JSON for each epoch: {"engine", "epoch", "seconds" so far, "ms_per_pattern" of this epoch,
"error"}. The error is ‖found − true‖ / ‖true‖ over the box of window centres, after place in whole pixels, phase ramp and
complex factor are taken out. PtyLab's and pty-chi's first epochs hold what they set up once. With --turns it says that it is
ready and begins each epoch when a line comes on standard input. The engine files:PATH only judges what others write
there, an object in .npy.
"""

import argparse
import json
import os
import sys
import tempfile
import time


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scan")
    parser.add_argument("--engines", nargs="+", default=["numpy:epie", "ptychi:EPIE", "ptychi:RPIE", "ptychi:LSQML"])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=16, help="of pty-chi")
    parser.add_argument("--interpolation", default="fourier", help="of pty-chi's patches: fourier or bilinear")
    parser.add_argument("--settings", type=json.loads, default={}, help="reconstructor options of pty-chi")
    parser.add_argument("--turns", action="store_true", help="wait for a line before each epoch")
    return parser.parse_args()


OPTIONS = arguments()
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = str(OPTIONS.threads)
os.environ["MPLBACKEND"] = "Agg"

import numpy as np  # noqa: E402  (after the number of threads is said)


class Scan:
    def __init__(self, path):
        with np.load(path) as file:
            self.amplitudes = file["diff3d" if "diff3d" in file else "diffraction"].astype(np.float32)
            self.positions = np.stack([file["ycoords"], file["xcoords"]], -1).astype(float)
            probe = file["probeGuess"].astype(np.complex64)
            self.probe = probe if probe.ndim == 3 else probe[None]
            self.truth = file["objectGuess"].astype(np.complex64).squeeze()
        if len(self.amplitudes) != len(self.positions):
            self.amplitudes = np.moveaxis(self.amplitudes, -1, 0)
        self.frames, self.side = self.amplitudes.shape[:2]
        # Where each window begins in the true object.
        self.corners = np.floor(self.positions + 0.5).astype(int) - self.side // 2
        # As bright as the patterns, with an object of 1.
        energy = (self.amplitudes.astype(float) ** 2).sum() / self.frames
        self.probe = self.probe * np.float32(np.sqrt(energy / (np.abs(self.probe) ** 2).sum()))


def error_of(found, scan):
    """Of an object that lies anywhere on a canvas of its own."""
    low, high = scan.corners.min(0) + scan.side // 2, scan.corners.max(0) + scan.side // 2 + 1
    truth = scan.truth[low[0] : high[0], low[1] : high[1]].astype(complex)
    found = np.nan_to_num(np.asarray(found, complex))
    # The place: where contrast correlates best, of amplitudes and of phase steps alike.
    size = [a + b for a, b in zip(found.shape, truth.shape)]
    correlation = 0
    for axis in (0, 1):
        a = np.exp(1j * np.angle(np.roll(found, -1, axis) * found.conj())) - 1
        b = np.exp(1j * np.angle(np.roll(truth, -1, axis) * truth.conj())) - 1
        correlation = correlation + np.fft.ifft2(np.fft.fft2(a, size) * np.fft.fft2(b, size).conj())
    rows, columns = found.shape[0] - truth.shape[0] + 1, found.shape[1] - truth.shape[1] + 1
    top, left = np.unravel_index(np.argmax(correlation.real[:rows, :columns]), (rows, columns))
    found = found[top : top + truth.shape[0], left : left + truth.shape[1]].copy()
    y, x = np.mgrid[: truth.shape[0], : truth.shape[1]]
    for _ in range(5):
        g = truth * found.conj()
        down = np.angle((g[8:] * g[:-8].conj()).sum()) / 8
        right = np.angle((g[:, 8:] * g[:, :-8].conj()).sum()) / 8
        found *= np.exp(1j * (down * y + right * x))
    found *= (truth * found.conj()).sum() / (np.abs(found) ** 2).sum()
    return float(np.linalg.norm(found - truth) / np.linalg.norm(truth))


def numpy_epie(scan):
    """Full steps, a frame after the other: as in the paper."""
    top = scan.corners.min(0)
    canvas = np.ones(tuple(scan.corners.max(0) - top + scan.side), np.complex64)
    probe = scan.probe.copy()
    amplitudes = np.fft.ifftshift(scan.amplitudes, axes=(1, 2))
    random = np.random.default_rng(1)
    while True:
        for frame in random.permutation(scan.frames):
            row, column = scan.corners[frame] - top
            window = canvas[row : row + scan.side, column : column + scan.side]
            patch = window.copy()
            waves = patch * probe
            far = np.fft.fft2(waves, norm="ortho")
            light = np.sqrt((far.real**2 + far.imag**2).sum(0))
            far *= amplitudes[frame] / np.maximum(light, 1e-12)
            change = np.fft.ifft2(far, norm="ortho").astype(np.complex64) - waves
            most = (probe.real**2 + probe.imag**2).sum(0).max()
            window += (probe.conj() * change).sum(0) / most
            probe += patch.conj() * change / (patch.real**2 + patch.imag**2).max()
        yield lambda: canvas


def ptychi_engine(scan, name):
    import ptychi.api as api
    import torch
    from ptychi.api.task import PtychographyTask

    torch.set_num_threads(OPTIONS.threads)
    torch.manual_seed(1)
    options = getattr(api, f"{name}Options")()
    options.data_options.data = scan.amplitudes**2
    options.data_options.wavelength_m = 1e-9
    extent = scan.corners.max(0) - scan.corners.min(0) + scan.side + 10
    options.object_options.initial_guess = torch.ones(1, *(int(n) for n in extent), dtype=torch.complex64)
    options.object_options.pixel_size_m = 1e-8
    options.object_options.patch_interpolation_method = api.PatchInterpolationMethods(OPTIONS.interpolation)
    options.probe_options.initial_guess = torch.tensor(scan.probe)[None]
    middle = np.round((scan.corners.min(0) + scan.corners.max(0)) / 2)
    options.probe_position_options.position_y_px = (scan.corners - middle)[:, 0].astype(float)
    options.probe_position_options.position_x_px = (scan.corners - middle)[:, 1].astype(float)
    options.probe_position_options.optimizable = False
    options.reconstructor_options.num_epochs = OPTIONS.epochs
    options.reconstructor_options.batch_size = OPTIONS.batch
    options.reconstructor_options.default_device = api.Devices.CPU
    for key, value in OPTIONS.settings.items():
        if hasattr(options.reconstructor_options, key):
            setattr(options.reconstructor_options, key, value)
    task = PtychographyTask(options)
    while True:
        task.run(n_epochs=1)
        yield lambda: task.get_data_to_cpu("object", as_numpy=True)[0]


def ptylab_engine(scan, name):
    import logging

    import h5py

    logging.disable(logging.WARNING)
    import PtyLab

    wavelength, distance, pixel = 632.8e-9, 5e-2, 2e-5
    step = wavelength * distance / (scan.side * pixel)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "scan.hdf5")
        with h5py.File(path, "w") as file:
            file["ptychogram"] = scan.amplitudes**2
            file["encoder"] = (scan.corners - scan.corners.mean(0)) * step
            file["wavelength"], file["zo"], file["dxd"] = wavelength, distance, pixel
            file["entrancePupilDiameter"] = scan.side * step * 0.3
            file["orientation"], file["Nd"] = 0, scan.side
            file["No"] = int((scan.corners.max(0) - scan.corners.min(0)).max() + scan.side + 20)
        *_, reconstruction, params, _, engine = PtyLab.easyInitialize(
            path, engine=getattr(PtyLab.Engines, name), operationMode="CPM", dummyMonitor=True
        )
        reconstruction.npsm, reconstruction.nosm, reconstruction.nlambda, reconstruction.nslice = len(scan.probe), 1, 1, 1
        reconstruction.initialProbe, reconstruction.initialObject = "circ", "ones"
        reconstruction.initializeObjectProbe()
        reconstruction.probe = scan.probe.reshape(reconstruction.probe.shape).astype(reconstruction.probe.dtype)
        params.gpuSwitch = params.gpuFlag = False
        params.positionOrder, params.propagatorType = "random", "Fraunhofer"
        params.fftshiftSwitch = True
        engine.numIterations = 1
        while True:
            engine.reconstruct()
            yield lambda: reconstruction.object.squeeze()


def written_by_others(scan, path):
    while True:
        yield lambda: np.load(path)


PROGRAMS = {"ptychi": ptychi_engine, "ptylab": ptylab_engine, "files": written_by_others}


def main():
    # What the programs print themselves goes elsewhere: standard output has lines of JSON alone.
    lines = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    scan = Scan(OPTIONS.scan)
    if OPTIONS.turns:
        print(json.dumps("ready"), file=lines, flush=True)
    for engine in OPTIONS.engines:
        program, name = engine.split(":", 1)
        seconds = 0.0
        try:
            run = numpy_epie(scan) if program == "numpy" else PROGRAMS[program](scan, name)
            for epoch in range(1, OPTIONS.epochs + 1):
                if OPTIONS.turns and not sys.stdin.readline():
                    return
                start = time.perf_counter()
                found = next(run)
                last = time.perf_counter() - start
                seconds += last
                line = {"engine": engine, "epoch": epoch, "seconds": round(seconds, 4)}
                line |= {"ms_per_pattern": round(last / scan.frames * 1e3, 4), "error": round(error_of(found(), scan), 5)}
                print(json.dumps(line), file=lines, flush=True)
        except Exception as cause:  # one that is not there, or fails, leaves the others
            line = {"engine": engine, "failed": f"{type(cause).__name__}: {cause}"}
            print(json.dumps(line), file=lines, flush=True)


if __name__ == "__main__":
    main()

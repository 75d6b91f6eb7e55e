import { writeFileSync } from "node:fs";
import type { NpyArray } from "../../src/formats/npy.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { pictureWriter } from "../../src/node/pictures/pictureWriter.ts";
import { doctorFigure } from "../../src/pictures/doctorFigure.ts";
import { pictureOf } from "../../src/runs/doctorPicture.ts";
import { examineScan } from "../../src/scans/doctor/examine.ts";
import { type Arrays, COUNT, N, simulated } from "./planted.ts";

/** Draws docs/images/doctor.png: a scan with a beam off the centre, dead pixels, a gap, an empty and a bright frame, a lost position. */
function ill(): Arrays {
  const sound = simulated({ photons: 3e4, probe: "zonePlate" });
  const amplitudes = sound["diff3d"].data as Float32Array;
  const counts = new Uint16Array(amplitudes.length);
  for (let i = 0; i < counts.length; i++) {
    const [frame, y, x] = [Math.floor(i / (N * N)), Math.floor((i % (N * N)) / N), i % N];
    const from = frame * N * N + ((y + N - 2) % N) * N + ((x + N - 3) % N);
    const dead = (y === 14 && x === 16) || (y === 21 && x === 22);
    const gap = y === 24 || frame === 60;
    counts[i] = dead || gap ? 0 : Math.round(amplitudes[from] ** 2 * (frame === 30 ? 6 : 1));
  }
  const ycoords = Float64Array.from(sound["ycoords"].data as Float64Array);
  ycoords[COUNT - 1] += 60;
  const { objectGuess: _, xcoords_start: __, ycoords_start: ___, ...others } = sound;
  return {
    ...others,
    diff3d: { shape: sound["diff3d"].shape, dtype: "uint16", data: counts } as NpyArray,
    ycoords: { shape: [COUNT], dtype: "float64", data: ycoords },
  };
}

async function main(): Promise<void> {
  const { examination, subject } = await examineScan(openNpz(writeNpz(ill()), "scan"));
  const sheet = doctorFigure(pictureOf(subject, examination.rows), { panelSize: 128 });
  writeFileSync("docs/images/doctor.png", await pictureWriter.write(sheet, "png"));
}

void main();

// The Fourier transform of many planes: each thread has planes of its own, or, where there are few, a part of each.
import { fourier, fourierColumns, fourierRows } from "./fourier";
import { FIRST, OPTIONS, SECOND, framesOf, heightOf, modesOf, partStart, pitchOf, planeOf, widthOf } from "./record";
import { barrier } from "./threads";

/** Result, waves, of one pitch. Options: plans of the height and of the width, whether inverse. */
export function transform(record: usize, scratch: usize, thread: i32, threads: i32): void {
  const height = heightOf(record), width = widthOf(record), modes = modesOf(record), planes = framesOf(record) * modes;
  const planH = load<usize>(record, OPTIONS), planW = load<usize>(record, OPTIONS + 4);
  const inverse = load<i32>(record, OPTIONS + 8) != 0, pitch = pitchOf(record + FIRST) >> 3;
  const apart = planes % threads == 0 || planes >= 4 * threads;
  const from = apart ? partStart(planes, thread, threads) : 0;
  const to = apart ? partStart(planes, thread + 1, threads) : planes;
  for (let plane = from; plane < to; plane++) {
    const out = planeOf(record + FIRST, plane / modes, plane % modes);
    const waves = planeOf(record + SECOND, plane / modes, plane % modes);
    if (apart) fourier(waves, out, pitch, height, width, planH, planW, scratch, inverse);
    else {
      fourierColumns(waves, out, pitch, height, width, planH, scratch, inverse, thread, threads);
      barrier();
      fourierRows(out, pitch, height, width, planW, scratch, inverse, thread, threads);
    }
  }
}

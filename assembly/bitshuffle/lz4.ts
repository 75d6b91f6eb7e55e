/**
 * One LZ4 block, by the format's description: sequences of a token, literals, and a match in what has come out so far; the
 * last one has no match. Copies go in steps of 16 bytes, so up to 15 bytes past each end are read and written: callers
 * leave that room. What a block says of itself is believed only after it was checked.
 * @returns whether it is sound and exactly fills the room from `to` to `toEnd`
 */
export function lz4(from: usize, fromEnd: usize, to: usize, toEnd: usize): bool {
  let s = from;
  let d = to;
  while (s < fromEnd) {
    const token = <u32>load<u8>(s++);
    let run = <usize>(token >> 4);
    if (run == 15) {
      let more: usize;
      do {
        if (s >= fromEnd) return false;
        more = <usize>load<u8>(s++);
        run += more;
      } while (more == 255);
    }
    if (run > fromEnd - s || run > toEnd - d) return false;
    copy(d, s, run);
    s += run;
    d += run;
    if (s == fromEnd) return d == toEnd;
    if (fromEnd - s < 2) return false;
    const back = <usize>load<u16>(s);
    s += 2;
    run = <usize>(token & 15) + 4;
    if (run == 19) {
      let more: usize;
      do {
        if (s >= fromEnd) return false;
        more = <usize>load<u8>(s++);
        run += more;
      } while (more == 255);
    }
    if (back == 0 || back > d - to || run > toEnd - d) return false;
    repeat(d, back, run);
    d += run;
  }
  return false;
}

/** From here on the call of the machine's own copy pays. */
const LONG: usize = 512;

@inline
function copy(d: usize, s: usize, length: usize): void {
  if (length >= LONG) {
    memory.copy(d, s, length);
    return;
  }
  const end = d + length;
  while (d < end) {
    v128.store(d, v128.load(s));
    d += 16;
    s += 16;
  }
}

/** A match may reach into itself: then what is between repeats. */
@inline
function repeat(d: usize, back: usize, length: usize): void {
  const end = d + length;
  if (back == 1) {
    const byte = load<u8>(d - 1);
    if (length >= LONG) {
      memory.fill(d, byte, length);
      return;
    }
    const bytes = i8x16.splat(byte);
    while (d < end) {
      v128.store(d, bytes);
      d += 16;
    }
    return;
  }
  if (back >= length) {
    copy(d, d - back, length);
    return;
  }
  let distance = back;
  if (distance < 16) {
    // Far enough behind, at a whole number of repetitions, all 16 bytes of a step are there.
    while (distance < 16) distance += back;
    const whole = min(end, d + distance - back);
    while (d < whole) {
      store<u8>(d, load<u8>(d - back));
      d++;
    }
  }
  let m = d - distance;
  while (d < end) {
    v128.store(d, v128.load(m));
    d += 16;
    m += 16;
  }
}

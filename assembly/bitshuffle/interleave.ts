import { high8, high16, high32, low8, low16, low32 } from "./planes";

/**
 * Bytes back to elements: plane k, of `count` bytes, has byte k of each. Planes follow one another from `planes` on.
 * @param size of an element, bytes
 */
export function interleave(planes: usize, count: usize, size: usize, to: usize): void {
  let done: usize = 0;
  if (size == 2) {
    for (; done + 16 <= count; done += 16) pairs(planes + done, count, to + 2 * done);
  } else if (size == 4) {
    for (; done + 16 <= count; done += 16) fours(planes + done, count, to + 4 * done);
  } else if (size == 8) {
    for (; done + 16 <= count; done += 16) eights(planes + done, count, to + 8 * done);
  }
  for (; done < count; done++)
    for (let k: usize = 0; k < size; k++) store<u8>(to + done * size + k, load<u8>(planes + k * count + done));
}

@inline
function pairs(plane: usize, count: usize, to: usize): void {
  const a = v128.load(plane);
  const b = v128.load(plane + count);
  v128.store(to, low8(a, b));
  v128.store(to, high8(a, b), 16);
}

@inline
function fours(plane: usize, count: usize, to: usize): void {
  const a = v128.load(plane);
  const b = v128.load(plane + count);
  const c = v128.load(plane + 2 * count);
  const d = v128.load(plane + 3 * count);
  const ab = low8(a, b);
  const cd = low8(c, d);
  v128.store(to, low16(ab, cd));
  v128.store(to, high16(ab, cd), 16);
  const moreAb = high8(a, b);
  const moreCd = high8(c, d);
  v128.store(to, low16(moreAb, moreCd), 32);
  v128.store(to, high16(moreAb, moreCd), 48);
}

@inline
function eights(plane: usize, count: usize, to: usize): void {
  const a = v128.load(plane);
  const b = v128.load(plane + count);
  const c = v128.load(plane + 2 * count);
  const d = v128.load(plane + 3 * count);
  const e = v128.load(plane + 4 * count);
  const f = v128.load(plane + 5 * count);
  const g = v128.load(plane + 6 * count);
  const h = v128.load(plane + 7 * count);
  eightsOf(low8(a, b), low8(c, d), low8(e, f), low8(g, h), to);
  eightsOf(high8(a, b), high8(c, d), high8(e, f), high8(g, h), to + 64);
}

@inline
function eightsOf(ab: v128, cd: v128, ef: v128, gh: v128, to: usize): void {
  const abcd = low16(ab, cd);
  const efgh = low16(ef, gh);
  v128.store(to, low32(abcd, efgh));
  v128.store(to, high32(abcd, efgh), 16);
  const moreAbcd = high16(ab, cd);
  const moreEfgh = high16(ef, gh);
  v128.store(to, low32(moreAbcd, moreEfgh), 32);
  v128.store(to, high32(moreAbcd, moreEfgh), 48);
}

import { describe, expect, it } from "vitest";
import { beamCentre } from "../../src/data/beamCentre.ts";
import { Random } from "../../src/random.ts";
import { tolerances } from "../tolerances.ts";

const N = 48;

/** A round disk of light with soft rim and tails, about (y, x) on a torus of N pixels. */
function beam([cy, cx]: readonly [number, number], background = 0, size = N): Float64Array {
  const away = (i: number, c: number): number => Math.abs(((((i - c) % N) + N + N / 2) % N) - N / 2);
  return Float64Array.from({ length: size * size }, (_, i) => {
    const r = Math.hypot(away(Math.floor(i / size), cy), away(i % size, cx));
    return background + 1000 / (1 + Math.exp(2 * (r - 7))) + 40 * Math.exp(-r / 8);
  });
}

const near = (
  found: readonly number[] | undefined,
  [y, x]: readonly [number, number],
  within: number = tolerances.beamCentre,
): void => {
  expect(Math.abs((found?.[0] ?? Number.NaN) - y)).toBeLessThan(within);
  expect(Math.abs((found?.[1] ?? Number.NaN) - x)).toBeLessThan(within);
};

describe("the beam's centre", () => {
  it.each<[number, number]>([
    [24, 24],
    [21.3, 26.85],
    [8.5, 40.25],
  ])("of light about (%d, %d) is there", (y, x) => near(beamCentre(beam([y, x]), [N, N]), [y, x]));

  it("may lie across the border, as at the corner", () => {
    const [y, x] = beamCentre(beam([0.4, 47.6]), [N, N]) ?? [];
    near([((y ?? 0) + 24) % N, ((x ?? 0) + 24) % N], [24.4, 23.6]);
  });

  it("is moved neither by a constant background nor by what the detector's border cuts off", () => {
    near(beamCentre(beam([20.3, 24], 60), [N, N]), [20.3, 24]);
    // Tails as far as the border on one side, farther than the disk reaches.
    const cut = beam([24, 24]).map((value, i) => (i % N < 10 ? 0 : value));
    near(beamCentre(cut, [N, N]), [24, 24]);
  });

  it("is that of all its light where pixels are masked, by those opposite", () => {
    const mask = new Uint8Array(N * N).fill(1);
    const shadowed = beam([22.25, 25.5]);
    for (let y = 0; y < N; y++)
      for (let x = 27; x < 31; x++) {
        mask[y * N + x] = 0;
        shadowed[y * N + x] = 1e9;
      }
    near(beamCentre(shadowed, [N, N], mask), [22.25, 25.5], tolerances.maskedBeamCentre);
  });

  it("is none where there is no light, or light that is spread evenly", () => {
    expect(beamCentre(new Float64Array(N * N), [N, N])).toBeUndefined();
    const random = new Random(4);
    expect(
      beamCentre(
        Float64Array.from({ length: N * N }, () => 50 + random.normal()),
        [N, N],
      ),
    ).toBeUndefined();
    expect(beamCentre(beam([24, 24]), [N, N], new Uint8Array(N * N))).toBeUndefined();
  });
});

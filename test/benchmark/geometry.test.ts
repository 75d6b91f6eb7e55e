import { describe, expect, it } from "vitest";
import { type ComplexArray, complexZeros } from "../../src/arrays.ts";
import { type GridGeometry, gridPositions, groupsPerAxis, stitchedRectangle } from "../../src/benchmark/geometry.ts";
import { stitchedImages } from "../../src/benchmark/score.ts";
import { makeGroups } from "../../src/data/grouping.ts";
import { createAssembler } from "../../src/inference/assemble.ts";
import { planCanvas } from "../../src/inference/canvas.ts";
import { uniformWeights } from "../../src/inference/patchWeights.ts";
import { toReconstruction } from "../../src/inference/reconstruction.ts";
import { extractPatch } from "../../src/optics/sampling.ts";
import { Random } from "../../src/random.ts";

/** Groups of all images. */
const groupCount = (grid: GridGeometry): number => grid.images * groupsPerAxis(grid) ** 2;

const geometry = (n: number, outerOffset: number, more: Partial<GridGeometry> = {}): GridGeometry => ({
  ...{ size: 392, n, gridsize: 1, images: 1, offset: 4, outerOffset },
  ...more,
});
const train = 8;
const test = 20;

describe("the published grid", () => {
  it.each([
    [128, train, 4489],
    [128, test, 729],
    [64, train, 6889],
    [64, test, 1089],
  ])("has, for patterns of %i and an outer offset of %i, %i of them in an image", (n, outerOffset, count) => {
    expect(groupCount(geometry(n, outerOffset))).toBe(count);
    expect(gridPositions(geometry(n, outerOffset)).length).toBe(2 * count);
    expect(groupCount(geometry(n, outerOffset, { images: 2 }))).toBe(2 * count);
  });

  it("puts every window inside its own image", () => {
    for (const gridsize of [1, 2]) {
      const grid = geometry(64, test, { size: 150, images: 2, gridsize });
      const positions = gridPositions(grid);
      const perImage = positions.length / 2;
      positions.forEach((position, k) => {
        const first = position - 32 - (k % 2 === 0 ? 150 * Math.floor(k / perImage) : 0);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(first + 64).toBeLessThanOrEqual(150);
      });
    }
  });

  it("goes row by row, from the corner, in steps of half the outer offset", () => {
    const positions = gridPositions(geometry(64, test, { size: 150, images: 2 }));
    expect([...positions.slice(0, 6)]).toEqual([32, 32, 32, 42, 32, 52]);
    expect([...positions.slice(2 * 9 - 2, 2 * 9 + 2)]).toEqual([32, 112, 42, 32]);
    expect([...positions.slice(2 * 81, 2 * 81 + 4)]).toEqual([182, 32, 182, 42]);
  });

  it("refuses an image smaller than a group", () => {
    expect(() => groupsPerAxis(geometry(64, test, { size: 66, gridsize: 2 }))).toThrow(/at least 68/);
  });
});

describe("groups of four", () => {
  it.each([
    ["train", train],
    ["test", test],
  ])("are the squares of the grid, none over two images: %s", (_, outerOffset) => {
    const grid = geometry(32, outerOffset, { size: 96, gridsize: 2, images: 2 });
    const positions = gridPositions(grid);
    const frames = Array.from({ length: positions.length / 2 }, (_, k) => k);
    const neighbours = { kind: "square", step: 4 } as const;
    const groups = makeGroups(positions, frames, { size: 4, neighbours, sequential: true }, new Random(1));
    expect(groups.count).toBe(groupCount(grid));
    const at = (frame: number): [number, number] => [positions[2 * frame], positions[2 * frame + 1]];
    const perAxis = groupsPerAxis(grid);
    for (let group = 0; group < groups.count; group++) {
      const members = [...groups.frames.subarray(4 * group, 4 * group + 4)].map(at);
      const inImage = group % perAxis ** 2;
      const y = 96 * Math.floor(group / perAxis ** 2) + 16 + (outerOffset / 2) * Math.floor(inImage / perAxis);
      const x = 16 + (outerOffset / 2) * (inImage % perAxis);
      expect(members).toEqual([
        [y, x],
        [y, x + 4],
        [y + 4, x],
        [y + 4, x + 4],
      ]);
    }
  });
});

describe("stitching", () => {
  /** No symmetry, no two pixels alike. */
  function asymmetric(height: number, width: number): ComplexArray {
    const object = complexZeros([height, width]);
    object.data.forEach((_, k) => {
      object.data[k] = 1 + k / 1e5 + Math.sin(k * k);
    });
    return object;
  }

  const size = 90;
  const images = 2;
  const object = asymmetric(images * size, size);

  async function assemble(grid: GridGeometry) {
    const positions = gridPositions(grid);
    const patches = positions.length / 2;
    const data = new Float32Array(2 * grid.n ** 2 * patches);
    for (let k = 0; k < patches; k++) {
      data.set(extractPatch(object, positions[2 * k], positions[2 * k + 1], grid.n), 2 * grid.n ** 2 * k);
    }
    const options = {
      canvas: planCanvas(positions, 10),
      trim: 10,
      weights: uniformWeights(10),
      phaseAlignment: false,
      patches,
    };
    const assembler = createAssembler(options);
    assembler.add({ shape: [patches, grid.n, grid.n], data }, positions);
    return { data, reconstruction: toReconstruction((await assembler.finish()).stitched, positions) };
  }

  it.each([1, 2])("gives back the object from true patches, gridsize %i", async (gridsize) => {
    const grid = geometry(32, test, { size, images, gridsize });
    const stitched = stitchedImages((await assemble(grid)).reconstruction, object, grid, 1);
    expect(stitched.length).toBe(images);
    for (const [image, { reconstruction, truth }] of stitched.entries()) {
      const { top, left, height } = stitchedRectangle(grid, image);
      expect([top - image * size, left]).toEqual([11, 11]);
      expect(reconstruction.shape).toEqual([height, height]);
      expect(truth.data[0]).toBe(object.data[2 * (top * size + left)]);
      // Weights of one add up to whole numbers: averages of equal float32 values are those values.
      expect(Array.from(reconstruction.data)).toEqual(Array.from(truth.data));
    }
  });

  it("is the raster of the patches' middle tiles", async () => {
    const grid = geometry(32, test, { size, images });
    const { data, reconstruction } = await assemble(grid);
    const stitched = stitchedImages(reconstruction, object, grid, 1)[0].reconstruction;
    const perAxis = groupsPerAxis(grid);
    const side = 10 * perAxis;
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const patch = perAxis * Math.floor(y / 10) + Math.floor(x / 10);
        const pixel = (11 + (y % 10)) * 32 + 11 + (x % 10);
        expect(stitched.data[2 * (y * side + x)]).toBe(data[2 * (patch * 32 * 32 + pixel)]);
      }
    }
  });

  it("says so when a test image is not covered", async () => {
    const grid = geometry(32, test, { size, images });
    const { reconstruction } = await assemble(grid);
    const coverage = reconstruction.coverage.slice();
    const [, width] = reconstruction.object.shape as [number, number];
    coverage[(stitchedRectangle(grid, 1).top - reconstruction.origin.y + 5) * width + 50] = 0;
    expect(() => stitchedImages({ ...reconstruction, coverage }, object, grid, 1)).toThrow(
      /test image 2 is not covered/,
    );
  });
});

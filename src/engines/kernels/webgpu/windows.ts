import { COMPLEX, everyPixel } from "./elementwise.ts";
import type { Kernel } from "./shader.ts";

/** Between a window's pixels and the canvas's: four neighbours with bilinear weights, of which those of weight 0 are not read. */
const WEIGHT = `
fn weight(place: vec4f, dy: u32, dx: u32) -> f32 {
  return select(1 - place.z, place.z, dy == 1u) * select(1 - place.w, place.w, dx == 1u);
}`;

/** The canvas at a pixel of a window. */
const taken = (element: "f32" | "vec2f"): string => `${WEIGHT}
fn taken(f: u32, mode: u32, p: u32) -> ${element} {
  let place = windows(f, 0u, 0u);
  let y = p / u.width + u32(place.x);
  let x = p % u.width + u32(place.y);
  var sum = ${element}();
  for (var k = 0u; k < 4u; k++) {
    let w = weight(place, k >> 1u, k & 1u);
    if (w > 0) { sum += w * canvas(0u, mode, (y + (k >> 1u)) * u.columns + x + (k & 1u)); }
  }
  return sum;
}`;

export const cutKernel = (element: "f32" | "vec2f"): Kernel =>
  everyPixel(
    {
      name: `cut ${element}`,
      operands: { out: element, canvas: element, windows: "vec4f" },
      writes: ["out"],
      scalars: { width: "u32", columns: "u32" },
      body: "set_out(f, m, p, taken(f, m, p));",
    },
    taken(element),
  );

/** Exit waves of a probe behind the patches that it falls on, and those patches. */
export const exitWavesKernel: Kernel = everyPixel(
  {
    name: "exit waves",
    operands: { change: "vec2f", patches: "vec2f", canvas: "vec2f", probe: "vec2f", windows: "vec4f" },
    writes: ["change", "patches"],
    scalars: { width: "u32", columns: "u32" },
    body: `
      let patch_value = taken(f, 0u, p);
      if (m == 0u) { set_patches(f, 0u, p, patch_value); }
      set_change(f, m, p, times(patch_value, probe(f, m, p)));`,
  },
  taken("vec2f") + COMPLEX,
);

/**
 * The adjoint, as each pixel of the canvas gathers it, window after window, so that nothing depends on who comes first. It
 * goes over the box of the canvas, of `boxWidth` columns from `top` and `left` on, that windows reach.
 */
export const pasteKernel = (element: "f32" | "vec2f"): Kernel =>
  everyPixel(
    {
      name: `paste ${element}`,
      operands: { canvas: element, patches: element, windows: "vec4f" },
      writes: ["canvas"],
      scalars: {
        ...{ count: "u32", height: "u32", width: "u32", columns: "u32" },
        ...{ top: "u32", left: "u32", boxWidth: "u32", factor: "f32" },
      },
      body: `
      let y = i32(p / u.boxWidth + u.top);
      let x = i32(p % u.boxWidth + u.left);
      let to = u32(y) * u.columns + u32(x);
      var sum = canvas(f, m, to);
      for (var j = 0u; j < u.count; j++) {
        let place = windows(j, 0u, 0u);
        let row = y - i32(place.x);
        let column = x - i32(place.y);
        if (row < 0 || column < 0 || row > i32(u.height) || column > i32(u.width)) { continue; }
        for (var k = 0u; k < 4u; k++) {
          let r = u32(row) - (k >> 1u);
          let c = u32(column) - (k & 1u);
          let w = weight(place, k >> 1u, k & 1u);
          // Above 0 they are huge.
          if (r < u.height && c < u.width && w > 0) { sum += u.factor * w * patches(j, m, r * u.width + c); }
        }
      }
      set_canvas(f, m, to, sum);`,
    },
    WEIGHT,
  );

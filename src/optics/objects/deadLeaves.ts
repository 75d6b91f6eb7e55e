import type { Random } from "../../random.ts";
import type { Structure } from "./structure.ts";

export interface DeadLeavesObject {
  readonly kind: "deadLeaves";
  /** Smallest and largest leaf radius as fractions of the object's shorter side. Default [0.03, 0.2]. */
  readonly radius?: readonly [smallest: number, largest: number];
}

/**
 * Dead leaves (Lee, Mumford & Huang, IJCV 41, 35 (2001)): opaque disks, squares and triangles of random size (density
 * of radii ∝ r⁻³, so that every scale covers as much), each of its own amplitude and phase, lying on each other until
 * nothing of the ground is seen. Sharp edges and occlusion, as in sections of real specimens.
 */
export function deadLeaves(
  { radius = [0.03, 0.2] }: DeadLeavesObject,
  [height, width]: readonly [number, number],
  random: Random,
): Structure {
  const side = Math.min(height, width);
  const [smallest, largest] = [Math.max(1, radius[0] * side), Math.max(1, radius[1] * side)];
  const amplitude = new Float64Array(height * width);
  const phase = new Float64Array(height * width);
  const covered = new Uint8Array(height * width);
  // From the top leaf down: a pixel keeps the first leaf that covers it, and the pile ends when none is bare.
  for (let bare = height * width; bare > 0; ) {
    const leaf = randomLeaf(height, width, smallest, largest, random);
    const [a, p] = [random.uniform(), random.uniform()];
    const reach = Math.ceil(leaf.reach);
    for (let i = Math.max(0, Math.floor(leaf.y) - reach); i < Math.min(height, leaf.y + reach + 1); i++) {
      for (let j = Math.max(0, Math.floor(leaf.x) - reach); j < Math.min(width, leaf.x + reach + 1); j++) {
        const at = i * width + j;
        if (covered[at] === 1 || !leaf.contains(i - leaf.y, j - leaf.x)) continue;
        covered[at] = 1;
        amplitude[at] = a;
        phase[at] = p;
        bare--;
      }
    }
  }
  return { amplitude, phase };
}

interface Leaf {
  readonly y: number;
  readonly x: number;
  /** No part of the leaf is farther than this from its centre. */
  readonly reach: number;
  contains(dy: number, dx: number): boolean;
}

function randomLeaf(height: number, width: number, smallest: number, largest: number, random: Random): Leaf {
  const r = radiusFromCubicLaw(smallest, largest, random.uniform());
  // Centres reach beyond the edge, so that the edge is covered like the middle.
  const y = (height + 2 * largest) * random.uniform() - largest;
  const x = (width + 2 * largest) * random.uniform() - largest;
  const angle = 2 * Math.PI * random.uniform();
  const corners = [0, 3, 4][random.integer(3)];
  const contains = corners === 0 ? disk(r) : polygon(corners, r, angle);
  return { y, x, reach: r, contains };
}

/** Inverse of the cumulative distribution of p(r) ∝ r⁻³ between the limits. */
function radiusFromCubicLaw(smallest: number, largest: number, u: number): number {
  return 1 / Math.sqrt((1 - u) / smallest ** 2 + u / largest ** 2);
}

function disk(r: number): Leaf["contains"] {
  return (dy, dx) => dy * dy + dx * dx <= r * r;
}

/** Regular polygon with corners on the circle of radius r. */
function polygon(sides: number, r: number, angle: number): Leaf["contains"] {
  const inner = r * Math.cos(Math.PI / sides);
  const normals = Array.from({ length: sides }, (_, k) => angle + (2 * Math.PI * k) / sides);
  const [cos, sin] = [normals.map(Math.cos), normals.map(Math.sin)];
  return (dy, dx) => {
    for (let k = 0; k < sides; k++) if (dx * cos[k] + dy * sin[k] > inner) return false;
    return true;
  };
}

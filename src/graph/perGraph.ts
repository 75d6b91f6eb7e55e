import type { Graph } from "./tensor.ts";

/**
 * Remembers what `make` built for a graph and some sizes: large constants (transform matrices, grids) are then baked
 * into a model once, however many operators use them.
 */
export function perGraph<Sizes extends readonly number[], T>(
  make: (graph: Graph, ...sizes: Sizes) => T,
): (graph: Graph, ...sizes: Sizes) => T {
  const known = new WeakMap<Graph, Map<string, T>>();
  return (graph, ...sizes) => {
    const made = known.get(graph) ?? new Map<string, T>();
    known.set(graph, made);
    const key = sizes.join();
    let value = made.get(key);
    if (value === undefined) {
      value = make(graph, ...sizes);
      made.set(key, value);
    }
    return value;
  };
}

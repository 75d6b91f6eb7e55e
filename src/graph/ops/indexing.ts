import { normaliseAxes } from "../shapes.ts";
import { requireDtype, shapeError, type Tensor } from "../tensor.ts";

/** Picks entries along an axis: `indices` (int64, any shape) replaces that axis. */
export function gather(x: Tensor, indices: Tensor, axis = 0): Tensor {
  requireDtype("Gather", indices, "int64");
  const [at] = normaliseAxes("Gather", [axis], x.rank) as [number];
  const shape = [...x.shape.slice(0, at), ...indices.shape, ...x.shape.slice(at + 1)];
  return x.graph.emit("Gather", [x, indices], { axis: at }, [{ shape, dtype: x.dtype }])[0];
}

/** The same entries along an axis in reverse order. */
export function reversed(x: Tensor, axis: number): Tensor {
  const [at] = normaliseAxes("Gather", [axis], x.rank) as [number];
  const length = x.shape[at];
  return gather(x, x.graph.int64(Array.from({ length }, (_, i) => length - 1 - i)), at);
}

/**
 * `target` with `updates` added at `indices` along axis 0; repeated indices add up. The adjoint of `gather` along axis 0.
 * `indices` is int64 of any shape, `updates` has that shape followed by the target's other axes.
 */
export function scatterAdd(target: Tensor, indices: Tensor, updates: Tensor): Tensor {
  requireDtype("ScatterND", indices, "int64");
  const expected = [...indices.shape, ...target.shape.slice(1)];
  if (expected.join() !== updates.shape.join()) {
    throw shapeError("ScatterND", `updates of shape [${expected.join(", ")}]`, target, updates);
  }
  const asTuples = target.graph.emit("Unsqueeze", [indices, target.graph.int64([indices.rank])], {}, [
    { shape: [...indices.shape, 1], dtype: "int64" },
  ])[0];
  return target.graph.emit("ScatterND", [target, asTuples, updates], { reduction: "add" }, [
    { shape: target.shape, dtype: target.dtype },
  ])[0];
}

/** From column-major (first index fastest) to row-major (last index fastest). */
export function toRowMajor<T extends { readonly length: number; [index: number]: number; slice(): unknown }>(
  data: T,
  shape: readonly number[],
  components: number,
): T {
  const out = data.slice() as T;
  const strides: number[] = [];
  let stride = components;
  for (const extent of shape) {
    strides.push(stride);
    stride *= extent;
  }
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < data.length; to += components) {
    for (let c = 0; c < components; c++) out[to + c] = data[from + c];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}

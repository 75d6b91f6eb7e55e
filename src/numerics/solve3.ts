/** Solution of a 3 × 3 system A x = b (row-major A) by Cramer's rule. */
export function solve3(a: ArrayLike<number>, b: ArrayLike<number>): [number, number, number] {
  const determinant = det3(a);
  const replaced = (column: number): number =>
    det3(Array.from(a, (value, k) => (k % 3 === column ? b[Math.floor(k / 3)] : value))) / determinant;
  return [replaced(0), replaced(1), replaced(2)];
}

function det3(a: ArrayLike<number>): number {
  return a[0] * (a[4] * a[8] - a[5] * a[7]) - a[1] * (a[3] * a[8] - a[5] * a[6]) + a[2] * (a[3] * a[7] - a[4] * a[6]);
}

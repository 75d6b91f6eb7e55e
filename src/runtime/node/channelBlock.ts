import type { Target } from "../../graph/lowering/target.ts";
import { buildModel } from "../../graph/onnx/model.ts";
import { Graph } from "../../graph/tensor.ts";
import type { Runtime } from "../runtime.ts";

/** What models for the CPU are best built for on this processor. */
export async function cpuTarget(cpu: Runtime): Promise<Target> {
  const channelBlock = await findChannelBlock(cpu);
  return channelBlock === 0 ? "portable" : { channelBlock };
}

/**
 * How many channels ONNX Runtime's blocked CPU kernels take at once on this processor (16 with AVX-512, 8 with AVX2), or
 * 0 where it has none. Nothing reports it, so this reorders one image and looks where its second pixel went.
 */
export async function findChannelBlock(cpu: Runtime): Promise<number> {
  const channels = 64;
  const graph = new Graph();
  const x = graph.input("x", [1, channels, 1, 2]);
  const reordered = graph.emit("com.microsoft.nchwc::ReorderInput", [x], {}, [{ shape: x.shape, dtype: "float32" }])[0];
  try {
    const session = await cpu.load(buildModel({ outputs: { reordered } }), { threads: 1 });
    const values = Float32Array.from({ length: 2 * channels }, (_, i) => i);
    const results = await session.run({ x: { data: values, shape: x.shape } });
    await session.dispose();
    const block = Array.from(results["reordered"].data as Float32Array).indexOf(1);
    return block > 1 && channels % block === 0 ? block : 0;
  } catch {
    // A runtime without these kernels refuses the operator; the portable lowering serves it.
    return 0;
  }
}

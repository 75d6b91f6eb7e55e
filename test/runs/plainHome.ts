import { nodeHome } from "../../src/node/home.ts";
import type { Home, Machine } from "../../src/runs/machine.ts";

/** This computer with one thread in an operator: several would wait for each other's processor where tests run side by side. */
export const oneThread: Home = homeWith({
  runtime: {
    async value(...asked: Parameters<Machine["runtime"]>) {
      const runtime = await nodeHome.machine.runtime(...asked);
      const load: typeof runtime.load = (model, options) => runtime.load(model, { threads: 1, ...options });
      return { ...runtime, load };
    },
  },
});

/** The same without pictures, which take longer than all else that small runs do. */
export const plainHome: Home = homeWith({ pictures: { value: undefined } }, oneThread);

function homeWith(changes: PropertyDescriptorMap, home: Home = nodeHome): Home {
  return { ...home, machine: Object.create(home.machine, changes) as Machine };
}

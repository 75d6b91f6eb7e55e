import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { instantiate, webAssembly } from "../../../src/engines/kernels/wasm/module.ts";
import { packageFile } from "../../../src/formats/packageFile.ts";

const compiled = (name: string): Buffer => readFileSync(new URL(`../../../wasm/${name}.wasm`, import.meta.url));
const memory = () => new webAssembly.Memory({ initial: 64, maximum: 65_536, shared: false });

describe("code that was compiled from other sources", () => {
  it("is refused by the name of what is missing, with what to do", async () => {
    // An older module has no operation that came later.
    const bytes = compiled("engines");
    const at = bytes.indexOf("STEP_OVERLAPS");
    bytes.write("OLDER_OVERLAP", at, "latin1");
    const older = await webAssembly.compile(bytes);
    expect(() => instantiate(older, memory())).toThrow(
      /compiled from other sources.*exports that this version calls: STEP_OVERLAPS\b.*npm run build/s,
    );
    expect(() => instantiate(older, memory())).not.toThrow(/ZERO|HEAP/);
    const now = await webAssembly.compile(compiled("engines"));
    expect(instantiate(now, memory()).opcode("STEP_OVERLAPS")).toBe(16);
  });

  it("is refused where a function takes other numbers than it is given", async () => {
    const other = await webAssembly.compile(compiled("bitshuffle"));
    expect(() => instantiate(other, memory())).toThrow(/exports that this version calls: run, HEAP, ZERO/);
  });

  it("is asked for where it is not there at all", async () => {
    const nowhere = new URL("nowhere.wasm", import.meta.url);
    await expect(packageFile(nowhere, "the code")).rejects.toThrow(
      /the code cannot be loaded.*nowhere\.wasm.*npm run build/s,
    );
  });
});

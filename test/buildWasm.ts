import { execFileSync } from "node:child_process";

/** Tests run sources, but WebAssembly has to be compiled: what is out of date is, before any of them starts. */
export default function buildWasm(): void {
  execFileSync(process.execPath, ["scripts/buildWasm.mjs"], { stdio: "inherit" });
}

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A Python with h5py and hdf5plugin, which is no part of this project. */
const python = process.env["PTYCHONAUT_H5PY_PYTHON"] ?? "python3";

/** What that Python has, or undefined where there is none: tests against it are then skipped. */
export const h5pyVersion: string | undefined = (() => {
  try {
    return runPython("import h5py, hdf5plugin; print(h5py.__version__)").trim();
  } catch {
    console.warn(
      "no Python with h5py and hdf5plugin: tests against them are skipped. PTYCHONAUT_H5PY_PYTHON names one",
    );
    return undefined;
  }
})();

/** Whether that Python has these modules too: tests against them are skipped where it does not. */
export function pythonHas(...modules: readonly string[]): boolean {
  try {
    runPython(`import ${modules.join(", ")}`);
    return true;
  } catch {
    console.warn(
      `no Python with ${modules.join(" and ")}: tests against them are skipped. PTYCHONAUT_H5PY_PYTHON names one`,
    );
    return false;
  }
}

/** Runs a program, with its arguments in `sys.argv[1:]`, and gives what it prints. Throws what Python says when it fails. */
export function runPython(program: string, ...args: readonly string[]): string {
  return execFileSync(python, ["-c", program, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** A folder for files of one test file; `remove` it in the end. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "ptychonaut-h5py-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

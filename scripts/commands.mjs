// Starting other programs from the scripts beside this file.
import { spawnSync } from "node:child_process";

/** Runs a command to its end, its output shown; ends this program with its exit code where that is not zero. */
export function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: "inherit" });
  if (error !== undefined) console.error(`${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

/** npm names its own script to the scripts that it runs; elsewhere the command must do. */
export function npm(args, cwd) {
  const script = process.env.npm_execpath;
  if (script?.endsWith(".js")) run(process.execPath, [script, ...args], cwd);
  else run(process.platform === "win32" ? "npm.cmd" : "npm", args, cwd);
}

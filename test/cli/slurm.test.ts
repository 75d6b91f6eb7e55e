import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";

import { call } from "./harness.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-slurm-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

const slurm = (...words: readonly string[]) =>
  call(["slurm", "train", "scan.npz", "--output_dir", join(folder, "run"), ...words]);

/** Runs a job's script with stand-ins for Slurm's programs: what they were called with. */
async function runJob(script: string, restarts: number, code: number): Promise<readonly string[]> {
  const bin = join(folder, "bin");
  rmSync(bin, { recursive: true, force: true });
  mkdirSync(bin);
  const log = join(folder, "log");
  rmSync(log, { force: true });
  for (const [name, result] of [
    ["srun", code],
    ["mpirun", code],
    ["scontrol", 0],
  ] as const) {
    writeFileSync(
      join(bin, name),
      `#!/bin/bash\nprintf '%s|' ${name} "$@" >> ${log}\necho >> ${log}\nexit ${result}\n`,
    );
    chmodSync(join(bin, name), 0o755);
  }
  const env = { PATH: `${bin}:${process.env["PATH"]}`, SLURM_RESTART_COUNT: String(restarts), SLURM_JOB_ID: "7" };
  const ended = await promisify(execFile)("bash", [script], { env }).then(
    () => 0,
    (error) => error.code as number,
  );
  expect(ended).toBe(code);
  return readFileSync(log, "utf8").trim().split("\n");
}

describe("ptychonaut slurm", () => {
  test("writes a job that begins the command, and goes on with it in the next turn", async () => {
    const asked = ["--ntasks", "4", "--nodes=2", "--time", "1:00:00", "--partition", "gpu", "--mpi", "pmix"];
    const { code, stderr } = await slurm(...asked, "--max_epochs", "7", "--overwrite", "--resume", "a b.ckpt.zip");
    const path = join(folder, "run.slurm.sh");
    expect({ code, stderr }).toEqual({ code: 0, stderr: `wrote ${path}\nsubmit it with: sbatch ${path}\n` });
    const lines = readFileSync(path, "utf8").split("\n");
    expect(lines.filter((line) => line.startsWith("#SBATCH"))).toEqual([
      ...["#SBATCH --job-name=run", "#SBATCH --nodes=2", "#SBATCH --ntasks=4", "#SBATCH --time=1:00:00"],
      ...["#SBATCH --partition=gpu", `#SBATCH --chdir=${process.cwd()}`],
      ...[`#SBATCH --output=${join(folder, "run")}.slurm-%j.log`, "#SBATCH --open-mode=append"],
      ...["#SBATCH --signal=TERM@120", "#SBATCH --requeue"],
    ]);
    const node = [process.execPath, ...process.execArgv, process.argv[1]].join("|");
    const start = `srun|--ntasks=4|--mpi=pmix|--kill-on-bad-exit|${node}|train|scan.npz|--output_dir|${join(folder, "run")}`;
    expect(await runJob(path, 0, 0)).toEqual([`${start}|--max_epochs|7|--overwrite|--resume|a b.ckpt.zip|`]);
    expect(await runJob(path, 1, 0)).toEqual([`${start}|--max_epochs|7|--resume|last|`]);
  });

  test("asks for the processors of a step as for those of its job, and hands on how little the command is to say", async () => {
    const { code, stderr } = await slurm("--time", "90", "--cpus_per_task", "16", "--quiet", "--debug");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const path = join(folder, "run.slurm.sh");
    expect(readFileSync(path, "utf8")).toContain("#SBATCH --cpus-per-task=16\n");
    expect((await runJob(path, 0, 0)).join()).toMatch(/^srun\|--ntasks=1\|--cpus-per-task=16\|.*\|--quiet\|--debug\|$/);
    expect((await slurm("--time", "90", "--launcher", "mpiexec")).stderr).toMatch(/wrong value for --launcher/);
  });

  test("puts what SIGTERM ended back into the queue, and nothing that failed or ended well", async () => {
    await slurm("--time", "90", "--max_requeues", "3");
    const path = join(folder, "run.slurm.sh");
    expect((await runJob(path, 2, 143)).at(-1)).toBe("scontrol|requeue|7|");
    for (const [restarts, code] of [
      [3, 143],
      [0, 0],
      [0, 1],
      [0, 2],
    ])
      expect(await runJob(path, restarts, code)).toHaveLength(1);
  });

  test("takes options and lines of the shell as they are, and mpirun", async () => {
    const more = ["--sbatch=--constraint=avx512", "--sbatch", "--exclusive", "--setup", "export A='b, c'"];
    await slurm("--time", "90", "--ntasks", "2", "--launcher", "mpirun", "--grace", "30", ...more);
    const path = join(folder, "run.slurm.sh");
    const text = readFileSync(path, "utf8");
    for (const line of [
      "#SBATCH --constraint=avx512",
      "#SBATCH --exclusive",
      "export A='b, c'",
      "#SBATCH --signal=B:USR1@30",
    ])
      expect(text.split("\n")).toContain(line);
    expect((await runJob(path, 0, 0))[0]).toMatch(/^mpirun\|-n\|2\|/);
  });

  test("takes folders with spaces, as many processes as computers, and the processors of the command's threads", async () => {
    const output = join(folder, 'my "run" 50%');
    const words = ["--output_dir", output, "--engine", "rpie", "--threads", "6", "--time", "1-12:00"];
    expect((await call(["slurm", "reconstruct", "scan.npz", ...words, "--nodes", "1"])).code).toBe(0);
    const lines = readFileSync(`${output}.slurm.sh`, "utf8").split("\n");
    const quoted = (text: string): string => text.replaceAll('"', '\\"');
    expect(lines).toContain(`#SBATCH --job-name="${quoted('my "run" 50%')}"`);
    expect(lines).toContain(`#SBATCH --output="${quoted(output).replace("%", "%%")}.slurm-%j.log"`);
    for (const line of ["#SBATCH --cpus-per-task=6", "#SBATCH --ntasks=1"]) expect(lines).toContain(line);
    await slurm("--time", "90", "--nodes", "3");
    expect(readFileSync(join(folder, "run.slurm.sh"), "utf8")).toContain("#SBATCH --ntasks=3\n");
  });

  test("replaces a script only where that was said, and writes the same one again", async () => {
    const path = join(folder, "run.slurm.sh");
    for (let turn = 0; turn < 2; turn++) expect((await slurm("--time", "10")).code).toBe(0);
    const { code, stderr } = await slurm("--time", "20", "--overwrite");
    expect(code).toBe(2);
    expect(stderr).toContain("would replace another file");
    expect(stderr).toContain("--overwrite_script");
    expect(readFileSync(path, "utf8")).toContain("#SBATCH --time=10\n");
    expect((await slurm("--time", "20", "--overwrite_script")).code).toBe(0);
    const script = readFileSync(path, "utf8");
    expect(script).toContain("#SBATCH --time=20\n");
    expect(script).not.toContain("--overwrite_script");
  });

  test.each([
    [["train", "s.npz", "--output_dir", "x"], "missing --time"],
    [["--time", "1"], "missing the command that the job is to run"],
    [["evaluate", "x", "--time", "1"], 'unknown command of a job "evaluate"'],
    [["train", "s.npz", "--time", "9"], "missing --output_dir"],
    [["train", "s.npz", "--output_dir", "x", "--time", "1", "--ntasks", "0"], "wrong value for --ntasks"],
    [["train", "s.npz", "--output_dir", "x", "--time", "9", "--gridsiz", "2"], "did you mean --gridsize"],
    [["train", "s.npz", "--output_dir", "x", "--time", "9", "--gridsize", "0"], "gridsize"],
    [["train", "s.npz", "--output_dir", "x", "--time", "banana"], "wrong value for --time"],
    [["train", "s.npz", "--output_dir", "x", "--time", "0:02:00"], "as soon as it begins"],
    [["train", "s.npz", "--output_dir", "x", "--time", "9", "--max_requeues", "-1"], "wrong value for --max_requeues"],
    [["train", "s.npz", "--output_dir", "x", "--time", "9", "--nodes", "3", "--ntasks", "2"], "fewer processes"],
    [["train", "s.npz", "--output_dir", "x", "--time", "9", "--partition", "a\n#SBATCH --exclusive"], "one line"],
    [["train", "s.npz", "--output_dir", "x", "--time", "9", "--setup", "a\nb"], "once for every line"],
    [
      ["reconstruct", "s.npz", "--output_dir", "x", "--engine", "rpie", "--ntasks", "2", "--time", "9"],
      "in one process alone",
    ],
    [
      [
        "infer",
        "s.npz",
        "--model_path",
        "m",
        "--output_dir",
        "x",
        "--refine",
        "rpie:5",
        "--ntasks",
        "2",
        "--time",
        "9",
      ],
      "by one process alone",
    ],
  ] as const)("refuses %j", async (words, message) => {
    const { code, stderr } = await call(["slurm", ...words]);
    expect(code).toBe(2);
    expect(stderr.toLowerCase()).toContain(message.toLowerCase());
  });

  test("says where there is no Slurm to submit to, and keeps the script", async () => {
    vi.stubEnv("PATH", folder);
    onTestFinished(() => void vi.unstubAllEnvs());
    const { code, stderr } = await slurm("--time", "10", "--submit");
    expect(code).toBe(2);
    expect(stderr).toContain("sbatch is not here");
    expect(readFileSync(join(folder, "run.slurm.sh"), "utf8")).toContain("#SBATCH --time=10");
  });
});

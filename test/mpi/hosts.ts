import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Launcher } from "./launchers.ts";

/** Two computers on a network of their own, as far as programs can tell: namespaces with an address and a name each. */
export interface TwoHosts {
  /** Open MPI on the first of them, with one process on each, over TCP. */
  readonly launcher: Launcher;
  /** Pulls the second's cable. */
  cutOff(): void;
  remove(): void;
}

const ip = (...words: readonly string[]): string | undefined => {
  const { status, stderr, error } = spawnSync("ip", words, { encoding: "utf8" });
  return status === 0 ? undefined : `ip ${words.join(" ")}: ${error?.message ?? stderr.trim()}`;
};

const id = process.pid;
const names = ["a", "b"].map((letter) => `ptycho${id}${letter}`);
const cables = ["a", "b"].map((letter) => `pt${id}${letter}`);
const addresses = ["10.117.61.1", "10.117.61.2"];
const network = "10.117.61.0/24";

function remove(): void {
  for (const name of names) ip("netns", "del", name);
}

/** @param folder for what stands in for ssh @returns why there are none, where there cannot be any */
export function twoHosts(folder: string, mpirun: string | undefined): TwoHosts | string {
  if (mpirun === undefined) return "Open MPI is not installed";
  if (process.getuid?.() !== 0) return "network namespaces need root";
  const steps = [
    ...names.map((name) => ["netns", "add", name]),
    ["link", "add", cables[0], "type", "veth", "peer", "name", cables[1]],
    ...names.flatMap((name, k) => [
      ["link", "set", cables[k], "netns", name],
      ["-n", name, "addr", "add", `${addresses[k]}/24`, "dev", cables[k]],
      ["-n", name, "link", "set", "lo", "up"],
      ["-n", name, "link", "set", cables[k], "up"],
    ]),
  ];
  for (const step of steps) {
    const failed = ip(...step);
    if (failed === undefined) continue;
    remove();
    return failed;
  }
  // What it has sent by then it gives up after 13 s, not after the usual quarter of an hour.
  for (const name of names) ip("netns", "exec", name, "sysctl", "-q", "-w", "net.ipv4.tcp_retries2=5");
  const agent = join(folder, "agent");
  const enter = names.map(
    (name, k) => `${addresses[k]}) exec ip netns exec ${name} unshare --uts bash -c "hostname host${k}; $*";;`,
  );
  writeFileSync(agent, `#!/bin/bash\nhost=$1\nshift\ncase $host in\n${enter.join("\n")}\nesac\n`);
  chmodSync(agent, 0o755);
  const settings: Readonly<Record<string, string>> = {
    ...{ plm_rsh_agent: agent, btl: "tcp,self", btl_tcp_if_include: network, oob_tcp_if_include: network },
    // A launcher does not know that a network is cut off unless it asks: three times 5 s unanswered, which leaves a run that
    // waits for 8 s its own words.
    ...{ oob_tcp_keepalive_time: "4", oob_tcp_keepalive_intvl: "5", oob_tcp_keepalive_probes: "3" },
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ["--mca", name, value]);
  return {
    launcher: {
      name: "Open MPI on two hosts",
      command: "ip",
      args: ["netns", "exec", names[0], mpirun, ...args, "--host", addresses.join(","), "-x", "PTYCHONAUT_MPI_TIMEOUT"],
    },
    cutOff: () => void ip("-n", names[1], "link", "set", cables[1], "down"),
    remove,
  };
}

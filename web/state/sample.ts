import { type SampleChoice, sampleOptions } from "./sampleChoice.ts";
import { looker, openFrom } from "./session.ts";

/** Simulates a scan into the store and opens it. The same choice is the same file. @returns whether it is open now */
export function openSample(choice: SampleChoice): Promise<boolean> {
  const { object, spot, step, jitter, patterns, dose } = choice;
  const name = `${object}-spot${spot}-step${step}-jitter${jitter}-${patterns}-dose1e${dose}.npz`;
  return openFrom(name, async () => (await looker.ask("simulate", { name, options: sampleOptions(choice) })).path);
}

import type { Home } from "../runs/machine.ts";
import { nodeMachine } from "./machine.ts";
import { nodeStore } from "./store.ts";

/** Runs in Node: this computer and its disk. */
export const nodeHome: Home = { machine: nodeMachine, store: nodeStore };

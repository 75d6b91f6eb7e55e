import type { DeviceTensor, HostTensor, ResidentSession, Runtime, Session } from "../../runtime/runtime.ts";

/** Prefix of the outputs that are the next run's inputs. */
export const NEXT = "next/";

/** A graph that goes on from its own results. */
export interface CarriedSession {
  /** What the next run starts from, by the names of inputs. */
  set(values: Readonly<Record<string, HostTensor>>): void;
  /** @returns the outputs that are not carried */
  run(feeds: Readonly<Record<string, HostTensor>>): Promise<Readonly<Record<string, HostTensor>>>;
  /** What is carried, as it is now. */
  get(): Promise<Readonly<Record<string, HostTensor>>>;
  dispose(): Promise<void>;
}

/** Where the device has memory of its own, what is carried stays there. @param names of what is carried */
export async function carriedSession(
  runtime: Runtime,
  model: Uint8Array,
  names: readonly string[],
): Promise<CarriedSession> {
  const { memory } = runtime;
  if (memory === undefined) return onHost(await runtime.load(model));
  const session = await memory.load(
    model,
    names.map((name) => `${NEXT}${name}`),
  );
  return onDevice(session, (tensors) => memory.read(tensors));
}

const carried = <T>(outputs: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(
    Object.entries(outputs).flatMap(([name, value]) =>
      name.startsWith(NEXT) ? [[name.slice(NEXT.length), value] as const] : [],
    ),
  );

function onHost(session: Session): CarriedSession {
  let state: Readonly<Record<string, HostTensor>> = {};
  return {
    set(values) {
      state = values;
    },
    async run(feeds) {
      const outputs = await session.run({ ...feeds, ...state });
      state = { ...state, ...carried(outputs) };
      return outputs;
    },
    get: async () => state,
    dispose: () => session.dispose(),
  };
}

function onDevice(
  session: ResidentSession,
  read: (tensors: Readonly<Record<string, DeviceTensor>>) => Promise<Record<string, HostTensor>>,
): CarriedSession {
  let host: Readonly<Record<string, HostTensor>> = {};
  let device: Readonly<Record<string, DeviceTensor>> = {};
  const replace = (tensors: Readonly<Record<string, DeviceTensor>>): void => {
    for (const tensor of Object.values(device)) tensor.dispose();
    device = tensors;
  };
  return {
    set(values) {
      replace({});
      host = values;
    },
    async run(feeds) {
      const outputs = await session.run({ ...feeds, ...host, ...device });
      replace(carried(outputs.device));
      return outputs.host;
    },
    get: async () => (Object.keys(device).length === 0 ? host : read(device)),
    async dispose() {
      replace({});
      await session.dispose();
    },
  };
}

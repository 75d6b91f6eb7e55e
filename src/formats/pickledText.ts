/**
 * The text inside a pickle, without running the pickle. NumPy stores `np.array(text, dtype=object)` as a pickle of a
 * 0-d array whose list of elements holds one string. This reader knows the few opcodes such a pickle is made of,
 * resolves no names and calls nothing: a call or a class is an opaque mark on the stack. Such a pickle has some thirty
 * opcodes, so one with many is refused before it costs time or memory; nothing is ever walked or joined on the way.
 *
 * @returns undefined when the pickle holds anything else
 */
export function pickledText(pickle: Uint8Array): string | undefined {
  try {
    return textOf(replay(pickle));
  } catch (error) {
    if (error instanceof NotPlainText || error instanceof RangeError) return undefined;
    throw error;
  }
}

type Value = string | number | boolean | null | undefined | readonly Value[] | Global | Call;

/** A class or function, by name. */
interface Global {
  readonly module: string;
  readonly name: string;
}

interface Call {
  readonly callable: Value;
  state?: Value;
}

class NotPlainText extends Error {}

/** A plain str, or NumPy's `_reconstruct(...)` whose state is (version, shape, dtype, fortran, [text]). */
function textOf(value: Value): string | undefined {
  if (typeof value === "string") return value;
  if (!isCall(value) || !isGlobal(value.callable)) return undefined;
  const { module, name } = value.callable;
  if (name !== "_reconstruct" || !module.startsWith("numpy")) return undefined;
  const elements = Array.isArray(value.state) ? (value.state[4] as Value) : undefined;
  return Array.isArray(elements) && elements.length === 1 && typeof elements[0] === "string" ? elements[0] : undefined;
}

const isCall = (value: Value): value is Call => typeof value === "object" && value !== null && "callable" in value;
const isGlobal = (value: Value): value is Global => typeof value === "object" && value !== null && "module" in value;

const MOST_OPCODES = 1000;

function replay(pickle: Uint8Array): Value {
  const view = new DataView(pickle.buffer, pickle.byteOffset, pickle.byteLength);
  const utf8 = new TextDecoder("utf-8", { fatal: false });
  const stack: Value[] = [];
  const marks: number[] = [];
  const memo = new Map<number, Value>();
  let at = 0;

  const pop = (): Value => {
    if (stack.length === 0) throw new NotPlainText();
    return stack.pop();
  };
  const skip = (length: number): number => {
    if (at + length > pickle.length) throw new NotPlainText();
    at += length;
    return at - length;
  };
  const textOfLength = (length: number): string => {
    const start = skip(length);
    return utf8.decode(pickle.subarray(start, start + length));
  };
  const line = (): string => {
    const end = pickle.indexOf(10, at);
    if (end < 0) throw new NotPlainText();
    const text = textOfLength(end - at);
    at++;
    return text;
  };
  const tuple = (length: number): void => {
    if (length > stack.length) throw new NotPlainText();
    stack.push(stack.splice(stack.length - length));
  };
  const sinceMark = (): Value[] => {
    const mark = marks.pop();
    if (mark === undefined) throw new NotPlainText();
    return stack.splice(mark);
  };
  const extendTop = (items: readonly Value[]): void => {
    const list = stack.at(-1);
    if (!Array.isArray(list)) throw new NotPlainText();
    list.push(...items);
  };

  // Opcode names and bytes: Python's Lib/pickletools.py.
  const run: Record<number, () => void> = {
    128: () => skip(1), // PROTO
    149: () => skip(8), // FRAME
    99: () => stack.push({ module: line(), name: line() }), // GLOBAL
    147: () => {
      const [name, module] = [pop(), pop()]; // STACK_GLOBAL
      if (typeof module !== "string" || typeof name !== "string") throw new NotPlainText();
      stack.push({ module, name });
    },
    75: () => stack.push(pickle[skip(1)]), // BININT1
    77: () => stack.push(view.getUint16(skip(2), true)), // BININT2
    74: () => stack.push(view.getInt32(skip(4), true)), // BININT
    67: () => stack.push(textOfLength(pickle[skip(1)])), // SHORT_BINBYTES
    88: () => stack.push(textOfLength(view.getUint32(skip(4), true))), // BINUNICODE
    140: () => stack.push(textOfLength(pickle[skip(1)])), // SHORT_BINUNICODE
    141: () => stack.push(textOfLength(Number(view.getBigUint64(skip(8), true)))), // BINUNICODE8
    78: () => stack.push(null), // NONE
    136: () => stack.push(true), // NEWTRUE
    137: () => stack.push(false), // NEWFALSE
    40: () => marks.push(stack.length), // MARK
    41: () => stack.push([]), // EMPTY_TUPLE
    93: () => stack.push([]), // EMPTY_LIST
    133: () => tuple(1), // TUPLE1
    134: () => tuple(2), // TUPLE2
    135: () => tuple(3), // TUPLE3
    116: () => stack.push(sinceMark()), // TUPLE
    97: () => extendTop([pop()]), // APPEND
    101: () => extendTop(sinceMark()), // APPENDS
    113: () => memo.set(pickle[skip(1)], stack.at(-1)), // BINPUT
    114: () => memo.set(view.getUint32(skip(4), true), stack.at(-1)), // LONG_BINPUT
    148: () => memo.set(memo.size, stack.at(-1)), // MEMOIZE
    104: () => stack.push(memo.get(pickle[skip(1)])), // BINGET
    106: () => stack.push(memo.get(view.getUint32(skip(4), true))), // LONG_BINGET
    82: () => {
      pop(); // REDUCE: the arguments are dropped, the name stays
      stack.push({ callable: pop() });
    },
    98: () => {
      const state = pop(); // BUILD
      const call = stack.at(-1);
      if (!isCall(call)) throw new NotPlainText();
      call.state = state;
    },
  };
  const STOP = 46;
  for (let done = 0; done < MOST_OPCODES; done++) {
    const opcode = pickle[skip(1)];
    if (opcode === STOP) return pop();
    const step = run[opcode];
    if (step === undefined) throw new NotPlainText();
    step();
  }
  throw new NotPlainText();
}

import { PtychonautError } from "../../src/errors.ts";
import { type ColormapName, colormap } from "../../src/pictures/colormap.ts";
import { type Colour, dotInk, hatchInk } from "../../src/pictures/sheet.ts";
import { type Painter, type Region, within } from "./scene.ts";
import { arrayColours, dotPlaces, everywhere, oneColour } from "./shaders.ts";
import type { PreparedArray } from "./shownArray.ts";
import type { Size } from "./view.ts";

/** What is on the device for an array. */
interface Textures {
  readonly numbers: WebGLTexture;
  readonly states: WebGLTexture | undefined;
}

/** A program with its uniforms. */
interface Program {
  readonly use: () => void;
  readonly number: (name: string, ...values: readonly number[]) => void;
  readonly whole: (name: string, value: number) => void;
}

/** Painter on a WebGL2 context, which lives until the context is lost. */
export interface GlPainter extends Painter {
  /** The longest side of an array that it can hold. */
  readonly largest: number;
}

/** @throws PtychonautError "device" when the device refuses the programs */
export function glPainter(gl: WebGL2RenderingContext): GlPainter {
  const colours = programOf(gl, everywhere, arrayColours);
  const points = programOf(gl, dotPlaces, oneColour);
  const held = new Map<PreparedArray, { textures: Textures; users: number }>();
  const tables = new Map<ColormapName, WebGLTexture>();
  const dots = dotBuffer(gl);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);

  const tableOf = (name: ColormapName): WebGLTexture => {
    const table = tables.get(name) ?? texture(gl, gl.RGB8, 256, 1, gl.RGB, gl.UNSIGNED_BYTE, colormap(name));
    tables.set(name, table);
    return table;
  };

  /** One drawing area for all canvases, as large as the largest part that was painted. */
  function begin({ height, width }: Size): void {
    const { canvas } = gl;
    if (canvas.width < width || canvas.height < height) {
      canvas.width = Math.max(canvas.width, width);
      canvas.height = Math.max(canvas.height, height);
    }
    gl.viewport(0, 0, width, height);
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
  }

  function end({ top, left, height, width }: Region, to: CanvasRenderingContext2D): void {
    to.drawImage(gl.canvas, 0, gl.canvas.height - height, width, height, left, top, width, height);
  }

  function holdNow(array: PreparedArray): { textures: Textures; users: number } {
    const entry = { textures: texturesOf(gl, array), users: 0 };
    held.set(array, entry);
    return entry;
  }

  return {
    largest: gl.getParameter(gl.MAX_TEXTURE_SIZE) as number,
    hold(array) {
      (held.get(array) ?? holdNow(array)).users++;
    },
    release(array) {
      const entry = held.get(array);
      if (entry === undefined || --entry.users > 0) return;
      held.delete(array);
      for (const each of [entry.textures.numbers, entry.textures.states])
        if (each !== undefined) gl.deleteTexture(each);
    },
    paint({ array, colouring, placement, hatching, unknown }, region, to) {
      const { textures } = held.get(array) ?? holdNow(array);
      const { zoom, top, left } = within(placement, region);
      begin(region);
      colours.use();
      const bound = [textures.numbers, textures.states ?? textures.numbers, tableOf(colouring.colormap)];
      for (const [unit, name] of ["numbers", "states", "colours"].entries()) {
        gl.activeTexture(gl.TEXTURE0 + unit);
        gl.bindTexture(gl.TEXTURE_2D, bound[unit]);
        colours.whole(name, unit);
      }
      colours.whole("whole", array.whole ? 1 : 0);
      colours.whole("isComplex", array.complex ? 1 : 0);
      colours.whole("quantity", colouring.quantity === "phase" ? 1 : colouring.quantity === "complex" ? 2 : 0);
      colours.whole("logarithmic", colouring.log ? 1 : 0);
      colours.number("limits", ...colouring.limits);
      colours.number("size", array.width, array.height);
      colours.number("zoom", zoom);
      colours.number("corner", left, top);
      colours.number("rows", region.height);
      colours.number("hatching", hatching);
      colours.number("hatch", ...unit(hatchInk));
      colours.number("unknown", ...unit(unknown.ground));
      colours.number("unknownLine", ...unit(unknown.line));
      gl.drawArrays(gl.TRIANGLES, 0, 3);
      to.clearRect(region.left, region.top, region.width, region.height);
      end(region, to);
    },
    dots({ places, placement, side }, { height, width }, to) {
      const region = { top: 0, left: 0, height, width };
      begin(region);
      points.use();
      points.number("corner", placement.left, placement.top);
      points.number("zoom", placement.zoom);
      points.number("canvas", width, height);
      points.number("side", side);
      points.number("colour", ...unit(dotInk));
      dots.draw(places);
      end(region, to);
    },
  };
}

/** From so many pixels on the device may have no room for an array. */
const LARGE = 2 ** 22;

function texturesOf(
  gl: WebGL2RenderingContext,
  { data, state, width, height, complex, whole }: PreparedArray,
): Textures {
  // Asking waits for everything that the device was told before, so small arrays, which it always has room for, are not asked for.
  const asks = width * height >= LARGE;
  while (asks && !gl.isContextLost() && gl.getError() !== gl.NO_ERROR); // what is found below is of this array
  const numbers = complex
    ? texture(gl, gl.RG32F, width, height, gl.RG, gl.FLOAT, data)
    : texture(gl, gl.R32F, width, height, gl.RED, gl.FLOAT, data);
  const states = whole ? undefined : texture(gl, gl.R8, width, height, gl.RED, gl.UNSIGNED_BYTE, state);
  const error = asks ? gl.getError() : gl.NO_ERROR;
  if (error !== gl.NO_ERROR && !gl.isContextLost())
    throw new PtychonautError("memory", "the graphics device does not take this array", {
      expected: `${width} × ${height} numbers`,
      got: `WebGL's error ${error}`,
    });
  return { numbers, states };
}

function texture(
  gl: WebGL2RenderingContext,
  stored: number,
  width: number,
  height: number,
  format: number,
  type: number,
  values: ArrayBufferView,
): WebGLTexture {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  for (const [name, value] of [
    [gl.TEXTURE_MIN_FILTER, gl.NEAREST],
    [gl.TEXTURE_MAG_FILTER, gl.NEAREST],
    [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE],
    [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
  ])
    gl.texParameteri(gl.TEXTURE_2D, name, value);
  gl.texImage2D(gl.TEXTURE_2D, 0, stored, width, height, 0, format, type, values);
  return made;
}

function programOf(gl: WebGL2RenderingContext, vertex: string, fragment: string): Program {
  const program = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const) {
    const shader = gl.createShader(kind);
    if (shader === null) throw refused(gl, "no shader");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw refused(gl, gl.getShaderInfoLog(shader));
    gl.attachShader(program, shader);
  }
  gl.bindAttribLocation(program, 0, "place");
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw refused(gl, gl.getProgramInfoLog(program));
  const places = new Map<string, WebGLUniformLocation | null>();
  const placeOf = (name: string): WebGLUniformLocation | null => {
    if (!places.has(name)) places.set(name, gl.getUniformLocation(program, name));
    return places.get(name) ?? null;
  };
  return {
    use: () => gl.useProgram(program),
    whole: (name, value) => gl.uniform1i(placeOf(name), value),
    number(name, ...values) {
      if (values.length === 1) gl.uniform1f(placeOf(name), values[0]);
      else if (values.length === 2) gl.uniform2fv(placeOf(name), values);
      else gl.uniform3fv(placeOf(name), values);
    },
  };
}

const refused = (gl: WebGL2RenderingContext, log: string | null): PtychonautError =>
  new PtychonautError("device", "the graphics device refuses to draw arrays", {
    got: gl.isContextLost() ? "a lost context" : (log ?? "no reason"),
  });

/** Places of dots on the device, sent again when they are others. */
function dotBuffer(gl: WebGL2RenderingContext): { readonly draw: (places: Float64Array) => void } {
  const buffer = gl.createBuffer();
  let sent: Float64Array | undefined;
  return {
    draw(places) {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      if (sent !== places) gl.bufferData(gl.ARRAY_BUFFER, Float32Array.from(places), gl.STATIC_DRAW);
      sent = places;
      gl.enableVertexAttribArray(0);
      gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
      gl.drawArrays(gl.POINTS, 0, places.length / 2);
      gl.disableVertexAttribArray(0);
    },
  };
}

const unit = (colour: Colour): number[] => colour.map((channel) => channel / 255);

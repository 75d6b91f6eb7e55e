import { SLIVER } from "./scene.ts";

/** Covers the drawing area with one triangle. */
export const everywhere = `#version 300 es
void main() { gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0); }`;

/**
 * Colours of an array. A pixel of the screen that is smaller than one of the array shows the nearest; one that is larger
 * shows the mean over its area, in which complex values are added as such: phasors.
 */
export const arrayColours = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
uniform sampler2D numbers;   // value, or real and imaginary part
uniform sampler2D states;    // 0 shown, 1 masked, 2 unknown
uniform sampler2D colours;   // 256 of them
uniform bool whole;          // every pixel is shown
uniform bool isComplex;
uniform int quantity;        // 0 value or amplitude, 1 phase, 2 complex
uniform bool logarithmic;
uniform vec2 limits;
uniform vec2 size;           // of the array: width, height
uniform float zoom;
uniform vec2 corner;         // of the array on the screen, from the left and the top
uniform float rows;          // of the drawing area
uniform float hatching;
uniform vec3 hatch;
uniform vec3 unknown;
uniform vec3 unknownLine;
out vec4 ink;

const float SLIVER = ${SLIVER};
const float PI = 3.14159265358979;

int stateAt(ivec2 at) { return whole ? 0 : int(texelFetch(states, at, 0).r * 255.0 + 0.5); }

vec3 tableAt(float t) { return texelFetch(colours, ivec2(floor(255.0 * clamp(t, 0.0, 1.0) + 0.5), 0), 0).rgb; }

float between(float value) {
  if (!logarithmic) return (value - limits.x) / (limits.y - limits.x);
  return value > 0.0 ? log(value / limits.x) / log(limits.y / limits.x) : 0.0;
}

vec3 colourOf(vec2 mean, float magnitude) {
  if (quantity == 0) return tableAt(between(magnitude));
  float phase = mean == vec2(0.0) ? 0.0 : atan(mean.y, mean.x);
  if (quantity == 1) return tableAt((phase - limits.x) / (limits.y - limits.x));
  return clamp(between(magnitude), 0.0, 1.0) * tableAt((phase + PI) / (2.0 * PI));
}

void main() {
  vec2 at = floor(vec2(gl_FragCoord.x, rows - gl_FragCoord.y)) - corner;
  if (any(lessThan(at, vec2(0.0))) || any(greaterThanEqual(at + 0.5, size * zoom))) { ink = vec4(0.0); return; }
  vec2 mean = vec2(0.0);
  float magnitude = 0.0;
  float weight = 0.0;
  float hidden = 0.0;
  if (zoom >= 1.0) {
    ivec2 pixel = ivec2((at + 0.5) / zoom);
    int state = stateAt(pixel);
    mean = texelFetch(numbers, pixel, 0).rg;
    magnitude = isComplex ? length(mean) : mean.x;
    weight = state == 2 ? 0.0 : 1.0;
    hidden = state == 1 ? 2.0 : 0.0;
  } else {
    vec2 from = at / zoom;
    vec2 to = min(size, (at + 1.0) / zoom);
    ivec2 first = ivec2(from);
    ivec2 end = ivec2(ceil(to));
    for (int y = first.y; y < end.y; y++) {
      float tall = min(to.y, float(y) + 1.0) - max(from.y, float(y));
      for (int x = first.x; x < end.x; x++) {
        float part = tall * (min(to.x, float(x) + 1.0) - max(from.x, float(x)));
        int state = stateAt(ivec2(x, y));
        if (state == 1) hidden += part;
        if (state != 0) continue;
        vec2 value = texelFetch(numbers, ivec2(x, y), 0).rg;
        weight += part;
        mean += part * value;
        if (isComplex) magnitude += part * length(value);
      }
    }
    mean /= weight;
    magnitude = isComplex ? magnitude / weight : mean.x;
  }
  bool line = mod(at.x + at.y, hatching) * 3.0 < hatching;
  bool thin = mod(at.x - at.y, 2.0 * hatching) * 6.0 < hatching;
  vec3 nothing = thin ? unknownLine : unknown;
  ink = vec4(hidden > weight && line ? hatch : weight * zoom * zoom > SLIVER ? colourOf(mean, magnitude) : nothing, 1.0);
}`;

/** Squares of whole pixels of the screen at places of the array. */
export const dotPlaces = `#version 300 es
uniform vec2 corner;
uniform float zoom;
uniform vec2 canvas;
uniform float side;
in vec2 place;
void main() {
  vec2 start = floor(corner + (place.yx + 0.5) * zoom - 0.5 * side + 0.5);
  vec2 middle = (start + 0.5 * side) / canvas;
  gl_Position = vec4(2.0 * middle.x - 1.0, 1.0 - 2.0 * middle.y, 0.0, 1.0);
  gl_PointSize = side;
}`;

export const oneColour = `#version 300 es
precision mediump float;
uniform vec3 colour;
out vec4 ink;
void main() { ink = vec4(colour, 1.0); }`;

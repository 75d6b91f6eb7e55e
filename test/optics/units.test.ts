import { expect, test } from "vitest";
import {
  defocusInPixels,
  electronWavelength,
  energyFromWavelength,
  objectPixelSize,
  pupilRadiusFromAperture,
  reciprocalPixelSize,
  wavelengthFromEnergy,
} from "../../src/optics/units.ts";

test("photon wavelength and energy are the textbook numbers and each other's inverse", () => {
  expect(wavelengthFromEnergy(1) * 1e9).toBeCloseTo(1.23984198, 8);
  expect(energyFromWavelength(wavelengthFromEnergy(8.8))).toBeCloseTo(8.8, 12);
});

test("electron wavelengths are the tabulated ones", () => {
  // Williams & Carter, Transmission Electron Microscopy, table 1.2: 3.70 pm, 2.51 pm, 1.97 pm.
  expect(electronWavelength(100) * 1e12).toBeCloseTo(3.701, 3);
  expect(electronWavelength(200) * 1e12).toBeCloseTo(2.508, 3);
  expect(electronWavelength(300) * 1e12).toBeCloseTo(1.969, 3);
});

test("object pixel, window and reciprocal pixel fit together", () => {
  const geometry = { wavelength: 1.4e-10, distance: 2, detectorPixel: 75e-6, pixels: 128 };
  const pixel = objectPixelSize(geometry);
  expect(pixel).toBeCloseTo(2.9167e-8, 11);
  expect(pixel * geometry.pixels * reciprocalPixelSize(geometry)).toBeCloseTo(1, 12);
});

test("pupil radius and defocus in pixels describe the same cone of rays", () => {
  const [na, wavelength, pixel, n, distance] = [1e-3, 1.4e-10, 2e-8, 64, 1e-4];
  const radius = pupilRadiusFromAperture(na, wavelength, pixel, n);
  const defocus = defocusInPixels(distance, wavelength, pixel);
  expect(((radius * defocus) / n) * pixel).toBeCloseTo(na * distance, 15);
});

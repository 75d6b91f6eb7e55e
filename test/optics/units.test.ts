import { expect, test } from "vitest";
import { electronWavelength, objectPixelSize, wavelengthFromEnergy } from "../../src/optics/units.ts";

test("photon wavelengths are the textbook numbers, and go as the inverse of the energy", () => {
  expect(wavelengthFromEnergy(1) * 1e9).toBeCloseTo(1.23984198, 8);
  expect(8.8 * wavelengthFromEnergy(8.8)).toBeCloseTo(wavelengthFromEnergy(1), 20);
});

test("electron wavelengths are the tabulated ones", () => {
  // Williams & Carter, Transmission Electron Microscopy, table 1.2: 3.70 pm, 2.51 pm, 1.97 pm.
  expect(electronWavelength(100) * 1e12).toBeCloseTo(3.701, 3);
  expect(electronWavelength(200) * 1e12).toBeCloseTo(2.508, 3);
  expect(electronWavelength(300) * 1e12).toBeCloseTo(1.969, 3);
});

test("the object's pixel is λ z / (N p): the window is the inverse of the detector's pixel in reciprocal space", () => {
  const geometry = { wavelength: 1.4e-10, distance: 2, detectorPixel: 75e-6, pixels: 128 };
  const pixel = objectPixelSize(geometry);
  expect(pixel).toBeCloseTo(2.9167e-8, 11);
  const reciprocal = geometry.detectorPixel / (geometry.wavelength * geometry.distance);
  expect(pixel * geometry.pixels * reciprocal).toBeCloseTo(1, 12);
});

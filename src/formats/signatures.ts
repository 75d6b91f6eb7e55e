import { PtychonautError } from "../errors.ts";

/** First bytes that tell all kinds apart: a tar names itself at 257, HDF5 behind a block of the user's as far as 2048. */
export const SIGNATURE_BYTES = 2056;

interface Kind {
  /** With its article. */
  readonly what: string;
  readonly fix: string;
  /** Read where arrays are looked for, though not where something else is. */
  readonly read?: true;
  /** The bytes it starts with, as text of one character a byte; or a look at all of them. */
  readonly starts?: readonly string[];
  readonly looks?: (head: string) => boolean;
}

const saveArrays =
  'save its arrays as an NPZ, for instance with numpy.savez (docs/data.md has an example: "Writing such a file")';
const rightFile = "check that it is the right file";
const unpack = "unpack it first";
const picture = "a picture is not the numbers it was made of: save those as an NPZ, for instance with numpy.savez";

const PLAIN_TEXT = "a text file";

/** In the order of asking: what is only text comes last. */
const kinds: readonly Kind[] = [
  { what: "a MATLAB 7.3 file (HDF5)", fix: rightFile, read: true, starts: ["MATLAB 7.3 MAT-file"] },
  { what: "a MATLAB file", fix: rightFile, read: true, starts: ["MATLAB 5.0 MAT-file"] },
  {
    what: "an HDF5 file (also CXI, NeXus, ptyd, EMD and NetCDF 4 are)",
    fix: rightFile,
    read: true,
    looks: (head) => [0, 512, 1024, 2048].some((offset) => head.startsWith("\x89HDF\r\n\x1a\n", offset)),
  },
  { what: "a NetCDF file", fix: saveArrays, starts: ["CDF\x01", "CDF\x02", "CDF\x05"] },
  {
    what: "a single NumPy array (NPY)",
    fix: "several arrays are saved together with numpy.savez",
    read: true,
    starts: ["\x93NUMPY"],
  },
  { what: "a Python pickle", fix: saveArrays, starts: ["\x80\x02", "\x80\x03", "\x80\x04", "\x80\x05"] },
  { what: "a TIFF image", fix: rightFile, read: true, starts: ["II*\0", "MM\0*", "II+\0", "MM\0+"] },
  { what: "a Digital Micrograph file", fix: rightFile, read: true, looks: isDigitalMicrograph },
  { what: "a Merlin MIB file", fix: rightFile, read: true, starts: ["MQ1,", "HDR,"] },
  { what: "a NanoMegas file (BLO)", fix: rightFile, read: true, starts: ["IMGBLO"] },
  {
    what: "an EDF image",
    fix: saveArrays,
    looks: (head) => /^\s*\{\s*(HeaderID|HeaderByteOrder|ByteOrder|EDF_)/i.test(head),
  },
  {
    what: "an MRC file",
    fix: saveArrays,
    looks: (head) => head.startsWith("MAP ", 208) || head.startsWith("MAP\0", 208),
  },
  { what: "a TIA series", fix: saveArrays, starts: ["II\x97\x01"] },
  { what: "a CBF image", fix: saveArrays, starts: ["###CBF"] },
  { what: "a FITS file", fix: saveArrays, starts: ["SIMPLE  ="] },
  { what: "a PNG image", fix: picture, starts: ["\x89PNG\r\n\x1a\n"] },
  { what: "a JPEG image", fix: picture, starts: ["\xff\xd8\xff"] },
  { what: "a GIF image", fix: picture, starts: ["GIF87a", "GIF89a"] },
  { what: "a BMP image", fix: picture, looks: (head) => head.startsWith("BM") && head.startsWith("\0\0\0\0", 6) },
  { what: "a PDF document", fix: picture, starts: ["%PDF-"] },
  { what: "a gzip archive", fix: unpack, starts: ["\x1f\x8b"] },
  { what: "a bzip2 archive", fix: unpack, starts: ["BZh"] },
  { what: "an xz archive", fix: unpack, starts: ["\xfd7zXZ\0"] },
  { what: "a Zstandard archive", fix: unpack, starts: ["\x28\xb5\x2f\xfd"] },
  { what: "a 7z archive", fix: unpack, starts: ["7z\xbc\xaf\x27\x1c"] },
  { what: "an LZ4 archive", fix: unpack, starts: ["\x04\x22\x4d\x18"] },
  { what: "a RAR archive", fix: unpack, starts: ["Rar!\x1a\x07"] },
  { what: "a tar archive", fix: unpack, looks: (head) => head.startsWith("ustar", 257) },
  {
    what: "a pointer of Git LFS, not the file itself",
    fix: "fetch the file: git lfs pull",
    starts: ["version https://git-lfs"],
  },
  {
    what: "a web page",
    fix: "the download gave a page in the file's place: look at it in a browser, and download again",
    looks: (head) => /^\s*<(!doctype html|html)/i.test(head),
  },
  { what: "an XML file", fix: saveArrays, looks: (head) => /^(\xef\xbb\xbf)?\s*<\?xml/.test(head) },
  { what: "a text file in UTF-16", fix: saveArrays, starts: ["\xff\xfe", "\xfe\xff"] },
  { what: "a text file (JSON)", fix: saveArrays, looks: (head) => isText(head) && /^\s*[[{]/.test(head) },
  { what: PLAIN_TEXT, fix: saveArrays, looks: isText },
];

/**
 * The error for a file that is something else than what is read.
 * @param head its first bytes, `SIGNATURE_BYTES` of them where there are as many
 * @param expected what would have been read
 * @param fix what to do about it, where it is not arrays that are looked for
 */
export function notReadable(head: Uint8Array, where: string, expected: string, fix?: string): PtychonautError {
  const kind = kindNamed(head);
  if (kind !== undefined)
    return new PtychonautError("data", `this is ${kind.what}${kind.read ? "" : ", which this version does not read"}`, {
      where,
      expected,
      fix: fix ?? kind.fix,
    });
  return new PtychonautError("data", "the file is of no kind that is known here", {
    where,
    expected,
    got: `a file that starts with ${firstBytes(head)}`,
    fix: fix ?? `check that it is the right file; if it is, ${saveArrays}`,
  });
}

/** The error for a file without a byte, whatever its name says that it is. */
export const emptyFile = (where: string): PtychonautError =>
  new PtychonautError("data", "this is an empty file", {
    where,
    expected: "a file with arrays",
    got: "0 bytes",
    fix: "save or copy the file again",
  });

const kindNamed = (head: Uint8Array): Kind | undefined =>
  kindOf(String.fromCharCode(...head.subarray(0, SIGNATURE_BYTES)));

/** Whether first bytes tell what a file is. */
export const isOfKnownKind = (head: Uint8Array): boolean => kindNamed(head) !== undefined;

const kindOf = (text: string): Kind | undefined =>
  kinds.find(({ starts, looks }) => starts?.some((start) => text.startsWith(start)) || looks?.(text));

/** Version 3 or 4, a length of 4 or 8 bytes, and the byte order as 0 or 1, big-endian. */
function isDigitalMicrograph(head: string): boolean {
  const order = { "\0\0\0\x03": 8, "\0\0\0\x04": 12 }[head.slice(0, 4)];
  return order !== undefined && ["\0\0\0\0", "\0\0\0\x01"].includes(head.slice(order, order + 4));
}

/** Text that is not of a kind that has a name. */
export const isPlainText = (head: string): boolean => kindOf(head)?.what === PLAIN_TEXT;

/** Text in UTF-8 or Latin letters has no control characters but white space (9 to 13). */
function isText(head: string): boolean {
  const codes = Array.from(head, (letter) => letter.charCodeAt(0));
  return codes.every((code) => (code >= 32 && code !== 127) || (code >= 9 && code <= 13));
}

const firstBytes = (head: Uint8Array): string =>
  [...head.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");

/** Signatures and codes of the zip format (PKWARE APPNOTE 6.3.10). */
export const LOCAL_HEADER = 0x04034b50;
export const CENTRAL_HEADER = 0x02014b50;
export const END = 0x06054b50;
export const END_64 = 0x06064b50;
export const END_64_LOCATOR = 0x07064b50;
/** Identifies the extra field with sizes and offsets of 64 bits. */
export const ZIP64_FIELD = 0x0001;
export const STORED = 0;
export const DEFLATED = 8;
export const UTF8_NAMES = 0x0800;

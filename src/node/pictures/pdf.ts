import PDFDocument from "pdfkit";
import { encodePng } from "../../pictures/png.ts";
import { type Colour, letter, type Mark, type Sheet } from "../../pictures/sheet.ts";

/** A figure as a PDF of one page of its size, with the font's letters that it uses inside. */
export async function sheetToPdf({ width, height, marks }: Sheet, font: Uint8Array): Promise<Uint8Array> {
  const document = new PDFDocument({ size: [width, height], margin: 0, info: { Producer: "ptychonaut" } });
  const pieces: Uint8Array[] = [];
  const finished = new Promise<void>((resolve, reject) => {
    document.on("data", (piece: Uint8Array) => pieces.push(piece));
    document.on("end", resolve);
    document.on("error", reject);
  });
  document.registerFont("text", Buffer.from(font)).font("text", letter);
  for (const mark of marks) draw(document, mark);
  document.end();
  await finished;
  return Buffer.concat(pieces);
}

function draw(document: PDFKit.PDFDocument, mark: Mark): void {
  switch (mark.kind) {
    case "rectangle":
      document.rect(mark.x, mark.y, mark.width, mark.height).fill(colourOf(mark.colour));
      return;
    case "text": {
      const length = document.widthOfString(mark.text);
      const left = mark.align === "left" ? mark.x : mark.align === "right" ? mark.x - length : mark.x - length / 2;
      document
        .fillColor(colourOf(mark.colour))
        .text(mark.text, left, mark.y, { baseline: "alphabetic", lineBreak: false });
      return;
    }
    case "line": {
      const [first, ...rest] = mark.points;
      document.moveTo(first[0], first[1]);
      for (const [x, y] of rest) document.lineTo(x, y);
      document.lineWidth(mark.thickness).lineJoin("round").lineCap("round").stroke(colourOf(mark.colour));
      return;
    }
    case "dots":
      for (const [x, y] of mark.points) document.circle(x, y, mark.radius);
      document.fill(colourOf(mark.colour));
      return;
    case "image":
      document.image(Buffer.from(encodePng(mark.raster)), mark.x, mark.y, { width: mark.width, height: mark.height });
  }
}

const colourOf = (colour: Colour): [number, number, number] => [...colour];

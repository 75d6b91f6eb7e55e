export { fourier, fourierColumns, fourierRows } from "./fourier";

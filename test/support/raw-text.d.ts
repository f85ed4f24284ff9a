/** A text file as Vite gives it, on Node and in workerd. */
declare module '*?raw' {
  const text: string;
  export default text;
}

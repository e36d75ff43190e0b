/** How a process without memory says so: V8 of its heap, of a thread's and of a buffer, WebAssembly of its memory, C++. */
const WORDS = new RegExp(
  [
    ...['heap out of memory', 'Reached heap limit', 'Array buffer allocation failed'],
    ...['WebAssembly\\.Memory\\(\\): could not allocate memory', 'std::bad_alloc'],
  ].join('|')
);

/** @param text an error's message, or what the process printed at its end */
export function saysNoMemory(text: string): boolean {
  return WORDS.test(text);
}

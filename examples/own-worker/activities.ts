export async function greeting(name: string): Promise<string> {
  return `Hello, ${name}`;
}

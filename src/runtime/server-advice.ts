/** What to do about a server that is away, for those with a clone of the repository and those with the package alone. */
export function startServer(variable: string): string {
  return `Start the server, or set ${variable} to its address (in a clone of the repository, ./scripts/stack.sh up starts all three).`;
}

/** An address for a message: without user, password and options. */
export function plainAddress(address: string): string {
  return address.replace(/\/\/[^/@]*@/, '//').replace(/\?.*$/, '');
}
